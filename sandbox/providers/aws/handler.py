# ruff: noqa: A001, A002, ARG002 - names and signatures are those of the protocol
"""The life of a resource whose type is described by a table: check, diff, create, read, update, delete."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from sandbox.providers.aws import rules, tags
from sandbox.providers.aws.api import Api, is_gone, readable_errors
from sandbox.providers.aws.documents import json_problem
from sandbox.providers.aws.naming import automatic
from sandbox.providers.aws.session import Session
from sandbox.providers.aws.shapes import Shape, canonical, coerce, resolve
from sandbox.providers.aws.table import Problem, Property, ResourceType
from sandbox.providers.protocol import Difference, InvalidInputs, Operation, PartialFailure, Resource
from sandbox.providers.values import UNKNOWN, Properties, ProviderError, contains_unknown

GENERATED = "__defaults"
"""Input that lists the properties with automatic names, as in the real provider's state; the engine hides it."""


GLOBAL = {"iam"}
"""Services whose resources belong to no region."""


class TableResource(Resource):
    """Handler of one resource type."""

    def __init__(self, kind: ResourceType, session: Callable[[], Session]) -> None:
        self.kind = kind
        self.session = session

    def check(self, operation: Operation, old: Properties, new: Properties) -> Properties:
        inputs = {name: self._coerced(name, value) for name, value in new.items() if name != GENERATED}
        if self.kind.tagged:
            every = tags.effective(inputs.get("tags"), self.session().default_tags)
            inputs |= {"tagsAll": every} if every else {}
        problems: dict[str, str] = {}
        for path, reason in list(self._problems(inputs)) or self._contradictions(inputs):
            problems[path] = f"{problems[path]}; {reason}" if path in problems else reason
        if problems:
            raise InvalidInputs(problems)
        return inputs | self._automatic_name(operation, old, inputs)

    def diff(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Difference:
        changed = self._changed(old, new)
        replace = [name for name in changed if self._must_replace(name, old, new)]
        return Difference(changed=changed, replace=replace, delete_first=bool(replace) and self._same_name(old, new))

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        if operation.preview:
            return "", {**dict.fromkeys(self.kind.outputs, UNKNOWN), **inputs}
        api = self._api(operation)
        wanted = self._with_defaults(inputs)
        with readable_errors(self.kind.token):
            id = self.kind.create(api, wanted)
        try:
            with readable_errors(self.kind.token):
                for put in self.kind.puts:
                    if put.on_create and any(inputs.get(name) is not None for name in put.properties):
                        put.call(api, id, wanted, {})
            return id, self._outputs(api, id, inputs)
        except ProviderError as error:
            raise PartialFailure(str(error), id=id, state={**inputs, "id": id}, inputs=inputs) from error

    def read(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> tuple[Properties, Properties] | None:
        if not state:
            raise ProviderError(f"{self.kind.token}: the sandbox does not import resources, or get() them by id")
        live = self._live(self._api(operation), id, {**state, **inputs})
        return None if live is None else (self._seen_inputs(inputs, live), {**state, **live, "id": id})

    def update(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Properties:
        kept = {name: value for name, value in state.items() if name in new or name not in old}
        if operation.preview:
            changed = self._changed(old, new)
            renewed = [name for put in self.kind.puts if set(put.properties) & set(changed) for name in put.renews]
            return {**kept, **new, **dict.fromkeys(renewed, UNKNOWN)}
        api = self._api(operation)
        live = self._live(api, id, {**state, **old})
        if live is None:
            raise ProviderError(f"{self.kind.token}: {id} is gone; run `pulumi refresh`")
        changed = {*self._changed(old, new), *self._changed(self._seen_inputs(new, live), new)}
        wanted = self._with_defaults({**{name: live.get(name) for name in self.kind.outputs}, **new})
        present = self._with_defaults({**old, **live})
        with readable_errors(self.kind.token):
            for put in self.kind.puts:
                if set(put.properties) & changed:
                    put.call(api, id, wanted, present)
        return {**kept, **self._outputs(api, id, {**state, **new})}

    def delete(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> None:
        with readable_errors(self.kind.token):
            try:
                self.kind.delete(self._api(operation), id, self._with_defaults(state))
            except ClientError as error:
                if not is_gone(error):
                    raise

    def _api(self, operation: Operation) -> Api:
        return Api(self.kind, self.session(), operation)

    def _outputs(self, api: Api, id: str, state: Properties) -> Properties:
        live = self._live(api, id, {**state, "id": id})
        if live is None:
            raise ProviderError(f"{self.kind.token}: {id} was written, but AWS does not know it")
        return {**state, **live, "id": id}

    def _live(self, api: Api, id: str, state: Properties) -> Properties | None:
        """Properties and outputs as AWS has them; a document keeps its spelling where it says the same."""
        with readable_errors(self.kind.token):
            try:
                live = self.kind.read(api, id, self._with_defaults(state))
            except ClientError as error:
                if is_gone(error):
                    return None
                raise
        if live is None:
            return None
        same = {name: state[name] for name in self._asked() if name in state and self._same(name, state[name], live.get(name))}
        return live | same | ({"region": api.session.region} if self.kind.service not in GLOBAL else {})

    def _seen_inputs(self, inputs: Properties, live: Properties) -> Properties:
        """The inputs with what AWS really has: those that the program sets, and those that left their default."""
        seen = {name: value for name, value in inputs.items() if name not in self._asked()}
        for name, known in self._asked().items():
            value = live.get(name)
            if name in inputs and self._same(name, inputs[name], value):
                seen[name] = inputs[name]
            elif value is not None and (name in inputs or (known.default is not None and not self._same(name, None, value))):
                seen[name] = value
        if self.kind.tagged:
            own = tags.own_tags(live["tagsAll"], inputs.get("tags"), self.session().default_tags)
            seen |= {"tags": own} if own or "tags" in inputs else {}
            seen |= {"tagsAll": live["tagsAll"]} if live["tagsAll"] or "tagsAll" in inputs else {}
        return seen

    def _asked(self) -> dict[str, Property]:
        """The properties whose value AWS can tell."""
        return {name: known for name, known in self.kind.properties.items() if not known.local and not known.unread}

    def _changed(self, old: Properties, new: Properties) -> list[str]:
        names = sorted({*old, *new} - {GENERATED})
        return [name for name in names if not self._same(name, old.get(name), new.get(name))]

    def _same(self, name: str, one: Any, other: Any) -> bool:
        if contains_unknown(one) or contains_unknown(other):
            return False
        known = self.kind.properties.get(name)
        if known is None:
            return canonical(one or None) == canonical(other or None)
        one, other = (known.default if value is None else value for value in (one, other))
        return canonical(known.form(one)) == canonical(known.form(other))

    def _must_replace(self, name: str, old: Properties, new: Properties) -> bool:
        known = self.kind.properties.get(name)
        if known is None or not known.fixed:
            return known is not None and known.replace
        one, other = old.get(name), new.get(name)
        if not isinstance(one, dict) or not isinstance(other, dict):
            return True
        one, other = known.form(one), known.form(other)
        return any(one.get(part) != other.get(part) for part in known.fixed)

    def _same_name(self, old: Properties, new: Properties) -> bool:
        name = self.kind.name.property if self.kind.name else None
        return name is not None and name not in new.get(GENERATED, []) and old.get(name) == new.get(name)

    def _with_defaults(self, inputs: Properties) -> Properties:
        defaults = {name: known.default for name, known in self.kind.properties.items()}
        return {**defaults, **{name: value for name, value in inputs.items() if value is not None}}

    def _automatic_name(self, operation: Operation, old: Properties, inputs: Properties) -> Properties:
        name = self.kind.name
        if name is None or name.property in inputs:
            return {}
        kept = old.get(name.property) if name.property in old.get(GENERATED, []) else None
        return {name.property: kept or automatic(name, operation), GENERATED: [name.property]}

    def _shape(self, known: Property) -> Shape | None:
        """Botocore's shape of a property."""
        if not isinstance(known.rule, str):
            return None
        return resolve(self.session().model(self.kind.service), known.rule)

    def _coerced(self, name: str, value: Any) -> Any:
        known = self.kind.properties.get(name)
        shape = self._shape(known) if known else None
        if known is None or shape is None:
            return _scalar(value, known.rule) if known and isinstance(known.rule, type) else value
        if known.json:
            return value
        if known.wrapped and isinstance(value, list):
            return [coerce(item, shape) for item in value]
        return coerce(value, shape)

    def _problems(self, inputs: Properties) -> Iterator[Problem]:
        known = self.kind.properties
        for name, value in inputs.items():
            if name in known:
                yield from self._property_problems(name, known[name], value)
            elif not (self.kind.tagged and name in ("tags", "tagsAll")):
                yield name, f"the sandbox does not model this property of {self.kind.token}; it models {', '.join(known)}"
        for name, rule in known.items():
            if rule.required and name not in inputs:
                yield name, "is required"
        if self.kind.tagged:
            yield from tags.problems(inputs.get("tagsAll"))

    def _contradictions(self, inputs: Properties) -> Iterator[Problem]:
        """Problems between properties that are right one by one."""
        for check in self.kind.checks:
            yield from check(inputs)

    def _property_problems(self, name: str, known: Property, value: Any) -> Iterator[Problem]:
        if value == UNKNOWN:
            return
        shape = self._shape(known)
        found: list[Problem] = []
        if shape is None:
            if isinstance(known.rule, type) and not rules.is_a(value, known.rule):
                found = [(name, f"{rules.shown(value)} is not of the type {known.rule.__name__}")]
        elif known.json:
            reason = json_problem(value)
            found = [(name, reason)] if reason else list(rules.violations(json.loads(value), shape, name))
        elif known.wrapped and isinstance(value, list):
            found = [problem for item in value[:1] for problem in rules.violations(item, shape, f"{name}[0]")]
            found += [(name, f"has {len(value)} items, AWS takes one")] if len(value) > 1 else []
        else:
            found = list(rules.violations(value, shape, name))
        if not found and not contains_unknown(value) and (reason := known.check(value)):
            found = [(name, f"{rules.shown(value)} {reason}")]
        yield from found


def _scalar(value: Any, wanted: type) -> Any:
    if wanted is bool and value in ("true", "false"):
        return value == "true"
    if wanted is int and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value
