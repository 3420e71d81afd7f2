"""A recorded program as Terraform JSON: the same resources with the same values, in the words of hashicorp/aws."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from sandbox.testing import upstream
from settings.project import REPOSITORY
from tests.unit.recorder import Registration, Stack
from tests.witness import marked

Schemas = Mapping[str, Any]

SUFFIX = "-1a2b3c4"
"""As Pulumi's automatic names end."""

NAMED = {"aws_cloudwatch_metric_alarm": "alarm_name", "aws_s3_bucket": "bucket", "aws_cloudwatch_event_target": "target_id"}
NEWER = {
    ("aws_budgets_budget", "filterExpression"),
    ("aws_budgets_budget", "metrics"),
    ("aws_chatbot_slack_channel_configuration", "region"),
    ("aws_chatbot_teams_channel_configuration", "region"),
}
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
            resources.setdefault(kind, {})[marked.label(each.name)] = _resource(kind, each, schemas[kind]["block"])
    return {"resource": resources}


def linked(stack: Stack, schemas: Schemas) -> dict[str, Any]:
    """The same of a program that was recorded with marks: resources refer to each other, and wait where the program says so."""
    own = [each for each in stack.registrations() if each.type.startswith("aws:")]
    kinds = {marked.word(each.type): upstream.resource_type(each.type, schemas) for each in own}
    addresses = {(marked.word(each.type), each.name): f"{kinds[marked.word(each.type)]}.{marked.label(each.name)}" for each in own}
    resources = json.loads(marked.referring(json.dumps(module(own, schemas)), addresses))
    for request, _ in stack.exchanges:
        if address := addresses.get((marked.word(request.type), request.name)):
            waits = {addresses[each] for each in map(_named, request.dependencies) if each in addresses} - {address}
            kind, label = address.split(".")
            resources["resource"][kind][label] |= {"depends_on": sorted(waits)} if waits else {}
    return resources


def _named(urn: str) -> tuple[str, str]:
    _, _, types, name = urn.split("::", 3)
    return marked.word(types.rpartition("$")[2]), name


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
