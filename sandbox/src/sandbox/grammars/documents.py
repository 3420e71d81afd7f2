"""JSON documents in texts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator


def json_problem(value: Any) -> str | None:
    """What is wrong with a JSON text, if anything."""
    try:
        json.loads(value)
    except (TypeError, ValueError) as error:
        return f"is not JSON: {error}"
    return None


def misshapen(name: str, value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (path, reason) why a value, or what its JSON text says, is not what the schema describes."""
    if isinstance(value, str) and schema.get("type") != "string":
        if problem := json_problem(value):
            yield name, problem
            return
        value = json.loads(value)
    for error in Draft202012Validator(schema).iter_errors(value):
        yield name + error.json_path.removeprefix("$"), error.message
