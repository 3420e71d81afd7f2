"""`latest/history.json`: what the workstream's last runs were like, so that nobody has to read each of them again.

The report compares with it, and the page of the whole stack is made of it (`ops open`). Each run adds itself: a workstream has
one container at a time (dags/dbt_operator.py), so that no two write at once.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from statistics import median
from typing import Any

from runner.progress import FAILED, NOT_RUN, SKIPPED, SUCCEEDED
from runner.summary import Summary

FILE = "latest/history.json"

SCHEMA_VERSION = 1

KEPT = timedelta(days=90)
"""As long as AWS's consoles look back, and people."""

_RUNS = 2500
"""At most: ninety days of a run each hour."""

_RESULTS = 100
"""Of each node at most, so that a project of a thousand nodes stays within a few megabytes."""

_ALIKE = 50
"""Runs of which the median is what a run usually takes."""

_USUAL = 10
"""Results of which the median is what a node usually takes."""

_APART = {"docs generate"}
"""Verbs of runs that say nothing about how the workstream is doing."""

_NAMED = 20
"""Failed nodes that a run names."""


class History:
    """The file's content."""

    def __init__(self, text: bytes | None) -> None:
        """Begins anew when there is none, or one of another version."""
        found: dict[str, Any] = json.loads(text or b"{}")
        same = found.get("schemaVersion") == SCHEMA_VERSION
        self._runs: list[dict[str, Any]] = found["runs"] if same else []
        self._nodes: dict[str, dict[str, Any]] = found["nodes"] if same else {}

    def usual(self) -> dict[str, float]:
        """Id of each node: seconds that it took, the median of its last successes."""
        found: dict[str, float] = {}
        for node_id, node in self._nodes.items():
            seconds = [result[2] for result in node["results"] if result[1] in SUCCEEDED and result[2]]
            if seconds:
                found[node_id] = median(seconds[-_USUAL:])
        return found

    def alike(self, summary: Summary) -> list[float]:
        """Seconds of the last runs that take about as long: successes at their first try, as a further one does a part only."""
        good = [run for run in self._runs if (run["outcome"], run["try"]) == ("success", 1)]
        return [run["seconds"] for run in good if run.get("alike") == summary.alike][-_ALIKE:]

    def add(self, summary: Summary) -> str:
        """The file with this run, once, however often it is stored; without one that only writes documentation."""
        environment, progress = summary.environment, summary.progress
        started = summary.started.isoformat(timespec="seconds")
        since = (summary.ended - KEPT).isoformat(timespec="seconds")
        same = [run for run in self._runs if (run["run"], run["try"]) == (environment.run_id, environment.try_number)]
        runs = [run for run in self._runs if run["started"] >= since and run not in same]
        apart = {step.command.verb for step in summary.steps} <= _APART
        for node_id, node in list(self._nodes.items()):
            node["results"] = [result for result in node["results"] if result[0] >= since and result[0] != started]
            if not node["results"]:
                del self._nodes[node_id]
        for node_id, result in () if apart else progress.results.items():
            if (node := progress.nodes.get(node_id)) and result.status not in {SKIPPED, NOT_RUN}:
                kept = self._nodes.get(node_id, {}).get("results", [])
                results = [*kept, [started, result.status, result.seconds, result.rows]][-_RESULTS:]
                self._nodes[node_id] = {"name": node.name, "kind": node.kind, "path": node.path, "results": results}
        page = {
            "schemaVersion": SCHEMA_VERSION,
            "workstream": environment.workstream,
            "owner": environment.owner or None,
            "sources": [
                {"source": age.source, "status": age.status, "loaded": age.loaded, "own": age.own} for age in summary.sources
            ],
            "runs": [*runs, *([] if apart else [_run(summary, started)])][-_RUNS:],
            "nodes": self._nodes,
        }
        return json.dumps(page, separators=(",", ":"))


def _run(summary: Summary, started: str) -> Mapping[str, object]:
    progress = summary.progress
    return {
        "run": summary.environment.run_id,
        "try": summary.environment.try_number,
        "started": started,
        "seconds": summary.seconds,
        "alike": summary.alike,
        "outcome": summary.code.name.lower(),
        "counts": progress.counts(),
        "cause": summary.reasons[0].summary if summary.reasons else None,
        "failed": [progress.nodes[node_id].name for node_id in progress.with_status(FAILED) if node_id in progress.nodes][:_NAMED],
    }
