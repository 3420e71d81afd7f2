"""What goes wrong while a run is at work, and what the platform makes of it."""

import json
import signal

import pytest

from sandbox.demo.demo import query
from tests.e2e.airflow import eventually
from tests.e2e.runs.paced import LONG, STARTED

pytestmark = pytest.mark.slow


def test_a_container_that_is_killed_in_the_middle_goes_on_where_it_was(started, orphan):
    """Hours of work in the warehouse would be done, and paid for, again."""
    run = started["tram"]
    for model in ("stop_3", "calls"):
        run.reached(model)
    [task] = run.ecs_tasks()

    run.container_of(task).kill(signal.SIGKILL)

    assert run.ended() == "failed"
    assert "killed" in run.whole_log()

    run.clear()

    assert run.ended() == "success"
    assert list(run.finished(2)) == ["stop_4", "stop_5", "stop_6"]


def test_a_run_that_is_cleared_or_marked_failed_stops_its_container_and_its_query(airflow, started, orphan):
    """The container would go on writing next to the run that replaces it, and the query would go on costing."""
    assert started["tram"].ended()
    run = airflow.trigger("tram", select=["stop_4"], vars={"wait": {"stop_4": LONG}})
    run.said(STARTED)

    run.clear()
    run.said(STARTED, attempt=2)
    run.mark("failed")

    tasks = eventually(
        lambda: len(found := run.ecs_tasks()) == 2 and all(task["lastStatus"] == "STOPPED" for task in found) and found,
        120,
        "stops",
    )
    assert [task["containers"][0]["exitCode"] for task in tasks] == [143, 143]
    assert [run.nodes(attempt) for attempt in (1, 2)] == [{"stop_4": "cancelled"}] * 2
    cancelled = "select query_tag from snowflake.account_usage.query_history where error_code = '000604'"
    tags = [json.loads(tag) for (tag,) in query(airflow.stack, cancelled)[1]]
    assert [tag["node"].rpartition(".")[2] for tag in tags if tag["run"] == run.id] == ["stop_4"] * 2


def test_a_run_that_takes_too_long_is_ended_and_says_what_to_do(started, orphan):
    """A query that hangs would hold the slot of every later run, and the warehouse awake."""
    run = started["metro"]

    assert run.ended() == "failed"

    [task] = run.ecs_tasks()
    assert (task["lastStatus"], task["containers"][0]["exitCode"]) == ("STOPPED", 3)
    assert run.nodes()["stop_2"] == "cancelled"
    last = "\n".join(run.whole_log().splitlines()[-20:])
    assert "dbt did not finish within the workstream's timeoutMinutes" in last
    assert "raise timeoutMinutes" in last
