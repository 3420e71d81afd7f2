"""The command line and identity that a run gives its container."""
# ruff: noqa: I001

import json
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests.unit.dags.support import configuration, form  # before Airflow: it sets Airflow's home

import pendulum
from airflow.sdk.exceptions import AirflowFailException
from dbt_command import OVERRIDES_LIMIT, command, event_time, overrides
from dbt_configuration import Workstream

PARAMS = form()
WORKSTREAM = Workstream.model_validate(configuration("sales"))
SALES = ("run", "--command=build", "--select", "tag:sales")
DAY = (pendulum.datetime(2026, 3, 1), pendulum.datetime(2026, 3, 2))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [*SALES]),
        ({"select": []}, ["run", "--command=build"]),
        ({"select": ["a", "b+"], "exclude": ["c"]}, ["run", "--command=build", "--select", "a", "b+", "--exclude", "c"]),
        ({"selector": "nightly"}, ["run", "--command=build", "--selector=nightly"]),
        ({"full_refresh": True}, [*SALES, "--full-refresh"]),
        ({"threads": 8, "warehouse": "LARGE"}, [*SALES, "--threads=8", "--warehouse=LARGE"]),
        ({"vars": {"day": "2026-01-01"}}, [*SALES, "--vars", '{"day": "2026-01-01"}']),
        (
            {"commands": ["run-operation grant --args '{to: me}'", "test"]},
            ["run", "--command=run-operation grant --args '{to: me}'", "--command=test", "--select", "tag:sales"],
        ),
    ],
)
def test_a_manual_run_does_exactly_what_the_form_says(params, expected):
    """A full refresh that is lost, or comes uninvited, costs hours."""
    assert command(PARAMS | params, WORKSTREAM) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["run", "--command=seed", "--command=run --select a", "--selector=nightly"]),
        ({"select": ["b"]}, ["run", "--command=build", "--select", "b"]),
        ({"select": ["b"], "commands": ["run"]}, ["run", "--command=run", "--select", "b"]),
    ],
)
def test_a_selection_by_hand_replaces_the_workstream_s_selector_and_its_commands(params, expected):
    """`ops run --select b+`, which a failed run proposes, would run seeds and other models, or nothing that it says."""
    changes = {"select": [], "selector": "nightly", "commands": ["seed", "run --select a"]}
    workstream = Workstream.model_validate(configuration("sales", **changes))

    assert command(PARAMS | changes | params, workstream) == expected


@pytest.mark.parametrize(
    ("habit", "asked", "leaves_out"),
    [
        (True, {}, True),
        (True, {"only_new": False}, False),
        (True, {"select": ["b+"]}, False),
        (True, {"commands": ["test"]}, False),
        (True, {"vars": {"limit": 1}}, False),
        (False, {}, False),
        (False, {"only_new": True, "select": ["b+"]}, True),
    ],
)
def test_who_asks_for_something_of_their_own_gets_it_news_or_not(habit, asked, leaves_out):
    """`ops run --select b+`, which a failed run proposes, would build nothing of what somebody wants built."""
    workstream = Workstream.model_validate(configuration("sales", onlyNew=habit))

    assert ("--only-new" in command(PARAMS | {"only_new": habit} | asked, workstream)) is leaves_out


def test_a_day_that_is_built_anew_is_built_without_news():
    """A backfill would leave out every day."""
    workstream = Workstream.model_validate(configuration("sales", onlyNew=True))

    assert "--only-new" not in command(PARAMS | {"only_new": True}, workstream, DAY, ("2026-03-01", "2026-03-02"))


AMSTERDAM = "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("begin", "end", "batches"),
    [
        # By UTC the day of a zone east of it is two: the evening of the day before, and most of the day itself.
        ("2026-03-01T00:00", "2026-03-02T00:00", ("2026-03-01T00:00:00", "2026-03-02T00:00:00")),
        ("2026-03-01T05:00", "2026-03-02T05:00", ("2026-03-01T00:00:00", "2026-03-02T00:00:00")),
        ("2026-03-29T00:00", "2026-03-30T00:00", ("2026-03-29T00:00:00", "2026-03-30T00:00:00")),
        ("2026-02-01T00:00", "2026-03-01T00:00", ("2026-02-01T00:00:00", "2026-03-01T00:00:00")),
        ("2026-03-01T05:00", "2026-03-01T06:00", ("2026-03-01T04:00:00", "2026-03-01T05:00:00")),
        ("2026-03-01T23:00", "2026-03-02T00:00", ("2026-03-01T22:00:00", "2026-03-01T23:00:00")),
    ],
)
def test_a_backfill_builds_the_batches_of_its_own_time(begin, end, batches):
    """dbt builds the batches before now unless it is told: a backfill of March would write today's."""
    since, until = (datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(AMSTERDAM)) for text in (begin, end))

    def asked(run_type, date=None):
        return event_time({"params": {"date": date}, "dag_run": SimpleNamespace(run_type=run_type)}, (since, until))

    assert asked("backfill") == batches
    assert asked("manual", "2026-03-01") == batches
    assert asked("scheduled") is None, "by the clock dbt looks back itself, for rows that came late"
    assert command(PARAMS, WORKSTREAM, None, batches)[-3:] == ["--event-time", *batches]


@pytest.mark.parametrize("text", ["$(reboot)", "'; drop table x; --", "{{ conn.snowflake }}", '"', "--full-refresh"])
def test_a_value_stays_one_value(text):
    """A value that became a shell command, a template or an option would run with the warehouse's credentials."""
    arguments = command(PARAMS | {"vars": {"v": text}}, WORKSTREAM)

    assert arguments[:-1] == [*SALES, "--vars"]
    assert json.loads(arguments[-1]) == {"v": text}


def test_a_scheduled_run_or_backfill_knows_its_interval():
    """Three days of a backfill would else build the same day three times."""
    arguments = command(PARAMS, WORKSTREAM, DAY)

    assert json.loads(arguments[-1]) == {
        "data_interval_start": "2026-03-01T00:00:00+00:00",
        "data_interval_end": "2026-03-02T00:00:00+00:00",
    }


def test_a_variable_of_the_user_wins_over_the_interval():
    """Whoever reruns one day by hand says which."""
    arguments = command(PARAMS | {"vars": {"data_interval_start": "2026-01-01"}}, WORKSTREAM, DAY)

    assert json.loads(arguments[-1])["data_interval_start"] == "2026-01-01"


def test_too_many_parameters_are_refused_with_the_limit_and_the_fix():
    """ECS's own message names neither; and no retry can help."""
    with pytest.raises(AirflowFailException, match=rf"ECS accepts {OVERRIDES_LIMIT}: select by a tag"):
        overrides("dbt", command(PARAMS | {"select": [f"model_{i}" for i in range(1000)]}, WORKSTREAM), {})
