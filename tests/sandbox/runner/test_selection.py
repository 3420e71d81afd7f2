"""Which nodes a selection runs: what is listed, what is built and what is told of must be the same."""

import pytest

from tests.sandbox.runner_process import Finished, Runs, project

UNIT_TEST = """
unit_tests:
  - name: adds_one
    model: b
    given: [{input: ref('a'), rows: [{x: 1}]}]
    expect: {rows: [{y: 99}]}
"""


@pytest.mark.slow
def test_a_unit_test_that_is_selected_alone_is_run(runs: Runs):
    """dbt does nothing then, and calls it a success."""
    models = {"a": "select 1 as x", "b": "select x + 1 as y from {{ ref('a') }}"}
    project(runs.project, models, models__b_yml=UNIT_TEST)

    whole, alone = runs.run(), runs.run("run", "--select", "adds_one", DBT_RUN_ID="run-2")
    project(runs.project, {}, models__b_yml=UNIT_TEST.replace("99", "2"))
    right = runs.run("run", "--select", "adds_one", DBT_RUN_ID="run-3")

    assert (whole.code, _ended(whole)) == (1, {"a": "success", "adds_one": "fail", "b": "skipped"}), whole.text
    assert f"Run just these again: ops run {runs.workstream} --select b+" in whole.text
    assert (alone.code, _ended(alone)) == (1, {"adds_one": "fail"}), alone.text
    assert f"Run just these again: ops run {runs.workstream} --select adds_one" in alone.text
    assert (right.code, _ended(right)) == (0, {"adds_one": "pass"}), right.text


def _ended(run: Finished) -> dict[str, str]:
    """As `statuses`, with unit tests by their own names and not by their models'."""
    return {event["node"].rpartition(".")[2]: event["status"] for event in run.of("node_finished")}


def test_a_model_without_a_line_of_sql_is_none(runs: Runs):
    """A run would end with a node that was not run, for no reason that anybody sees."""
    project(runs.project, {"a": "select 1 as x", "b": "  \n"})

    run = runs.run()

    assert (run.code, run.statuses) == (0, {"a": "success"}), run.text
    assert "dbt succeeded: 1 success in" in run.text


def test_a_function_is_a_node_like_the_others(runs: Runs):
    """Its failure would be told of nowhere, and selecting it would match nothing."""
    yml = "functions: [{name: twice, arguments: [{name: x, data_type: number}], returns: {data_type: number}}]"
    models = {"a": "select {{ function('twice') }}(1) as x"}
    project(runs.project, models, functions__twice_yml=yml)
    source = runs.project / "functions" / "twice.sql"
    source.write_text("x * no_such_column")

    failed = runs.run()
    source.write_text("x * 2")
    again = runs.run(DBT_TRY_NUMBER="2")
    alone = runs.run("run", "--select", "twice", DBT_RUN_ID="run-2")

    assert (failed.code, failed.statuses) == (1, {"twice": "error", "a": "skipped"}), failed.text
    assert "function twice: error" in failed.text
    assert (again.code, again.statuses) == (0, {"twice": "success", "a": "success"}), again.text
    assert (alone.code, alone.statuses) == (0, {"twice": "success"}), alone.text
