"""`summary.json`: what the DAG and scripts read of a run."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner import progress as progress_module
from runner.closing import closing
from runner.outcome import ExitCode
from runner.progress import FAILED, TESTS, Progress
from runner.reasons import HOOK
from runner.report import Before, report

from tests.unit.image.support import node, progress, result, summary


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
        "cause": None,
        "compiled": None,
        "rerun": None,
        "started": "2026-11-23T00:00:00+00:00",
        "seconds": 1,
        "rows": 4,
        "failures": None,
        "queryId": "01b",
        "thread": "Thread-1",
        "command": 0,
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


def test_a_hook_that_failed_is_not_told_as_a_model():
    """Somebody would look for the column in models, of which none is wrong."""
    said = "shop-on-run-end-0 failed, error:\n 000904 (42000): SQL compilation error: invalid identifier 'GONE'"

    (hook,) = summary(progress(orders=result("success")), ExitCode.FAILED, f"{HOOK}{said}").reasons
    (model,) = summary(progress(orders=result("error", message=said)), ExitCode.FAILED).reasons

    assert hook.cause == model.cause == "column-gone"
    assert "in the hook" in hook.resolution
    assert "in the model" in model.resolution


@st.composite
def runs(draw: st.DrawFn) -> Progress:
    """Up to a dozen nodes, each on some of those before it and perhaps on one that was not selected, ended anyhow."""
    nodes, results = [], {}
    for number in range(draw(st.integers(0, 12))):
        models = ["model.elsewhere", *(made.id for made in nodes if made.kind == "model")]
        parents = draw(st.lists(st.sampled_from(models), unique=True, max_size=3))
        nodes.append(node(str(number), *parents, kind=draw(st.sampled_from(["model", "test", "unit_test"]))))
        results[nodes[-1].id] = result(draw(st.sampled_from(["success", "error", "fail", "skipped"])))
    made = Progress()
    made.select(nodes)
    made.carry_over(results)
    return made


def one_by_one(made: Progress) -> dict[str, set[str]]:
    """Each node: the failures that it was skipped because of, found by going through the run for each failure anew."""
    found: dict[str, set[str]] = {node_id: set() for node_id in made.nodes}
    for failure in made.nodes.values():
        if made.results[failure.id].status in FAILED:
            reached = {failure.id, *(failure.parents if failure.kind in TESTS else ())} & set(made.nodes)
            for other in made.nodes.values():
                if made.results[other.id].status == "skipped" and (other.id in reached or reached.intersection(other.parents)):
                    reached.add(other.id)
                    found[other.id].add(failure.id)
    return found


@given(runs())
def test_each_skipped_node_names_exactly_the_failures_that_it_depends_on(made: Progress):
    """Somebody would repair another model than the one that stopped theirs."""
    ended = summary(made, ExitCode.FAILED)

    listed = {page["id"]: page["skippedBecauseOf"] for page in json.loads(ended.json())["nodes"]}

    order = [failure.id for failure in made.failed()]
    assert listed == {node_id: sorted(failures, key=order.index) for node_id, failures in one_by_one(made).items()}
    shown = {(other.id, failure) for failure, skipped in ended.skipped_because_of.items() for other in skipped}
    assert shown == {(node_id, failure) for node_id, failures in listed.items() for failure in failures}


def test_a_run_is_gone_through_once_however_many_failures_it_has(monkeypatch: pytest.MonkeyPatch):
    """Three hundred failures among three thousand nodes: the end took a minute, in which no signal was heard."""
    made, sorted_nodes = Progress(), []
    made.select([node("stg"), *(node(f"m{number}", "model.stg") for number in range(50)), node("mart", "model.m0", "model.m1")])
    made.carry_over({node_id: result("error") for node_id in made.nodes} | {"model.mart": result("skipped")})

    class Counted(progress_module.TopologicalSorter[str]):
        def static_order(self):
            sorted_nodes.append(self)
            return super().static_order()

    monkeypatch.setattr(progress_module, "TopologicalSorter", Counted)
    ended = summary(made, ExitCode.FAILED)

    assert all(
        "mart" in page for page in (ended.json(), report(ended, Before(rows={}, seconds={})), closing(ended, "s3://artifacts"))
    )
    assert len(sorted_nodes) == 1


def test_a_failed_run_says_why_and_whether_a_try_helps():
    """Airflow would try a model again that does not compile, and the metric by cause would be empty."""
    made = progress(orders=result("error", message="Compilation Error in model orders\n  'total' is undefined"))

    told = json.loads(summary(made, ExitCode.FAILED).json())["diagnosis"]

    assert (told["cause"], told["retry"], told["causes"]) == ("macro-undefined", False, ["macro-undefined"])
    assert told["resolution"]


def test_one_reason_that_can_pass_is_worth_a_try():
    """The models that only lost their connection would wait for somebody to mend another one."""
    made = progress(
        customers=result("error", message="Compilation Error in model customers\n  'total' is undefined"),
        orders=result("error", message="Database Error in model orders\n  000625 (57014): the number of waiters for this lock"),
    )

    told = json.loads(summary(made, ExitCode.FAILED).json())["diagnosis"]

    assert (told["cause"], told["retry"], told["causes"]) == ("macro-undefined", True, ["macro-undefined", "locked-out"])


def test_a_success_needs_no_reason():
    """Somebody would look for what is wrong."""
    assert json.loads(summary(progress(orders=result("success"))).json())["diagnosis"] is None
