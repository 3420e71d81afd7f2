"""The policy pack on the program itself, with each stack file that is committed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi_policy import StackValidationPolicy
from pulumi_policy.deserialize import deserialize_properties

from policy.controls import POLICIES
from tests.unit.policy_cases.case import Fake, violations
from tests.unit.recorder import run_program, stack_file, without_internet

Engine = dict[str, tuple[Fake, Fake]]
"""By URN: a resource with its inputs, and with its outputs."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Everything that the program tells the engine, with options and relations."""
    told: Engine = {}
    register = mocks.MockMonitor.RegisterResource

    def record(self, request):
        response = register(self, request)
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
            told[inputs.urn] = (inputs, outputs)
        return response

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", record)
    return told


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


@pytest.mark.parametrize("name", ["dev", "prod", "sandbox"])
def test_the_committed_stacks_keep_to_the_policies(name: str, engine: Engine):
    """A pack that its own platform fails would be switched off."""
    values = stack_file(name)
    run_program(values)

    assert list(report(engine, values["aws:defaultTags"]["tags"])) == []


def test_a_stack_without_internet_keeps_to_the_policies(engine: Engine):
    """The committed stacks use NAT; the pack must not stop the first team that does not."""
    values = without_internet(stack_file("prod"))
    run_program(values)

    assert list(report(engine, values["aws:defaultTags"]["tags"])) == []


def test_a_new_container_has_to_be_read_only_too(engine: Engine):
    """In a preview the whole container definition hangs on the image's digest and is unknown: here is where a merge is stopped."""
    values = stack_file("dev")
    run_program(values)
    task, outputs = next(both for both in engine.values() if both[0].type == "aws:ecs/taskDefinition:TaskDefinition")
    definitions = task.properties["containerDefinitions"].replace(
        '"readonlyRootFilesystem": true', '"readonlyRootFilesystem": false'
    )
    engine[task.urn] = (replace(task, properties={**task.properties, "containerDefinitions": definitions}), outputs)

    found = report(engine, values["aws:defaultTags"]["tags"])

    assert any(line.startswith("ecs-read-only-root: ") for line in found)


@pytest.mark.parametrize("authentication", ["workloadIdentity", "password"])
def test_every_way_to_log_in_keeps_to_the_policies(engine: Engine, authentication: str):
    """The committed stacks use key pairs; the pack must not stop the team that gets rid of its secret."""
    values = stack_file("prod")
    values["dbt-platform:warehouse"]["authentication"] = authentication
    run_program(values)

    assert list(report(engine, values["aws:defaultTags"]["tags"])) == []
