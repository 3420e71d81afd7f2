"""What a run leaves for Airflow to read, as the container's runner writes it."""

import json
from dataclasses import replace
from typing import Any

from runner.outcome import ExitCode
from runner.progress import Node, Progress, Result

from tests.unit.image import support

Ended = tuple[Node, Result]


def node(name: str, status: str, *, kind: str = "model", path: str = "", message: str = "", rows: int | None = None) -> Ended:
    """A node of a run with its result."""
    made = replace(support.node(name, kind=kind), path=path or f"models/marts/{name}.sql")
    return made, Result(status=status, message=message, rows=rows)


def summary(*ended: Ended, code: ExitCode = ExitCode.SUCCESS, problem: str = "") -> dict[str, Any]:
    """A run's `summary.json`, as the container's runner writes it."""
    run = Progress()
    run.select(node for node, _ in ended)
    run.carry_over({node.id: result for node, result in ended})
    return json.loads(support.summary(run, code, problem).json())
