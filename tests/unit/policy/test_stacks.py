"""The policy pack on the program itself, with each stack file that is committed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from google.protobuf import json_format
from pulumi_policy import StackValidationPolicy
from pulumi_policy.deserialize import deserialize_properties

from policy.controls import POLICIES
from tests.unit.policy.cases.case import Fake, violations
from tests.unit.recorder import Stack, run_program, stack_file

Engine = dict[str, tuple[Fake, Fake]]
"""By URN: a resource with its inputs, and with its outputs."""


def told(stack: Stack) -> Engine:
    """Everything that the program told the engine, with options and relations."""
    engine: Engine = {}
    for request, response in stack.exchanges:
        inputs, outputs = (
            Fake(
                request.type,
                deserialize_properties(json_format.MessageToDict(properties)),
                request.name,
                protect=request.protect,
                sources={name: _urns(of.urns) for name, of in request.propertyDependencies.items()},
                waits_for=_urns(request.dependencies),
            )
            for properties in (request.object, response.object)
        )
        if request.custom:
            engine[inputs.urn] = (inputs, outputs)
    return engine


def _urns(urns: Iterable[str]) -> list[str]:
    """The same resources, as Fake names them: without the components around them."""
    parts = [urn.split("::") for urn in urns]
    return [Fake(kind.rpartition("$")[2], {}, name).urn for *_, kind, name in parts]


def report(engine: Engine, tags: dict[str, str]) -> Iterator[str]:
    """What the pack says about the stack."""
    for policy in POLICIES:
        which = 1 if isinstance(policy, StackValidationPolicy) else 0
        fakes = [both[which] for both in engine.values()]
        tagged = [replace(fake, tags=tags) for fake in fakes]
        yield from (f"{policy.name}: {message}" for message in violations(policy, tagged))


def tags(name: str) -> dict[str, str]:
    """What a stack file puts on everything."""
    return stack_file(name)["aws:defaultTags"]["tags"]


@pytest.mark.parametrize(("stack", "file"), [("development", "dev"), ("production", "prod"), ("sandbox", "sandbox")])
def test_the_committed_stacks_keep_to_the_policies(stack: str, file: str, request: pytest.FixtureRequest):
    """A pack that its own platform fails would be switched off."""
    assert list(report(told(request.getfixturevalue(stack)), tags(file))) == []


def test_a_stack_without_internet_keeps_to_the_policies(private: Stack):
    """The committed stacks use NAT; the pack must not stop the first team that does not."""
    assert list(report(told(private), tags("prod"))) == []


def test_a_new_container_has_to_be_read_only_too(development: Stack):
    """In a preview the whole container definition hangs on the image's digest and is unknown: here is where a merge is stopped."""
    engine = told(development)
    task, outputs = next(both for both in engine.values() if both[0].type == "aws:ecs/taskDefinition:TaskDefinition")
    definitions = task.properties["containerDefinitions"].replace(
        '"readonlyRootFilesystem": true', '"readonlyRootFilesystem": false'
    )
    engine[task.urn] = (replace(task, properties={**task.properties, "containerDefinitions": definitions}), outputs)

    assert any(line.startswith("ecs-read-only-root: ") for line in report(engine, tags("dev")))


@pytest.mark.parametrize("authentication", ["workloadIdentity", "password"])
def test_every_way_to_log_in_keeps_to_the_policies(authentication: str):
    """The committed stacks use key pairs; the pack must not stop the team that gets rid of its secret."""
    values = stack_file("prod")
    values["dbt-platform:warehouse"]["authentication"] = authentication

    assert list(report(told(run_program(values)), tags("prod"))) == []


def test_a_stack_with_a_chat_keeps_to_the_policies():
    """The committed stacks send mails; the pack must not stop who is told in Slack, nor a team with receivers of its own."""
    values = stack_file("prod")
    slack = {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}
    finance = {"workstreams": ["finance"], "emails": ["finance@example.com"]}
    values["dbt-platform:alerts"] = {"slack": slack, "receivers": {"finance": finance}}

    assert list(report(told(run_program(values)), tags("prod"))) == []
