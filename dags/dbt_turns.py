"""Which run of a workstream does not start its container at all, or not yet: what airflow's scheduler can't be told."""

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk.exceptions import AirflowRescheduleException, AirflowSkipException
from dbt_configuration import Workstream
from dbt_containers import TASK
from dbt_intervals import intervals

LONG_PAST = timedelta(minutes=10)
"""Since the end of an interval: a new workstream's schedule may have its first time while it is deployed."""

TURN = timedelta(minutes=1)
"""For which a run of a backfill stands aside."""


def take_turn(context: Any, workstream: Workstream) -> None:
    """Returns when the container may start.

    Raises:
        AirflowSkipException: the first run of a new workstream, which Airflow starts at once for an interval long past: its
            first run is at the next time of its schedule.
        AirflowRescheduleException: a run of a backfill while a run by the clock waits. Airflow takes the oldest date first, so
            that one would wait for the whole backfill.
    """
    if workstream.schedule is None:
        return
    ti, kind = context["ti"], context["dag_run"].run_type
    now = pendulum.now("UTC")
    if kind == "scheduled" and ti.try_number == 1 and now - context["data_interval_end"] > LONG_PAST:
        if ti.get_previous_dagrun() is None:
            raise AirflowSkipException(
                f"{workstream.name} is new: its first run is at the next time of its schedule ({workstream.schedule}, "
                f"{workstream.timezone}). For what lies before that, start a backfill."
            )
    elif kind == "backfill":
        due = [f"scheduled__{found.end.isoformat()}" for found in intervals(workstream, now - timedelta(days=2), now)][-5:]
        if due and ti.get_ti_count(dag_id=ti.dag_id, task_ids=[TASK], run_ids=due, states=["scheduled", "queued"]):
            raise AirflowRescheduleException(now + TURN)
