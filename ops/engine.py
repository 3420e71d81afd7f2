"""Runs `pulumi` for one stack, and shows each command as it could be typed."""

import itertools
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.errors import OpsError, from_pulumi

CHANGED = 7
"""Exit code of `--expect-no-changes` when there are some (pulumi/sdk, cmdutil.ExitNoChanges)."""

ONE_WRITE = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Else Pulumi writes the whole state twice for every step (docs/decisions/0011-what-growth-costs.md)."""

POLICIES = ("--policy-pack", "policy")


class Engine:
    """The Pulumi CLI; the backend and the credentials come from the environment. It says what it runs on standard error."""

    def __init__(self, stack: str, config_file: Path | None = None) -> None:
        """`config_file` is the stack's file, if it is not `Pulumi.<stack>.yaml` beside Pulumi.yaml."""
        self.stack = stack
        self._configuration = ("--config-file", str(config_file)) if config_file else ()

    @staticmethod
    def of_selected(config_file: Path | None = None) -> "Engine":
        """For the stack that `pulumi stack select` chose. Errors: OpsError when none is."""
        command = ["pulumi", "stack", "--show-name", "--non-interactive"]
        process = _ended(command, capture=True)
        if process.returncode:
            raise from_pulumi(process.stderr)
        return Engine(process.stdout.strip(), config_file)

    def run(self, *arguments: str, **variables: str) -> None:
        """Runs a command whose output is for the reader, with environment variables. Errors: OpsError when it fails."""
        if self._start(arguments, capture=False, **variables).returncode:
            raise OpsError(f"pulumi {arguments[0]} failed, see above.", "When it is mended, retry this job: it goes on from there.")

    def state(self) -> dict[str, Any]:
        """The stack's state, secrets encrypted. Errors: OpsError when there is no such stack."""
        return self._json("stack", "export")

    def replace_state(self, state: Mapping[str, Any]) -> None:
        """Makes this the stack's state. Errors: OpsError when Pulumi finds it inconsistent."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(state, file)
            file.flush()
            self.run("stack", "import", "--file", file.name)

    def backend(self) -> str:
        """Where the state is, when PULUMI_BACKEND_URL does not say it: what `pulumi login` was told."""
        return self._json("whoami", "--json")["url"]

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return self._json("stack", "output", "--json")

    def deployed_commit(self) -> str | None:
        """The commit that the last `pulumi up` ran from, whatever became of it; None when nothing says so, or all is destroyed.

        Pulumi notes it in the stack's history; that an `up` was killed it does not.
        """
        for page in itertools.count(1):
            # newest first; "we should not change existing fields" (pulumi/pkg, stack_history.go)
            updates: list[dict[str, Any]] = self._json("stack", "history", "--json", "--page-size", "10", "--page", str(page))
            for update in updates:
                commit = update["environment"].get("git.head")
                if update["kind"] == "destroy" or (update["kind"] == "update" and commit):
                    return commit if update["kind"] == "update" else None
            if len(updates) < 10:
                break
        return None

    def preview(self, *, refresh: bool = False) -> dict[str, Any]:
        """What `up` would do, after the policy pack has seen it.

        Args:
            refresh: Look at the cloud first, and put back what differs from the state.

        Raises:
            OpsError: it failed; then the output says why, because the JSON leaves the policies' violations out.
        """
        options = (*_refreshing(refresh), *POLICIES, *self._configuration)
        process = self._start(("preview", "--json", *options), capture=True)
        if process.returncode:
            self._start(("preview", *options), capture=False)
            raise OpsError("pulumi preview failed, see above.", "Mend the cause; nothing was changed.")
        return json.loads(process.stdout)

    def up(self, *, refresh: bool = False, once: bool = False) -> None:
        """Makes the cloud what the program says.

        Args:
            refresh: As in `preview`.
            once: Write the state once, as in `destroy`: only if nothing is made, for what is made would be forgotten.

        Raises:
            OpsError: it failed.
        """
        self.run("up", "--yes", "--skip-preview", *_refreshing(refresh), *POLICIES, **(ONE_WRITE if once else {}))

    def destroy(self) -> None:
        """Deletes all that Pulumi does not protect, and writes the state once, at its end.

        When it is killed, the state says more than there is: `recover` asks the cloud. Errors: OpsError when it fails.
        """
        self.run("destroy", "--yes", "--skip-preview", "--exclude-protected", **ONE_WRITE)

    def refresh(self) -> None:
        """Asks the cloud about each resource, and forgets what was being made and is not there. Errors: OpsError when it fails."""
        self.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", *self._configuration)

    def drift(self) -> dict[str, Any] | None:
        """What is not as Pulumi left it, as a preview of the refresh; None if nothing. Prints it too.

        Compares the cloud with the state, and runs no program. Errors: OpsError when it fails.
        """
        code = self._start(("refresh", "--preview-only", "--expect-no-changes", "--diff"), capture=False).returncode
        if code not in (0, CHANGED):
            raise OpsError("pulumi refresh failed, see above.", "Mend the cause; nothing was changed.")
        return self._json("refresh", "--preview-only", "--json") if code == CHANGED else None

    def _json(self, *arguments: str) -> Any:
        process = self._start(arguments, capture=True)
        if process.returncode:
            raise from_pulumi(process.stderr)
        return json.loads(process.stdout)

    def _start(self, arguments: tuple[str, ...], *, capture: bool, **variables: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"]
        print("$", *(f"{name}={value}" for name, value in variables.items()), shlex.join(command), file=sys.stderr, flush=True)
        return _ended(command, capture=capture, **variables)


def _ended(command: list[str], *, capture: bool, **variables: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=capture, text=True, check=False, env={**os.environ, **variables})
    except FileNotFoundError as error:
        raise OpsError("There is no `pulumi` on the PATH.", "Install Pulumi: https://www.pulumi.com/docs/install/") from error


def _refreshing(refresh: bool) -> tuple[str, ...]:
    return ("--refresh",) if refresh else ()
