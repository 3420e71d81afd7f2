"""Runs `pulumi` for one stack, and shows each command as it could be typed."""

import json
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from ci import plan
from ci.errors import CiError


class Engine:
    """The Pulumi CLI; the backend and the credentials come from the environment."""

    def __init__(self, stack: str) -> None:
        self.stack = stack

    def run(self, *arguments: str) -> None:
        """Runs a command whose output is for the reader. Errors: CiError when it fails."""
        if self._start(arguments, capture=False).returncode:
            raise CiError(f"pulumi {arguments[0]} failed, see above.", "When it is mended, retry this job: it goes on from there.")

    def state(self) -> dict[str, Any]:
        """The stack's state, secrets encrypted. Errors: CiError when there is no such stack."""
        return self._json("stack", "export")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return self._json("stack", "output", "--json")

    def preview(self) -> dict[str, Any]:
        """What `up` would do."""
        return self._checked("preview", "--json")

    def drift(self) -> dict[str, Any]:
        """What is not as Pulumi left it; compares the cloud with the state and runs no program."""
        return self._checked("refresh", "--preview-only", "--json")

    def _checked(self, *arguments: str) -> dict[str, Any]:
        """A preview that went well; a failed one prints its reasons inside the JSON."""
        process = self._start(arguments, capture=True)
        preview = json.loads(process.stdout) if process.stdout.lstrip().startswith("{") else {}
        if process.returncode:
            reasons = plan.errors(preview) or [process.stderr.strip() or process.stdout.strip()]
            raise CiError("\n".join([f"pulumi {arguments[0]} failed:", *reasons]), "Mend the cause; nothing was changed.")
        return preview

    def _json(self, *arguments: str) -> dict[str, Any]:
        process = self._start(arguments, capture=True)
        if process.returncode:
            raise CiError(process.stderr.strip(), "Is PULUMI_BACKEND_URL right, and was the stack made? docs/gitlab.md, step 5.")
        return json.loads(process.stdout)

    def _start(self, arguments: tuple[str, ...], *, capture: bool) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"]
        print("$", shlex.join(command), flush=True)
        return subprocess.run(command, capture_output=capture, text=True, check=False)


def protected(state: Mapping[str, Any]) -> list[str]:
    """URNs of what `pulumi destroy` must not delete."""
    return [resource["urn"] for resource in resources(state) if resource.get("protect")]


def resources(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources in a stack's state."""
    return (state.get("deployment") or {}).get("resources") or []


def pending(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Operations that began and were never reported as finished."""
    return (state.get("deployment") or {}).get("pending_operations") or []
