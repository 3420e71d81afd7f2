"""Rules that AWS's pages say and botocore's models do not, as data: of resources (the aws stand-in) and of calls (the emulator).

A table has, for each place in what is asked for (`rules[].id`, `overrides.containerOverrides[]`; the empty one is all of it), the
rules of what stands there.
"""

import json
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.models import shown

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that a preview cannot know yet (pulumi.runtime.rpc.UNKNOWN; the emulator has no Pulumi)."""

Properties = dict[str, Any]
"""Inputs or outputs of a resource, keys in the schema's camelCase."""

Problem = tuple[str, str]
"""Property path and what is wrong with its value."""


class Rule(Protocol):
    """What stands in a place must be so."""

    @property
    def code(self) -> str:
        """AWS's word for a call that is not so; empty: the service's usual one."""
        ...

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with it."""
        ...


Table = Mapping[str, Rule | tuple[Rule, ...]]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A text, a number, or how many there are of something."""

    page: str
    """Where AWS says so."""
    pattern: str = ""
    """Of the whole text."""
    low: float | None = None
    """Characters of a text, items of a list, or the number itself; so is `high`."""
    high: float | None = None
    octets: int | None = None
    """Most bytes of a text in UTF-8."""
    among: tuple[Any, ...] = ()
    multiple: int | None = None
    """Of this the number is a multiple, if it is not `among` the others."""
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with a value."""
        size = value if isinstance(value, int | float) else len(value)
        what = "" if isinstance(value, int | float) else " characters" if isinstance(value, str) else " items"
        if self.multiple and value not in self.among and (not isinstance(value, int) or value % self.multiple):
            return f"{shown(value)} is neither of {', '.join(map(str, self.among))} nor a multiple of {self.multiple} ({self.page})"
        if self.among and not self.multiple and value not in self.among:
            return f"{shown(value)} is not one of {', '.join(map(str, self.among))} ({self.page})"
        if self.pattern and not (isinstance(value, str) and re.fullmatch(self.pattern, value)):
            return f"{shown(value)} does not match {self.pattern} ({self.page})"
        if (self.low is not None and size < self.low) or (self.high is not None and size > self.high):
            between = f"{'-' if self.low is None else self.low} to {'-' if self.high is None else self.high}"
            return f"{size}{what}: AWS wants {between}{what} ({self.page})"
        if self.octets is not None and isinstance(value, str) and len(value.encode()) > self.octets:
            return f"{len(value.encode())} bytes: AWS wants at most {self.octets} ({self.page})"
        return None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """So many of these may stand in an object; one of them, if nothing else is said."""

    page: str
    names: tuple[str, ...]
    least: int = 0
    most: int = 1
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with an object."""
        given = [name for name in self.names if _given(value, name)]
        if self.least <= len(given) <= self.most:
            return None
        wanted = {(0, 1): "at most one", (1, 1): "exactly one"}.get((self.least, self.most), f"{self.least} to {self.most}")
        return f"{wanted} of {', '.join(self.names)} can be given, not {' and '.join(given) or 'none'} ({self.page})"


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Where this stands in an object, the others must stand too."""

    page: str
    name: str
    others: tuple[str, ...]
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with an object."""
        absent = [other for other in self.others if not _given(value, other)]
        return f"{self.name} needs {' and '.join(absent)} ({self.page})" if absent and _given(value, self.name) else None


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """The items of a list differ in this member."""

    page: str
    by: str
    fold: Callable[[str], str] = str
    """Two texts are the same if this makes the same of them."""
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with a list."""
        seen = [self.fold(str(item.get(self.by))) for item in value if isinstance(item, Mapping)]
        twice = next((each for each in seen if seen.count(each) > 1), None)
        return None if twice is None else f"{self.by} {twice!r} is given twice ({self.page})"


@dataclass(frozen=True, kw_only=True)
class Json:
    """A text that is JSON, and an object where nothing else is said."""

    page: str
    kind: type = dict
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with a text."""
        try:
            found = json.loads(value)
        except (TypeError, ValueError) as error:
            return f"is not JSON: {error} ({self.page})"
        return None if isinstance(found, self.kind) else f"must be JSON of a {self.kind.__name__} ({self.page})"


@dataclass(frozen=True, kw_only=True)
class Has:
    """An object with these members, whatever they are."""

    page: str
    names: tuple[str, ...]
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with an object."""
        absent = [name for name in self.names if isinstance(value, Mapping) and value.get(name) is None]
        return f"{' and '.join(absent)} is required ({self.page})" if absent else None


@dataclass(frozen=True, kw_only=True)
class Read:
    """A text that can be read as an address, a day, ..."""

    page: str
    read: Callable[[str], Any]
    """Raises ValueError for what is none."""
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with a text."""
        try:
            self.read(str(value))
        except ValueError as error:
            return f"{error} ({self.page})"
        return None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a function says of it."""

    page: str
    check: Callable[[Any], str | None]
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with a value."""
        reason = self.check(value)
        return f"{reason} ({self.page})" if reason else None


class _Anything:
    def __contains__(self, value: object) -> bool:
        return value is not None


ANYTHING = _Anything()
"""Every value that is given."""


@dataclass(frozen=True, kw_only=True)
class Fits:
    """Where a member of an object has one of these values, another, if given, must be so."""

    page: str
    name: str
    among: Container[Any]
    other: str
    rule: Rule
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with an object."""
        if not (isinstance(value, Mapping) and value.get(self.name) in self.among and _given(value, self.other)):
            return None
        reason = self.rule.problem(value[self.other])
        return f"with {self.name} {value.get(self.name)}, {self.other}: {reason}" if reason else None


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Names and values of a map."""

    names: Rule
    values: Table
    code: str = ""

    def problem(self, value: Any, /) -> str | None:
        """What is wrong with a map."""
        for name, item in value.items() if isinstance(value, Mapping) else ():
            if reason := self.names.problem(name) or next(
                (f"{path}: {text}".removeprefix(": ") for path, text in problems(self.values, item)), ""
            ):
                return f"{name}: {reason}"
        return None


def _given(value: Any, name: str) -> bool:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found is not None and found is not False and found not in ("", [], {})


def _nothing(value: Any) -> bool:
    return value is None


def problems(table: Table, value: Any, unsaid: Callable[[Any], bool] = _nothing) -> Iterator[tuple[str, str]]:
    """Every (path, reason) why AWS would refuse the value."""
    return ((path, reason) for path, reason, _ in refusals(table, value, unsaid))


def refusals(table: Table, value: Any, unsaid: Callable[[Any], bool] = _nothing) -> Iterator[tuple[str, str, Rule]]:
    """The same, each with the rule that says so."""
    for path, place, part in leaves(value, "", "", unsaid):
        found = table.get(place, ())
        for rule in found if isinstance(found, tuple) else (found,):
            if reason := rule.problem(part):
                yield path, reason, rule


def leaves(value: Any, path: str, place: str, unsaid: Callable[[Any], bool] = _nothing) -> Iterator[tuple[str, str, Any]]:
    """Every part of a value of which something can be said: its path, its path in a table, and itself; structures too."""
    if unsaid(value):
        return
    yield path, place, value
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}".lstrip("."), f"{place}.{name}".lstrip("."), unsaid)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]", f"{place}[]", unsaid)
