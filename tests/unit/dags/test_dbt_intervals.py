"""What time a run is about, also when the clocks change."""
# ruff: noqa: I001

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests.unit.dags.support import configuration, dag_folder  # before Airflow: it sets Airflow's home

import pendulum
from dbt_configuration import read
from dbt_intervals import interval, intervals, last

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Pacific/Chatham",
]
"""With a change of the clocks at every hour at which there is one."""
SCHEDULES = ["0 0 * * *", "0 2 * * *", "30 2 * * *", "0 5 * * *", "0 */4 * * *", "20 1-5 * * *", "15 2,3 * * 0"]


def workstream(tmp_path, schedule, timezone="Europe/Amsterdam"):
    folder = dag_folder(tmp_path / "dags", configuration("sales"))
    (found,), _ = read(folder / "config")
    return found.model_copy(update={"start": schedule, "timezone": timezone})


def changes(zone: str) -> list[datetime]:
    """The days of ten years on which the zone's clocks change."""
    days = [BEGIN + timedelta(days=number) for number in range((END - BEGIN).days)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [day for day, (before, after) in zip(days, pairwise(offsets), strict=False) if before != after]


@pytest.mark.parametrize("zone", ZONES)
def test_no_interval_is_empty_missed_or_doubled_in_ten_years_of_clock_changes(tmp_path, zone):
    """Rows of an hour would be loaded twice, or never."""
    made = workstream(tmp_path, "", zone)
    for schedule in SCHEDULES:
        for day in changes(zone):
            around = list(intervals(made.model_copy(update={"start": schedule}), day - timedelta(days=1), day + timedelta(days=2)))

            assert all(found.start < found.end for found in around), (schedule, day)
            assert all(former.end == latter.start for former, latter in pairwise(around)), (schedule, day)


@pytest.mark.parametrize("zone", ZONES)
def test_every_hour_has_its_interval_when_the_clocks_change(tmp_path, zone):
    """The hour that comes twice is two hours, and the hour that does not come is none."""
    made = workstream(tmp_path, "0 * * * *", zone)
    for day in changes(zone)[:2]:
        around = list(intervals(made, day - timedelta(days=1), day + timedelta(days=2)))

        assert all(found.end - found.start == timedelta(hours=1) for found in around)
        assert all(former.end == latter.start for former, latter in pairwise(around))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("schedule", ["0 2 * * *", "30 2 * * *", "0 1 * * *"])
def test_a_run_by_hand_stands_for_an_interval_that_is_over_whenever_it_is_started(tmp_path, zone, schedule):
    """Airflow's own is empty, or ends in the future, on two days of the year (apache/airflow#70089)."""
    made = workstream(tmp_path, schedule, zone)
    for day in changes(zone)[:2]:
        for hour in range(-24, 25, 2):
            moment = pendulum.instance(day + timedelta(hours=hour, minutes=30))
            found = last(made, moment)

            assert found.start < found.end <= moment
            assert moment - found.end < timedelta(hours=25)


def context(run_type="scheduled", date=None, **more):
    return {"params": {"date": date}, "dag_run": SimpleNamespace(run_type=run_type), **more}


def texts(period):
    return [moment.isoformat() for moment in period]


SUMMER = ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]
"""The day in Amsterdam on which summer time begins."""
WINTER = ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"]


@pytest.mark.parametrize("day", [SUMMER, WINTER], ids=["summer time begins", "it ends"])
def test_schedule_form_and_backfill_mean_the_same_day(tmp_path, day):
    """In UTC, the rows between midnight and two in the morning would be another day's."""
    made = workstream(tmp_path, "0 0 * * *")
    start, end = (pendulum.parse(text).in_timezone("UTC") for text in day)  # pyright: ignore[reportAttributeAccessIssue]
    dates = {"logical_date": start, "data_interval_start": start, "data_interval_end": end}

    periods = [
        interval(context("scheduled", **dates), made),
        interval(context("backfill", **dates), made),
        interval(context("manual", date=day[0][:10]), made),
        interval(context("manual", logical_date=end.add(hours=9)), made),
    ]

    assert [texts(period) for period in periods] == [day] * 4


@pytest.mark.parametrize("schedule", [None, "0 0 * * *"])
def test_a_run_without_a_date_stands_for_no_time(tmp_path, schedule):
    """A run that another workstream starts, or `ops run`, builds what is there now."""
    assert interval(context("manual", logical_date=None), workstream(tmp_path, schedule)) is None


def test_without_a_clock_a_date_is_no_interval(tmp_path):
    """Airflow gives such a run one of no length."""
    now = pendulum.datetime(2026, 3, 1)

    dates = {"logical_date": now, "data_interval_start": now, "data_interval_end": now}
    assert interval(context("manual", **dates), workstream(tmp_path, None)) is None


def test_a_run_keeps_its_dates_when_its_schedule_is_changed_meanwhile(tmp_path):
    """It would build today's rows instead of those of the interval that it stands for."""
    start, end = (pendulum.parse(text) for text in SUMMER)
    dates = {"logical_date": start, "data_interval_start": start, "data_interval_end": end}

    assert texts(interval(context("scheduled", **dates), workstream(tmp_path, None))) == SUMMER
