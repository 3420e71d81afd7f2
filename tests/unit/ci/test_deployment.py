"""The jobs that preview, deploy and destroy, with a `pulumi` that only notes how it was called."""

import json
from pathlib import Path
from typing import Any

import pytest

from ci import deployment
from ci.radius import Kind
from ops import airflow
from ops.airflow import Airflow
from ops.engine import Engine
from ops.errors import OpsError
from tests.fake_program import FakeProgram
from tests.unit.ci.test_radius import IMAGE, NEW_IMAGE, OBJECT, RULE, preview, step
from tests.unit.pulumi import state

FAILED = {"Status": "FAILED"}
READY = {
    "stack export": state(),
    "stack history": [],
    "preview": preview(*NEW_IMAGE),
    "stack output": {"airflowEnvironment": "dbt-platform-dev", "region": "eu-west-1"},
}


def test_a_deployment_within_its_radius_goes_up(pulumi: FakeProgram):
    """A merged model that is not deployed is work lost without a sound."""
    pulumi.answers({"stack export": state(), "stack history": [], "preview": preview(*NEW_IMAGE)})

    deployment.deploy(Engine("dev"), Kind.IMAGE)

    assert pulumi.calls[-1][:3] == ["up", "--yes", "--skip-preview"]
    assert pulumi.calls[-1][-3:] == ["--stack", "dev", "--non-interactive"]


def test_a_deployment_that_mwaa_is_going_back_from_ends_with_its_reason(pulumi: FakeProgram, monkeypatch: pytest.MonkeyPatch):
    """Pulumi's provider stops at "unexpected state 'ROLLING_BACK'", minutes before MWAA says what it could not do."""
    error = {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": "no such package"}
    seen = [
        {"Status": "ROLLING_BACK"},
        {"Status": "ROLLING_BACK"},
        {"Status": "AVAILABLE", "LastUpdate": FAILED | {"Error": error}},
    ]
    monkeypatch.setattr(Airflow, "environment", lambda _: seen.pop(0))
    monkeypatch.setattr(airflow, "POLL", 0)
    pulumi.answers({**READY, "up": ("unexpected state 'ROLLING_BACK'", 1)})

    with pytest.raises(OpsError, match="INCORRECT_CONFIGURATION: no such package"):
        deployment.deploy(Engine("dev"), Kind.INFRASTRUCTURE)


def test_an_old_refusal_of_mwaa_explains_no_new_failure(pulumi: FakeProgram, monkeypatch: pytest.MonkeyPatch):
    """MWAA tells of the last update until there is another one: this deployment failed for another reason."""
    monkeypatch.setattr(Airflow, "environment", lambda _: {"Status": "AVAILABLE", "LastUpdate": FAILED})
    pulumi.answers({**READY, "up": ("no space left", 1)})

    with pytest.raises(OpsError) as failed:
        deployment.deploy(Engine("dev"), Kind.INFRASTRUCTURE)

    assert "Airflow" not in str(failed.value)


def test_a_deployment_outside_its_radius_changes_nothing(pulumi: FakeProgram):
    """The proof has to come before `up`: a security group that was opened for a minute was open."""
    pulumi.answers({"stack export": state(), "stack history": [], "preview": preview(*NEW_IMAGE, step("update", RULE, "cidrIpv4"))})

    with pytest.raises(OpsError, match="cidrIpv4"):
        deployment.deploy(Engine("dev"), Kind.IMAGE)

    assert "up" not in pulumi.verbs


ONCE = "$ PULUMI_SKIP_CHECKPOINTS=true pulumi up "


@pytest.mark.parametrize(
    ("steps", "once"),
    [
        ([step("update", OBJECT, "content")], True),
        ([step("delete", OBJECT)], True),
        ([step("update", OBJECT, "content"), step("create", IMAGE)], False),
        (NEW_IMAGE, False),
    ],
    ids=["changes", "deletes", "makes one", "replaces one"],
)
def test_only_what_makes_nothing_is_deployed_with_one_write_of_the_state(
    pulumi: FakeProgram, capfd: pytest.CaptureFixture[str], steps: list[dict[str, Any]], once: bool
):
    """Killed, it would forget what it has made: nobody would find it again, and the next one would make another."""
    pulumi.answers({**READY, "preview": preview(*steps)})

    deployment.deploy(Engine("dev"), Kind.INFRASTRUCTURE)

    assert (ONCE in capfd.readouterr().err) is once


def test_a_failed_preview_says_why_and_changes_nothing(pulumi: FakeProgram, capfd: pytest.CaptureFixture[str]):
    """The JSON leaves out what the policies found: the job's log must show it all the same."""
    pulumi.answers(
        {"stack export": state(), "stack history": [], "preview": ("[mandatory] s3-public-access: bucket `artifacts` ...", 255)}
    )

    with pytest.raises(OpsError, match="preview failed"):
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


GROUP = "aws:cloudwatch/logGroup:LogGroup"
KEPT = step("update", GROUP, "retentionInDays", "region", retentionInDays=30)
"""The program sets how long logs are kept, and leaves the region to the provider."""


@pytest.mark.parametrize(
    ("steps", "told", "fix"),
    [
        ([KEPT], "somebody changed retentionInDays; AWS filled in region, which", "deploy = infrastructure"),
        ([step("delete", GROUP)], "is gone; somebody deleted it", "deploy = infrastructure"),
        (
            [step("update", GROUP, "region", "tagsAll", retentionInDays=30)],
            "AWS filled in region, tagsAll, which",
            "pulumi refresh",
        ),
    ],
    ids=["changed", "deleted", "filled in"],
)
def test_drift_says_who_changed_what(pulumi: FakeProgram, steps: list[dict[str, Any]], told: str, fix: str):
    """What AWS fills in is no reason to look for a person at night, nor to put anything back."""
    digest = preview(step("refresh", OBJECT), *steps)
    pulumi.answers({"refresh --preview-only --json": digest, "refresh": ("", 7)})

    with pytest.raises(OpsError, match=told) as found:
        deployment.drift(Engine("dev"))

    assert fix in found.value.fix
    assert OBJECT not in str(found.value), "it is as it was"


def test_a_failed_look_is_no_drift(pulumi: FakeProgram):
    """Expired credentials every night would be taken for somebody who changes production every night."""
    pulumi.answers({"refresh": ("expired token", 255)})

    with pytest.raises(OpsError, match="refresh failed"):
        deployment.drift(Engine("dev"))


def test_a_stack_as_pulumi_left_it_has_no_drift(pulumi: FakeProgram):
    """An alert every night is one that nobody reads; and looking must never mend anything by itself."""
    deployment.drift(Engine("dev"))

    assert pulumi.calls
    assert all("--preview-only" in call for call in pulumi.calls)


@pytest.mark.parametrize("confirmation", ["", "destroy", "destroy prod", "DESTROY dev"])
def test_destroy_wants_its_own_stack_typed(pulumi: FakeProgram, confirmation: str):
    """A variable left over from another pipeline must not delete an environment."""
    with pytest.raises(OpsError, match="does not confirm"):
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
