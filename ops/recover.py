"""`ops recover`: go on after a deployment that was killed."""

import json
from pathlib import Path
from typing import Annotated

import typer

from ops.backend import recovery
from ops.context import stack_of
from ops.engine import Engine


def recover(
    context: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The stack's file, if it is not Pulumi.<stack>.yaml here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the stack's name as JSON.")] = False,
) -> None:
    """Settle what a killed `pulumi up` left behind: its lock, and what it had begun. The pipeline does this by itself."""
    name = stack_of(context).name
    engine = Engine(name, config_file) if name else Engine.of_selected(config_file)
    recovery.recover(engine)
    typer.echo(json.dumps({"stack": engine.stack}) if as_json else f"`pulumi up --stack {engine.stack}` can go on.")
