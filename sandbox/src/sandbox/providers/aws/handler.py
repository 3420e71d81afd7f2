# ruff: noqa: A001, A002, ARG002 - names and signatures are those of the protocol
"""The life of a resource whose type is described by a table: check, diff, create, read, update, delete."""

import functools
from collections.abc import Callable, Iterable

from botocore.exceptions import ClientError

from sandbox.providers.aws import carried, tags
from sandbox.providers.aws.api import Api, is_gone, readable_errors
from sandbox.providers.aws.checks import coerced, require_valid
from sandbox.providers.aws.comparison import (
    GENERATED,
    changed,
    must_replace,
    same_place,
    seen_inputs,
    with_defaults,
    with_spelling,
)
from sandbox.providers.aws.naming import automatic, prefix_of
from sandbox.providers.aws.refusals import account
from sandbox.providers.aws.session import Session
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.protocol import Difference, Operation, PartialFailure, Resource
from sandbox.providers.values import UNKNOWN, Properties, ProviderError

GLOBAL = {"budgets", "chatbot", "iam", "route53"}
"""Services whose resources belong to no region."""


class TableResource(Resource):
    """Handler of one resource type."""

    def __init__(self, kind: ResourceType, session: Callable[[], Session]) -> None:
        self.kind = kind
        self.session = session

    def check(self, operation: Operation, old: Properties, new: Properties) -> Properties:
        session = self.session()
        model = session.model(self.kind.service)
        inputs = coerced(self.kind, model, {name: value for name, value in new.items() if name != GENERATED})
        if self.kind.tagged and (every := tags.effective(inputs.get("tags"), session.default_tags)):
            inputs["tagsAll"] = every
        require_valid(self.kind, model, inputs)
        if silent := carried.silent(self.kind, inputs):
            operation.warn(
                f"{self.kind.token}: the sandbox takes {', '.join(silent)} as AWS does, and does not play what it does there"
            )
        return inputs | self._automatic_name(operation, old, inputs)

    def diff(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Difference:
        names = changed(self.kind, old, new)
        replace = [name for name in names if must_replace(self.kind, name, old, new)]
        return Difference(changed=names, replace=replace, delete_first=bool(replace) and same_place(self.kind, old, new))

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        if operation.preview:
            return "", {**dict.fromkeys((*self.kind.outputs, *self.kind.filled), UNKNOWN), **inputs}
        api = self._api(operation, inputs)
        wanted = with_defaults(self.kind, inputs)
        self._require(account.problems(self.kind, api.session, inputs))
        with readable_errors(self.kind.token):
            id = api.settled(lambda: self.kind.create(api, wanted))
        try:
            with readable_errors(self.kind.token):
                for put in self.kind.puts:
                    if put.on_create and any(inputs.get(name) is not None for name in put.properties):
                        api.settled(functools.partial(put.call, api, id, wanted, {}))
            return id, self._outputs(api, id, inputs, inputs)
        except ProviderError as error:
            raise PartialFailure(str(error), id=id, state={**inputs, "id": id}, inputs=inputs) from error

    def read(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> tuple[Properties, Properties] | None:
        if not state:
            raise ProviderError(f"{self.kind.token}: the sandbox does not import resources, or get() them by id")
        live = self._live(self._api(operation, state), id, {**state, **inputs})
        if live is None:
            return None
        return self._seen(inputs, live), {**state, **live, **carried.kept(self.kind, inputs), "id": id}

    def update(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Properties:
        kept = {name: value for name, value in state.items() if name in new or name not in old}
        names = changed(self.kind, old, new)
        if operation.preview:
            renewed = [name for put in self.kind.puts if set(put.properties) & set(names) for name in put.renews]
            return {**kept, **new, **dict.fromkeys(renewed, UNKNOWN)}
        api = self._api(operation, state)
        live = self._live(api, id, {**state, **old})
        if live is None:
            raise ProviderError(f"{self.kind.token}: {id} is gone; run `pulumi refresh`")
        # Also what differs from AWS, whatever the old inputs say: the last operation may have failed half-way.
        names += changed(self.kind, self._seen(new, live), new)
        self._require(account.changed_problems(self.kind, api.session, {**new, "id": id}, names))
        left = [*self.kind.outputs, *(name for name, known in self.kind.properties.items() if known.kept and name in old)]
        wanted = with_defaults(self.kind, {**{name: live.get(name) for name in left}, **new})
        present = with_defaults(self.kind, {**old, **live})
        with readable_errors(self.kind.token):
            for put in self.kind.puts:
                if set(put.properties) & set(names):
                    api.settled(functools.partial(put.call, api, id, wanted, present))
        return {**kept, **self._outputs(api, id, {**state, **new}, new)}

    def delete(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> None:
        with readable_errors(self.kind.token):
            try:
                self.kind.delete(self._api(operation, state), id, with_defaults(self.kind, state))
            except ClientError as error:
                if not is_gone(error):
                    raise

    def _require(self, problems: Iterable[Problem]) -> None:
        """Raise what AWS would say to a resource that does not fit the account."""
        with readable_errors(self.kind.token):
            found = [f"{path}: {reason}" for path, reason in problems]
        if found:
            raise ProviderError(f"{self.kind.token}: {'; '.join(found)}")

    def _api(self, operation: Operation, values: Properties) -> Api:
        """In the region that the resource is in, where the program says one."""
        session, region = self.session(), values.get("region")
        elsewhere = region not in (None, session.region) and self.kind.service not in GLOBAL
        return Api(self.kind, session.at(region) if elsewhere else session, operation)

    def _outputs(self, api: Api, id: str, state: Properties, inputs: Properties) -> Properties:
        live = self._live(api, id, {**state, "id": id})
        if live is None:
            raise ProviderError(f"{self.kind.token}: {id} was written, but AWS does not know it")
        return {**state, **live, **carried.kept(self.kind, inputs), "id": id}

    def _live(self, api: Api, id: str, state: Properties) -> Properties | None:
        """Properties and outputs as AWS has them, or None if it is gone."""
        with readable_errors(self.kind.token):
            try:
                live = self.kind.read(api, id, with_defaults(self.kind, state))
            except ClientError as error:
                if is_gone(error):
                    return None
                raise
        if live is None:
            return None
        place = {} if self.kind.service in GLOBAL else {"region": api.session.region}
        return {**self.kind.filled, **with_spelling(self.kind, live, state), **place}

    def _seen(self, inputs: Properties, live: Properties) -> Properties:
        return seen_inputs(self.kind, inputs, live, self.session().default_tags)

    def _automatic_name(self, operation: Operation, old: Properties, inputs: Properties) -> Properties:
        name = self.kind.name
        if name is None or name.property in inputs:
            return {}
        given = prefix_of(name)
        same = old.get(given) == inputs.get(given)
        kept = old.get(name.property) if same and name.property in old.get(GENERATED, []) else None
        return {name.property: kept or automatic(name, operation, inputs.get(given)), GENERATED: [name.property]}
