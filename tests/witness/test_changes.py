"""What a change does: the aws stand-in's preview against the plan of the provider that pulumi-aws wraps, property by property.

Asked by the plugin protocol (`tests/witness/plugin.py`) about resources as the program makes them, each property changed and taken
away one at a time (`tests/witness/variations.py`). Where a machine has no terraform or no provider, the tests are skipped, and say
so.
"""

import json
from collections.abc import Iterator

import pytest

from sandbox.providers.aws.provider import CATALOGUE
from tests.witness import changes, terraform
from tests.witness.changes import Witness

pytestmark = pytest.mark.skipif(bool(terraform.absent()), reason=f"the provider can't be asked: {terraform.absent()}")

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
RULES = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

SETTLED = {
    ("aws:ec2/vpc:Vpc", "instanceTenancy removed"): "the emulator has no ModifyVpcTenancy, which takes this one change in place",
    ("aws:ecs/cluster:Cluster", "settings shorter"): "no block at all says nothing there; `settings=[]` is a value in Pulumi",
    ("aws:route53/record:Record", "type otherwise"): "the sandbox models one type only, which never changes",
    (RULES, "rules [0].filter.removed"): "an empty filter and none are the same to S3: that update changes nothing",
    (RULES, "rules [1].filter.removed"): "an empty filter and none are the same to S3: that update changes nothing",
    (ALARM, "threshold removed"): "0 and none are the same to the provider; without one, CloudWatch refuses such an alarm",
}
"""Type and change on which the two differ, and why they may."""


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    with changes.witness(tmp_path_factory.mktemp("terraform")) as found:
        yield found


@pytest.mark.parametrize("token", CATALOGUE)
def test_a_change_does_here_what_it_does_in_aws(witness: Witness, token: str):
    """A replacement that looks like an update here deletes something in production; what is no change there must be none here."""
    found = witness.differences(token)

    assert {case: said for case, said in found.items() if case not in SETTLED} == {}
    assert [case for case in SETTLED if case[0] == token and case not in found] == []


@pytest.mark.parametrize("token", CATALOGUE)
def test_the_recorded_facts_are_what_the_provider_says(witness: Witness, token: str):
    """They stand in for it in the tests of a machine that has none; `python -m tests.witness.changes` records them."""
    assert json.loads(changes.FACTS.read_text())[witness.kind(token)] == witness.facts(token)
