"""Calls by AWS's protocols `query` and `ec2`: a form, in which a name says where in the parameters its value stands."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ServiceModel

from sandbox.emulator.request import Call, Request
from sandbox.models import Shape, from_text


def read(model: ServiceModel, request: Request) -> Call | None:
    """The call, if it is one."""
    form = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    name = form.get("Action", "")
    operations: Any = model.operation_names
    if name not in operations:
        return None
    return name, _Form(form, ec2=model.protocol == "ec2").structure("", model.operation_model(name).input_shape)


@dataclass(frozen=True)
class _Form:
    """Names and values; EC2 spells members its own way, and its lists have no name for their items."""

    values: dict[str, str]
    ec2: bool

    def structure(self, prefix: str, shape: Shape) -> dict[str, Any]:
        """What stands below a prefix (`Tags.member.1.`)."""
        if shape is None:
            return {}
        found = {name: self._value(prefix + self._name(member, name), member) for name, member in shape.members.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _name(self, member: Shape, name: str) -> str:
        if not self.ec2:
            return member.serialization.get("name", name)
        spelled = member.serialization.get("name", name)
        return member.serialization.get("queryName", spelled[0].upper() + spelled[1:])

    def _value(self, place: str, shape: Shape) -> Any:
        inside = any(name.startswith(f"{place}.") for name in self.values)
        match shape.type_name:
            case "structure":
                return self.structure(f"{place}.", shape) if inside else None
            case "list":
                flat = self.ec2 or shape.serialization.get("flattened")
                entry = place if flat else f"{place}.{shape.member.serialization.get('name', 'member')}"
                return self._items(entry, shape) if inside else None
            case "map":
                return self._map(place, shape) if inside else None
            case kind:
                return from_text(kind, self.values[place]) if place in self.values else None

    def _items(self, entry: str, shape: Shape) -> list[Any]:
        return [self._value(f"{entry}.{number}", shape.member) for number in self._numbers(entry, r"(\.|$)")]

    def _map(self, place: str, shape: Shape) -> dict[str, Any]:
        entry = place if shape.serialization.get("flattened") else f"{place}.entry"
        key, value = (getattr(shape, part).serialization.get("name", part) for part in ("key", "value"))
        return {
            self.values.get(f"{entry}.{number}.{key}", ""): self._value(f"{entry}.{number}.{value}", shape.value)
            for number in self._numbers(entry, r"\.")
        }

    def _numbers(self, entry: str, end: str) -> list[int]:
        return sorted({int(each[1]) for name in self.values if (each := re.match(rf"{re.escape(entry)}\.(\d+){end}", name))})
