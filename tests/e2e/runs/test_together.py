"""Several workstreams at once."""

from tests.e2e.airflow import Airflow


def test_five_workstreams_at_once_all_succeed(airflow: Airflow):
    """At five in the morning everything starts together; a shared pool, pull limit or lock would fail some of them."""
    started = [airflow.trigger(name) for name in ("sales", "finance", "tram", "ferry", "bus")]

    assert {run.workstream: run.ended() for run in started} == {run.workstream: "success" for run in started}
