"""Which run starts its container when."""
# ruff: noqa: I001

from types import SimpleNamespace

import pytest

from tests.unit.dags.support import configuration, dag_folder  # before Airflow: it sets Airflow's home

import pendulum
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException
from dbt_configuration import read
from dbt_turns import take_turn

MONTH = pendulum.datetime(2026, 3, 1)


@pytest.fixture
def workstream(tmp_path):
    (found,), _ = read(dag_folder(tmp_path / "dags", configuration("sales", schedule="0 5 * * *", timezone="UTC")) / "config")
    return found


def context(kind, previous=None, try_number=1, end=MONTH, waiting=()):
    """A run of some kind, the run before it, and the runs whose task waits in Airflow."""

    def count(*, dag_id, task_ids, run_ids, states):
        assert (dag_id, task_ids, states) == ("dbt_sales", ["dbt"], ["scheduled", "queued"])
        return len(set(run_ids).intersection(waiting))

    ti = SimpleNamespace(dag_id="dbt_sales", try_number=try_number, get_previous_dagrun=lambda: previous, get_ti_count=count)
    return {"ti": ti, "dag_run": SimpleNamespace(run_type=kind), "data_interval_end": end}


def test_a_new_workstream_begins_at_the_next_time_of_its_schedule(workstream):
    """A monthly one would run when it is deployed, for a month long past."""
    monthly = workstream.model_copy(update={"start": "@monthly"})

    with pytest.raises(AirflowSkipException, match="start a backfill"):
        take_turn(context("scheduled"), monthly)


@pytest.mark.parametrize(
    "other",
    [
        context("scheduled", previous="a run"),
        context("scheduled", try_number=2),
        context("scheduled", end=pendulum.now("UTC").subtract(minutes=1)),
        context("manual"),
    ],
    ids=["not its first", "cleared by somebody", "deployed at its time", "by hand"],
)
def test_every_other_run_starts(workstream, other):
    """After a night without Airflow the last interval has to be built, however late."""
    take_turn(other, workstream)


def test_a_backfill_stands_aside_while_the_run_by_the_clock_waits(workstream, monkeypatch):
    """Airflow takes the oldest date first: today's run would wait for all days of the backfill."""
    monkeypatch.setattr(pendulum, "now", lambda _: pendulum.datetime(2026, 3, 10, 6))
    due = "scheduled__2026-03-10T05:00:00+00:00"

    with pytest.raises(AirflowRescheduleException):
        take_turn(context("backfill", waiting=[due]), workstream)
    take_turn(context("backfill", waiting=["backfill__2026-03-02T05:00:00+00:00"]), workstream)
