"""How a run ends before its time (signal, deadline, kill), and how the next try goes on."""

import json
import signal
import time

import pytest

from sandbox.network import wait_until
from sandbox.testing.warehouse_server import HUGE, Server
from tests.sandbox.runner_process import Runs, project

SLOW = "select system$wait(300) as x"
ANNOUNCED = """{{ config(pre_hook="select 'here it comes'") }} """


def _cancelled(server: Server, workstream: str) -> list[str]:
    """Names of the nodes whose queries were cancelled at the warehouse."""
    history = "select query_tag from snowflake.account_usage.query_history where error_code = '000604'"
    tags = [json.loads(tag) for (tag,) in server.run(history)]
    return [tag["node"].split(".")[2] for tag in tags if tag["workstream"] == workstream]


def test_a_run_that_is_told_to_end_cancels_its_queries_and_goes_on_in_the_next_try(runs: Runs):
    """The warehouse would go on working, and the next try would begin from the beginning."""
    project(
        runs.project, {"a": "select 1 as x", "b": ANNOUNCED + SLOW + " from {{ ref('a') }}", "c": "select * from {{ ref('b') }}"}
    )
    run = runs.start("run")
    assert wait_until(lambda: _announced(runs), 120), run.log.read_text()

    told = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    ended = run.finish(30)

    assert ended.code == 143, ended.text
    assert time.monotonic() - told < 20
    assert "1 cancelled, 1 not run, 1 success" in ended.text
    assert _cancelled(runs.server, runs.workstream) == ["b"]
    assert json.loads(runs.read("runs/run-1/1/summary.json"))["outcome"] == "cancelled"

    project(runs.project, {"b": "select 2 as x"})
    again = runs.run(DBT_TRY_NUMBER="2")
    assert (again.code, again.statuses) == (0, {"b": "success", "c": "success"}), again.text
    assert "3 success" in again.text


def _announced(runs: Runs) -> bool:
    """Whether the next statement of the workstream is its slow one."""
    sql = (
        "select query_tag from snowflake.account_usage.query_history where query_text like '%here it comes%' and user_name = 'DBT'"
    )
    return any(runs.workstream in tag for (tag,) in runs.server.run(sql))


def test_a_run_that_is_told_to_end_while_the_warehouse_computes_ends_that_too(runs: Runs):
    """A join that explodes is what people cancel most; the warehouse would go on with it for days."""
    project(runs.project, {"a": "select 1 as x", "b": HUGE + ", {{ ref('a') }}"})
    run = runs.start("run")
    run.wait_for('"node_started", "node": "model.made_for_a_test.b"')
    assert runs.server.computes()

    told = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    ended = run.finish(30)

    assert (ended.code, ended.statuses["b"]) == (143, "cancelled"), ended.text
    assert time.monotonic() - told < 20
    assert _cancelled(runs.server, runs.workstream) == ["b"]


@pytest.mark.slow
def test_the_run_s_own_deadline_ends_it_even_when_the_warehouse_has_stopped_answering(server: Server, runs: Runs):
    """It would hang until somebody looks, and Airflow's timeout leaves the container running."""
    project(runs.project, {"a": "select 1 as x", **{f"b{number}": SLOW + " from {{ ref('a') }}" for number in range(4)}})
    run = runs.start("run", RUN_TIMEOUT_SECONDS="35")
    run.wait_for('"node_started", "node": "model.made_for_a_test.b3"')

    server.process.send_signal(signal.SIGSTOP)
    try:
        ended = run.finish(90)
    finally:
        server.process.send_signal(signal.SIGCONT)

    assert ended.code == 3, ended.text
    assert "did not end within its 35 seconds" in ended.text
    summary = json.loads(runs.read("runs/run-1/1/summary.json"))
    assert summary["counts"] == {"success": 1, "cancelled": 4}
    assert summary["seconds"] < 35 + 15


@pytest.mark.slow
def test_after_a_kill_the_next_try_runs_exactly_the_rest(runs: Runs):
    """Twenty models of ten minutes each would take three hours more."""
    models = {f"m{number:02}": f"select 1 as x from {{{{ ref('m{number - 1:02}') }}}}" for number in range(2, 21)}
    models |= {"m01": "select 1 as x", "m10": SLOW + " from {{ ref('m09') }}"}
    project(runs.project, models)
    run = runs.start("run")
    run.wait_for('"node_started", "node": "model.made_for_a_test.m10"')
    assert wait_until(lambda: _stored(runs) == 9, 60)

    run.process.kill()
    assert run.finish().code == -signal.SIGKILL
    project(runs.project, {"m10": "select 1 as x from {{ ref('m09') }}"})
    again = runs.run(DBT_TRY_NUMBER="2")

    assert again.code == 0, again.text
    assert list(again.statuses) == [f"m{number:02}" for number in range(10, 21)]
    assert "20 success" in again.text


APPEND = "{{ config(materialized='incremental', incremental_strategy='append') }} select {{ var('n') }} as n"


def test_rows_that_were_added_before_a_kill_are_not_added_again(runs: Runs):
    """They would be there twice: the journal can't hold what nobody came to say."""
    project(runs.project, {"a": APPEND})
    assert runs.run("run", "--vars", '{"n": 1}', DBT_RUN_ID="run-0").code == 0
    project(runs.project, {"a": APPEND.replace("append')", "append', post_hook='select system$wait(300)')")})
    run = runs.start("run", "--vars", '{"n": 2}')
    committed = f"query_text like 'COMMIT%' and query_tag like '%{runs.workstream}%run-1%'"
    count = f"select count(*) from snowflake.account_usage.query_history where {committed}"
    assert wait_until(lambda: runs.server.run(count) == [(1,)], 120), run.log.read_text()

    run.process.kill()
    run.finish()
    again = runs.run("run", "--vars", '{"n": 2}', DBT_TRY_NUMBER="2")

    assert (again.code, again.statuses) == (0, {}), again.text
    assert "nothing was built again" in again.text
    assert sorted(runs.server.run(f"select n from analytics.{runs.workstream}.a")) == [(1,), (2,)]


def test_a_try_that_could_not_connect_does_not_make_the_next_one_begin_from_the_beginning(runs: Runs):
    """One blip of the network at night, and everything that the first try built is built again."""
    project(runs.project, {"a": "select 1 as x", "b": "select nope from {{ ref('a') }}", "c": "select 1 as x from {{ ref('b') }}"})
    failed, unconnected = runs.run(), runs.run(DBT_TRY_NUMBER="2", SNOWFLAKE_PORT="9")
    assert (failed.code, unconnected.code) == (1, 2), unconnected.text

    project(runs.project, {"b": "select x from {{ ref('a') }}"})
    again = runs.run(DBT_TRY_NUMBER="3")

    assert (again.code, again.statuses) == (0, {"b": "success", "c": "success"}), again.text
    assert "3 success" in again.text


def _stored(runs: Runs) -> int:
    name = "runs/run-1/1/progress.json"
    return len(json.loads(runs.read(name))["results"]) if name in runs.objects() else 0
