"""The dbt variables of a run: the workstream's with the run's own over them, without those that the project never reads.

dbt parses a project anew whenever its variables differ, and every scheduled run has a data interval of its own: passed on
to a project that does not ask for it, it would make the cache of the parsed project useless.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from runner.outcome import RunnerError
from runner.project import beside

_READ_BY_DBT = {".sql", ".yml", ".yaml", ".py", ".md"}

_COMPUTED = re.compile(r"""\bvar(\.has_var)?\(\s*(?!(['"])\w+\2\s*[,)])""")
"""A call of dbt's `var` whose argument is no plain name."""


def merged(workstream: str, run: str) -> str:
    """JSON: the variables of the workstream and of the run, of which the run's win; nothing if there are none.

    Args:
        workstream: JSON object, or nothing.
        run: JSON or YAML, as dbt's `--vars` takes it, or nothing.

    Raises:
        RunnerError: the run's are no object, or can't be written down.
    """
    import yaml  # noqa: PLC0415 - takes a tenth of a second

    try:
        given = json.loads(run or "{}")
    except ValueError:
        try:
            given = yaml.safe_load(run)
        except yaml.YAMLError as error:
            raise RunnerError(f"--vars is neither JSON nor YAML: {error}", _FIX) from None
    if not isinstance(given, dict):
        raise RunnerError(f"--vars is {run}, no object.", _FIX)
    both = {**json.loads(workstream or "{}"), **given}
    try:
        text = json.dumps(both, sort_keys=True, ensure_ascii=False, default=str)
        text.encode()
    except UnicodeEncodeError as error:
        raise RunnerError(f"--vars holds half a character, which no file and no database takes: {error}", _FIX) from None
    return text if both else ""


_FIX = 'Write an object: --vars \'{"day": "2026-01-31"}\''


def needed(variables: str, project: Path) -> str:
    """Those of the variables (a JSON object, or nothing) that the project or one of its packages may read, as YAML.

    YAML, because dbt reads its `--vars` as such: of JSON it would take 1e-05 for a text, and refuse an emoji that is escaped.
    """
    given: dict[str, Any] = json.loads(variables or "{}")
    if not given:
        return ""
    texts = _texts(project)
    if not any(_COMPUTED.search(text) for text in texts):
        given = {name: value for name, value in given.items() if any(name in text for text in texts)}
    return as_yaml(given) if given else ""


@cache
def _texts(project: Path) -> list[str]:
    paths = {path for folder in (project, *beside(project)) for path in folder.rglob("*") if path.suffix in _READ_BY_DBT}
    return [path.read_text(errors="replace") for path in sorted(paths) if path.is_file()]


def as_yaml(given: dict[str, Any]) -> str:
    """One line that YAML 1.1 reads as the same values of the same types."""
    import yaml  # noqa: PLC0415

    return yaml.safe_dump(given, allow_unicode=True, default_flow_style=True, sort_keys=False, width=float("inf")).strip()
