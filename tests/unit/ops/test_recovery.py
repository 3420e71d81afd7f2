"""What is settled before a deployment goes on, with a `pulumi` that only notes how it was called."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.backend import recovery
from ops.backend.identities import Aws
from ops.backend.recovery import adopted, explanation, found_again, recover
from ops.backend.state import region, resources
from ops.cli import app
from ops.engine import Engine
from ops.errors import OpsError
from tests.fake_program import FakeProgram
from tests.unit.pulumi import state

DEAD_PROCESS = 2**22 + 1
"""No process has it: Linux counts up to 2^22 (proc(5), pid_max)."""


def lock(pulumi: FakeProgram, *, hostname: str, pid: int = DEAD_PROCESS) -> None:
    """As Pulumi's file backend writes it."""
    folder = pulumi.folder.parent / "backend/.pulumi/locks/organization/dbt-platform/dev"
    folder.mkdir(parents=True)
    content = {"pid": pid, "username": "root", "hostname": hostname, "timestamp": "2026-11-23T00:00:00Z"}
    (folder / "0b9c.json").write_text(json.dumps(content))


def recover_dev() -> None:
    recover(Engine("dev"), "dbt-platform", wait=lambda _: None)


def test_a_healthy_stack_needs_no_recovery(pulumi: FakeProgram):
    """A refresh before every deployment would cost minutes, and accept drift without a word."""
    recover_dev()

    assert pulumi.verbs == ["stack"]


@pytest.mark.parametrize(
    ("hostname", "job"),
    [("runner-x1y2-project-42-concurrent-0", "42"), (socket.gethostname(), None)],
    ids=["a job's container", "a process of this machine that is gone"],
)
def test_the_lock_of_a_dead_process_is_taken_away(
    pulumi: FakeProgram, monkeypatch: pytest.MonkeyPatch, hostname: str, job: str | None
):
    """A killed job would stop all deployments until somebody reads up on `pulumi cancel`."""
    if job:
        monkeypatch.setenv("CI_PROJECT_ID", job)
    lock(pulumi, hostname=hostname)

    recover_dev()

    assert "cancel" in pulumi.verbs
    assert "refresh" in pulumi.verbs


@pytest.mark.parametrize(
    ("hostname", "pid"),
    [("laptop-of-ann", DEAD_PROCESS), ("runner-x1y2-project-421-concurrent-0", DEAD_PROCESS), (socket.gethostname(), 1)],
    ids=["a person's machine", "another project's job", "a living process"],
)
def test_a_lock_that_may_be_held_stops_the_job(pulumi: FakeProgram, monkeypatch: pytest.MonkeyPatch, hostname: str, pid: int):
    """Two `pulumi up` at once write one state: resources get lost."""
    monkeypatch.setenv("CI_PROJECT_ID", "42")
    lock(pulumi, hostname=hostname, pid=pid)

    with pytest.raises(OpsError, match=hostname):
        recover_dev()

    assert pulumi.calls == []


def test_a_cancelled_job_gets_the_time_to_unlock_by_itself(pulumi: FakeProgram):
    """`pulumi` ends its resource and unlocks; to cancel under it would corrupt the state."""
    lock(pulumi, hostname=socket.gethostname(), pid=os.getpid())

    def unlock(_: float) -> None:
        next((pulumi.folder.parent / "backend").rglob("*.json")).unlink(missing_ok=True)

    recover(Engine("dev"), "dbt-platform", wait=unlock)

    assert "cancel" not in pulumi.verbs


def test_nobody_waits_for_a_process_that_is_gone(pulumi: FakeProgram):
    """A person sits before it, and the process table has the answer at once."""
    lock(pulumi, hostname=socket.gethostname())

    recover(Engine("dev"), "dbt-platform", wait=lambda _: pytest.fail("it waits"))

    assert "cancel" in pulumi.verbs


def test_what_was_cut_off_is_settled_and_explained(pulumi: FakeProgram, capsys: pytest.CaptureFixture[str]):
    """Airflow takes half an hour to make: its environment is taken over, not made twice."""
    airflow = {"urn": "urn:airflow", "type": "aws:mwaa/environment:Environment", "inputs": {"name": "dbt-platform-dev"}}
    gateway = {"urn": "urn:gateway", "type": "aws:ec2/natGateway:NatGateway", "inputs": {}}
    pushed = {"urn": "urn:image", "type": recovery.IMAGE, "inputs": {"imageName": "registry/dbt:1"}}
    operations = [{"type": "creating", "resource": resource} for resource in (airflow, gateway, pushed)]
    pulumi.answers({"stack export": state(pending=operations)})

    recover_dev()

    assert pulumi.verbs == ["stack", "stack", "refresh"]
    said = capsys.readouterr().out
    assert "urn:gateway" in said
    assert said.count("look for one without use") == 1, "an image that was pushed is found by its tag"
    assert ids(state(pending=operations)) == ["dbt-platform-dev"]


SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dev/snowflake-AbCdEf"


class Known(Aws):
    """An account with one secret."""

    def account(self) -> str:
        return "123456789012"

    def secret_arn(self, name: str) -> str | None:
        return SECRET if (name, self.region) == ("dev/snowflake", "eu-west-1") else None


def ids(cut_off: dict[str, Any]) -> list[str]:
    """Of the resources that a refresh will ask AWS about."""
    return [resource["id"] for resource in resources(adopted(cut_off, found_again(cut_off, Known("eu-west-1"))))]


@pytest.mark.parametrize(
    ("kind", "name", "taken_over"),
    [
        ("aws:budgets/budget:Budget", "dev", ["123456789012:dev"]),
        (
            "aws:secretsmanager/secret:Secret",
            "dev/snowflake",
            [SECRET],
        ),
        ("aws:secretsmanager/secret:Secret", "dev/never-made", []),
        ("aws:ec2/natGateway:NatGateway", "dev", []),
    ],
)
def test_what_has_our_name_is_found_again(kind: str, name: str, taken_over: list[str]):
    """The next `up` would be refused: the name is taken (ResourceExistsException, DuplicateRecordException)."""
    resource = {"urn": "urn:cut-off", "type": kind, "inputs": {"name": name}}

    assert ids(state(pending=[{"type": "creating", "resource": resource}])) == taken_over


def test_aws_is_asked_where_the_stack_is():
    """A person's shell may have another region than the stack: there the secret does not exist."""
    provider = {"urn": "urn:provider", "type": "pulumi:providers:aws", "inputs": {"region": "eu-central-1"}}

    assert region(state(resources=[provider])) == "eu-central-1"


def test_a_person_recovers_the_selected_stack(pulumi: FakeProgram, monkeypatch: pytest.MonkeyPatch):
    """Who deploys by hand has the same killed deployments, and no variable that names the backend."""
    backend = os.environ["PULUMI_BACKEND_URL"]
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    pulumi.answers({"stack export": state(), "stack": ("dev", 0), "whoami": {"user": "ann", "url": backend}})
    lock(pulumi, hostname=socket.gethostname())

    done = CliRunner().invoke(app, ["recover"])

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "`pulumi up --stack dev` can go on.")
    assert "cancel" in pulumi.verbs


def test_a_stack_file_somewhere_else_is_read_there(pulumi: FakeProgram, tmp_path: Path):
    """The sandbox's own is a copy; Pulumi would write a salt into the committed one."""
    operation = {"type": "creating", "resource": {"urn": "urn:gateway", "type": "aws:ec2/natGateway:NatGateway", "inputs": {}}}
    pulumi.answers({"stack export": state(pending=[operation])})

    done = CliRunner().invoke(app, ["--stack", "dev", "recover", "--config-file", str(tmp_path / "dev.yaml")])

    assert done.exit_code == 0
    assert f"--config-file {tmp_path / 'dev.yaml'}" in " ".join(pulumi.calls[-1])


def test_what_replaces_another_is_not_taken_over():
    """Two resources with one URN: Pulumi refuses the whole state, and nobody can deploy."""
    role = {"urn": "urn:role", "type": "aws:iam/role:Role", "inputs": {"name": "sales-2"}}
    cut_off = state(pending=[{"type": "creating", "resource": role}], resources=[{"urn": "urn:role", "id": "sales-1"}])

    assert ids(cut_off) == ["sales-1"]
    assert "look for one without use" in explanation(cut_off, [])
