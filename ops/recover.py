"""`ops recover`: go on after a deployment that was killed."""

import typer

from ops.backend import recovery
from ops.context import stack_of
from ops.engine import Engine


def recover(context: typer.Context) -> None:
    """Settle what a killed `pulumi up` left behind: its lock, and what it had begun. The pipeline does this by itself."""
    name = stack_of(context).name
    engine = Engine(name) if name else Engine.of_selected()
    recovery.recover(engine)
    typer.echo(f"`pulumi up --stack {engine.stack}` can go on.")
