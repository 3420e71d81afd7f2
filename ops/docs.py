"""`ops docs`: let the workstreams write dbt's documentation."""

import json
from typing import Annotated

import typer

from ops.airflow import DOCUMENTATION, Airflow
from ops.context import stack_of


def docs(
    context: typer.Context,
    workstream: Annotated[str | None, typer.Argument(metavar="WORKSTREAM", help="Name; without it all of them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the runs as a JSON list.")] = False,
) -> None:
    """Start a run of each workstream that builds nothing and writes dbt's documentation anew: `ops open --docs` shows it.

    A run of its own, and not a part of each: it reads the columns of every relation of the project. It waits its turn like
    any other, and nobody who waits for the workstream's marts starts. Airflow's DAG dbt-catalogue does it each night.
    """
    stack = stack_of(context)
    airflow = Airflow(stack)
    airflow.require_available()
    started: list[dict[str, str]] = []
    for target in [stack.workstream(workstream)] if workstream else stack.workstreams():
        airflow.require_dag(target.dag_id)
        started.append({"workstream": target.name, "runId": airflow.trigger(target.dag_id, DOCUMENTATION)})
        if not as_json:
            typer.echo(f"{target.name}: run {started[-1]['runId']} started")
    if as_json:
        typer.echo(json.dumps(started))
