"""A run whose model can't be built, on all its tries, for a reason that may pass: what they do, and whom they tell."""

import pytest

from tests.e2e.airflow import eventually

pytestmark = pytest.mark.slow


def test_a_retry_runs_only_what_is_left_and_alerts_come_once(airflow, started, orphan, inbox):
    """An alert for every try is soon an alert that nobody reads."""
    failed = started["ferry"]
    assert failed.ended() == "failed"
    assert failed.task["try_number"] == 2
    assert failed.finished(2) == {"stop_5": "error"} | {name: "skipped" for name in failed.finished(2) if name == "stop_6"}
    assert "waiters for this lock" in failed.whole_log(2).lower()

    for _ in range(2):
        assert airflow.trigger("ferry", dated=True, select=["calls"]).ended() == "success"

    expected = ["dbt workstream ferry failed", "dbt workstream ferry runs again"]
    eventually(lambda: len(inbox.subjects("ferry")) >= len(expected), 30, "both alerts")
    assert inbox.subjects("ferry") == expected
    [alert] = [message["Message"] for message in inbox.messages if message["Subject"] == expected[0]]
    for part in ("dbt_ferry", failed.id, "stop_5"):
        assert part in alert


def test_each_model_that_failed_is_a_failed_task_of_its_own(started, orphan):
    """Who looks at the page sees that something failed, and would have to read a log to know what."""
    run = started["ferry"]
    assert run.ended() == "failed"

    failed = run.failed_models()

    assert list(failed) == ["stop_5"]
    assert "waiters for this lock" in failed["stop_5"].lower()
