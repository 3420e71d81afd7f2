"""What a person sees of the container's log."""

import json
import re

import dbt_lines
import pytest
from runner import lines
from runner.lines import _TELLERS, event_of, shown

TIME = "2026-11-29T12:01:33.123+00:00"
MODEL = {"node": "model.shop.payments", "relation": '"ANALYTICS"."FINANCE"."PAYMENTS"', "materialized": "incremental"}
TEST = {"node": "test.shop.unique_payments_id.8f1c"}
UNIT_TEST = {"node": "unit_test.shop.payments.adds_up"}


def line(event: str, **fields: object) -> str:
    return shown(json.dumps({"time": TIME, "event": event, **fields})) or ""


def finished(of: dict[str, str], status: str, **fields: object) -> str:
    return line("node_finished", **of, status=status, seconds=1.234, n=4, of=28, **fields)


LINES = [
    (finished(MODEL, "success", rows=12), "4 of 28 OK created incremental model FINANCE.PAYMENTS [SUCCESS 12 in 1.2s]"),
    (finished(MODEL, "success"), "4 of 28 OK created incremental model FINANCE.PAYMENTS [SUCCESS in 1.2s]"),
    (finished(MODEL, "skipped"), "4 of 28 SKIP incremental model FINANCE.PAYMENTS [SKIP]"),
    (finished(MODEL, "cancelled"), "4 of 28 CANCELLED creating incremental model FINANCE.PAYMENTS [CANCELLED in 1.2s]"),
    (finished(TEST, "pass"), "4 of 28 PASS unique_payments_id [PASS in 1.2s]"),
    (finished(TEST, "warn", failures=3), "4 of 28 WARN 3 unique_payments_id [WARN 3 in 1.2s]"),
    (finished(UNIT_TEST, "pass"), "4 of 28 PASS payments.adds_up [PASS in 1.2s]"),
    (finished({"node": "seed.shop.rates"}, "success", rows=5), "4 of 28 OK loaded seed file rates [SUCCESS 5 in 1.2s]"),
    (line("node_started", **MODEL), "START incremental model FINANCE.PAYMENTS [RUN]"),
    (line("freshness", source="source.shop.raw.orders", status="runtime error"), "ERROR freshness of raw.orders [can't be read]"),
    (line("still_running", nodes=["model.shop.payments"], seconds=60), "Nothing has ended for 60 s; running: payments"),
    (line("warning", message="no state"), "WARNING no state"),
    (line("dbt", level="info", dbtEvent="JinjaLogInfo", message="hello"), "hello"),
    (line("of_tomorrow", nodes=3), "of tomorrow: nodes 3"),
]
"""What is shown, and the same without the time and dbt's dots."""


@pytest.mark.parametrize(("told", "expected"), LINES, ids=[expected for _, expected in LINES])
def test_an_event_reads_like_dbts_own_line(told: str, expected: str):
    """People know those, and one event of JSON fills five rows of a terminal."""
    assert re.sub(r" \.{3,} ", " ", told) == f"12:01:33  {expected}"


@pytest.mark.parametrize("told", [told for told, _ in LINES if "..." in told])
def test_dots_fill_a_narrow_terminal_and_no_more(told: str):
    """A line that wraps costs two rows for nothing; what identifies the node is never cut."""
    assert len(told) == 79 or " ... [" in told


def test_a_failure_is_whole():
    """Its end is what says where the mistake is."""
    message = "Database Error in model payments\n  001003 (42000): SQL compilation error\n  " + "x" * 500

    first, *rest = finished(MODEL, "error", message=message).splitlines()

    assert first == "12:01:33  4 of 28 ERROR creating incremental model FINANCE.PAYMENTS ... [ERROR in 1.2s]"
    assert "".join(rest).replace(" ", "") == "".join(message.split("\n")).replace(" ", "")


def test_the_metrics_are_for_machines_only():
    """Six lines of CloudWatch's own format say nothing to whoever reads a log."""
    assert shown('{"_aws": {"Timestamp": 1}, "RunDuration": 3}') is None


@pytest.mark.parametrize("text", ["dbt succeeded: 3 pass", "", "{not json", '{"a": 1}', "[1]", '{"event": "of a project"}'])
def test_what_is_no_event_of_ours_stays_as_it_is(text: str):
    """The last block, a crash of the interpreter, what a project prints."""
    assert shown(text) == text
    assert event_of(text) is None


@pytest.mark.parametrize("event", _TELLERS)
def test_an_event_with_fewer_fields_is_shown_all_the_same(event: str):
    """After a rollback an older image writes the log, and the line must not be what fails the run."""
    assert line(event).startswith("12:01:33  ")


def test_airflow_shows_what_ops_shows():
    assert dbt_lines.__file__ != lines.__file__
    assert dbt_lines.shown(json.dumps({"time": TIME, "event": "warning", "message": "m"})) == "12:01:33  WARNING m"
