"""The command line and identity that a run gives its container."""
# ruff: noqa: I001

import json

import pytest

import tests.unit.dags.support  # noqa: F401  # before Airflow: it sets Airflow's home

import pendulum
from airflow.sdk.exceptions import AirflowFailException
from dbt_command import OVERRIDES_LIMIT, command, overrides

PARAMS = {"select": ["tag:sales"], "exclude": [], "full_refresh": False, "vars": {}, "date": None}
DAY = (pendulum.datetime(2026, 3, 1), pendulum.datetime(2026, 3, 2))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["run", "--select", "tag:sales"]),
        ({"select": []}, ["run"]),
        ({"select": ["a", "b+"], "exclude": ["c"]}, ["run", "--select", "a", "b+", "--exclude", "c"]),
        ({"full_refresh": True}, ["run", "--select", "tag:sales", "--full-refresh"]),
        ({"vars": {"day": "2026-01-01"}}, ["run", "--select", "tag:sales", "--vars", '{"day": "2026-01-01"}']),
    ],
)
def test_a_manual_run_does_exactly_what_the_form_says(params, expected):
    """A full refresh that is lost, or comes uninvited, costs hours."""
    assert command(PARAMS | params, None) == expected


@pytest.mark.parametrize("text", ["$(reboot)", "'; drop table x; --", "{{ conn.snowflake }}", '"', "--full-refresh"])
def test_a_value_stays_one_value(text):
    """A value that became a shell command, a template or an option would run with the warehouse's credentials."""
    arguments = command(PARAMS | {"vars": {"v": text}}, None)

    assert arguments[:-1] == ["run", "--select", "tag:sales", "--vars"]
    assert json.loads(arguments[-1]) == {"v": text}


def test_a_scheduled_run_or_backfill_knows_its_interval():
    """Three days of a backfill would else build the same day three times."""
    arguments = command(PARAMS, DAY)

    assert json.loads(arguments[-1]) == {
        "data_interval_start": "2026-03-01T00:00:00+00:00",
        "data_interval_end": "2026-03-02T00:00:00+00:00",
    }


def test_a_variable_of_the_user_wins_over_the_interval():
    """Whoever reruns one day by hand says which."""
    arguments = command(PARAMS | {"vars": {"data_interval_start": "2026-01-01"}}, DAY)

    assert json.loads(arguments[-1])["data_interval_start"] == "2026-01-01"


def test_too_many_parameters_are_refused_with_the_limit_and_the_fix():
    """ECS's own message names neither; and no retry can help."""
    with pytest.raises(AirflowFailException, match=rf"ECS accepts {OVERRIDES_LIMIT}: select by a tag"):
        overrides("dbt", command(PARAMS | {"select": [f"model_{i}" for i in range(1000)]}, None), {})
