# /// script
# requires-python = ">=3.11"
# dependencies = ["cfn-lint==1.58.0"]
# ///
"""Writes what AWS's CloudFormation schemas say of single values, as cfn-lint carries them: `uv run --script` this file.

One line a type: place in its properties -> limits. Places are in lower case, in the singular and without list marks, so that
Pulumi's names meet them. What reads it: `refusals/cloudformation.py`.
"""

import json
import re
from pathlib import Path
from typing import Any

import cfnlint  # pyright: ignore[reportMissingImports] - see above

SCHEMAS = Path(str(cfnlint.__file__)).parent / "data" / "schemas"
TABLE = Path(__file__).parents[1] / "src/sandbox/providers/aws/refusals/cloudformation.json"

SERVICES = (
    "Budgets", "Chatbot", "CloudWatch", "EC2", "ECR", "ECS", "Events", "IAM", "KMS", "Lambda", "Logs", "MWAA", "Route53", "S3",
    "SNS", "SQS", "SSM", "Scheduler", "SecretsManager",
)  # fmt: skip
"""Those of this platform, and their neighbours."""

LIMITS = ("enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")
TOGETHER = ("dependentRequired", "dependentExcluded")


def normal(name: str) -> str:
    """As `refusals/cloudformation.py` has it."""
    return re.sub(r"s$", "", re.sub(r"ies$", "y", re.sub(r"[^a-z0-9]", "", name.lower())))


def walk(schema: dict[str, Any], root: dict[str, Any], path: tuple[str, ...], seen: frozenset[str], found: dict[str, Any]) -> None:
    """Adds the limits at a place and below it."""
    while "$ref" in schema:
        if schema["$ref"] in seen:
            return
        seen |= {schema["$ref"]}
        target = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    limits = {name: schema[name] for name in LIMITS if name in schema and schema[name] not in (0, ".*", "^.*$")}
    for name in TOGETHER:
        if name in schema:
            limits[name] = {normal(one): sorted(map(normal, others)) for one, others in schema[name].items()}
    if limits:
        add(found, ".".join(path), limits)
    for name, value in schema.get("properties", {}).items():
        if f"/properties/{name}" not in root.get("readOnlyProperties", []) or path:
            walk(value, root, (*path, normal(name)), seen, found)
    if isinstance(schema.get("items"), dict):
        walk(schema["items"], root, path, seen, found)


def add(found: dict[str, Any], place: str, limits: dict[str, Any]) -> None:
    """Two properties of one normal name keep what both say."""
    old = found.get(place)
    lists, texts = {"minItems", "maxItems"}, set(LIMITS) - {"minItems", "maxItems"}
    for name, value in limits.items():
        kind = lists if name in lists else texts
        if old is None or not kind & set(old) or old.get(name) == value:
            found.setdefault(place, {})[name] = value


def table() -> dict[str, Any]:
    """Type -> place -> limits."""
    names: dict[str, str] = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
    result: dict[str, Any] = {}
    for kind, file in sorted(names.items()):
        if kind.split("::")[1] in SERVICES:
            schema = json.loads((SCHEMAS / "resources" / f"{file}.json").read_text())
            found: dict[str, Any] = {}
            walk(schema, schema, (), frozenset(), found)
            result[kind] = {place: found[place] for place in sorted(found)}
    return result


if __name__ == "__main__":
    rows = [f" {json.dumps(kind)}: {json.dumps(places)}" for kind, places in table().items()]
    TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n")
