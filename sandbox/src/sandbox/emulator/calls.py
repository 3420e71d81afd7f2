"""Requests as they reach a service, read back into the operation and its parameters as botocore's models have them."""

import functools
import json
import re
from typing import Any
from urllib.parse import parse_qsl

import botocore.session
from botocore.model import ServiceModel

from sandbox.models import WHOLE, Shape

NUMBERS = {"integer": int, "long": int, "double": float, "float": float}


@functools.cache
def model(service: str) -> ServiceModel:
    """The model of a service."""
    return botocore.session.get_session().get_service_model(service)


def read(service: str, path: str, headers: dict[str, str], body: bytes) -> tuple[str, dict[str, Any]] | None:
    """(operation, parameters) of a call by one of AWS's protocols for JSON, CBOR and forms; None for any other."""
    target, known = headers.get("x-amz-target", ""), model(service)
    operations: Any = known.operation_names
    if cbor := re.fullmatch(r"/service/[^/]+/operation/(\w+)", path):
        import cbor2  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - in the emulator's own environment only

        name, parameters = cbor[1], cbor2.loads(body) if body else {}
    elif target:
        name, parameters = target.rpartition(".")[2], json.loads(body or b"{}")
    else:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        name = form.get("Action", "")
        if name not in operations:
            return None
        parameters = _structure(form, "", known.operation_model(name).input_shape)
    return (name, parameters) if name in operations and isinstance(parameters, dict) else None


def _structure(form: dict[str, str], prefix: str, shape: Shape) -> dict[str, Any]:
    """What a form says below a prefix (`Tags.member.1.`)."""
    if shape is None:
        return {}
    found = {
        name: _value(form, f"{prefix}{member.serialization.get('name', name)}", member) for name, member in shape.members.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _value(form: dict[str, str], place: str, shape: Shape) -> Any:
    inside = [name for name in form if name.startswith(f"{place}.")]
    match shape.type_name:
        case "structure":
            return _structure(form, f"{place}.", shape) if inside else None
        case "list":
            entry = place if shape.serialization.get("flattened") else f"{place}.{shape.member.serialization.get('name', 'member')}"
            return _items(form, entry, shape) if inside else None
        case "map":
            return _map(form, place, shape) if inside else None
        case kind:
            return _scalar(kind, form[place]) if place in form else None


def _items(form: dict[str, str], entry: str, shape: Shape) -> list[Any]:
    numbers = sorted({int(each[1]) for name in form if (each := re.match(rf"{re.escape(entry)}\.(\d+)(\.|$)", name))})
    return [_value(form, f"{entry}.{number}", shape.member) for number in numbers]


def _map(form: dict[str, str], place: str, shape: Shape) -> dict[str, Any]:
    entry = place if shape.serialization.get("flattened") else f"{place}.entry"
    numbers = sorted({int(each[1]) for name in form if (each := re.match(rf"{re.escape(entry)}\.(\d+)\.", name))})
    key, value = (getattr(shape, part).serialization.get("name", part) for part in ("key", "value"))
    return {form.get(f"{entry}.{number}.{key}", ""): _value(form, f"{entry}.{number}.{value}", shape.value) for number in numbers}


def _scalar(kind: str, text: str) -> Any:
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in NUMBERS and re.fullmatch(r"-?\d+" if kind in WHOLE else r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        return NUMBERS[kind](text)
    return text
