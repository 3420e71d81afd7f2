"""`ops run`: start a workstream now."""

import contextlib
import json
import time
from datetime import datetime
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from runner.causes import heard
from runner.commands import parse
from runner.journal import FILE as PROGRESS
from runner.progress import FAILED

from ops.airflow import AILING, Airflow
from ops.artifacts import left
from ops.context import WorkstreamName, here, messages, results, stack_of
from ops.errors import OpsError
from ops.explain import SUMMARY, of_run
from ops.logs import last_words
from ops.stack import Stack, Workstream

ENDED = {"success", "failed"}
POLL = 2
"""Seconds between two looks at a run."""

PATIENCE = 300
"""Seconds for which a part of Airflow may give no sign of life: a scheduler that is replaced needs two minutes or three."""

SAY_AGAIN = 30
"""Seconds between two lines about the progress where no terminal can show it in place."""


def run(
    context: typer.Context,
    workstream: WorkstreamName,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the run has ended; exit code 1 if it failed.")] = False,
    minutes: Annotated[int, typer.Option(metavar="MINUTES", min=1, help="How long to wait at most.")] = 1440,
    select: Annotated[
        list[str] | None, typer.Option(metavar="SELECTOR", help="dbt selector, instead of the workstream's own; may repeat.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="SELECTOR", help="dbt selector to leave out; may repeat.")] = None,
    selector: Annotated[
        str | None, typer.Option(metavar="NAME", help="Selector of the project's selectors.yml, instead of both.")
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMMAND", help="dbt command, instead of the workstream's: for instance 'run-operation NAME'; may repeat."
        ),
    ] = None,
    full_refresh: Annotated[
        bool | None, typer.Option("--full-refresh/--no-full-refresh", help="Build incremental models from scratch.")
    ] = None,
    only_new: Annotated[
        bool | None, typer.Option("--only-new/--all", help="Only what has newer data, changed code, or had failed; or all of it.")
    ] = None,
    threads: Annotated[int | None, typer.Option(metavar="NUMBER", min=1, max=64, help="Models at the same time.")] = None,
    warehouse: Annotated[str | None, typer.Option(metavar="NAME", help="Snowflake warehouse.")] = None,
    date: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day to build, 2026-01-31, in the workstream's time zone.")
    ] = None,
    variables: Annotated[
        str | None, typer.Option("--vars", metavar="JSON", help='dbt variables as JSON, e.g. \'{"day": "2026-01-31"}\'.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run as JSON.")] = False,
) -> None:
    """Start a workstream through Airflow."""
    stack = stack_of(context)
    target = stack.workstream(workstream)
    params = parameters(
        select=select,
        exclude=exclude,
        selector=selector,
        commands=command,
        full_refresh=full_refresh,
        only_new=only_new,
        threads=threads,
        warehouse=warehouse,
        date=date,
        variables=variables,
    )
    airflow = Airflow(stack)
    airflow.require_available()
    with messages.status(f"waiting for Airflow to load {target.dag_id}"):
        airflow.require_dag(target.dag_id)
    run_id = airflow.trigger(target.dag_id, params)
    messages.print(f"{target.name}: run {escape(run_id)} started")
    found = _wait(stack, airflow, target, run_id, minutes) if wait else airflow.run(target.dag_id, run_id)
    if found["state"] == "failed":
        _tell_failure(stack, airflow, target, run_id)
    told = _outcome(stack, target, found)
    if as_json:
        typer.echo(json.dumps(told))
    else:
        results.print(_ending(told), markup=False)
    if found["state"] == "failed":
        raise typer.Exit(1)


def _tell_failure(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str) -> None:
    """The last block of its container, which says what failed and what to do, and the diagnosis if that block has none."""
    words = last_words(stack, airflow, workstream, run_id)
    if words:
        messages.print(here("\n".join(words)), markup=False)
    if not heard(words):
        with contextlib.suppress(OpsError, BotoCoreError, ClientError):  # the run's own failure is what counts
            messages.print(here(str(of_run(stack, workstream, run_id))), markup=False)


def _outcome(stack: Stack, workstream: Workstream, found: dict[str, Any]) -> dict[str, Any]:
    """The run for a program; with what it built once it has ended and left a summary."""
    told = {
        "workstream": workstream.name,
        "dagId": workstream.dag_id,
        "runId": found["dag_run_id"],
        "state": found["state"],
        "seconds": seconds(found),
    }
    summary = left(stack, workstream, found["dag_run_id"], SUMMARY) if found["state"] in ENDED else None
    if summary:
        rows = [node["rows"] for node in summary.page["nodes"] if node["rows"] is not None]
        told |= {"nodes": summary.page["counts"], "rows": sum(rows), "report": f"{summary.folder}/report.html"}
    return told


def _ending(told: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{told['workstream']}: {told['state']}" + (f" after {told['seconds']:.0f} s" if told["seconds"] else "")]
    if "nodes" in told:
        nodes = ", ".join(f"{count} {status}" for status, count in sorted(told["nodes"].items()))
        lines[0] += f": {nodes or 'no node was run'}; {told['rows']:,} rows written"
        lines.append(f"  report  ops open {told['workstream']} --run {told['runId']}")
    return here("\n".join([*lines, f"  log     ops logs {told['workstream']} --run {told['runId']}"]))


def parameters(*, variables: str | None = None, commands: list[str] | None = None, **given: Any) -> dict[str, Any]:
    """What differs from the workstream's own settings, as the DAG's form takes it.

    Raises:
        OpsError: the variables are no JSON object, or a command is none of dbt's.
    """
    params: dict[str, Any] = {name: value for name, value in given.items() if value is not None and value != []}
    if commands:
        params["commands"] = [_checked(text) for text in commands]
    if variables is not None:
        try:
            params["vars"] = json.loads(variables)
        except ValueError as error:
            raise OpsError(f"--vars is no JSON: {error}", 'Write an object: --vars \'{"day": "2026-01-31"}\'') from error
        if not isinstance(params["vars"], dict):
            raise OpsError(f"--vars is {variables}, no object.", 'Write an object: --vars \'{"day": "2026-01-31"}\'')
    return params


def _checked(command: str) -> str:
    try:
        return str(parse(command))
    except ValueError as error:
        raise OpsError(f"{error}.", "Correct --command.") from None


def seconds(found: dict[str, Any]) -> float | None:
    """How long a run took; None if it has not ended."""
    if not found.get("start_date") or not found.get("end_date"):
        return None
    return (datetime.fromisoformat(found["end_date"]) - datetime.fromisoformat(found["start_date"])).total_seconds()


def _wait(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str, minutes: int) -> dict[str, Any]:
    begin = alive = said = time.monotonic()
    again = f"ops logs {workstream.name} --run {run_id} --follow"
    try:
        with messages.status(f"{workstream.name}: queued") as status:
            while (found := airflow.run(workstream.dag_id, run_id))["state"] not in ENDED:
                now, ailing = time.monotonic(), airflow.ailing()
                alive = alive if ailing else now
                if now - alive > PATIENCE:
                    raise OpsError(f"The run {run_id} is {found['state']} and does not move: {ailing}.", AILING)
                if now - begin > minutes * 60:
                    problem = f"The run {run_id} is still {found['state']} after {minutes} minutes."
                    raise OpsError(problem, f"It goes on. Look at it again: {again}")
                built = progress(stack, workstream, run_id) if found["state"] == "running" else ""
                told = ", ".join(filter(None, [f"{workstream.name}: {found['state']}", built, f"{now - begin:.0f} s", ailing]))
                status.update(escape(told))
                if not messages.is_terminal and now - said > SAY_AGAIN:
                    said = now
                    messages.print(told, markup=False)
                time.sleep(POLL)
    except KeyboardInterrupt:
        messages.print(f"The run goes on without you. Look at it again: {here(again)}", markup=False)
        raise
    return found


def progress(stack: Stack, workstream: Workstream, run_id: str) -> str:
    """`12 of 28 nodes, 1 failed`, as the container stored it last; nothing before it builds."""
    found = left(stack, workstream, run_id, PROGRESS)
    if not found or not found.page.get("of"):
        return ""
    results = found.page["results"].values()
    failed = sum(result["status"] in FAILED for result in results)
    return f"{len(results)} of {found.page['of']} nodes" + (f", {failed} failed" if failed else "")
