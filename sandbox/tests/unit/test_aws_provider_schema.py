"""The aws stand-in's tables against the provider that pulumi-aws wraps: hashicorp/aws 5.100.0.

`aws_provider_schema.json` has, for each of our types, what its schema says is required and both optional and computed, and which of
the properties that we model replace when they change. `tests/witness` asks the provider itself, where a machine has it, whether
that is still true, and about every part of a value; these tests are for all machines.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.providers.aws.comparison import changed, must_replace
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.table import ResourceType
from sandbox.testing import upstream

FACTS: dict[str, dict[str, list[str]]] = json.loads((Path(__file__).parent / "aws_provider_schema.json").read_text())

_CHATS = ("aws_chatbot_slack_channel_configuration", "aws_chatbot_teams_channel_configuration")

SETTLED = {
    **{(chat, "region"): "each resource has had one since version 6 of the provider" for chat in _CHATS},
    **{(chat, "user_authorization_required"): "what is removed is its default, false, again" for chat in _CHATS},
    ("aws_default_security_group", "egress"): "without it the provider closes the group, as ours does",
    ("aws_default_security_group", "ingress"): "without it the provider closes the group, as ours does",
    ("aws_cloudwatch_event_rule", "state"): "kept by the provider's own code (`tests/witness/test_changes.py`)",
    ("aws_ecs_cluster", "settings"): "a block, of which the schema does not say that it is kept (the same)",
    ("aws_mwaa_environment", "logging_configuration"): "a block, of which the schema does not say that it is kept (the same)",
    ("aws_route53_record", "type"): "the sandbox models one type only, which never changes",
}
"""Properties that differ, and why they may."""


def named(kind: ResourceType) -> Iterator[tuple[str, Property, set[str]]]:
    """Each property of ours with the names that it may have there."""
    other = upstream.resource_type(kind.token, FACTS)
    for name, known in kind.properties.items():
        if (other, upstream.snake(name)) not in SETTLED:
            yield name, known, set(upstream.properties(other, name))


KINDS = [pytest.param(kind, id=kind.token) for kind in CATALOGUE.values()]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_properties_replace(kind):
    """A change that AWS can't make in place must not look harmless in the sandbox's preview, nor the other way round."""
    replacing = set(FACTS[upstream.resource_type(kind.token, FACTS)]["force_new"])

    wrong = [
        name
        for name, known, others in named(kind)
        if not callable(known.replace) and not known.fixed and known.replace != bool(others & replacing)
    ]

    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_properties_are_kept_when_they_are_removed(kind):
    """What changes nothing in AWS must not show an effect here: production would not have it."""
    kept = set(FACTS[upstream.resource_type(kind.token, FACTS)]["optional_computed"])
    automatic = kind.name.property if kind.name else None

    wrong = [
        name
        for name, known, others in named(kind)
        if not (known.required or known.local or name == automatic) and known.kept != bool(others & kept)
    ]

    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_properties_are_required(kind):
    """A name is required there, and automatic in Pulumi."""
    required = set(FACTS[upstream.resource_type(kind.token, FACTS)]["required"])
    automatic = kind.name.property if kind.name else None

    wrong = [name for name, known, others in named(kind) if others & required and not known.required and name != automatic]

    assert wrong == []


def changes(kind: ResourceType, old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], list[str]]:
    names = changed(kind, old, new)
    return names, [name for name in names if must_replace(kind, name, old, new)]


def test_a_rule_for_another_kind_of_peer_is_another_rule():
    kind = CATALOGUE["aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"]
    network = {"securityGroupId": "sg-1", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"}
    group = {"securityGroupId": "sg-1", "ipProtocol": "-1", "referencedSecurityGroupId": "sg-2"}

    assert changes(kind, network, {**network, "cidrIpv4": "10.0.0.0/16"}) == (["cidrIpv4"], [])
    assert changes(kind, network, group)[1] == ["cidrIpv4", "referencedSecurityGroupId"]


def test_what_aws_keeps_is_no_change():
    kind = CATALOGUE["aws:kms/key:Key"]

    assert changes(kind, {"policy": "{}", "description": "a"}, {}) == ([], [])
    assert changes(kind, {"description": "a"}, {"description": "b"}) == (["description"], [])
