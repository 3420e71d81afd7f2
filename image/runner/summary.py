"""`summary.json`: the run in one machine-readable page. It is stored last, so whoever finds it finds the whole run."""

import json
from dataclasses import asdict

from runner.environment import Environment
from runner.outcome import ExitCode
from runner.progress import Progress

SCHEMA_VERSION = 1


def summary(environment: Environment, progress: Progress, *, code: ExitCode, started: str, seconds: float, problem: str) -> str:
    """JSON; see the keys."""
    nodes = [
        {"id": node.id, "kind": node.kind, "path": node.path, **_result(progress, node.id)} for node in progress.nodes.values()
    ]
    page = {
        "schemaVersion": SCHEMA_VERSION,
        "workstream": environment.workstream,
        "runId": environment.run_id,
        "try": environment.try_number,
        "logicalDate": environment.logical_date or None,
        "target": environment.target,
        "outcome": code.name.lower(),
        "exitCode": int(code),
        "problem": problem or None,
        "started": started,
        "seconds": round(seconds, 1),
        "counts": progress.counts(),
        "nodes": nodes,
    }
    return json.dumps(page, indent=1)


def _result(progress: Progress, node_id: str) -> dict[str, object]:
    return asdict(progress.results[node_id]) if node_id in progress.results else {}
