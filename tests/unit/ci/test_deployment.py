"""The jobs that preview, deploy and destroy, with a `pulumi` that only notes how it was called."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from ci import deployment
from ci.engine import Engine, resources
from ci.errors import CiError
from ci.radius import Kind
from ci.recovery import adopted, explanation, recover
from tests.fake_program import FakeProgram
from tests.unit.ci.test_radius import IMAGE, NEW_IMAGE, OBJECT, RULE, preview, step

DEAD_PROCESS = 2**22 + 1
"""No process has it: Linux counts up to 2^22 (proc(5), pid_max)."""


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    """A healthy stack `dev` in a backend of its own."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/backend")
    monkeypatch.delenv("CI_PROJECT_ID", raising=False)
    fake = FakeProgram.on_path("pulumi", tmp_path, monkeypatch)
    fake.answers({"stack export": state(), "preview": preview()})
    return fake


def state(*, pending: list[dict[str, Any]] | None = None, resources: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"deployment": {"resources": resources or [], "pending_operations": pending or []}}


def lock(pulumi: FakeProgram, *, hostname: str, pid: int = DEAD_PROCESS) -> None:
    """As Pulumi's file backend writes it."""
    folder = pulumi.folder.parent / "backend/.pulumi/locks/organization/dbt-platform/dev"
    folder.mkdir(parents=True)
    content = {"pid": pid, "username": "root", "hostname": hostname, "timestamp": "2026-11-23T00:00:00Z"}
    (folder / "0b9c.json").write_text(json.dumps(content))


def recover_dev() -> None:
    recover(Engine("dev"), "dbt-platform", wait=lambda _: None)


def test_a_deployment_within_its_radius_goes_up(pulumi: FakeProgram):
    """A merged model that is not deployed is work lost without a sound."""
    pulumi.answers({"stack export": state(), "preview": preview(*NEW_IMAGE)})

    deployment.deploy(Engine("dev"), Kind.IMAGE)

    assert pulumi.calls[-1][:3] == ["up", "--yes", "--skip-preview"]
    assert pulumi.calls[-1][-3:] == ["--stack", "dev", "--non-interactive"]


def test_a_deployment_outside_its_radius_changes_nothing(pulumi: FakeProgram):
    """The proof has to come before `up`: a security group that was opened for a minute was open."""
    pulumi.answers({"stack export": state(), "preview": preview(*NEW_IMAGE, step("update", RULE, "cidrIpv4"))})

    with pytest.raises(CiError, match="cidrIpv4"):
        deployment.deploy(Engine("dev"), Kind.IMAGE)

    assert "up" not in pulumi.verbs


def test_a_failed_preview_says_why_and_changes_nothing(pulumi: FakeProgram, capfd: pytest.CaptureFixture[str]):
    """The JSON leaves out what the policies found: the job's log must show it all the same."""
    pulumi.answers({"stack export": state(), "preview": ("[mandatory] s3-public-access: bucket `artifacts` ...", 255)})

    with pytest.raises(CiError, match="preview failed"):
        deployment.deploy(Engine("dev"), Kind.INFRASTRUCTURE)

    assert "s3-public-access" in capfd.readouterr().out
    assert "up" not in pulumi.verbs


@pytest.mark.parametrize("refresh", [True, False])
def test_only_who_asks_for_it_puts_back_what_was_changed_by_hand(pulumi: FakeProgram, refresh: bool):
    """Without a look at the cloud `up` sees no drift; with one, any merge would end a rollback in the middle of the night."""
    deployment.deploy(Engine("dev"), Kind.INFRASTRUCTURE, refresh=refresh)

    assert {call[0]: "--refresh" in call for call in pulumi.calls if call[0] in ("preview", "up")} == {
        "preview": refresh,
        "up": refresh,
    }


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_the_policies_see_every_deployment(pulumi: FakeProgram, verb: str):
    """A policy that only merge requests meet is one that a schedule, a retry or a web pipeline walks around."""
    deployment.deploy(Engine("dev"), Kind.INFRASTRUCTURE)

    (call,) = [call for call in pulumi.calls if call[0] == verb]
    assert call[call.index("--policy-pack") + 1] == "policy"


def test_a_preview_fills_the_merge_requests_widget(pulumi: FakeProgram, tmp_path: Path):
    """GitLab shows numbers only from this file; a replacement counts as one creation and one deletion."""
    changes = (*NEW_IMAGE, step("create", OBJECT, key="dags/new.py", name="new"), step("delete", RULE, name="old"))
    pulumi.answers({"preview": preview(*changes)})

    text = deployment.preview(Engine("dev"), tmp_path)

    assert json.loads((tmp_path / "preview-dev.report.json").read_text()) == {"create": 3, "update": 1, "delete": 3}
    assert json.loads((tmp_path / "preview-dev.json").read_text()) == preview(*changes)
    assert (tmp_path / "preview-dev.md").read_text() == text
    assert text.index("old") < text.index(IMAGE) < text.index("new"), "deletions first: they can't be undone"
    assert "`infrastructure`" in text


@pytest.mark.parametrize(("code", "message"), [(7, "behind Pulumi's back"), (255, "refresh failed")])
def test_drift_is_told_from_a_failed_look(pulumi: FakeProgram, code: int, message: str):
    """Expired credentials every night would be taken for somebody who changes production every night."""
    pulumi.answers({"refresh": ("~ retentionInDays: 7 => 30", code)})

    with pytest.raises(CiError, match=message):
        deployment.drift(Engine("dev"))


def test_a_stack_as_pulumi_left_it_has_no_drift(pulumi: FakeProgram):
    """An alert every night is one that nobody reads; and looking must never mend anything by itself."""
    deployment.drift(Engine("dev"))

    assert pulumi.calls
    assert all("--preview-only" in call for call in pulumi.calls)


@pytest.mark.parametrize("confirmation", ["", "destroy", "destroy prod", "DESTROY dev"])
def test_destroy_wants_its_own_stack_typed(pulumi: FakeProgram, confirmation: str):
    """A variable left over from another pipeline must not delete an environment."""
    with pytest.raises(CiError, match="does not confirm"):
        deployment.destroy(Engine("dev"), confirmation)

    assert pulumi.calls == []


def test_destroy_says_what_it_keeps(pulumi: FakeProgram, capsys: pytest.CaptureFixture[str]):
    """Somebody who thinks that all is gone pays for it, or looks for lost data that is still there."""
    bucket = "urn:pulumi:dev::dbt-platform::aws:s3/bucket:Bucket::artifacts"
    kept = {"urn": bucket, "custom": True, "protect": True}
    component = {"urn": "storage", "custom": False, "protect": True}
    pulumi.answers({"stack export": state(resources=[component, kept, {"urn": "other", "custom": True}])})

    deployment.destroy(Engine("dev"), "destroy dev")

    said = capsys.readouterr().out
    assert bucket in said
    assert "storage" not in said
    assert pulumi.calls[-1][:4] == ["destroy", "--yes", "--skip-preview", "--exclude-protected"]


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


@pytest.mark.parametrize(
    ("hostname", "pid"),
    [("laptop-of-ann", DEAD_PROCESS), ("runner-x1y2-project-421-concurrent-0", DEAD_PROCESS), (socket.gethostname(), 1)],
    ids=["a person's machine", "another project's job", "a living process"],
)
def test_a_lock_that_may_be_held_stops_the_job(pulumi: FakeProgram, monkeypatch: pytest.MonkeyPatch, hostname: str, pid: int):
    """Two `pulumi up` at once write one state: resources get lost."""
    monkeypatch.setenv("CI_PROJECT_ID", "42")
    lock(pulumi, hostname=hostname, pid=pid)

    with pytest.raises(CiError, match=hostname):
        recover_dev()

    assert pulumi.calls == []


def test_a_cancelled_job_gets_the_time_to_unlock_by_itself(pulumi: FakeProgram):
    """`pulumi` ends its resource and unlocks; to cancel under it would corrupt the state."""
    lock(pulumi, hostname=socket.gethostname())

    def unlock(_: float) -> None:
        next((pulumi.folder.parent / "backend").rglob("*.json")).unlink(missing_ok=True)

    recover(Engine("dev"), "dbt-platform", wait=unlock)

    assert "cancel" not in pulumi.verbs


def test_what_was_cut_off_is_settled_and_explained(pulumi: FakeProgram, capsys: pytest.CaptureFixture[str]):
    """Airflow takes half an hour to make: its environment is taken over, not made twice."""
    airflow = {"urn": "urn:airflow", "type": "aws:mwaa/environment:Environment", "inputs": {"name": "dbt-platform-dev"}}
    gateway = {"urn": "urn:gateway", "type": "aws:ec2/natGateway:NatGateway", "inputs": {}}
    operations = [{"type": "creating", "resource": airflow}, {"type": "creating", "resource": gateway}]
    pulumi.answers({"stack export": state(pending=operations)})

    recover_dev()

    assert pulumi.verbs == ["stack", "stack", "refresh"]
    said = capsys.readouterr().out
    assert "urn:gateway" in said
    assert "look for one without use" in said
    assert [resource["id"] for resource in resources(adopted(state(pending=operations)))] == ["dbt-platform-dev"]


def test_what_replaces_another_is_not_taken_over():
    """Two resources with one URN: Pulumi refuses the whole state, and nobody can deploy."""
    role = {"urn": "urn:role", "type": "aws:iam/role:Role", "inputs": {"name": "sales-2"}}
    cut_off = state(pending=[{"type": "creating", "resource": role}], resources=[{"urn": "urn:role", "id": "sales-1"}])

    assert resources(adopted(cut_off)) == resources(cut_off)
    assert "look for one without use" in explanation(cut_off)
