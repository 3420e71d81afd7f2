"""`ops status`: how each workstream is."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from rich.markup import escape
from runner.progress import FAILED

from ops.airflow import AILING, Airflow
from ops.artifacts import left
from ops.context import AT_ONCE, here, messages, results, stack_of
from ops.explain import SUMMARY, of_summary
from ops.run import progress, seconds
from ops.stack import Stack, Workstream
from ops.words import lasting, since

COLORS = {"success": "green", "failed": "red", "running": "yellow", "queued": "yellow", "not loaded": "red"}

NAMED = 10
"""Failed nodes that are named."""


def status(
    context: typer.Context,
    workstream: Annotated[str | None, typer.Argument(metavar="WORKSTREAM", help="Name; without it all of them.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="OWNER", help="Only of the workstreams of this owner.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only of the workstreams whose last run failed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Show the last run of each workstream."""
    stack = stack_of(context)
    targets = [stack.workstream(workstream)] if workstream else stack.workstreams()
    airflow = Airflow(stack)
    airflow.require_available()
    dags, newest = airflow.dags(), airflow.newest_runs(target.dag_id for target in targets)
    wanted = [
        target
        for target in targets
        if (not failed or _state(dags.get(target.dag_id), newest.get(target.dag_id)) == "failed")
        and (owner is None or owner in dags.get(target.dag_id, {}).get("owners", []))
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        rows = list(pool.map(lambda target: _row(stack, target, dags.get(target.dag_id), newest.get(target.dag_id)), wanted))
    if as_json:
        typer.echo(json.dumps(rows))
        return
    if not rows:
        messages.print("No workstream's last run failed." if failed else f"No workstream is owned by {escape(owner or '')}.")
    width = max((len(row["workstream"]) for row in rows), default=0)
    for row in rows:
        color = COLORS.get(row["state"], "default")
        results.print(f"{escape(row['workstream']):<{width}}  [{color}]{row['state']:<7}[/{color}]  {escape(_when(row))}")
        for name, value in _details(row):
            results.print(f"{'':<{width}}  {name:<7}  {escape(value)}")
    if ailing := airflow.ailing():
        messages.print(f"[red]Nothing moves in Airflow:[/red] {escape(ailing)}. {AILING}")
    if errors := airflow.import_errors():
        messages.print(f"[red]Airflow can't load:[/red] {escape(errors)}")


def _state(dag: dict[str, Any] | None, last: dict[str, Any] | None) -> str:
    if dag is None:
        return "not loaded"
    return last["state"] if last else "never ran"


def _row(stack: Stack, workstream: Workstream, dag: dict[str, Any] | None, last: dict[str, Any] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"workstream": workstream.name, "dagId": workstream.dag_id, "state": _state(dag, last)}
    row["after"] = list(workstream.after)
    if dag is None:
        return row
    row |= {"paused": dag["is_paused"], "nextRun": dag.get("next_dagrun_run_after")}
    if last:
        row |= {"runId": last["dag_run_id"], "started": last["start_date"], "seconds": seconds(last)}
    if last and last["state"] == "failed":
        row |= _failure(stack, workstream, last["dag_run_id"])
    if last and last["state"] == "running":
        row["progress"] = progress(stack, workstream, last["dag_run_id"])
    return row


def _failure(stack: Stack, workstream: Workstream, run_id: str) -> dict[str, Any]:
    """What the container found out, if it left anything that may be read; `ops explain` says more."""
    found = left(stack, workstream, run_id, SUMMARY)
    if not found:
        return {"cause": None}
    why = of_summary(found.page, {})
    return {
        "cause": why.summary if why else None,
        "failed": [node["name"] for node in found.page["nodes"] if node["status"] in FAILED],
        "nodes": len(found.page["nodes"]),
        "report": f"{found.folder}/report.html",
    }


def _when(row: dict[str, Any]) -> str:
    """Age and duration of the run, and when the next is due."""
    parts = [row.get("progress", "")]
    if row.get("started"):
        parts.append(since(row["started"]))
    if row.get("seconds") is not None:
        parts.append(f"took {lasting(row['seconds'])}")
    if row["state"] != "not loaded":
        parts.append("paused" if row["paused"] else _next(row))
    return ", ".join(filter(None, parts))


def _next(row: dict[str, Any]) -> str:
    """What starts it."""
    clock = f"next run {since(row['nextRun']).replace('ago', 'overdue')}" if row.get("nextRun") else ""
    others = f"after {', '.join(row['after'])}" if row["after"] else ""
    return " or ".join(filter(None, [clock, others])) or "by hand"


def _details(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is too long for the first line; each whole, so that it can be copied."""
    if "runId" in row:
        yield "run", row["runId"]
    if row["state"] != "failed":
        return
    if failed := row.get("failed"):
        more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        yield "failed", f"{', '.join(failed[:NAMED])}{more} ({len(failed)} of {row['nodes']} nodes)"
    yield "why", row["cause"] or "it left no summary"
    yield "more", here(f"ops explain {row['workstream']}")
    if "report" in row:
        yield "report", here(f"ops open {row['workstream']} --run {row['runId']}")
