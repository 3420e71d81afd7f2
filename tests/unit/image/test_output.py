"""What leaves the container on its standard output."""

import io
import json

from runner.artifacts import Artifacts
from runner.metrics import metrics
from runner.outcome import ExitCode
from runner.output import MASK, Output

from tests.unit.image.support import environment, progress, result, summary

KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvwIBADANBgkqhkiG9w0\nBAQEFAASCBKkwggSlAgEAAo\n-----END PRIVATE KEY-----\n"


def test_a_secret_is_masked_in_whatever_shape_it_appears():
    """A database's message may quote what it was sent, whole, in JSON or in part."""
    stream = io.StringIO()
    output = Output([KEY, "a passphrase", ""], stream)

    output.event("dbt", message=f"connecting with {KEY}")
    output.text("line: BAQEFAASCBKkwggSlAgEAAo and a passphrase")

    written = stream.getvalue()
    assert MASK in written
    for part in ("MIIEvwIBADANBgkqhkiG9w0", "BAQEFAASCBKkwggSlAgEAAo", "a passphrase"):
        assert part not in written


def test_a_secret_is_masked_in_artifacts_too():
    """Artifacts are read by more people than the secret."""
    stored: dict[str, bytes] = {}

    class Bucket:
        def put_object(self, Key: str, Body: bytes, **_: object) -> None:  # noqa: N803
            stored[Key] = Body

    Artifacts(environment(), Output(["the passphrase"]), Bucket()).put("dbt.log", "it is the passphrase")

    assert stored == {"sales/runs/run-1/1/dbt.log": f"it is {MASK}".encode()}


def test_each_event_is_one_line_of_json():
    """A log query could not find anything by field."""
    stream = io.StringIO()

    Output(stream=stream).event("node_finished", node="model.orders", message="first\nsecond", rows=None)

    [line] = stream.getvalue().splitlines()
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "event": "node_finished",
        "node": "model.orders",
        "message": "first\nsecond",
    }


def test_metrics_are_in_the_format_that_cloudwatch_extracts():
    """Alarms and dashboards would stay empty (CloudWatch User Guide, "Embedded metric format specification")."""
    made = progress(customers=result("success"), orders=result("error"), sales=result("skipped"))

    line = json.loads(metrics(summary(made, ExitCode.FAILED), to_first_query=4.56))

    directive, by_cause = line["_aws"]["CloudWatchMetrics"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert directive["Dimensions"] == [["Platform", "Workstream"]]
    assert (by_cause["Dimensions"], line["Cause"], line["RunFailed"]) == ([["Platform", "Cause"]], "unknown", 1)
    assert (line["Platform"], line["Workstream"]) == ("dbt-platform-test", "sales")
    values = {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}
    assert values == {
        "RunDuration": 12.3,
        "RunSucceeded": 0,
        "NodesSucceeded": 1,
        "NodesFailed": 1,
        "NodesSkipped": 1,
        "TimeToFirstQuery": 4.6,
    }
