"""A run of several dbt commands, as a job of the dbt platform lists them."""

import json

from tests.sandbox.runner_process import Runs, project

SOURCES = """
sources: [{name: raw, schema: "{{ target.schema }}", tables: [{name: orders}]}]
models: [{name: a, columns: [{name: x, tests: [not_null]}]}]
"""
MACRO = """
{% macro note(what) %}{{ log('noted ' ~ what, info=true) }}
{% if what == 'bad' %}{{ exceptions.raise_compiler_error('no such note') }}{% endif %}{% endmacro %}
"""


def _project(runs: Runs, a: str = "select x from {{ source('raw', 'orders') }}") -> None:
    """A source that a seed makes: dbt knows of no edge between them, so a build of all would read a table that is not there."""
    project(runs.project, {"a": a, "../macros/note": MACRO}, models__s_yml=SOURCES, seeds__orders_csv="x\n1\n2\n")


def test_commands_run_one_after_the_other_and_a_retry_goes_on_at_the_one_that_failed(runs: Runs):
    """A project whose seeds are its sources, or that loads before it builds and tidies up after, could not be brought."""
    commands = ["--command", "dbt seed", "--command", "run-operation note --args '{what: begin}'", "--command", "run"]
    commands += ["--command", "test", "--command", "docs generate --static"]
    _project(runs, "select x, nope from {{ source('raw', 'orders') }}")

    failed = runs.run("run", *commands)
    _project(runs)
    again = runs.run("run", *commands, DBT_TRY_NUMBER="2")

    assert (failed.code, failed.statuses) == (1, {"orders": "success", "a": "error"}), failed.text
    assert "noted begin" in failed.text
    assert [found["status"] for found in _commands(runs, 1)] == ["success", "success", "failed", "not run", "not run"]
    assert "3. run: failed" in failed.text
    assert (again.code, again.statuses) == (0, {"a": "success", "not_null_a_x": "pass"}), again.text
    assert "noted begin" not in again.text
    assert [found["status"] for found in _commands(runs, 2)] == ["success"] * 5
    assert [found["counts"] for found in _commands(runs, 2)] == [{"success": 1}] * 3 + [{"pass": 1}, {"success": 1}]
    assert {"runs/run-1/2/commands/3/run_results.json", "runs/run-1/2/catalog.json"} <= set(runs.objects())
    assert b"docs generate" in runs.read("runs/run-1/2/report.html")
    assert b"not_null_a_x" in runs.read("docs/index.html"), "the whole documentation on one page"


def _commands(runs: Runs, try_number: int) -> list[dict[str, object]]:
    return json.loads(runs.read(f"runs/run-1/{try_number}/summary.json"))["commands"]


def test_an_operation_that_fails_ends_the_run_and_says_how_to_run_it_again(runs: Runs):
    """What is left of the commands would run on what it did not prepare."""
    _project(runs)
    bad = "run-operation note --args '{what: bad}'"

    run = runs.run("run", "--command", bad, "--command", "seed")

    assert (run.code, run.of("selected")) == (1, []), run.text
    assert "no such note" in run.text.partition("dbt failed: ")[2]
    assert f"ops run {runs.workstream} --command " in run.text
