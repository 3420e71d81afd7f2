"""`ops logs`: what the container of a run said."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from ops.airflow import Airflow
from ops.context import stack_of
from ops.errors import OpsError
from ops.stack import Stack, Workstream

ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}

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
    run_id = run or newest(airflow, target)
    for line in _followed(stack, airflow, target, run_id, lines) if follow else last_lines(stack, airflow, target, run_id, lines):
        typer.echo(line)


def last_lines(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str, count: int) -> list[str]:
    """The last lines of the run's last container; a sentence about it if there are none."""
    client, task = stack.session.client("logs"), airflow.task(workstream.dag_id, run_id)
    stream = _stream(client, workstream, task)
    if stream is None:
        return [f"No container has written a line for {run_id} (state {task['state']}): see Airflow's task log."]
    answer = client.get_log_events(logGroupName=workstream.log_group, logStreamName=stream, startFromHead=False, limit=count)
    return [event.get("message", "") for event in answer["events"]]


def _followed(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str, count: int) -> Iterator[str]:
    """Last lines and then new ones, also of the next try; ends when the run has ended and its last line was read."""
    client, stream, token = stack.session.client("logs"), None, {}
    while True:
        task = airflow.task(workstream.dag_id, run_id)
        current, events = _stream(client, workstream, task), []
        if current:
            if current != stream:
                stream, token = current, {"startFromHead": False, "limit": count} if stream is None else {"startFromHead": True}
            answer: Any = client.get_log_events(logGroupName=workstream.log_group, logStreamName=stream, **token)
            token, events = {"startFromHead": True, "nextToken": answer["nextForwardToken"]}, answer["events"]
            yield from (event["message"] for event in events)
        if task["state"] in ENDED and not events:
            return
        if not events:
            time.sleep(POLL)


def _stream(client: Any, workstream: Workstream, task: dict[str, Any]) -> str | None:
    """The log stream of a try: the one that was written to in its time, because a workstream never runs twice at once.

    CloudWatch's own list of streams by time may be an hour behind (API reference, DescribeLogStreams).
    """
    if not task["start_date"]:
        return None
    window = {"startTime": _milliseconds(task["start_date"])}
    if task["end_date"]:
        window["endTime"] = _milliseconds(task["end_date"])
    search = client.get_paginator("filter_log_events").paginate(
        logGroupName=workstream.log_group,
        logStreamNamePrefix=f"{workstream.log_stream_prefix}/",
        PaginationConfig={"MaxItems": 1},
        **window,
    )
    return next((event["logStreamName"] for page in search for event in page["events"]), None)


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


def newest(airflow: Airflow, workstream: Workstream) -> str:
    """Id of the workstream's newest run. Raises OpsError if it has not run yet."""
    newest = airflow.runs(workstream.dag_id, 1)
    if not newest:
        raise OpsError(f"{workstream.name!r} has not run yet.", f"Run it: ops run {workstream.name} --wait")
    return newest[0]["dag_run_id"]
