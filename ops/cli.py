"""`ops`: run and look after the workstreams of a deployed stack, with the AWS credentials of your environment."""

from pathlib import Path
from typing import Annotated

import typer

from ops import (
    acceptance,
    artifacts,
    credentials,
    docs,
    doctor,
    explain,
    logs,
    preflight,
    projects,
    recover,
    rollback,
    run,
    status,
    workstream,
)
from ops.explained import Group
from ops.open import open_page
from ops.stack import Stack

app = typer.Typer(cls=Group, help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(credentials.app, name="credentials")
app.add_typer(projects.app, name="projects")
app.add_typer(workstream.app, name="workstream")
app.command()(preflight.preflight)
app.command()(run.run)
app.command()(status.status)
app.command()(logs.logs)
app.command()(artifacts.artifacts)
app.command("open")(open_page)
app.command()(docs.docs)
app.command()(rollback.rollback)
app.command()(doctor.doctor)
app.command()(explain.explain)
app.command()(recover.recover)
app.command()(acceptance.acceptance)


@app.callback()
def options(
    context: typer.Context,
    stack: Annotated[str | None, typer.Option(help="Pulumi stack; without it the selected one.")] = None,
    outputs: Annotated[
        Path | None, typer.Option(help="File made by `pulumi stack output --json`, instead of asking Pulumi.")
    ] = None,
) -> None:
    """Options of every verb."""
    context.obj = Stack(name=stack, outputs_file=outputs)
