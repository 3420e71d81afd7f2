"""Runs that build only what has something new to work on, with a real dbt and a warehouse whose sources a test loads."""

from dataclasses import replace

from tests.sandbox.runner_process import Runs, project

SOURCES = """
sources:
  - name: raw
    schema: "{{ target.schema }}"
    config:
      loaded_at_field: loaded_at
      freshness: {error_after: {count: 30, period: day}}
    tables: [{name: orders}, {name: rates}]
"""
MODELS = {
    "shared": "{{ config(materialized='ephemeral') }} select x from {{ source('raw', 'orders') }}",
    "orders": "select x from {{ ref('shared') }}",
    "report": "select x from {{ ref('orders') }}",
    "rates": "select x from {{ source('raw', 'rates') }}",
}


def _load(runs: Runs, table: str, when: str = "sysdate()") -> None:
    schema = f"ANALYTICS.{runs.workstream.upper()}"
    runs.server.run(f"create schema if not exists {schema}")
    runs.server.run(f"create or replace table {schema}.RAW_{table} as select 1 as X, {when}::timestamp_ntz as LOADED_AT")


def _project(runs: Runs, **changed: str) -> None:
    sources = SOURCES.replace("{name: orders}", "{name: orders, identifier: RAW_ORDERS}")
    project(runs.project, MODELS | changed, models__s_yml=sources.replace("{name: rates}", "{name: rates, identifier: RAW_RATES}"))


def test_only_what_has_newer_data_above_it_is_built(runs: Runs):
    """A warehouse is paid by the second: most of what runs each hour would come out as it is."""
    _load(runs, "ORDERS")
    _load(runs, "RATES")
    _project(runs)

    first, nothing = runs.run("run", "--only-new"), runs.run("run", "--only-new", DBT_RUN_ID="run-2")
    _load(runs, "ORDERS")
    newer = runs.run("run", "--only-new", DBT_RUN_ID="run-3")
    _project(runs, rates="select x + 1 as x from {{ source('raw', 'rates') }}")
    changed = runs.run("run", "--only-new", DBT_RUN_ID="run-4")

    assert (first.code, set(first.statuses)) == (0, set(MODELS)), first.text
    assert (nothing.code, nothing.statuses) == (0, {}), nothing.text
    assert "Nothing new: since the last success" in nothing.text
    assert [found["status"] for found in nothing.of("freshness")] == ["pass", "pass"]
    assert (newer.code, set(newer.statuses)) == (0, {"shared", "orders", "report"}), newer.text
    assert (changed.code, set(changed.statuses)) == (0, {"rates"}), changed.text


def test_code_that_is_only_written_another_way_is_not_built_again(runs: Runs):
    """A comment in a macro that all models call would build the warehouse anew."""
    _load(runs, "ORDERS")
    _load(runs, "RATES")
    _project(runs)
    runs.run("run", "--only-new")

    macro = "{% macro x() %}{# of all shops #}x{% endmacro %}"
    _project(runs, orders="-- by shop\nselect\n  {{ x() }}\nfrom {{ ref('shared') }}", **{"../macros/x": macro})
    rewritten = runs.run("run", "--only-new", DBT_RUN_ID="run-2")
    _load(runs, "ORDERS")
    unknown = MODELS["rates"] + " -- {{ run_query('select x from no_such_table') }}"
    _project(runs, orders="select {{ x() }} from {{ ref('shared') }} -- by shop", rates=unknown)
    newer = runs.run("run", "--only-new", DBT_RUN_ID="run-3")
    orders = "select {{ x() }} from {{ ref('shared') }}"
    _project(runs, orders=orders, **{"../macros/x": macro.replace("}x{", "}x + 1 as x{")})
    changed = runs.run("run", "--only-new", DBT_RUN_ID="run-4")

    assert (rewritten.code, rewritten.statuses) == (0, {}), rewritten.text
    assert [event["nodes"] for event in rewritten.of("same_code")] == [1]
    assert (newer.code, newer.statuses["orders"], newer.statuses["rates"]) == (1, "success", "error"), newer.text
    assert {"orders", "report", "rates"} <= set(changed.statuses), changed.text


def test_what_failed_is_due_again_and_a_stale_source_holds_back_what_hangs_on_it_alone(runs: Runs):
    """A failure that no news follows would never be mended; and one dead loader would stop everybody's figures."""
    _load(runs, "ORDERS")
    _load(runs, "RATES")
    _project(runs)
    runs.run("run", "--only-new")
    _load(runs, "RATES", "'2020-01-01'")
    _load(runs, "ORDERS")
    _project(runs, report="select x, nope from {{ ref('orders') }}")
    broken = runs.run("run", "--only-new", DBT_RUN_ID="run-2")
    _project(runs)

    mended = runs.run("run", "--only-new", DBT_RUN_ID="run-3")

    assert broken.statuses == {"shared": "success", "orders": "success", "report": "error"}, broken.text
    assert (mended.code, mended.statuses) == (1, {"report": "success"}), mended.text
    assert "Too old, so nothing that depends on it was built: source.made_for_a_test.raw.rates (loaded 2020-01-01" in mended.text
    assert b'"skipped": 1' in runs.read("runs/run-3/1/summary.json")


def test_what_another_workstream_of_the_project_has_built_is_not_built_again(runs: Runs):
    """Both need the same staging models, and the warehouse would be paid for each of them."""
    _load(runs, "ORDERS")
    _load(runs, "RATES")
    _project(runs)
    shared = {"PROJECT_STATE": f"_projects/{runs.workstream}", "SNOWFLAKE_SCHEMA": runs.workstream.upper()}
    other = replace(runs, workstream=f"{runs.workstream}-too")

    first = runs.run("run", "--select", "shared", "orders", "--only-new", **shared)
    second, nothing = (other.run("run", "--only-new", DBT_RUN_ID=run, **shared) for run in ("run-2", "run-3"))

    assert (first.code, set(first.statuses)) == (0, {"shared", "orders"}), first.text
    assert (second.code, set(second.statuses)) == (0, {"report", "rates"}), second.text
    assert (nothing.code, nothing.statuses) == (0, {}), nothing.text
