"""Command lines that end with a problem and its fix: `ops` and `ci`."""

from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from typer.core import TyperGroup

from ops.context import here, messages
from ops.errors import OpsError, from_aws


class Group(TyperGroup):
    """Ends every expected failure with the problem, the fix and exit code 1, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OpsError as error:
            problem = error
        except (BotoCoreError, ClientError) as error:
            problem = from_aws(error)
        fix = escape(here(problem.fix))
        messages.print(f"[red]Error:[/red] {escape(problem.problem)}\n[bold]What to do:[/bold] {fix}")
        raise typer.Exit(1)
