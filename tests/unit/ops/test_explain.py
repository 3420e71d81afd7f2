"""`ops explain`: the diagnosis again, outside of Airflow."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from runner.outcome import ExitCode
from typer.testing import CliRunner

from ops import explain
from ops.artifacts import Left
from ops.cli import app
from ops.stack import Workstream
from tests.unit.image.support import progress, result, summary

SALES = Workstream(
    name="sales",
    dag_id="dbt_sales",
    log_group="/dbt/sales",
    log_stream_prefix="dbt/dbt",
    artifacts_uri="s3://artifacts/sales",
    workload_identity="arn:aws:iam::123456789012:role/sales-task",
    task_definition="arn:aws:ecs:eu-west-1:123456789012:task-definition/sales:7",
    connection="warehouse",
)
STOPPED = {
    "stopCode": "TaskFailedToStart",
    "stoppedReason": "ECS was unable to assume the role 'x' that was provided for this task.",
    "containers": [{"name": "dbt"}],
    "createdAt": 1,
    "overrides": {"containerOverrides": [{"environment": [{"name": "DBT_RUN_ID", "value": "run-1"}]}]},
}


def test_a_pasted_message_is_explained():
    """Whoever gets an alert by mail has a text, and no Airflow at hand."""
    said = CliRunner().invoke(app, ["explain", "-"], input="CannotPullContainerError: x: i/o timeout")

    assert said.exit_code == 0
    assert "could not be reached from the task's subnets" in said.stdout
    assert "docs/errors.md#no-way" in said.stdout


def test_the_end_of_a_log_is_explained_by_its_own_last_words():
    """Its text has the words of several causes; the runner knew which one it was."""
    text = (
        "error: connection reset\nTried again by itself: no. More: docs/errors.md#contract, docs/errors.md#sql\nArtifacts: s3://x/"
    )

    told = json.loads(CliRunner().invoke(app, ["explain", "-", "--json"], input=text).stdout)

    assert told["cause"] == "contract"


def test_words_that_several_say_are_told_as_such():
    """Two words of Snowflake's were told as a fault of the way to ECS, and somebody took the network apart."""
    app_says = CliRunner().invoke(app, ["explain", "-"], input="Connection timed out").stdout
    told = json.loads(CliRunner().invoke(app, ["explain", "-", "--json"], input="Connection timed out").stdout)
    sure = json.loads(CliRunner().invoke(app, ["explain", "-", "--json"], input="snowflake: Connection timed out").stdout)

    assert "snowflake-unreachable" in told["others"]
    assert "docs/errors.md#snowflake-unreachable" in app_says.partition("Paste the lines around it")[2]
    assert (sure["cause"], sure["others"]) == ("snowflake-unreachable", [])


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run that failed, and what a test says that it left."""
    left = SimpleNamespace(page=None, task=None, lines=[])
    airflow = SimpleNamespace(run=lambda *_: {"state": "failed"})
    monkeypatch.setattr(explain, "Airflow", lambda _: airflow)
    monkeypatch.setattr(explain, "left", lambda *_: Left(folder="", page=left.page) if left.page else None)
    monkeypatch.setattr(explain, "last_words", lambda *_: left.lines)
    ecs = SimpleNamespace(
        list_tasks=lambda **_: {"taskArns": ["arn"] if left.task else []}, describe_tasks=lambda **_: {"tasks": [left.task]}
    )
    session = SimpleNamespace(client=lambda _: ecs)
    left.stack = SimpleNamespace(session=session, output=lambda key: "dbt-platform-dev" if key == "airflowEnvironment" else "c")
    return left


def test_a_run_is_explained_as_its_container_explained_it(failed: Any):
    """Another sentence for the same failure makes people doubt both."""
    run = summary(progress(orders=result("error", message="Compilation Error: 'x' is undefined")), ExitCode.FAILED)
    failed.page = json.loads(run.json())

    found = explain.of_run(failed.stack, SALES, "run-1")

    assert (found.cause, found.resolution) == (run.reasons[0].cause, run.reasons[0].resolution)
    assert "is undefined" in found.detail


def test_a_container_that_never_started_is_explained_by_what_ecs_says(failed: Any):
    """It has neither a summary nor a log."""
    failed.task = STOPPED

    found = explain.of_run(failed.stack, SALES, "run-1")

    assert found.cause == "role-unassumable"
    assert "--stack dev" in found.resolution


def test_another_runs_container_explains_nothing(failed: Any):
    """The night's failure would be told as the one of the morning."""
    failed.task, failed.lines = STOPPED, ["something that nobody knows"]

    assert explain.of_run(failed.stack, SALES, "run-2").cause == "unknown"
