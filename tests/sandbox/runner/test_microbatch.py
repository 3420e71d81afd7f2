"""A model that dbt builds in batches, of each of which it tells as of the model."""

import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from runner.journal import INTERVAL

from sandbox.network import wait_until
from tests.sandbox.runner_process import Runs, project


def _microbatch(more: str = "", **settings: object) -> str:
    """A model with a batch for yesterday and one for today."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    all_settings = {
        "materialized": "incremental",
        "incremental_strategy": "microbatch",
        "event_time": "ts",
        "begin": yesterday,
        "batch_size": "day",
        **settings,
    }
    return f"{{{{ config(**{all_settings}) }}}} select 1 as x, '{yesterday}'::timestamp_ntz as ts {more}"


@pytest.mark.slow
def test_a_model_that_was_killed_between_its_batches_is_built_again(runs: Runs):
    """The next try would take the first batch for the model: days of data would be missing, and the run green."""
    project(runs.project, {"m": _microbatch(post_hook=["select 'the last batch'", "select system$wait(300)"])})
    run = runs.start("run")
    assert wait_until(lambda: "the last batch" in _sent(runs), 120), run.log.read_text()
    time.sleep(INTERVAL + 1)  # for what was stored of the first batch

    run.process.kill()
    assert run.finish().code == -signal.SIGKILL
    project(runs.project, {"m": _microbatch(), "z": "select 1 as x"})
    again = runs.run(DBT_TRY_NUMBER="2")

    assert (again.code, again.statuses) == (0, {"m": "success", "z": "success"}), again.text
    assert [event["node"].split(".")[2] for event in again.of("node_started")].count("m") == 1


def _sent(runs: Runs) -> str:
    """What dbt sent for the workstream so far."""
    history = "select query_text from snowflake.account_usage.query_history where query_tag like"
    return str(runs.server.run(f"{history} '%\"{runs.workstream}\"%'"))


def test_a_failed_batch_says_why(runs: Runs):
    """The log would say ERROR and no more."""
    project(runs.project, {"m": _microbatch("{% if is_incremental() %}, nope{% endif %}")})

    run = runs.run()

    assert (run.code, run.statuses) == (1, {"m": "partial success"}), run.text
    block = run.text.partition("dbt failed: ")[2]
    assert "PARTIAL SUCCESS (1/2)" in block
    assert "nope" in block.lower()
    assert "nope" in json.loads(runs.read("runs/run-1/1/summary.json"))["firstError"]["message"].lower()


@pytest.mark.slow
def test_each_day_of_a_backfill_writes_its_own_batch(runs: Runs):
    """dbt builds the batches before now unless it is told: three days of January would all be today's."""
    days = [(datetime.now(UTC) - timedelta(days=ago)).date() for ago in (9, 8, 7)]
    events = " union all ".join(f"select '{day}'::timestamp_ntz as ts" for day in days)
    batch = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='ts', batch_size='day', begin='"
    models = {
        "events": f"{{{{ config(event_time='ts') }}}} {events}",
        "m": f"{batch}{days[0]}') }}}} select * from {{{{ ref('events') }}}}",
    }
    project(runs.project, models)
    written = f"select count(*), count(distinct ts), max(ts)::date::varchar from ANALYTICS.{runs.workstream.upper()}.M"

    for number, day in enumerate(days, start=1):
        begin, end = (f"{moment}T00:00:00" for moment in (day, day + timedelta(days=1)))
        run = runs.run("run", "--event-time", begin, end, DBT_RUN_ID=f"backfill-{number}")

        assert run.code == 0, run.text
        assert runs.server.run(written) == [(number, number, str(day))]
