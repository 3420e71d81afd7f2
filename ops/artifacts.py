"""`ops artifacts`: what the runs of a workstream left in S3."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.context import stack_of


def artifacts(
    context: typer.Context,
    workstream: Annotated[str, typer.Argument(help="Name, as in the stack's configuration.")],
    run: Annotated[str | None, typer.Option(help="Only of the run with this id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the artifacts of a workstream, newest first."""
    stack = stack_of(context)
    bucket, prefix = stack.workstream(workstream).artifacts
    prefix = f"{prefix}/runs/{run}/" if run else f"{prefix}/"
    pages = stack.session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = sorted(
        (item for page in pages for item in page.get("Contents", [])), key=lambda item: item["LastModified"], reverse=True
    )
    rows = [(f"s3://{bucket}/{item['Key']}", item["Size"], item["LastModified"].isoformat(timespec="seconds")) for item in found]
    if as_json:
        typer.echo(json.dumps([{"uri": uri, "bytes": size, "written": written} for uri, size, written in rows]))
        return
    table = Table("artifact", "bytes", "written", show_edge=False)
    for uri, size, written in rows:
        table.add_row(escape(uri), f"{size:,}", written)
    Console().print(table if rows else f"Nothing is in s3://{bucket}/{prefix} yet.")
