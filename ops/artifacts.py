"""`ops artifacts`: what the runs of a workstream left in S3."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from ops.context import WorkstreamName, results, stack_of
from ops.errors import OpsError
from ops.stack import Stack, Workstream
from ops.words import since


def artifacts(
    context: typer.Context,
    workstream: WorkstreamName,
    run: Annotated[str | None, typer.Option(metavar="ID", help="Only of the run with this id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the artifacts of a workstream, newest first: bytes, age, address."""
    stack = stack_of(context)
    target = stack.workstream(workstream)
    found = sorted(_objects(stack, target, f"runs/{run}/" if run else ""), key=lambda item: item["LastModified"], reverse=True)
    if run and not found:
        raise OpsError(f"No run {run!r} of {target.name!r} has left artifacts.", f"`ops artifacts {target.name}` lists all.")
    rows = [(f"s3://{target.artifacts[0]}/{item['Key']}", item["Size"], item["LastModified"]) for item in found]
    if as_json:
        written = [{"uri": uri, "bytes": size, "written": when.isoformat(timespec="seconds")} for uri, size, when in rows]
        typer.echo(json.dumps(written))
        return
    for uri, size, when in rows:
        results.print(f"{size:>11,}  {since(when):>10}  {escape(uri)}")
    if not rows:
        results.print(f"Nothing is in {target.artifacts_uri}/ yet.")


@dataclass(frozen=True, kw_only=True)
class Left:
    """A page of JSON that a try of a run left, or goes on writing."""

    folder: str
    """`s3://bucket/workstream/runs/<run>/<try>`."""
    page: dict[str, Any]


def left(stack: Stack, workstream: Workstream, run_id: str, name: str) -> Left | None:
    """The page of this name of the run's last try that has one; None as well if who asks may not read it."""
    bucket = workstream.artifacts[0]
    try:
        keys = [item["Key"] for item in _objects(stack, workstream, f"runs/{run_id}/") if item["Key"].endswith(f"/{name}")]
        if not keys:
            return None
        last = max(keys, key=lambda key: int(key.split("/")[-2]))
        page = json.load(stack.client("s3").get_object(Bucket=bucket, Key=last)["Body"])
    except (BotoCoreError, ClientError):
        return None
    return Left(folder=f"s3://{bucket}/{last.rpartition('/')[0]}", page=page)


def _objects(stack: Stack, workstream: Workstream, below: str) -> Iterator[Any]:
    bucket, prefix = workstream.artifacts
    pages = stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/{below}")
    return (item for page in pages for item in page.get("Contents", []))
