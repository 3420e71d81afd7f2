"""What pulumi-aws takes for each of our resource types: `python -m sandbox.testing.sdk` writes it as JSON Schemas.

`providers/aws/carried.json` has one line a type. It is read where the SDK is not imported, which takes seconds.
"""

import collections.abc
import enum
import importlib
import inspect
import json
import sys
import types
import typing
from typing import Any

import pulumi
from pulumi._types import input_type_py_to_pulumi_names

from sandbox.providers.aws.carried import TABLE
from sandbox.providers.aws.provider import CATALOGUE

SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}

LISTS = (list, collections.abc.Sequence)
MAPS = (dict, collections.abc.Mapping)


def table() -> dict[str, dict[str, Any]]:
    """Type -> property -> JSON Schema."""
    return {token: _object(_arguments(token))["properties"] for token in sorted(CATALOGUE)}


def text() -> str:
    """The table as its file has it."""
    lines = [f"{json.dumps(token)}: {json.dumps(properties, sort_keys=True)}" for token, properties in table().items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _arguments(token: str) -> type:
    """The class with the inputs of a type; where another has its name, `Init` is in it."""
    module, _, path = token.removeprefix("aws:").partition("/")
    resource = getattr(importlib.import_module(f"pulumi_aws.{module}"), path.partition(":")[2])
    found = vars(sys.modules[resource.__module__])
    names = (f"{resource.__name__}InitArgs", f"{resource.__name__}Args")
    return next(found[name] for name in names if name in found)


def _object(cls: type) -> dict[str, Any]:
    known = {**vars(collections.abc), **vars(typing), **vars(pulumi), **vars(sys.modules[cls.__module__])}
    signature = inspect.signature(cls.__init__).parameters
    names = {name: given for name, given in input_type_py_to_pulumi_names(cls).items() if name in signature}
    hints = typing.get_type_hints(cls.__init__, known)
    return {
        "type": "object",
        "properties": {given: _schema(hints[name]) for name, given in names.items()},
        "required": sorted(given for name, given in names.items() if signature[name].default is inspect.Parameter.empty),
        "additionalProperties": False,
    }


def _schema(hint: Any) -> dict[str, Any]:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _schema(next(part for part in parts if _is_plain(part)))
    if origin in LISTS:
        return {"type": "array", "items": _schema(parts[0])}
    if origin in MAPS:
        return {"type": "object", "additionalProperties": _schema(parts[1])}
    if hint in SCALARS:
        return {"type": SCALARS[hint]}
    return _object(hint) if getattr(hint, "__name__", "").endswith("Args") else {}


def _is_plain(hint: Any) -> bool:
    """Not the same once more as an output, an enumeration or a typed dictionary."""
    waits = typing.get_origin(hint) in (pulumi.Output, collections.abc.Awaitable)
    listed = isinstance(hint, type) and (issubclass(hint, enum.Enum) or hint.__name__.endswith("ArgsDict"))
    return not waits and not listed and hint is not type(None)


if __name__ == "__main__":
    TABLE.write_text(text())
