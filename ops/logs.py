"""`ops logs`: what the container of a run said."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ops.airflow import Airflow
from ops.context import stack_of
from ops.errors import OpsError
from ops.stack import Stack, Workstream

POLL = 2
"""Seconds between two looks for new lines."""


def logs(
    context: typer.Context,
    workstream: Annotated[str, typer.Argument(help="Name, as in the stack's configuration.")],
    run: Annotated[str | None, typer.Option(help="Id of the run; without it the newest.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until the run has ended.")] = False,
) -> None:
    """Show the last lines that a run's container wrote to CloudWatch Logs."""
    stack = stack_of(context)
    target = stack.workstream(workstream)
    airflow = Airflow(stack)
    run_id = run or _newest(airflow, target)
    for line in _followed(stack, airflow, target, run_id, lines) if follow else last_lines(stack, airflow, target, run_id, lines):
        typer.echo(line)


def last_lines(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str, count: int) -> list[str]:
    """The last lines of the run's last container; a sentence about it if there are none."""
    stream = _stream(airflow, workstream, run_id)
    if stream is None:
        state = airflow.run(workstream.dag_id, run_id)["state"]
        return [f"No container was started for {run_id} (state {state}): see Airflow's task log."]
    events = _events(stack, workstream, logStreamName=stream, startFromHead=False, limit=count)["events"]
    return [event["message"] for event in events] or ["The container has written nothing yet."]


def _followed(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str, count: int) -> Iterator[str]:
    """Last lines and then new ones; ends when the run has ended and its last line was read."""
    token: dict[str, Any] = {"startFromHead": False, "limit": count}
    while True:
        ended = airflow.run(workstream.dag_id, run_id)["state"] in {"success", "failed"}
        stream = _stream(airflow, workstream, run_id)
        events: list[Any] = []
        if stream:
            answer = _events(stack, workstream, logStreamName=stream, **token)
            token, events = {"startFromHead": True, "nextToken": answer["nextForwardToken"]}, answer["events"]
            yield from (event["message"] for event in events)
        if ended and not events:
            return
        if not events:
            time.sleep(POLL)


def _newest(airflow: Airflow, workstream: Workstream) -> str:
    found = airflow.last_run(workstream.dag_id)
    if found is None:
        raise OpsError(f"{workstream.name!r} has not run yet.", f"Run it: ops run {workstream.name} --wait")
    return found["dag_run_id"]


def _stream(airflow: Airflow, workstream: Workstream, run_id: str) -> str | None:
    """The log stream of the run's last container: CloudWatch's own order of streams may be an hour behind."""
    arn = airflow.container(workstream.dag_id, run_id)
    return f"{workstream.log_stream_prefix}/{arn.rpartition('/')[2]}" if arn else None


def _events(stack: Stack, workstream: Workstream, **request: Any) -> dict[str, Any]:
    client: Any = stack.session.client("logs")
    try:
        return client.get_log_events(logGroupName=workstream.log_group, **request)
    except client.exceptions.ResourceNotFoundException:
        return {"events": [], "nextForwardToken": ""}
