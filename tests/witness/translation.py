"""A recorded program as Terraform JSON: the same resources with the same values, in the words of hashicorp/aws."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from sandbox.testing import upstream
from settings.project import REPOSITORY
from tests.unit.recorder import Registration

Schemas = Mapping[str, Any]

SUFFIX = "-1a2b3c4"
"""As Pulumi's automatic names end."""

NAMED = {"aws_cloudwatch_metric_alarm": "alarm_name", "aws_s3_bucket": "bucket", "aws_cloudwatch_event_target": "target_id"}
NEWER = {("aws_budgets_budget", "filterExpression"), ("aws_budgets_budget", "metrics")}
"""What pulumi-aws has and hashicorp/aws 5.100.0, its witness here, has not yet."""

UNNAMED = ("aws_default_security_group",)


def module(registrations: Iterable[Registration], schemas: Schemas) -> dict[str, Any]:
    """The resources of AWS that a program registered.

    Raises:
        AssertionError: The provider does not know a property.
    """
    resources: dict[str, dict[str, Any]] = {}
    for each in registrations:
        if each.type.startswith("aws:"):
            kind = upstream.resource_type(each.type, schemas)
            label = re.sub(r"[^A-Za-z0-9_-]", "_", f"r-{each.name}")
            resources.setdefault(kind, {})[label] = _resource(kind, each, schemas[kind]["block"])
    return {"resource": resources}


def _resource(kind: str, each: Registration, block: dict[str, Any]) -> dict[str, Any]:
    inputs = _block(kind, each.inputs, block)
    if isinstance(inputs.get("source"), pulumi.StringAsset):
        inputs["content"] = _text(inputs.pop("source").text)
    elif inputs.get("source"):
        inputs["source"] = str(REPOSITORY / inputs["source"])
    name = NAMED.get(kind, "name")
    attribute = block["attributes"].get(name, {})
    if name not in inputs and kind not in UNNAMED and (attribute.get("optional") or attribute.get("required")):
        inputs[name] = f"{each.name}{SUFFIX}"
    return inputs


def _block(kind: str, inputs: Mapping[str, Any], block: dict[str, Any]) -> dict[str, Any]:
    attributes, blocks = block.get("attributes", {}), block.get("block_types", {})
    result: dict[str, Any] = {}
    for name, value in inputs.items():
        if (kind, name) in NEWER:
            continue
        other = next((each for each in upstream.properties(kind, name) if each in attributes or each in blocks), None)
        assert other, f"{kind} has no {name}"
        if other in blocks:
            inner = blocks[other]["block"]
            result[other] = [_block(kind, item, inner) for item in (value if isinstance(value, list) else [value])]
        else:
            result[other] = _value(value, attributes[other].get("type"))
    return result


def _value(value: Any, type_: Any) -> Any:
    """A value of an attribute; objects inside of lists need every one of their attributes."""
    kind, inner = type_ if isinstance(type_, list) else (type_, {})
    if isinstance(value, list):
        return [_value(item, inner) for item in value]
    if isinstance(value, dict) and kind == "object":
        given = {_member(name, inner): _value(item, {}) for name, item in value.items()}
        return {**dict.fromkeys(inner), **given}
    if isinstance(value, dict):
        return {_text(name): _value(item, inner) for name, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _text(value) if isinstance(value, str) else value


def _member(name: str, known: Mapping[str, Any]) -> str:
    return next(each for each in upstream.properties("", name) if each in known)


def _text(value: str) -> str:
    """A text in which nothing is an expression."""
    return value.replace("${", "$${").replace("%{", "%%{")
