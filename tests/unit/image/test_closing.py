"""The last block of the log: the first thing that a person reads after a failure."""

from runner.closing import closing
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

    block = closing(summary(made, ExitCode.FAILED), ARTIFACTS, {"model.orders"})

    assert block.splitlines() == [
        "",
        "dbt failed: 1 error, 4 skipped, 1 success in 12 s",
        "",
        "model orders: error after 2.5 s",
        "  file: models/orders.sql",
        f"  compiled: {ARTIFACTS}/compiled/model.orders.sql",
        "  Database Error in model orders",
        "  002003: Table RAW does not exist",
        "  skipped because of it: sales, report and 2 tests",
        "",
        "Run just these again: ops run sales --select orders+",
        "",
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

    block = closing(summary(made, ExitCode.FAILED), ARTIFACTS, set())

    assert "test unique_orders: fail" in block
    assert "skipped because of it: sales, report and 1 tests" in block
    assert "--select unique_orders" in block


def test_the_block_fits_into_what_airflow_repeats():
    """Airflow shows the last 40 lines of a failed container: the headline would be lost."""
    made = Progress()
    made.select([node(f"model_{number}") for number in range(50)])
    made.carry_over({node_id: result("error", message="line\n" * 30) for node_id in made.nodes})

    block = closing(summary(made, ExitCode.FAILED), ARTIFACTS, set(made.nodes))

    assert len(block.splitlines()) <= 40
    assert "... and 47 more" in block


def test_a_cancelled_run_says_that_it_can_go_on():
    """Somebody would start everything from the beginning."""
    made = progress(customers=result("success"), orders=result(CANCELLED))
    made.close()

    block = closing(summary(made, ExitCode.CANCELLED, "The run was told to end (SIGTERM)."), ARTIFACTS, set())

    assert "1 cancelled, 4 not run, 1 success" in block
    assert "told to end (SIGTERM)" in block
    assert "The next try of this run goes on where this one stopped." in block


def test_a_chain_of_a_thousand_models_is_no_problem():
    """The block itself would crash, and hide the failure."""
    made = Progress()
    made.select([node(f"m{number}", *([f"model.m{number - 1}"] if number else [])) for number in range(3000)])
    made.carry_over({node_id: result("skipped") for node_id in made.nodes} | {"model.m0": result("error", message="no")})

    assert "skipped because of it: m1, m2" in closing(summary(made, ExitCode.FAILED), ARTIFACTS, set())
