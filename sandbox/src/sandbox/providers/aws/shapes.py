"""Pulumi's property values and botocore's, by the service model's shapes."""

import json
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.model import ServiceModel

from sandbox.models import Shape
from sandbox.providers.values import UNKNOWN


def resolve(model: ServiceModel, rule: str) -> Any:
    """The shape at `Operation.Member.Member`; `[]` after a member stands for the items of a list."""
    operation, *path = rule.split(".")
    shape: Any = model.operation_model(operation).input_shape
    for step in path:
        shape = shape.members[step.removesuffix("[]")]
        shape = shape.member if step.endswith("[]") else shape
    return shape


def members(shape: Shape) -> dict[str, tuple[str, Shape]]:
    """Pulumi's name -> (member, shape) of a structure."""
    return {camel(name): (name, member) for name, member in shape.members.items()}


def camel(member: str) -> str:
    """`KMSMasterKeyID` -> `kmsMasterKeyId`, `sizeInGiB` -> `sizeInGib`."""
    head, *rest = xform_name(member.replace("GiB", "Gib")).split("_")
    return head + "".join(part.capitalize() for part in rest)


def is_tag_map(value: Any, shape: Shape) -> bool:
    """Whether a list of keys and values is given as a map, as the schema does with tags inside of a property."""
    return isinstance(value, dict) and shape.type_name == "list" and set(getattr(shape.member, "members", ())) == {"Key", "Value"}


def tag_list(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Such a map as the list."""
    return [{"key": name, "value": text} for name, text in value.items()]


def to_shape(value: Any, shape: Shape) -> Any:
    """A checked property value as botocore wants it."""
    if is_tag_map(value, shape):
        value = tag_list(value)
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            known = members(shape)
            return {known[name][0]: to_shape(item, known[name][1]) for name, item in value.items()}
        case "list" if isinstance(value, list):
            return [to_shape(item, shape.member) for item in value]
    return value


def from_shape(value: Any) -> Any:
    """A response, or a part of one, as property values."""
    match value:
        case dict():
            return {camel(name): from_shape(item) for name, item in value.items()}
        case list():
            return [from_shape(item) for item in value]
        case str() | bool() | int() | float() | None:
            return value
        case datetime():
            return value.isoformat()
    raise TypeError(f"botocore gave a {type(value).__name__}")


def coerce(value: Any, shape: Shape) -> Any:  # noqa: PLR0911 - one case per type
    """Numbers for texts and texts for numbers, which the real provider takes both."""
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            known = members(shape)
            return {name: coerce(item, known[name][1]) if name in known else item for name, item in value.items()}
        case "list" if isinstance(value, list):
            return [coerce(item, shape.member) for item in value]
        case "map" if isinstance(value, dict):
            return {name: coerce(item, shape.value) for name, item in value.items()}
        case "string" if isinstance(value, int | float):
            return str(value).lower()
        case "integer" | "long" if isinstance(value, str) and value != UNKNOWN and value.lstrip("-").isdigit():
            return int(value)
        case "boolean" if value in ("true", "false"):
            return value == "true"
    return value


def canonical(value: Any) -> Any:
    """The form in which two values are compared: what is empty, or false inside a structure, is as good as left out."""
    match value:
        case dict():
            kept = {name: canonical(item) for name, item in value.items()}
            return {name: item for name, item in kept.items() if item not in (None, False)} or None
        case list():
            return [canonical(item) for item in value] or None
    return None if value == "" else value


def unordered(value: Any) -> Any:
    """Form of lists whose order means nothing."""
    return sorted(value, key=lambda item: json.dumps(item, sort_keys=True)) if isinstance(value, list) else value


def key_id(value: Any) -> Any:
    """Form of a KMS key, which may be given by its id or its ARN."""
    return value.rpartition("key/")[2] if isinstance(value, str) else value
