"""`ops run`: start a workstream now."""

import json
import time
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from image.runner.commands import parse
from ops.airflow import AILING, Airflow
from ops.context import messages, stack_of
from ops.errors import OpsError
from ops.logs import last_lines
from ops.stack import Workstream

ENDED = {"success", "failed"}
POLL = 2
"""Seconds between two looks at a run."""

PATIENCE = 300
"""Seconds for which a part of Airflow may give no sign of life: a scheduler that is replaced needs two minutes or three."""

LINES = 40
"""Lines of the container that a failed run shows: the runner's summary."""


def run(
    context: typer.Context,
    workstream: Annotated[str, typer.Argument(help="Name, as in the stack's configuration.")],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Until the run has ended; exit code 1 if it failed.")] = False,
    minutes: Annotated[int, typer.Option(min=1, help="Of waiting at most.")] = 1440,
    select: Annotated[list[str] | None, typer.Option(help="dbt selector, instead of the workstream's own; may repeat.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="dbt selector to leave out; may repeat.")] = None,
    selector: Annotated[str | None, typer.Option(help="Selector of the project's selectors.yml, instead of both.")] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(help="dbt command, instead of the workstream's: for instance 'run-operation NAME'; may repeat."),
    ] = None,
    full_refresh: Annotated[
        bool | None, typer.Option("--full-refresh/--no-full-refresh", help="Build incremental models from scratch.")
    ] = None,
    only_new: Annotated[
        bool | None, typer.Option("--only-new/--all", help="Only what has newer data, changed code, or had failed; or all of it.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=64, help="Models at the same time.")] = None,
    warehouse: Annotated[str | None, typer.Option(help="Snowflake warehouse.")] = None,
    date: Annotated[str | None, typer.Option(help="Day to build, 2026-01-31, in the workstream's time zone.")] = None,
    variables: Annotated[str | None, typer.Option("--vars", help='dbt variables as JSON, e.g. \'{"day": "2026-01-31"}\'.')] = None,
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
    found = _wait(airflow, target, run_id, minutes) if wait else airflow.run(target.dag_id, run_id)
    summary = {
        "workstream": target.name,
        "dagId": target.dag_id,
        "runId": run_id,
        "state": found["state"],
        "seconds": seconds(found),
    }
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(f"{target.name}: {found['state']}" + (f" after {summary['seconds']:.0f} s" if summary["seconds"] else ""))
    if found["state"] == "failed":
        tail = "\n".join(last_lines(stack, airflow, target, run_id, LINES))
        raise OpsError(
            f"{tail}\nThe run {run_id} of {target.name!r} failed.", "The lines above say why; Airflow's task log says more."
        )


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


def _wait(airflow: Airflow, workstream: Workstream, run_id: str, minutes: int) -> dict[str, Any]:
    begin = alive = time.monotonic()
    try:
        with messages.status(f"{workstream.name}: queued") as status:
            while (found := airflow.run(workstream.dag_id, run_id))["state"] not in ENDED:
                now, ailing = time.monotonic(), airflow.ailing()
                alive = alive if ailing else now
                if now - alive > PATIENCE:
                    raise OpsError(f"The run {run_id} is {found['state']} and does not move: {ailing}.", AILING)
                if now - begin > minutes * 60:
                    problem = f"The run {run_id} is still {found['state']} after {minutes} minutes."
                    raise OpsError(problem, f"It goes on. Look at it again: ops logs {workstream.name} --run {run_id} --follow")
                status.update(f"{workstream.name}: {found['state']}, {now - begin:.0f} s{f'; {ailing}' if ailing else ''}")
                time.sleep(POLL)
    except KeyboardInterrupt:
        messages.print(f"The run goes on without you. Look at it again: ops logs {workstream.name} --run {escape(run_id)} --follow")
        raise
    return found
