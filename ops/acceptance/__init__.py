"""`ops acceptance`: prove a deployment end to end, with what one workstream's runs cost, and leave nothing behind."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ops.acceptance.checks import CHECKS, Trial
from ops.acceptance.report import Report, conducted
from ops.context import messages, stack_of
from ops.engine import Engine
from ops.errors import OpsError


def acceptance(
    context: typer.Context,
    workstream: Annotated[
        str | None, typer.Argument(metavar="WORKSTREAM", help="Whose runs; without it the first by name.")
    ] = None,
    *,
    minutes: Annotated[int, typer.Option(metavar="MINUTES", min=1, help="How long to wait for each run.")] = 60,
    config_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Stack file for `pulumi preview`, if it is not Pulumi.<stack>.yaml.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the report goes; without it acceptance-<stack>-<time>.md.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON too.")] = False,
) -> None:
    """Prove a deployment: an empty plan, a run and all its traces, an alert, a stopped container that goes on, a rollback and back.

    It runs the workstream twice as a person would, once with a selection that matches nothing, and stops one container. Whoever is
    subscribed to the alerts hears of the run that fails on purpose. The queue that listens for that alert is taken away again.
    """
    stack = stack_of(context)
    engine = Engine(stack.name, config_file) if stack.name else Engine.of_selected(config_file)
    target = stack.workstream(workstream) if workstream else stack.own_workstreams()[0]
    trial = Trial(stack=stack, workstream=target, engine=engine, seconds=minutes * 60)
    begun = datetime.now(UTC)
    results = []
    for check in CHECKS:
        with messages.status(check.title):
            result = conducted(check, trial)
        results.append(result)
        messages.print(result.line())
    found = Report(stack=engine.stack, workstream=target.name, outputs=stack.outputs, begun=begun, results=results)
    file = report or Path(f"acceptance-{engine.stack}-{begun:%Y%m%dT%H%M%SZ}.md")
    file.write_text(found.markdown(), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps([result.json() for result in results]))
    messages.print(f"The report, to attach to a change request: {file}")
    if failed := [result.check for result in results if result.outcome == "failed"]:
        raise OpsError(f"Not accepted: {', '.join(failed)}.", f"The reasons are above and in {file}.")
