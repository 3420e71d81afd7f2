"""The JSON schemas by which dbt checks what it reads, kept when the image is built: making them took a tenth of the time to the
first query.

dbt makes them of its own classes, anew in each process, and nothing but its version changes them. `python -m runner.schemas` is
`dbt` with the same arguments that keeps those that it needs.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path("/app/schemas.json")

Schema = dict[str, Any]


def keep(schemas: dict[str, Schema]) -> None:
    """From now on each schema that dbt makes is added here, under the name of its class."""

    def kept(make: Callable[[type], Schema], cls: type) -> Schema:
        return schemas.setdefault(_name(cls), make(cls))

    _replace(kept)


@cache
def use(file: Path = FILE) -> None:
    """From now on dbt takes what the file has; without one, as outside of an image, it makes all of them. Again: nothing."""
    if not file.exists():
        return
    schemas: dict[str, Schema] = json.loads(file.read_text())

    def found(make: Callable[[type], Schema], cls: type) -> Schema:
        return schemas.get(_name(cls)) or make(cls)

    _replace(found)


def _replace(function: Callable[[Callable[[type], Schema], type], Schema]) -> None:
    from dbt_common.dataclass_schema import dbtClassMixin  # noqa: PLC0415 - comes with dbt, which is imported late

    make = vars(dbtClassMixin)["json_schema"].__func__
    dbtClassMixin.json_schema = classmethod(lambda cls: function(make, cls))  # pyright: ignore[reportAttributeAccessIssue]


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def main() -> None:
    """Does what dbt does, and ends as it ends."""
    from dbt.cli.main import cli  # noqa: PLC0415

    schemas: dict[str, Schema] = {}
    keep(schemas)
    try:
        cli()
    finally:
        FILE.write_text(json.dumps(schemas))


if __name__ == "__main__":
    main()
