"""Turns what pydantic found wrong into what a user needs to read: the key, the value, the fix."""

import difflib
import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.project import NAMESPACE

Schema = dict[str, Any]
"""JSON Schema of the settings."""

LONGEST_VALUE = 100
"""Characters; a whole section in the place of a number would fill the screen."""

SECRETS = re.compile("password|passphrase|private_?key|secret|token", re.IGNORECASE)
"""Names under which people know what must not be in a stack file."""

PLAIN_WORDS = {
    "string_pattern_mismatch": "Not of the right form",
    "model_type": "Should have keys of its own: write them below it, or use `pulumi config set --path`",
    "dict_type": "Should have keys of its own: write them below it, or use `pulumi config set --path`",
    "list_type": "Should be a list",
    "int_parsing": "Should be a whole number",
    "int_type": "Should be a whole number",
    "int_from_float": "Should be a whole number",
    "string_type": "Should be a text; put it in quotes if it looks like a number",
    "bool_parsing": "Should be true or false",
    "bool_type": "Should be true or false",
}
"""Where pydantic speaks to programmers."""


class SettingsError(Exception):
    """A stack file with problems: all of them, each with its key, its value and the fix."""


@dataclass(frozen=True, kw_only=True)
class InvalidSetting:
    """A value that is fine by itself, but not beside the others."""

    at: str
    """Path of the value to change below our namespace, for instance `workstreams.sales.schedule`."""
    value: object
    fix: str


class InvalidSettingsError(ValueError):
    """Raised by the rules that compare sections, because pydantic would name the whole section."""

    def __init__(self, settings: list[InvalidSetting]) -> None:
        super().__init__("; ".join(f"{setting.at}: {setting.fix}" for setting in settings))
        self.settings = settings


def describe(error: ValidationError, schema: Schema) -> list[str]:
    """One paragraph per problem, in the order of the configuration."""
    return [paragraph for details in error.errors(include_url=False) for paragraph in _paragraphs(details, schema)]


def _paragraphs(details: ErrorDetails, schema: Schema) -> list[str]:
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, InvalidSettingsError):
        return [f"{NAMESPACE}:{setting.at} = {setting.value!r}\n  {setting.fix}." for setting in cause.settings]
    return [_paragraph(details, cause, schema)]


def _paragraph(details: ErrorDetails, cause: object, schema: Schema) -> str:
    # pydantic puts in brackets what is no key: that an entry's name is meant, which of several forms.
    path = [part for part in details["loc"] if not str(part).startswith("[")]
    key = ".".join(map(str, path))
    value = "(secret)" if _at(schema, path).get("writeOnly") else _shortened(repr(details["input"]))
    match details["type"]:
        case "extra_forbidden":
            return f"{key}\n  {_unknown(str(path[-1]), schema, path[:-1])}"
        case "missing":
            return f"{key}\n  Required, but missing. {_description(schema, path)}"
        case "value_error":
            return f"{key} = {value}\n  {cause}."
        case "ip_v4_network" if meant := _range_around(details["input"]):
            return f"{key} = {value}\n  Not the first address of a range. Did you mean {meant}?"
        case _:
            reason = PLAIN_WORDS.get(details["type"], details["msg"])
            # The form of an entry's own name is described where the entries are.
            described = path if "[key]" not in details["loc"] else path[:-1]
            return f"{key} = {value}\n  {reason}. {_description(schema, described)}"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _range_around(address: object) -> IPv4Network | None:
    try:
        return IPv4Network(str(address), strict=False)
    except ValueError:
        return None


def _unknown(key: str, schema: Schema, parent: list[int | str]) -> str:
    if SECRETS.search(key):
        return "Unknown key. No secret belongs in a stack file: take it out and use `uv run ops credentials put`."
    known = list(_at(schema, parent).get("properties", {}))
    near = [name for name in known if name.lower().startswith(key.lower())] or difflib.get_close_matches(key, known, n=1)
    return f"Unknown key. Did you mean {near[0]!r}?" if near else f"Unknown key. Known here: {', '.join(known)}."


def _description(schema: Schema, path: list[int | str]) -> str:
    return _at(schema, path).get("description", "")


def _at(schema: Schema, path: list[int | str]) -> Schema:
    """The part of the schema that describes the value at a path."""
    node = schema
    for part in path:
        node = _resolve(node, schema)
        names = node.get("patternProperties", {})
        node = node.get("properties", {}).get(part) or next(iter(names.values()), None) or node.get("items") or {}
    return {**_resolve(node, schema), **node}


def _resolve(node: Schema, schema: Schema) -> Schema:
    """What a reference stands for, also where a section is one of several forms (`anyOf`: the section, or null)."""
    choices = (node, *node.get("anyOf", ()), *node.get("oneOf", ()))
    reference = next((choice["$ref"] for choice in choices if "$ref" in choice), None)
    return schema["$defs"][reference.removeprefix("#/$defs/")] if reference else node
