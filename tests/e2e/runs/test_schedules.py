"""What starts a run without anybody: the clock, another workstream's success, a backfill."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sandbox.demo.demo import query
from tests.e2e.airflow import Airflow, DagRun, eventually


def of_type(airflow: Airflow, workstream: str, run_type: str) -> list[dict[str, Any]]:
    return [run for run in airflow.runs(workstream) if run["run_type"] == run_type]


def calls(airflow: Airflow, schema: str) -> list[tuple[datetime, datetime]]:
    """The data intervals that dbt was called with."""
    sql = f"select interval_start, interval_end from ANALYTICS.{schema}.CALLS where interval_start <> '' order by 1"
    return [(moment(start), moment(end)) for start, end in query(airflow.stack, sql)[1]]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_clock_starts_a_run_and_its_success_starts_the_workstream_after_it(airflow: Airflow):
    """Reports would stay those of yesterday until somebody notices."""
    with airflow.configured("metro", schedule={"asset": "cable"}, select=["calls"]):
        airflow.await_dag("metro", timetable_summary="Asset")
        with airflow.configured("cable", schedule="* * * * *", select=["calls"]):
            begin = datetime.now(UTC)
            # Without catchup, the minute that is just over is run at once; the clock's own is the next one.
            due = eventually(
                lambda: [run for run in of_type(airflow, "cable", "scheduled") if moment(run["run_after"]) > begin], 300, "a run"
            )[0]
        airflow.await_dag("cable", timetable_summary=None)

        assert DagRun(airflow, "cable", due["dag_run_id"]).ended() == "success"
        interval = (moment(due["data_interval_start"]), moment(due["data_interval_end"]))
        assert (interval[1] - interval[0]).total_seconds() == 60
        assert moment(due["run_after"]) == interval[1]
        assert interval in calls(airflow, "CABLE")

        after = eventually(lambda: of_type(airflow, "metro", "asset_triggered"), 300, "a run after cable's success")[0]
        run = DagRun(airflow, "metro", after["dag_run_id"])
        assert run.ended() == "success"
        events = airflow.call("GET", f"{run.path}/upstreamAssetEvents")["asset_events"]
        assert {event["source_dag_id"] for event in events} == {"dbt_cable"}
        assert events[-1]["extra"]["rows"] == {"calls": 1}


def test_a_backfill_gives_each_of_its_days_the_interval_of_that_day(airflow: Airflow):
    """Three days of late data would all be loaded as today's, or into the same tables at once."""
    with airflow.configured("cable", schedule="0 5 * * *", timezone="Europe/Amsterdam", select=["calls"]):
        airflow.await_dag("cable", timetable_summary="0 5 * * *")
        airflow.backfill("cable", "2025-03-29", "2025-03-31")
        eventually(lambda: len(of_type(airflow, "cable", "backfill")) == 3, 180, "three runs")
        runs = [DagRun(airflow, "cable", run["dag_run_id"]) for run in of_type(airflow, "cable", "backfill")]

        assert [run.ended() for run in runs] == ["success"] * 3
        times = sorted((moment(run.task["start_date"]), moment(run.task["end_date"])) for run in runs)
        assert all(end <= start for (_, end), (start, _) in pairwise(times)), "two wrote the same tables at once"

    # The clocks of Amsterdam went forward in the night to the 30th.
    limits = [moment(f"2025-{day}:00:00+00:00") for day in ("03-29T04", "03-30T03", "03-31T03", "04-01T03")]
    assert calls(airflow, "CABLE")[:3] == list(pairwise(limits))
