"""Compares what the program wants, what the state says and what AWS has."""

from collections.abc import Mapping
from typing import Any

from sandbox.providers.aws import carried
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import canonical
from sandbox.providers.aws.table import ResourceType
from sandbox.providers.aws.tags import own_tags
from sandbox.providers.values import Properties, contains_unknown

GENERATED = "__defaults"
"""Input that lists the properties with automatic names, as in the real provider's state; the engine hides it."""


def changed(kind: ResourceType, old: Properties, new: Properties) -> list[str]:
    """Names of the properties that differ; an unknown value differs from every other."""
    names = sorted({*old, *new} - {GENERATED})
    left = {name for name, known in kind.properties.items() if known.kept and name not in new}
    parted = {name: known.kept_parts for name, known in kind.properties.items() if known.kept_parts and name in old and name in new}
    wanted = {**new, **{name: _with_parts(parts, old[name], new[name]) for name, parts in parted.items()}}
    return [name for name in names if name not in left and not same(kind, name, old.get(name), wanted.get(name))]


def _with_parts(parts: tuple[str, ...], old: Any, new: Any) -> Any:
    """The new value with those parts of the old one that it does not name."""
    match old, new:
        case [dict() as one], [dict() as other]:
            return [_with_parts(parts, one, other)]
        case dict(), dict():
            kept = {name: item for name, item in old.items() if name in parts}
            return {**kept, **{name: _with_parts(parts, old.get(name), item) for name, item in new.items()}}
    return new


def same(kind: ResourceType, name: str, one: Any, other: Any) -> bool:
    """Whether two values of a property mean the same to AWS; None is the property's default."""
    if contains_unknown(one) or contains_unknown(other):
        return False
    known = kind.properties.get(name)
    if known is None:
        return canonical(one) == canonical(other)
    one, other = (known.default if value is None else value for value in (one, other))
    return canonical(known.form(one)) == canonical(known.form(other))


def must_replace(kind: ResourceType, name: str, old: Properties, new: Properties) -> bool:
    """Whether the change of a property needs a new resource."""
    known = kind.properties.get(name)
    if known is None:
        return carried.replaces(kind, name)
    one, other = old.get(name), new.get(name)
    if not known.fixed:
        return known.replace(one, other) if callable(known.replace) else known.replace
    if not isinstance(one, dict) or not isinstance(other, dict):
        return True
    one, other = known.form(one), known.form(other)
    return any(one.get(part) != other.get(part) for part in known.fixed)


def same_place(kind: ResourceType, old: Properties, new: Properties) -> bool:
    """Whether only one can exist: the program gives the resource a name that its predecessor has, or there is room for one."""
    if kind.single:
        return True
    name = kind.name.property if kind.name else None
    return name is not None and name not in new.get(GENERATED, []) and old.get(name) == new.get(name)


def with_defaults(kind: ResourceType, values: Properties) -> Properties:
    """The values with every property of the table; None where neither program nor table says anything."""
    defaults = {name: known.default for name, known in kind.properties.items()}
    return {**defaults, **{name: value for name, value in values.items() if value is not None}}


def with_spelling(kind: ResourceType, live: Properties, state: Properties) -> Properties:
    """Live values as the state spells them, where both mean the same."""
    return live | {name: state[name] for name in asked(kind) if name in state and same(kind, name, state[name], live.get(name))}


def seen_inputs(kind: ResourceType, inputs: Properties, live: Properties, default_tags: Mapping[str, str]) -> Properties:
    """The inputs with what AWS really has: of those that the program sets, and those that left their default."""
    seen = {name: value for name, value in inputs.items() if name not in asked(kind)}
    for name, known in asked(kind).items():
        value = live.get(name)
        if name in inputs and same(kind, name, inputs[name], value):
            seen[name] = inputs[name]
        elif value is not None and (name in inputs or (not known.kept and _drifted(kind, name, value))):
            seen[name] = value
    if kind.tagged:
        own = own_tags(live["tagsAll"], inputs.get("tags"), default_tags)
        seen |= {"tags": own} if own or "tags" in inputs else {}
        seen |= {"tagsAll": live["tagsAll"]} if live["tagsAll"] or "tagsAll" in inputs else {}
    return seen


def _drifted(kind: ResourceType, name: str, value: Any) -> bool:
    """Whether AWS has another value than the default of a property that the program leaves out."""
    return kind.properties[name].default is not None and not same(kind, name, None, value)


def asked(kind: ResourceType) -> dict[str, Property]:
    """The properties whose value AWS can tell."""
    return {name: known for name, known in kind.properties.items() if not known.local and not known.unread}
