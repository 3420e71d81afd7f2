"""Calls by AWS's protocols `rest-xml` (S3, Route 53) and `rest-json` (MWAA): method, path, query, headers and body together."""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.model import ServiceModel

from sandbox.emulator.request import Call, Request
from sandbox.models import Shape, from_text

PROTOCOLS = ("rest-xml", "rest-json")


@dataclass(frozen=True, kw_only=True)
class _Route:
    """How an operation is asked for."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: tuple[tuple[str, str], ...]
    """What must be there, and with which value where one is given."""
    needed: tuple[tuple[str, str], ...]
    """Where required parameters stand, and their names there."""

    def fits(self, request: Request) -> bool:
        return (
            request.method == self.method
            and self.path.fullmatch(request.path) is not None
            and all(name in request.query and value in ("", *request.query[name]) for name, value in self.query)
            and all(
                name.lower() in (request.headers if where == "header" else map(str.lower, request.query))
                for where, name in self.needed
            )
        )


def read(model: ServiceModel, request: Request) -> Call | None:
    """The call, if it is one. Where several fit, it is the one that asks for most: CopyObject is a PutObject with a source."""
    fitting = [route for route in _routes(model) if route.fits(request)]
    if not fitting:
        return None
    route = max(fitting, key=lambda each: len(each.query) + len(each.needed))
    shape, labels = model.operation_model(route.operation).input_shape, route.path.fullmatch(request.path)
    try:
        return route.operation, _parameters(shape, request, labels.groupdict() if labels else {}) if shape else {}
    except (ElementTree.ParseError, ValueError):
        return None


@functools.cache
def _routes(model: ServiceModel) -> list[_Route]:
    """Without those that an operation of another name has followed."""
    operations: Any = model.operation_names
    return [_route(model, name) for name in operations if not model.operation_model(name).deprecated]


def _route(model: ServiceModel, name: str) -> _Route:
    operation: Any = model.operation_model(name)
    path, _, query = operation.http["requestUri"].partition("?")
    pattern = re.sub(r"\{(\w+)(\+?)\}", lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})", path.rstrip("/"))
    needed = [
        (member.serialization["location"], member.serialization.get("name", member_name))
        for member_name, member in (operation.input_shape.members if operation.input_shape else {}).items()
        if member_name in operation.input_shape.required_members
        and member.serialization.get("location") in ("header", "querystring")
    ]
    return _Route(
        operation=name,
        method=operation.http["method"],
        path=re.compile(f"{pattern}/?"),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        needed=tuple(needed),
    )


def _parameters(shape: Shape, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    found = {name: _placed(name, member, request, labels) for name, member in shape.members.items()}
    if payload and shape.members[payload].type_name == "structure":
        found[payload] = _body(request.body, shape.members[payload])
    elif payload:
        found[payload] = None if shape.members[payload].type_name == "blob" else request.body.decode(errors="replace")
    else:
        found |= _body(request.body, shape) or {}
    return {name: value for name, value in found.items() if value is not None}


def _placed(name: str, member: Shape, request: Request, labels: dict[str, str]) -> Any:
    """A parameter outside of the body."""
    place, spelled = member.serialization.get("location"), member.serialization.get("name", name)
    match place:
        case "uri":
            return labels.get(spelled)
        case "headers":
            start = spelled.lower()
            return {each.removeprefix(start): text for each, text in request.headers.items() if each.startswith(start)} or None
        case "header" if spelled.lower() in request.headers:
            given = [request.headers[spelled.lower()]]
        case "querystring" if spelled in request.query:
            given = request.query[spelled]
        case _:
            return None
    if member.type_name == "list":
        return [from_text(member.member.type_name, text.strip()) for each in given for text in each.split(",")]
    return from_text(member.type_name, given[0])


def _body(body: bytes, shape: Shape) -> Any:
    """What the body says; None where there is none."""
    if not body.strip():
        return None
    if body.lstrip()[:1] == b"{":
        return json.loads(body)
    return _element(ElementTree.fromstring(body), shape)  # noqa: S314 - from this machine's own clients


def _element(node: ElementTree.Element, shape: Shape) -> Any:
    match shape.type_name:
        case "structure":
            return dict(_members(node, shape))
        case "list":
            return [_element(each, shape.member) for each in node]
        case kind:
            return from_text(kind, node.text or "")


def _members(node: ElementTree.Element, shape: Shape) -> Iterator[tuple[str, Any]]:
    for name, member in shape.members.items():
        spelled = member.serialization.get("name", name)
        if member.serialization.get("xmlAttribute"):
            yield from ((name, text) for key, text in node.attrib.items() if key.rpartition("}")[2] == spelled.rpartition(":")[2])
            continue
        flat = member.type_name == "list" and member.serialization.get("flattened")
        spelled = member.member.serialization.get("name", spelled) if flat and "name" not in member.serialization else spelled
        found = [each for each in node if each.tag.rpartition("}")[2] == spelled]
        if found:
            yield name, [_element(each, member.member) for each in found] if flat else _element(found[0], member)
