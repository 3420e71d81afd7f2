r"""Checks a value against botocore's service model, which botocore itself checks only in part.

AWS matches its patterns against the whole value. The pattern classes of Unicode (`\\p{L}`) have no equal in Python's
`re`; they are widened, so that a rule may accept what AWS refuses, never the other way round.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any

Shape = Any
"""A shape of botocore's: its cached properties are opaque to a type checker."""

WHOLE = ("integer", "long")
DECIMAL = ("double", "float")

TYPES: dict[str, tuple[type | UnionType, str]] = {
    "structure": (dict, "an object"),
    "map": (dict, "an object"),
    "list": (list, "a list"),
    "string": (str, "a text"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "long": (int, "a whole number"),
    "double": (float | int, "a number"),
    "float": (float | int, "a number"),
}

SHOWN = 120
"""Characters of a value that an error repeats."""

REQUIRED = "is required"

PASSED_OVER = object()
"""A value of which nothing can be said."""


def _own_names(shape: Shape) -> dict[str, tuple[str, Shape]]:
    return {name: (name, member) for name, member in shape.members.items()}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a request is written down."""

    names: Callable[[Shape], Mapping[str, tuple[str, Shape]]] = _own_names
    """Name there -> (member, shape) of a structure."""
    value: Callable[[Any, Shape], Any] = lambda value, _: value
    """A value as AWS has it, or PASSED_OVER."""
    strict: bool = True
    """What the model does not have is refused."""


AS_SENT = Reading(strict=False)
"""As it reaches a service, which passes over what it does not know."""


def violations(value: Any, shape: Shape, path: str, how: Reading = AS_SENT) -> Iterator[tuple[str, str]]:
    """Every (path, reason) why AWS would refuse the value."""
    value = how.value(value, shape)
    if value is PASSED_OVER:
        return
    expected = TYPES.get(shape.type_name)
    if expected and not is_a(value, expected[0]):
        yield path, f"{shown(value)} is not {expected[1]}"
        return
    match shape.type_name:
        case "structure":
            yield from _structure(value, shape, path, how)
        case "list":
            yield from _length(len(value), shape, path, "items")
            for index, item in enumerate(value):
                yield from violations(item, shape.member, f"{path}[{index}]", how)
        case "map":
            yield from _map(value, shape, path, how)
        case "string":
            yield from _string(value, shape, path)
        case "blob" if isinstance(value, str | bytes):
            yield from _length(_octets(value), shape, path, "bytes")
        case name if name in (*WHOLE, *DECIMAL):
            yield from _range(value, shape, path)


def is_a(value: Any, wanted: type | UnionType) -> bool:
    """isinstance, but true and false are no numbers."""
    return isinstance(value, wanted) and not (wanted in (int, float | int) and isinstance(value, bool))


def from_text(kind: str, text: str) -> Any:
    """A text on the wire as the value that it stands for; what can't be one of its kind stays a text."""
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in WHOLE and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind in DECIMAL and re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        return float(text)
    return text


def shown(value: Any) -> str:
    """The value as an error repeats it."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _structure(value: dict[str, Any], shape: Shape, path: str, how: Reading) -> Iterator[tuple[str, str]]:
    known = how.names(shape)
    for name, item in value.items():
        if name in known:
            yield from violations(item, known[name][1], f"{path}.{name}".lstrip("."), how)
        elif how.strict:
            yield f"{path}.{name}", f"no such property; {path} has {', '.join(sorted(known))}"
    for name, (member, _) in known.items():
        if member in shape.required_members and name not in value:
            yield f"{path}.{name}".lstrip("."), REQUIRED


def _map(value: dict[str, Any], shape: Shape, path: str, how: Reading) -> Iterator[tuple[str, str]]:
    yield from _length(len(value), shape, path, "entries")
    for name, item in value.items():
        yield from _string(name, shape.key, f"{path}.{name}")
        yield from violations(item, shape.value, f"{path}.{name}", how)


def _string(value: str, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield path, f"{shown(value)} is not one of {', '.join(allowed)}"
    yield from _length(len(value), shape, path, "characters")
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield path, f"{shown(value)} does not match {pattern}"


def _length(size: int, shape: Shape, path: str, what: str) -> Iterator[tuple[str, str]]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    if size < low or (high is not None and size > high):
        yield path, f"has {size} {what}, AWS wants {low} to {high if high is not None else 'any number'}"


def _octets(value: str | bytes) -> int:
    """Bytes of what the protocols for JSON and forms send in base64."""
    return len(value) if isinstance(value, bytes) else len(value.rstrip("=")) * 3 // 4


def _range(value: float, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and value < low) or (high is not None and value > high):
        yield path, f"{value} is not between {low if low is not None else '-'} and {high if high is not None else '-'}"


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of AWS's, which are Java's."""
    # Java switches to ignoring case in the middle of a pattern, Python for the whole of it only.
    flags = re.IGNORECASE if "(?i)" in pattern else 0
    pattern = pattern.replace("(?i)", "")
    return re.compile(re.sub(r"\\p\{[LN]\w*\}", r"\\w", re.sub(r"\\p\{Z\w*\}", r"\\s", pattern)), flags)
