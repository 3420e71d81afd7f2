"""`ops recover`: go on after a deployment that was killed."""

import json
from typing import Annotated

import typer

from ops.backend import recovery
from ops.context import stack_of
from ops.engine import Engine


def recover(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print the stack's name as JSON.")] = False
) -> None:
    """Settle what a killed `pulumi up` left behind: its lock, and what it had begun. The pipeline does this by itself."""
    name = stack_of(context).name
    engine = Engine(name) if name else Engine.of_selected()
    recovery.recover(engine)
    typer.echo(json.dumps({"stack": engine.stack}) if as_json else f"`pulumi up --stack {engine.stack}` can go on.")
