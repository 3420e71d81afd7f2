"""A smoke run after a deployment: one workstream, through the real Airflow."""

import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from ops.errors import OpsError

SET_UP = 10
"""Minutes before the run begins: the job installs its tools."""


def verify(outputs: Mapping[str, Any], stack: str, workstream: str | None, minutes: float | None = None) -> None:
    """Runs one workstream and waits for its end.

    Args:
        outputs: The stack's.
        stack: Its name.
        workstream: Which one; None for the first whose longest run ends in time.
        minutes: How long the job may take; None if nothing ends it.

    Raises:
        OpsError: there is no such workstream, or the run failed; with the command that goes back.
    """
    names = list(outputs.get("workstreams") or ())
    chosen = workstream or _awaitable(outputs.get("workstreams") or {}, minutes)
    if chosen not in names:
        raise OpsError(
            f"The stack {stack} has no workstream {chosen!r}." if chosen else f"The stack {stack} has no workstream.",
            f"Set VERIFY_WORKSTREAM to one of: {', '.join(names)}." if names else f"Add one to Pulumi.{stack}.yaml.",
        )
    command = ["ops", "--stack", stack, "run", str(chosen), "--wait"]
    print("$", shlex.join(command), flush=True)
    if subprocess.run(command, check=False).returncode:
        raise OpsError(
            f"The deployment is done, but a run of {chosen} on {stack} failed.",
            f"Its log: ops --stack {stack} logs {chosen}. To go back: ops --stack {stack} rollback {chosen}",
        )


def _awaitable(workstreams: Mapping[str, Mapping[str, Any]], minutes: float | None) -> str | None:
    """The first workstream whose run surely ends before the job does; None when there is no workstream at all."""
    longest = {name: workstream["longestMinutes"] + SET_UP for name, workstream in workstreams.items()}
    found = next((name for name, needed in longest.items() if minutes is None or needed <= minutes), None)
    if longest and found is None:
        each = ", ".join(f"{name} {needed}" for name, needed in longest.items())
        raise OpsError(
            f"No run surely ends within the job's {minutes:.0f} minutes, set-up included: {each}.",
            "Set VERIFY_WORKSTREAM to one that is short in fact, or raise the `timeout` of `verify` (.gitlab/ci/environment.yml).",
        )
    return found
