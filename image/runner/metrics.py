"""CloudWatch metrics, as a log line: CloudWatch Logs extracts them (CloudWatch User Guide, "Embedded metric format")."""

import json
import time

from runner.outcome import ExitCode
from runner.progress import CANCELLED, FAILED, NOT_RUN, SKIPPED, SUCCEEDED
from runner.summary import Summary

NAMESPACE = "dbt-platform"
DIMENSIONS = ("Platform", "Workstream")
BY_CAUSE = ("Platform", "Cause")
"""Of the runs that failed: what fails most."""


def metrics(summary: Summary, to_first_query: float | None) -> str:
    """One line of JSON: duration, nodes by outcome, seconds to the first query, and for a run that failed its cause."""
    progress = summary.progress
    values: dict[str, float] = {
        "RunDuration": summary.seconds,
        "RunSucceeded": int(summary.code == ExitCode.SUCCESS),
        "NodesSucceeded": len(progress.with_status(SUCCEEDED)),
        "NodesFailed": len(progress.with_status(FAILED)),
        "NodesSkipped": len(progress.with_status({SKIPPED, CANCELLED, NOT_RUN})),
    }
    if to_first_query is not None:
        values["TimeToFirstQuery"] = round(to_first_query, 1)
    units = {name: "Seconds" if name in {"RunDuration", "TimeToFirstQuery"} else "Count" for name in values}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [DIMENSIONS],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
    }
    directives, cause = [directive], {}
    if summary.reasons:
        directives.append({"Namespace": NAMESPACE, "Dimensions": [BY_CAUSE], "Metrics": [{"Name": "RunFailed", "Unit": "Count"}]})
        cause = {"Cause": summary.reasons[0].cause, "RunFailed": 1}
    embedded = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}
    whose = dict(zip(DIMENSIONS, (summary.environment.platform, summary.environment.workstream), strict=True))
    return json.dumps({"_aws": embedded, **whose, **values, **cause})
