"""The stack configuration for editors and readers: `python -m settings.reference` writes both files anew."""

import json
from collections.abc import Iterator
from typing import Any

from settings.project import REPOSITORY
from settings.stack import NAMESPACE, Settings

SCHEMA_FILE = REPOSITORY / "docs" / "stack.schema.json"
PAGE_FILE = REPOSITORY / "docs" / "configuration.md"

INTRODUCTION = """\
# Configuration

<!-- Written by `python -m settings.reference` from settings/: change those. -->

Each stack has one file, `Pulumi.<stack>.yaml`, and everything that can be set is on this page. A mistake is reported before
anything is created: every wrong key at once, with its value and the fix. Editors that know YAML schemas complete and check the
files while you type, through their first line (in VS Code: the YAML extension of Red Hat).

`Pulumi.prod.yaml` is a whole example. Besides these keys a stack file holds those of the AWS provider, such as `aws:region`.
"""


def stack_schema() -> dict[str, Any]:
    """JSON Schema of a whole stack file: our keys as the model has them, other namespaces free."""
    model = Settings.model_json_schema()
    definitions = model.pop("$defs")
    config = {**model, "patternProperties": {f"^(?!{NAMESPACE}:)": {}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack configuration of the dbt platform",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": definitions,
    }


def page() -> str:
    """The reference page in Markdown."""
    model = Settings.model_json_schema()
    parts = [INTRODUCTION]
    for key, node in model["properties"].items():
        parts.append("\n".join(_section(key, node, model)))
    return "\n".join(parts)


def _section(key: str, node: dict[str, Any], model: dict[str, Any]) -> Iterator[str]:
    entries = node.get("patternProperties", {})
    chosen = next((choice for choice in node.get("anyOf", ()) if "$ref" in choice), node)
    section = _resolve(next(iter(entries.values()), chosen), model)
    yield f"## `{key}`\n"
    for description in filter(None, (section["description"] if "properties" in section else None, node.get("description"))):
        yield f"{description}\n"
    if "properties" not in section:
        yield f"{_form(section)}; {_default(key, section, model)}.\n"
        return
    yield "| Key | Value | Default | Meaning |\n|---|---|---|---|"
    yield from _rows(section, model)
    yield ""


def _rows(section: dict[str, Any], model: dict[str, Any], above: str = "") -> Iterator[str]:
    """A row per key; those of a section inside the section come after its own row, as `section.key`."""
    for name, value in section["properties"].items():
        row = (f"`{above}{name}`", _form(value), _default(name, value, section), _resolve(value, model)["description"])
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        for choice in (value, *value.get("anyOf", ()), *value.get("oneOf", ())):
            if "$ref" in choice:
                yield from _rows(_resolve(choice, model), model, f"{above}{name}.")
        for entry in value.get("patternProperties", {}).values():
            if "$ref" in entry:
                yield from _rows(_resolve(entry, model), model, f"{above}{name}.<name>.")


def _form(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return "the keys below"
    if "enum" in value or "const" in value:
        return " or ".join(f"`{choice}`" for choice in value.get("enum", [value.get("const")]))
    if choices := value.get("anyOf", value.get("oneOf")):
        return " or ".join(_form(choice) for choice in choices)
    limits = [str(value[limit]) for limit in ("minimum", "maximum") if limit in value]
    if "patternProperties" in value and "$ref" in next(iter(value["patternProperties"].values())):
        return "the keys below, by name"
    if value["type"] == "object" and value.get("additionalProperties") is True:
        return "values by name"
    names = {
        "integer": "whole number",
        "string": "text",
        "boolean": "`true` or `false`",
        "array": "list of texts",
        "object": "texts by name",
        "null": "`null`",
    }
    return names[value["type"]] + (f", {' to '.join(limits)}" if limits else "")


def _default(name: str, value: dict[str, Any], section: dict[str, Any]) -> str:
    if name in section.get("required", ()):
        return "required"
    return f"`{json.dumps(value['default'])}`"


def _resolve(node: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    return model["$defs"][node["$ref"].removeprefix("#/$defs/")] if "$ref" in node else node


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(stack_schema(), indent=2) + "\n", encoding="utf-8")
    PAGE_FILE.write_text(page(), encoding="utf-8")
