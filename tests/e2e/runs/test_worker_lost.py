"""Runs that lost their worker in Airflow: one at the start of these tests (conftest.py: orphan), because it takes the longest."""

import random

import pytest

from tests.e2e.airflow import Airflow, eventually
from tests.e2e.runs.kills import Traffic
from tests.e2e.runs.paced import LONG, STARTED, kill_worker

pytestmark = pytest.mark.slow


def test_a_worker_that_is_killed_finds_its_container_again(started, orphan, inbox):
    """A second container would write the same tables at the same time; with no retries the run would say failed beside it."""
    run = started["bus"]

    assert run.ended(900) == "success"

    assert run.task["try_number"] == 2
    assert [task["taskArn"] for task in run.ecs_tasks()] == [orphan]
    log = run.whole_log(2)
    assert orphan in log
    assert "dbt succeeded" in log
    assert inbox.subjects("bus") == []


def test_the_next_run_stops_a_container_that_nobody_waits_for_and_begins_after_its_end(airflow, started, orphan):
    """A run that is marked as failed while its worker is gone: its container would write beside that of the next run."""
    assert started["ferry"].ended()
    lost = airflow.trigger("ferry", select=["stop_4"], vars={"wait": {"stop_4": LONG}})
    lost.said(STARTED)
    assert kill_worker(lost)
    lost.give_up()
    assert lost.ended() == "failed"

    following = airflow.trigger("ferry", select=["calls"])
    assert following.ended() == "success"

    [first], [second] = lost.ecs_tasks(), following.ecs_tasks()
    assert first["stoppedReason"] == "Stopped: no run in Airflow waits for it any more"
    assert first["stoppedAt"] <= second["createdAt"]
    following.said(first["taskArn"])
    assert lost.nodes() == {"stop_4": "cancelled"}


def test_runs_outlive_the_scheduler_and_all_of_airflow(airflow: Airflow):
    """AWS restarts Airflow when it likes: what ran then would be lost, done twice, or go on beside the next run.

    The short form of `make benchmark-kills`, and the last of these tests: nothing else is on that it would kill.
    """
    chance, traffic = random.Random(15), Traffic(airflow, {"tram": [], "bus": []})
    eventually(lambda: len(traffic.on()) == len(traffic.runs), 180, "a worker for each run")

    for victim, stop in zip(("the scheduler", "all of Airflow"), sorted(chance.sample(range(1, 5), 2)), strict=True):
        chance.choice(list(traffic.runs.values()))[-1].reached(f"stop_{stop}")
        traffic.kill(victim, chance)

    assert list(traffic.problems()) == []
