"""The last block of the log: the first thing that a person reads after a failure."""

from dataclasses import replace

import pytest
from runner.causes import BY_ID
from runner.closing import LINES, closing
from runner.outcome import ExitCode
from runner.progress import CANCELLED, Progress

from tests.unit.image.support import node, progress, result, summary

ARTIFACTS = "s3://artifacts/sales/runs/run-1/1"


def test_a_failure_says_what_why_where_and_how_to_run_it_again():
    """A person would have to search thousands of lines."""
    made = progress(
        customers=result("success"),
        orders=result("error", seconds=2.5, message="Database Error in model orders\n\n  002003: Table RAW does not exist"),
        unique_orders=result("skipped"),
        sales=result("skipped"),
        adds_up=result("skipped"),
        report=result("skipped"),
    )

    block = closing(replace(summary(made, ExitCode.FAILED), compiled={"model.orders": "select 1"}), ARTIFACTS)

    missing = BY_ID["object-missing"]
    assert block.splitlines() == [
        "",
        "dbt failed: 1 error, 4 skipped, 1 success in 12 s",
        "",
        "model orders: error after 2.5 s",
        "  file: models/orders.sql",
        f"  compiled: {ARTIFACTS}/compiled/model.orders.sql",
        "  Database Error in model orders",
        "  002003: Table RAW does not exist",
        f"  Why: {missing.happened.format(role='TRANSFORMER')}. {missing.why}",
        f"  What to do: {missing.todo.format(role='TRANSFORMER')}",
        "  skipped because of it: sales, report and 2 tests",
        "",
        "Run just these again: ops run sales --select orders+",
        "",
        "Tried again by itself: no. More: docs/errors.md#object-missing",
        f"Artifacts: {ARTIFACTS}/",
    ]


def test_a_failed_test_names_the_models_that_were_not_built_on_what_it_tests():
    """It would seem that nothing came of it."""
    made = progress(
        customers=result("success"),
        orders=result("success"),
        unique_orders=result("fail", message="Got 2 results, configured to fail if != 0", failures=2),
        sales=result("skipped"),
        adds_up=result("skipped"),
        report=result("skipped"),
    )

    block = closing(summary(made, ExitCode.FAILED), ARTIFACTS)

    assert "test unique_orders: fail" in block
    assert "skipped because of it: sales, report and 1 tests" in block
    assert "--select unique_orders --select sales+" in block  # alone, the test would pass and the models stay unbuilt


def test_the_block_fits_into_what_airflow_repeats():
    """Airflow shows the last lines of a failed container: the headline would be lost."""
    made = Progress()
    made.select([node(f"model_{number}") for number in range(50)])
    made.carry_over({node_id: result("error", message="line\n" * 30) for node_id in made.nodes})

    block = closing(replace(summary(made, ExitCode.FAILED), compiled=dict.fromkeys(made.nodes, "select 1")), ARTIFACTS)

    assert len(block.splitlines()) <= LINES
    assert "... and 47 more" in block


def test_a_cancelled_run_says_that_it_can_go_on():
    """Somebody would start everything from the beginning."""
    made = progress(customers=result("success"), orders=result(CANCELLED))
    made.close()

    block = closing(summary(made, ExitCode.CANCELLED, "The run was told to end (SIGTERM)."), ARTIFACTS)

    assert "1 cancelled, 4 not run, 1 success" in block
    assert "told to end (SIGTERM)" in block
    assert "The next try of this run goes on where this one stopped." in block


def test_a_chain_of_a_thousand_models_is_no_problem():
    """The block itself would crash, and hide the failure."""
    made = Progress()
    made.select([node(f"m{number}", *([f"model.m{number - 1}"] if number else [])) for number in range(3000)])
    made.carry_over({node_id: result("skipped") for node_id in made.nodes} | {"model.m0": result("error", message="no")})

    assert "skipped because of it: m1, m2" in closing(summary(made, ExitCode.FAILED), ARTIFACTS)


CONTRACT = """Compilation Error in model orders (models/orders.sql)
  This model has an enforced contract that failed.
  Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.

  | column_name | definition_type | contract_type | mismatch_reason    |
  | ----------- | --------------- | ------------- | ------------------ |
  | total       | TEXT            | NUMBER        | data type mismatch |
"""
PYTHON = "Database Error in model orders\n  100357 (P0000): Python Interpreter Error:\n  Traceback (most recent call last):\n" + (
    "    File somewhere, line 1\n" * 60 + "  KeyError: 'TOTAL'"
)
UNIT_TEST = "actual differs from expected:\n\n@@ ,CUSTOMER_ID,TOTAL\n" + "   ,1          ,10\n" * 60 + "→  ,3          ,30→31\n"


@pytest.mark.parametrize(
    ("message", "told"),
    [(CONTRACT, "data type mismatch"), (PYTHON, "KeyError: 'TOTAL'"), (UNIT_TEST, "30→31")],
    ids=["contract", "Python", "unit test"],
)
@pytest.mark.parametrize("others", [0, 1, 5])
def test_what_names_the_cause_is_never_cut_off(message: str, told: str, others: int):
    """A contract failure named no column, a Python model no exception, a unit test not the row that differs."""
    made = Progress()
    made.select([node("orders"), *(node(f"other_{number}") for number in range(others))])
    made.carry_over({node_id: result("error", message=message) for node_id in made.nodes})

    block = closing(summary(made, ExitCode.FAILED), ARTIFACTS)

    assert told in block
    assert len(block.splitlines()) <= LINES


def test_a_message_that_is_cut_says_where_the_rest_is():
    """What nobody knows is to be read whole."""
    made = Progress()
    made.select([node("orders")])
    made.carry_over(
        {node_id: result("error", message="\n".join(f"strange {number}" for number in range(50))) for node_id in made.nodes}
    )

    block = closing(summary(made, ExitCode.FAILED), ARTIFACTS)

    assert f"({50 - block.count('strange')} lines of this message are left out: the report has all of it.)" in block


@pytest.mark.parametrize(
    ("problem", "cause", "retry"),
    [
        ("Too old, so nothing was built: source.shop.raw.orders.", "stale-source", "yes"),
        ("The artifacts could not be stored at s3://x: An error occurred (AccessDenied)", "artifacts-denied", "yes"),
        ("Hook Database Error\n  003001 (42501): Insufficient privileges to operate on schema 'X'", "privilege-missing", "no"),
        ("OSError: [Errno 28] No space left on device", "disk-full", "no"),
    ],
)
def test_a_failure_outside_of_the_models_is_not_told_as_one_of_them(problem: str, cause: str, retry: str):
    """Exit code 1 said that models or tests had failed when none had."""
    block = closing(summary(progress(orders=result("success")), ExitCode.FAILED, problem), ARTIFACTS)

    assert f"Tried again by itself: {retry}. More: docs/errors.md#{cause}" in block
    assert "What to do: " in block


def test_an_unknown_error_is_shown_whole():
    """Whoever reads it has nothing else to go by."""
    message = "\n".join(f"line {number} of something new" for number in range(30))

    block = closing(summary(progress(orders=result("error", message=message)), ExitCode.FAILED), ARTIFACTS)

    assert all(line in block for line in message.splitlines())
    assert "report it" in block
