"""`ops open`: the page of all workstreams, or the report of a run, in the browser."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from ops.context import messages, stack_of
from ops.errors import OpsError
from ops.pages.site import Site

CACHE = Path("~/.cache/dbt-platform/pages")


def open_page(
    context: typer.Context,
    workstream: Annotated[
        str | None, typer.Argument(metavar="WORKSTREAM", help="Whose last report; without it the page of all workstreams.")
    ] = None,
    *,
    run: Annotated[str | None, typer.Option(metavar="ID", help="Id of the run whose report is wanted.")] = None,
    docs: Annotated[bool, typer.Option("--docs", help="dbt's documentation instead: models, columns, lineage.")] = False,
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder to write to, instead of opening a browser.")] = None,
    snowflake: Annotated[
        str | None, typer.Option(metavar="CONNECTION", help="Add credits to the page, by this connection of your connections.toml.")
    ] = None,
) -> None:
    """Open the page of all workstreams, or a run's report. Reads the artifacts bucket, and writes nothing in AWS."""
    stack = stack_of(context)
    if run and not workstream:
        raise OpsError("--run needs a workstream.", f"Name it: ops open WORKSTREAM --run {run}")
    if snowflake and (workstream or docs):
        raise OpsError("Credits are on the page of all workstreams.", f"Open that: ops open --snowflake {snowflake}")
    site = Site(stack, output or CACHE.expanduser() / stack.output("airflowEnvironment"))
    if docs:
        page = site.docs(stack.workstream(workstream)) if workstream else site.catalogue()
    else:
        page = site.report(stack.workstream(workstream), run) if workstream else site.build(snowflake)
    if page is None and docs:
        raise OpsError(f"There is no documentation of {workstream!r} yet.", f"Make it: ops docs {workstream}")
    if page is None:
        fix = "Reports are there from the first run of this version on: `ops artifacts` lists what older runs left."
        raise OpsError(f"There is no report of {f'the run {run}' if run else 'any run'} of {workstream!r}.", fix)
    typer.echo(page.resolve().as_uri() if output is None else page)
    if output is None and not webbrowser.open(page.resolve().as_uri()):
        messages.print("No browser could be started: open that address yourself.")
