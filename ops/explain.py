"""`ops explain`: why a run failed, or what a message means, outside of Airflow."""

import json
import re
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from runner.causes import BY_ID, PAGE, UNKNOWN, Diagnosis, diagnose_stopped, diagnosis, guesses, heard, names_of, shortened

from ops.airflow import Airflow
from ops.artifacts import left
from ops.context import RunId, here, messages, stack_of
from ops.errors import OpsError
from ops.logs import last_words, newest
from ops.stack import Stack, Workstream

CONTAINER = "dbt"
"""Of each task definition (components/workstream.py)."""

PASTE = "Paste the message, or the end of a log: `ops explain - < message.txt`"

SUMMARY = "summary.json"
"""What a run leaves last (image/README.md)."""


def explain(
    context: typer.Context,
    workstream: Annotated[
        str | None, typer.Argument(metavar="WORKSTREAM", help="Name; `-` reads a message from standard input instead.")
    ] = None,
    run: RunId = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the diagnosis as JSON.")] = False,
) -> None:
    """Say why a run of a workstream failed, and what to do; or what a pasted message means."""
    others: list[Diagnosis] = []
    if workstream in (None, "-"):
        found, *others = of_message(_pasted())
    else:
        stack = stack_of(context)
        found = of_run(stack, stack.workstream(workstream), run)
    if as_json:
        typer.echo(json.dumps({**_fields(found), "others": [other.cause for other in others]}))
        return
    typer.echo(here(str(found)))
    if others:
        typer.echo("\nNobody is named who says so, and others say it too. Paste the lines around it, or it may be:")
        typer.echo("\n".join(f"  {other.summary} ({PAGE}#{other.cause})" for other in others))


def _pasted() -> str:
    """Standard input, without what would move a terminal's cursor. Raises OpsError if it is no text."""
    if sys.stdin.isatty():
        messages.print("Paste the message, then press Ctrl+D.")
    given = sys.stdin.buffer.read()
    if b"\0" in given:
        raise OpsError("That is no text.", PASTE)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", given.decode(errors="replace"))
    return "".join(each for each in text if each.isprintable() or each.isspace())


def of_message(text: str) -> list[Diagnosis]:
    """What whatever somebody copied may mean, the likeliest first: a line of a log, a reason of AWS's, the end of a task's log."""
    if not text.strip():
        raise OpsError("There is no message.", PASTE)
    told, text = heard(text.splitlines()), shortened(text.strip())
    if told and told[0] in BY_ID:
        return [diagnosis(BY_ID[told[0]], text)]
    return guesses(text)


def of_run(stack: Stack, workstream: Workstream, run: str | None) -> Diagnosis:
    """The diagnosis of a run that failed: what its container left, or said, or why AWS stopped it."""
    airflow = Airflow(stack)
    run_id = run or newest(airflow, workstream)
    state = airflow.run(workstream.dag_id, run_id)["state"]
    if state != "failed":
        raise OpsError(f"The run {run_id} of {workstream.name!r} has not failed: it is {state}.", "Name another: --run ID")
    names = names_of(stack.output("airflowEnvironment"), workstream.name)
    summary = left(stack, workstream, run_id, SUMMARY)
    if found := of_summary(summary and summary.page, names):
        return found
    lines = last_words(stack, airflow, workstream, run_id)
    task = stopped(stack, workstream, run_id)
    told = diagnose_stopped(task, CONTAINER, log=lines, names=names) if task else None
    return told or of_message("\n".join(lines) or "No container has written a line: see Airflow's task log.")[0]


def stopped(stack: Stack, workstream: Workstream, run_id: str) -> dict[str, Any] | None:
    """The run's last task as ECS tells of it, which it does for about an hour (Amazon ECS, "Viewing stopped task errors")."""
    ecs, cluster = stack.session.client("ecs"), stack.output("clusterArn")
    family = workstream.task_definition.rpartition("/")[2].partition(":")[0]
    arns = ecs.list_tasks(cluster=cluster, family=family, desiredStatus="STOPPED")["taskArns"]
    tasks: list[Any] = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    own = [task for task in tasks if {"name": "DBT_RUN_ID", "value": run_id} in _variables(task)]
    return max(own, key=lambda task: task["createdAt"], default=None)


def _variables(task: Mapping[str, Any]) -> list[dict[str, str]]:
    return [entry for found in task.get("overrides", {}).get("containerOverrides", []) for entry in found.get("environment", [])]


def of_summary(page: Mapping[str, Any] | None, names: Mapping[str, str]) -> Diagnosis | None:
    """What the runner found out, as it said it."""
    told = page and page.get("diagnosis")
    if not page or not told:
        return None
    first = page.get("firstError") or {}
    detail = page["problem"] or first.get("message") or ""
    found = diagnosis(BY_ID.get(told["cause"], UNKNOWN), detail, names)
    return Diagnosis(
        cause=told["cause"],
        summary=told["summary"],
        why=told["why"],
        detail=found.detail,
        resolution=told["resolution"],
        transient=told["retry"],
    )


def _fields(found: Diagnosis) -> dict[str, object]:
    return {
        "cause": found.cause,
        "summary": found.summary,
        "why": found.why,
        "resolution": found.resolution,
        "retry": found.transient,
    }
