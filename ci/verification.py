"""A smoke run after a deployment: one workstream, through the real Airflow."""

import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from ops.errors import OpsError


def verify(outputs: Mapping[str, Any], stack: str, workstream: str | None) -> None:
    """Runs one workstream and waits for its end.

    Args:
        outputs: The stack's.
        stack: Its name.
        workstream: Which one; None for the first of the stack.

    Raises:
        OpsError: there is no such workstream, or the run failed; with the command that goes back.
    """
    names = list(outputs.get("workstreams") or ())
    chosen = workstream or next(iter(names), None)
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
