r"""Checks a value against botocore's service model, which botocore itself checks only in part.

AWS matches its patterns against the whole value. The pattern classes of Unicode (`\\p{L}`) have no equal in Python's
`re`; they are widened, so that a rule may accept what AWS refuses, never the other way round.
"""

import functools
import re
from collections.abc import Iterator
from types import UnionType
from typing import Any

from sandbox.providers.aws.shapes import WHOLE, Shape, is_tag_map, members, tag_list
from sandbox.providers.values import UNKNOWN, Asset

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
DECIMAL = ("double", "float")

SHOWN = 120
"""Characters of a value that an error repeats."""


def violations(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """Every (path, reason) why AWS would refuse the value. Unknown values are passed over."""
    if value == UNKNOWN:
        return
    if is_tag_map(value, shape):
        value = tag_list(value)
    expected = TYPES.get(shape.type_name)
    if expected and not is_a(value, expected[0]):
        yield path, f"{shown(value)} is not {expected[1]}"
        return
    match shape.type_name:
        case "structure":
            yield from _structure(value, shape, path)
        case "list":
            yield from _length(len(value), shape, path, "items")
            for index, item in enumerate(value):
                yield from violations(item, shape.member, f"{path}[{index}]")
        case "map":
            yield from _map(value, shape, path)
        case "string":
            yield from _string(value, shape, path)
        case name if name in (*WHOLE, *DECIMAL):
            yield from _range(value, shape, path)


def is_a(value: Any, wanted: type | UnionType) -> bool:
    """isinstance, but true and false are no numbers."""
    return isinstance(value, wanted) and not (wanted in (int, float | int) and isinstance(value, bool))


def shown(value: Any) -> str:
    """The value as an error repeats it."""
    text = repr(value) if not isinstance(value, Asset) else "an asset"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _structure(value: dict[str, Any], shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    known = members(shape)
    for name, item in value.items():
        if name not in known:
            yield f"{path}.{name}", f"no such property; {path} has {', '.join(sorted(known))}"
        else:
            yield from violations(item, known[name][1], f"{path}.{name}")
    for name, (member, _) in known.items():
        if member in shape.required_members and name not in value:
            yield f"{path}.{name}", "is required"


def _map(value: dict[str, Any], shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    yield from _length(len(value), shape, path, "entries")
    for name, item in value.items():
        yield from _string(name, shape.key, f"{path}.{name}")
        yield from violations(item, shape.value, f"{path}.{name}")


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
