"""The steps of the jobs that preview, deploy and destroy one stack."""

import contextlib
import json
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from ci import plan, radius, report
from ci.drift import differences
from ci.order import require_descent
from ci.radius import Kind
from ops.airflow import Airflow
from ops.backend.recovery import recover
from ops.backend.state import protected
from ops.engine import Engine
from ops.errors import OpsError
from ops.stack import Stack


def preview(engine: Engine, folder: Path) -> str:
    """Writes `preview-<stack>.json` (Pulumi's), `.report.json` (the merge request's widget) and `.md`; returns the last."""
    digest = engine.preview()
    changes = plan.changes(digest)
    text = report.plan(changes, engine.stack)
    file = folder / f"preview-{engine.stack}"
    file.with_suffix(".json").write_text(json.dumps(digest))
    file.with_suffix(".report.json").write_text(json.dumps(report.widget(changes)))
    file.with_suffix(".md").write_text(text)
    return text


def deploy(engine: Engine, kind: Kind, *, refresh: bool = False, back: bool = False) -> None:
    """One `pulumi up`, after the proof that it stays within the job's radius, and goes forward.

    Args:
        engine: Of the stack.
        kind: The job's.
        refresh: Put back what was changed behind Pulumi's back; otherwise it is left alone, a rollback too.
        back: The commit may be older than the one that is deployed.

    Raises:
        OpsError: it would reach further, the commit is an older one, or Pulumi failed.
    """
    recover(engine)
    if not back:
        require_descent(engine)
    changes = plan.changes(engine.preview(refresh=refresh))
    print(report.plan(changes, engine.stack), flush=True)
    prove(changes, kind)
    try:
        engine.up(refresh=refresh, once=plan.makes_nothing(changes))
    except OpsError as error:
        if reason := _rolled_back(engine):
            fix = (
                "Mend what it names and deploy again. Airflow runs as before: docs/operations.md, When an update of Airflow fails."
            )
            raise OpsError(f"{error.problem}\nAWS rolled back the update of Airflow: {reason}", fix) from error
        raise


def _rolled_back(engine: Engine) -> str:
    """Why AWS is going back from an update of Airflow, for which `up` did not wait; empty if it is not, or can't be asked."""
    with contextlib.suppress(OpsError, BotoCoreError, ClientError):
        return Airflow(Stack(name=engine.stack)).going_back()
    return ""


def prove(changes: list[plan.Change], kind: Kind) -> None:
    """Raises OpsError with every change that a job of this kind may not make."""
    outside = radius.violations(changes, kind)
    if outside:
        needed = radius.needed(outside)
        raise OpsError(
            radius.refusal(outside, kind),
            f"Nothing was changed. If the change is wanted, let a job do it that may: a pipeline on main, deploy = {needed}. "
            "If nobody changed these files, an earlier deployment did not finish or somebody changed the stack by hand.",
        )


def drift(engine: Engine) -> None:
    """Raises OpsError when the cloud is not as Pulumi left it, with who changed what."""
    refresh = engine.drift()
    if refresh is None:
        print(f"{engine.stack} is as Pulumi left it.")
        return
    found = list(differences(refresh))
    told = "\n".join(f"  {difference}" for difference in found)
    if any(difference.by_somebody for difference in found):
        raise OpsError(
            f"The stack {engine.stack} was changed behind Pulumi's back, see above:\n{told}",
            "To put it back, start a pipeline by hand (on main: deploy = infrastructure; on the release's tag for production), "
            "or put the change into the stack's settings.",
        )
    raise OpsError(
        f"AWS filled in what the state of {engine.stack} lacks, and nobody changed anything:\n{told}",
        f"Take it into the state: pulumi refresh --yes --stack {engine.stack}. It changes nothing in AWS.",
    )


def destroy(engine: Engine, confirmation: str) -> None:
    """Deletes everything but what Pulumi protects, and says what that is.

    Raises:
        OpsError: the confirmation names another stack, or Pulumi failed.
    """
    if confirmation != f"destroy {engine.stack}":
        raise OpsError(
            f"{confirmation!r} does not confirm the destruction of {engine.stack}.",
            f'Start the pipeline with destroy = "destroy {engine.stack}".',
        )
    recover(engine)
    kept = protected(engine.state())
    if kept:
        print("Kept, because production protects what holds data or history:", *(f"  {urn}" for urn in kept), sep="\n", flush=True)
    engine.destroy()
    if kept:
        print(f"To delete these too: pulumi state unprotect --all --stack {engine.stack}, then destroy again.")
