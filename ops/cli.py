"""`ops`: run and look after the workstreams of a deployed stack, with the AWS credentials of your environment."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ops import (
    acceptance,
    alerts,
    artifacts,
    costs,
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
from ops.context import examples, verbs
from ops.explained import Group
from ops.open import open_page
from ops.stack import Stack

app = typer.Typer(
    cls=Group,
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=examples("status", "run sales --wait", "--stack dev doctor"),
)


def add(verb: Callable[..., None], *commands: str, name: str | None = None) -> None:
    """Makes a verb of the function; the commands are its examples."""
    name = name or verb.__name__
    app.command(name, epilog=examples(*commands))(verb)
    verbs.add(name)


add(preflight.preflight, "--stack dev preflight", "--stack dev preflight --json")
add(
    run.run,
    "run sales --wait",
    "run sales --select stg_orders+ --full-refresh",
    "run sales --command 'run-operation grant_rights' --wait",
    'run sales --date 2026-01-31 --vars \'{"currency": "EUR"}\'',
)
add(status.status, "status", "status sales --json")
add(logs.logs, "logs sales", "logs sales --follow", "logs sales --run ID --lines 1000 --json")
add(artifacts.artifacts, "artifacts sales", "artifacts sales --run ID --json")
add(open_page, "open", "open sales --run ID", "open --docs", "open --output public", name="open")
add(costs.costs, "costs --days 7", "--stack dev costs --estimate --minutes 20", "costs --snowflake my_connection --json")
add(docs.docs, "docs", "docs sales --json")
add(rollback.rollback, "rollback sales", "rollback sales --undo")
add(doctor.doctor, "doctor", "doctor --json")
add(explain.explain, "explain sales", "explain sales --run ID", "explain - < message.txt")
add(recover.recover, "--stack dev recover")
add(acceptance.acceptance, "--stack dev acceptance sales", "acceptance --minutes 20 --json")
groups = {"alerts": alerts.app, "credentials": credentials.app, "projects": projects.app, "workstream": workstream.app}
for name, group in groups.items():
    app.add_typer(group, name=name)
    verbs.add(name)


@app.callback()
def options(
    context: typer.Context,
    stack: Annotated[str | None, typer.Option(metavar="NAME", help="Pulumi stack; without it the selected one.")] = None,
    outputs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File made by `pulumi stack output --json`, instead of asking Pulumi.")
    ] = None,
) -> None:
    """Options of every verb."""
    context.obj = Stack(name=stack, outputs_file=outputs)
