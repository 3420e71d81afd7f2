"""The time that a run is about: an interval of the workstream's schedule or a day of its form, in the workstream's time zone.

Airflow's own interval of a run by hand may be empty, or end in the future, when the clocks change (apache/airflow#70089). Its
chain of scheduled intervals has no such fault, so that is followed for every run.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pendulum
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from dbt_configuration import Workstream

MARGINS = (timedelta(hours=3), timedelta(days=3), timedelta(days=70), timedelta(days=800), timedelta(days=6000))
"""How far back to look for the last interval of a schedule: hourly ones, daily, monthly, yearly, those of 29 February."""

Period = tuple[datetime, datetime]


def interval(context: Mapping[str, Any], workstream: Workstream) -> Period | None:
    """Begin and end, of which the end is no longer part; None for a run that stands for no time."""
    zone = pendulum.timezone(workstream.timezone)
    if date := context["params"]["date"]:
        day = pendulum.from_format(date, "YYYY-MM-DD", tz=zone)
        return day, day.add(days=1)
    if context.get("logical_date") is None:
        return None
    if context["dag_run"].run_type in {"scheduled", "backfill"}:  # Also when the schedule has changed since.
        return context["data_interval_start"].in_timezone(zone), context["data_interval_end"].in_timezone(zone)
    if workstream.schedule is None:
        return None
    found = last(workstream, context["logical_date"])
    return found.start.in_timezone(zone), found.end.in_timezone(zone)


def last(workstream: Workstream, moment: datetime) -> DataInterval:
    """The schedule's last interval that is over at a moment."""
    for margin in MARGINS:
        if ended := list(intervals(workstream, moment - margin, moment)):
            return ended[-1]
    raise ValueError(f"{workstream.schedule} has no interval in the {MARGINS[-1].days} days before {moment}")


def intervals(workstream: Workstream, first: datetime, end: datetime) -> Iterator[DataInterval]:
    """Those that begin after a moment and end until another, as Airflow's scheduler makes them one after another."""
    make: Any = CronDataIntervalTimetable
    timetable = make(workstream.schedule, timezone=pendulum.timezone(workstream.timezone))
    restriction = TimeRestriction(earliest=pendulum.instance(first), latest=None, catchup=True)
    found: DataInterval | None = None
    while info := timetable.next_dagrun_info(last_automated_data_interval=found, restriction=restriction):
        found = info.data_interval
        if found is None or found.end > end:
            return
        yield found
