"""`summary.json`: what the DAG and scripts read of a run."""

import json

from runner.outcome import ExitCode

from tests.unit.runner_support import progress, result, summary


def test_every_node_says_how_it_ended_where_it_is_and_why_it_was_skipped():
    """Airflow could not show which model failed, with which message, and what is missing because of it."""
    made = progress(
        customers=result("success", at=0, rows=4, query_id="01b"),
        orders=result("error", at=1, seconds=2.5, message="Table RAW does not exist"),
        unique_orders=result("skipped"),
        sales=result("skipped"),
        report=result("skipped"),
    )

    nodes = {node["name"]: node for node in json.loads(summary(made, ExitCode.FAILED).json())["nodes"]}

    assert nodes["customers"] == {
        "id": "model.customers",
        "name": "customers",
        "resourceType": "model",
        "path": "models/customers.sql",
        "relation": "ANALYTICS.SALES.CUSTOMERS",
        "status": "success",
        "message": None,
        "started": "2026-11-23T00:00:00+00:00",
        "seconds": 1,
        "rows": 4,
        "failures": None,
        "queryId": "01b",
        "thread": "Thread-1",
        "skippedBecauseOf": [],
    }
    assert (nodes["orders"]["status"], nodes["orders"]["message"]) == ("error", "Table RAW does not exist")
    assert (nodes["unique_orders"]["resourceType"], nodes["unique_orders"]["relation"]) == ("test", None)
    assert nodes["report"]["skippedBecauseOf"] == ["model.orders"]


def test_the_first_error_is_the_one_that_came_first():
    """An alert would name a model that failed only because another had."""
    made = progress(
        sales=result("error", at=5, message="follows"),
        orders=result("fail", at=1, message="came first"),
    )

    page = json.loads(summary(made, ExitCode.FAILED).json())

    assert page["firstError"] == {"id": "model.orders", "name": "orders", "message": "came first"}
    assert json.loads(summary(progress(orders=result("success"))).json())["firstError"] is None
