"""Checks the inputs of a resource before anything is changed."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.model import ServiceModel

from sandbox import models
from sandbox.grammars.documents import json_problem, misshapen
from sandbox.models import Shape
from sandbox.providers.aws import carried, rules, tags
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.refusals import cloudformation, limits, strangers
from sandbox.providers.aws.shapes import coerce, members, resolve
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.protocol import InvalidInputs
from sandbox.providers.values import UNKNOWN, Properties, contains_unknown


def coerced(kind: ResourceType, model: ServiceModel, inputs: Properties) -> Properties:
    """The inputs with texts for numbers and numbers for texts where AWS wants the other."""
    known = kind.properties
    return {
        name: _coerced(known[name], model, value) if name in known else value
        for name, value in carried.coerced(kind, inputs).items()
    }


def require_valid(kind: ResourceType, model: ServiceModel, inputs: Properties) -> None:
    """Raises InvalidInputs with everything that AWS or the table would refuse. Unknown values pass."""
    problems: dict[str, str] = {}
    for path, reason in list(_problems(kind, model, inputs)) or _contradictions(kind, inputs):
        problems[path] = f"{problems[path]}; {reason}" if path in problems else reason
    if problems:
        raise InvalidInputs(problems)


def _problems(kind: ResourceType, model: ServiceModel, inputs: Properties) -> Iterator[Problem]:
    known, others = kind.properties, carried.known(kind)
    for name, value in inputs.items():
        if name in known:
            found = list(_property_problems(kind, name, known[name], model, value))
            yield from found or cloudformation.problems(kind.token, name, limits.parsed(value) if known[name].json else value)
        elif not (kind.tagged and name in ("tags", "tagsAll")):
            yield from _of_stranger(kind, model, name, value)
            if name in others:
                yield from carried.problems(kind, name, value)
            else:
                yield name, f"{kind.token} has no such property; it has {', '.join([*known, *others])}"
    for name, rule in known.items():
        if rule.required and name not in inputs:
            yield name, "is required"
    if kind.tagged:
        yield from tags.problems(inputs.get("tagsAll"), kind.service)
    yield from limits.problems(kind, inputs)
    yield from strangers.problems(kind, inputs)


def _of_stranger(kind: ResourceType, model: ServiceModel, name: str, value: Any) -> Iterator[Problem]:
    """What AWS would say of a property that the sandbox does not model: it stands beside those that it does."""
    places = {each.rule.rpartition(".")[0] for each in kind.properties.values() if isinstance(each.rule, str)}
    beside = [resolve(model, place) for place in sorted(places)]
    shape = next((members(each)[name][1] for each in beside if each.type_name == "structure" and name in members(each)), None)
    if shape and carried.is_like(kind, name, shape):
        yield from rules.carried_violations(value, shape, name)
    yield from cloudformation.problems(kind.token, name, value)


def _contradictions(kind: ResourceType, inputs: Properties) -> Iterator[Problem]:
    """Problems between properties that are right one by one. What an unknown part hides is asked again once it is known."""
    for check in kind.checks:
        try:
            yield from check(inputs)
        except (AttributeError, KeyError, TypeError):
            if not contains_unknown(inputs):
                raise


def _property_problems(kind: ResourceType, name: str, known: Property, model: ServiceModel, value: Any) -> Iterator[Problem]:
    if value == UNKNOWN:
        return
    shape = _shape(known, model)
    found = list(_type_problems(name, known, value) if shape is None else _shape_problems(name, known, shape, value))
    if not found and not contains_unknown(value):
        own = carried.schema(kind, name) if shape is None else None
        wanted = known.schema or own
        found = list(misshapen(name, value, wanted)) if wanted else []
        if not found and (reason := known.check(value)):
            found = [(name, f"{models.shown(value)} {reason}")]
    yield from found


def _type_problems(name: str, known: Property, value: Any) -> Iterator[Problem]:
    if isinstance(known.rule, type) and not models.is_a(value, known.rule):
        yield name, f"{models.shown(value)} is not of the type {known.rule.__name__}"


def _shape_problems(name: str, known: Property, shape: Shape, value: Any) -> Iterator[Problem]:
    if known.json:
        reason = json_problem(value)
        yield from [(name, reason)] if reason else rules.violations(json.loads(value), shape, name)
    elif known.wrapped and isinstance(value, list):
        for index, item in enumerate(value):
            yield from rules.violations(item, shape, f"{name}[{index}]")
        if len(value) > 1:
            yield name, f"has {len(value)} items, AWS takes one"
    else:
        yield from rules.violations(value, shape, name)


def _shape(known: Property, model: ServiceModel) -> Shape | None:
    return resolve(model, known.rule) if isinstance(known.rule, str) else None


def _coerced(known: Property, model: ServiceModel, value: Any) -> Any:
    shape = _shape(known, model)
    if shape is None:
        return _scalar(value, known.rule)
    if known.json:
        return value
    if known.wrapped and isinstance(value, list):
        return [coerce(item, shape) for item in value]
    return coerce(value, shape)


def _scalar(value: Any, wanted: str | type) -> Any:
    if wanted is bool and value in ("true", "false"):
        return value == "true"
    if wanted is int and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value
