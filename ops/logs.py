"""`ops logs`: what the container of a run said."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text
from runner.lines import event_of, shown

from ops.airflow import Airflow
from ops.context import RunId, WorkstreamName, here, results, stack_of
from ops.errors import OpsError
from ops.stack import Stack, Workstream

ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}

POLL = 2
"""Seconds between two looks for new lines."""

LAST = 60
"""Lines in which the block at a container's end is (`image/runner/closing.py`)."""

STYLES = {"error": "red", "warn": "yellow"}
"""By level of an event."""


def logs(
    context: typer.Context,
    workstream: WorkstreamName,
    run: RunId = None,
    *,
    lines: Annotated[
        int, typer.Option("--lines", "-n", metavar="LINES", min=1, max=10_000, help="How many of the last lines.")
    ] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until the run has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the events as they are, one JSON object a line.")] = False,
) -> None:
    """Show the last lines that a run's container wrote to CloudWatch Logs."""
    stack = stack_of(context)
    target = stack.workstream(workstream)
    airflow = Airflow(stack)
    run_id = run or newest(airflow, target)
    for line in _followed(stack, airflow, target, run_id, lines) if follow else last_lines(stack, airflow, target, run_id, lines):
        if not as_json:
            show(line)
        elif event_of(line):
            typer.echo(line)


def show(line: str) -> None:
    """Prints a line of the log as a person reads it; what is for machines only not at all."""
    text = shown(line)
    if text is not None:
        results.print(Text(here(text), STYLES.get((event_of(line) or {}).get("level", ""), "")))


def last_lines(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str, count: int) -> list[str]:
    """The last lines of the run's last container. Raises OpsError if there are none."""
    client, task = stack.session.client("logs"), airflow.task(workstream.dag_id, run_id)
    stream = _stream(client, workstream, task)
    if stream is None:
        problem = f"No container has written a line for {run_id} (state {task['state']})."
        raise OpsError(problem, "If it has failed: Airflow's task log says why, and so does `ops explain`.")
    answer = client.get_log_events(logGroupName=workstream.log_group, logStreamName=stream, startFromHead=False, limit=count)
    return [event.get("message", "") for event in answer["events"]]


def last_words(stack: Stack, airflow: Airflow, workstream: Workstream, run_id: str) -> list[str]:
    """What its container said to people at its end; nothing if it never started, or who asks may not read it."""
    try:
        lines = last_lines(stack, airflow, workstream, run_id, LAST)
    except (OpsError, BotoCoreError, ClientError):
        return []
    return [line for line in lines if not line.startswith("{")]


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
    newest = airflow.newest_runs([workstream.dag_id])
    if not newest:
        raise OpsError(f"{workstream.name!r} has not run yet.", f"Run it: ops run {workstream.name} --wait")
    return newest[workstream.dag_id]["dag_run_id"]
