"""Command lines that end with a problem and its fix: `ops` and `ci`."""

from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from typer.core import TyperGroup

from ops.context import here, messages
from ops.errors import OpsError, from_aws


class Whole(TyperGroup):
    """Says of each verb its first paragraph, whole; a line that ends in dots tells nothing."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for verb in self.commands.values():
            verb.short_help = (verb.help or "").partition("\n\n")[0].replace("\n", " ")
        super().format_commands(ctx, formatter)


class Group(Whole):
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
