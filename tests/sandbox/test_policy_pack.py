"""The policy pack as the pipeline uses it: started by the real engine, asked about every resource of a preview."""

import re

import pytest

from sandbox.demo.stack import Stack
from sandbox.errors import SandboxError
from sandbox.paths import REPOSITORY

PACK = ("--policy-pack", str(REPOSITORY / "policy"))


def test_the_deployed_stack_keeps_to_the_policies(platform: Stack):
    """A pack that the engine can't start, or that its own platform fails, would be switched off."""
    said = platform.run("preview", *PACK, "--expect-no-changes")

    assert "dbt-platform@" in said, "the engine did not run the pack"


def test_a_change_that_breaks_policies_is_stopped_before_anything_happens(repository_copy: Stack):
    """One rule about a resource alone, one about how resources belong together; each says where and how to mend it."""
    _edit(repository_copy, "components/cluster.py", '"value": "enabled"', '"value": "disabled"')
    _edit(repository_copy, "components/workstream.py", "task_role_arn=task_role.arn", "task_role_arn=execution_role.arn")

    with pytest.raises(SandboxError) as stopped:
        repository_copy.run("preview", *PACK)

    said = stopped.value.problem
    assert re.search(r"\[mandatory\].* ecs-container-insights ", said)
    assert re.search(r"\[mandatory\].* ecs-two-roles ", said)
    assert "platform (aws:ecs/cluster:Cluster): settings.containerInsights is not enabled. Set it to enabled" in said


def _edit(stack: Stack, file: str, old: str, new: str) -> None:
    path = stack.repository / file
    source = path.read_text()
    assert old in source
    path.write_text(source.replace(old, new))
