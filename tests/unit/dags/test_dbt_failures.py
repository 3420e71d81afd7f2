"""The tasks that show what failed in a run."""
# ruff: noqa: I001

from types import SimpleNamespace

import pytest

import tests.unit.dags.support  # noqa: F401 - before Airflow: it sets Airflow's home
from tests.unit.dags.summaries import node, summary

from airflow.sdk.execution_time.context import OutletEventAccessors
from dbt_failures import FailedModel, ListFailures, failures
from dbt_summary import MESSAGE_LIMIT, digest, each_mart

BROKEN = node("customers", "error", message="column total is gone")


def test_each_failed_model_is_named_with_its_file_and_its_message():
    """The grid shows at a glance which of forty models it was."""
    broken_test = node("unique_orders_id", "fail", kind="test", path="models/marts/orders.yml", message="Got 2 results")

    told = digest(summary(node("orders", "success"), BROKEN, broken_test), 20)
    found = failures(told, "dbt")

    assert [(each["name"], each["message"].splitlines()[:2]) for each in found] == [
        ("customers", ["model customers (models/marts/customers.sql)", "column total is gone"]),
        ("unique_orders_id", ["test unique_orders_id (models/marts/orders.yml)", "Got 2 results"]),
    ]


def test_a_failed_models_task_leads_on():
    """It had neither the SQL nor what is missing because of it: people went to another task's log for those."""
    page = summary(BROKEN, node("revenue", "skipped"))
    broken, revenue = page["nodes"]
    broken["compiled"], revenue["skippedBecauseOf"] = "compiled/model.customers.sql", [broken["id"]]
    told = {**digest(page, 20, "s3://artifacts/sales/runs/1/1"), "report": "https://console/report.html"}

    (found,) = failures(told, "dbt")

    assert found["message"].splitlines()[-4:] == [
        "SQL that was sent: s3://artifacts/sales/runs/1/1/compiled/model.customers.sql",
        "Skipped because of it: revenue",
        "Run it again: ops run sales --select customers+",
        "Run report: https://console/report.html",
    ]


def test_what_was_skipped_or_cancelled_is_not_called_failed():
    """One broken source would else bury its cause under everything behind it."""
    page = summary(BROKEN, node("orders", "skipped"), node("returns", "cancelled"), node("revenue", "not run"))

    assert [found["name"] for found in failures(digest(page, 20), "dbt")] == ["customers"]


def test_hundreds_of_failures_become_a_few_tasks_and_a_count():
    """A dropped source must not flood the scheduler with tasks."""
    page = summary(*(node(f"m{number}", "error", message="x" * 5000) for number in range(300)))

    found = failures(digest(page, 5), "dbt")

    assert [each["name"] for each in found] == ["m0", "m1", "m2", "m3", "m4", "and 295 more"]
    assert len(found[0]["message"]) < MESSAGE_LIMIT + 100


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (None, "No model failed."),
        (digest(summary(node("orders", "success")), 20), "No model failed."),
        (digest(summary(problem="The warehouse can't be reached"), 20), "The warehouse can't be reached"),
    ],
    ids=["no summary", "nothing failed", "a problem before dbt"],
)
def test_a_failed_run_in_which_no_model_failed_still_has_a_task_that_fails(told, reason):
    """Airflow judges a run by its last tasks: without one it would show a failed run as a success."""
    (found,) = failures(told, "dbt")

    assert found["message"].startswith(reason)
    assert "log of the task 'dbt'" in found["message"]


def test_the_task_of_a_model_fails_with_its_message_and_is_not_tried_again(monkeypatch):
    """A retry would show the same message once more; an exception's would stand in the frames of Airflow's own stack."""
    said: list[str] = []
    task = FailedModel(task_id="model", retries=0, failure={"name": "customers", "message": "column total is gone"})
    monkeypatch.setattr(type(task), "log", SimpleNamespace(error=lambda form, *values: said.append(form % values), warning=print))

    with pytest.raises(SystemExit) as end:
        task.execute({})

    assert end.value.code == 1
    assert said == ["column total is gone"]


def test_marts_that_were_built_before_the_failure_are_published():
    """Whoever builds on an intact mart need not wait for another one."""
    told = digest(summary(node("orders", "success", rows=40), BROKEN), 20)
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key: {("dbt", "summary"): told}[task_ids, key])
    events = OutletEventAccessors()

    ListFailures(task_id="list", run="dbt", workstream="sales").execute({"ti": ti, "outlet_events": events})

    (event,) = events[each_mart("sales")].asset_alias_events
    assert (event.dest_asset_key.name, event.extra) == ("dbt-sales.orders", {"rows": 40})
