"""One failing and one passing stack per control, in the words of the SDK."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

TAGS = {"project": "p", "environment": "production", "owner": "o", "repository": "r", "cost-center": "c"}


@dataclass(frozen=True)
class Fake:
    """A resource as the engine would tell about it."""

    type: str
    properties: Mapping[str, Any]
    name: str = "it"
    tags: Mapping[str, str] = field(default_factory=lambda: TAGS)
    """The provider's default tags."""
    protect: bool = True
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Property to the URNs that its value comes from."""
    waits_for: Sequence[str] = ()

    @property
    def urn(self) -> str:
        return f"urn:pulumi:test::dbt-platform::{self.type}::{self.name}"

    def args(self) -> ResourceValidationArgs:
        return ResourceValidationArgs(self.type, self._props(), self.urn, self.name, self._options(), self._provider())

    def resource(self) -> PolicyResource:
        return PolicyResource(self.type, self._props(), self.urn, self.name, self._options(), self._provider(), None, [], {})

    def _props(self) -> dict[str, Any]:
        return unknown_checking_proxy(dict(self.properties))

    def _options(self) -> PolicyResourceOptions:
        return PolicyResourceOptions(self.protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], None)

    def _provider(self) -> PolicyProviderResource:
        tags = {"defaultTags": json.dumps({"tags": dict(self.tags)})}
        return PolicyProviderResource("pulumi:providers:aws", tags, "urn", "default")


@dataclass(frozen=True)
class Case:
    """What a control must find, and what it must leave alone."""

    control: str
    says: str
    """Part of the message: property and problem."""
    wrong: Sequence[Fake]
    right: Sequence[Fake]


def violations(policy: Policy, fakes: Sequence[Fake]) -> list[str]:
    """What a policy reports about a stack of these resources."""
    found: list[str] = []

    def report(message: str, urn: str | None = None) -> None:
        assert urn in {fake.urn for fake in fakes}
        found.append(message)

    if isinstance(policy, ResourceValidationPolicy):
        for fake in fakes:
            policy.validate(fake.args(), report)
    elif isinstance(policy, StackValidationPolicy):
        policy.validate(StackValidationArgs(list(_related(fakes))), report)
    return found


def in_first_preview(fakes: Sequence[Fake]) -> list[Fake]:
    """The same stack before any of it exists: the engine knows where a value comes from, and not what it is."""
    names = {fake.properties.get(key): fake.urn for fake in fakes for key in ("id", "arn", "name") if key in fake.properties}
    return [
        replace(
            fake,
            properties={name: _unknown(value) for name, value in fake.properties.items()},
            sources={name: [names[value]] for name, value in fake.properties.items() if isinstance(value, str) and value in names},
        )
        for fake in fakes
    ]


def _unknown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unknown(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_unknown(element) for element in value]
    return UNKNOWN_STRING_VALUE


def _related(fakes: Sequence[Fake]) -> Iterator[PolicyResource]:
    resources = {fake.urn: fake.resource() for fake in fakes}
    for fake in fakes:
        resource = resources[fake.urn]
        resource.dependencies = [resources[urn] for urn in fake.waits_for]
        resource.property_dependencies = {name: [resources[urn] for urn in urns] for name, urns in fake.sources.items()}
        yield resource


def document(*statements: Mapping[str, Any]) -> str:
    """An IAM policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: str | list[str], resources: str | list[str] = "arn:aws:s3:::b", **more: Any) -> dict[str, Any]:
    """A statement that allows something."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


PUBLIC = document(allow("*:Read", Principal="*"))
"""A resource policy that is for everybody."""

NOT_PUBLIC = document(
    allow("*:Read", Principal={"AWS": "arn:aws:iam::111111111111:root"}),
    allow("*:Read", Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    {"Effect": "Deny", "Action": "*:Read", "Resource": "*", "Principal": "*"},
)
