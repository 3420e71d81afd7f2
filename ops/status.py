"""`ops status`: how each workstream is."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.airflow import AILING, Airflow
from ops.context import AT_ONCE, messages, stack_of
from ops.explain import of_summary, summary
from ops.run import seconds
from ops.stack import Stack, Workstream

COLORS = {"success": "green", "failed": "red", "running": "yellow", "queued": "yellow", "not loaded": "red"}


def status(
    context: typer.Context,
    workstream: Annotated[str | None, typer.Argument(help="Name; without it all of them.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only of the workstreams of this owner.")] = None,
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
    Console().print(_table(rows))
    for row in rows:
        if row["state"] == "failed":
            why = row.get("cause") or "no summary"
            messages.print(f"[red]{escape(row['workstream'])}:[/red] {escape(why)} (ops explain {escape(row['workstream'])})")
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
    if dag is None:
        return row
    row |= {"paused": dag["is_paused"], "nextRun": dag.get("next_dagrun_run_after")}
    if last:
        row |= {"runId": last["dag_run_id"], "started": last["start_date"], "seconds": seconds(last)}
    if last and last["state"] == "failed":
        row["cause"] = _cause(stack, workstream, last["dag_run_id"])
    return row


def _cause(stack: Stack, workstream: Workstream, run_id: str) -> str | None:
    """What the container found out, if it left anything that may be read; `ops explain` says more."""
    try:
        page = summary(stack, workstream, run_id)
    except (BotoCoreError, ClientError):
        return None
    found = of_summary(page, {})
    return found.summary if found else None


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("workstream", "state", "started", "seconds", "run", "next run")
    for row in rows:
        color = COLORS.get(row["state"], "white")
        took = row.get("seconds")
        following = "paused" if row.get("paused") else row.get("nextRun") or "by hand"
        table.add_row(
            escape(row["workstream"]),
            f"[{color}]{row['state']}[/{color}]",
            row.get("started") or "",
            "" if took is None else f"{took:.0f}",
            escape(row.get("runId", "")),
            following,
        )
    return table
