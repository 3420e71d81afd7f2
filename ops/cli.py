"""`ops`: run and look after the workstreams of a deployed stack, with the AWS credentials of your environment."""

from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from typer.core import TyperGroup

from ops import artifacts, credentials, doctor, explain, logs, rollback, run, status
from ops.context import messages
from ops.errors import OpsError, from_aws
from ops.stack import Stack


class Group(TyperGroup):
    """Ends every expected failure with the problem, the fix and exit code 1, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OpsError as error:
            problem = error
        except (BotoCoreError, ClientError) as error:
            problem = from_aws(error)
        messages.print(f"[red]{escape(problem.problem)}[/red]\n{escape(problem.fix)}", soft_wrap=True)
        raise typer.Exit(1)


app = typer.Typer(cls=Group, help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(credentials.app, name="credentials")
app.command()(run.run)
app.command()(status.status)
app.command()(logs.logs)
app.command()(artifacts.artifacts)
app.command()(rollback.rollback)
app.command()(doctor.doctor)
app.command()(explain.explain)


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
