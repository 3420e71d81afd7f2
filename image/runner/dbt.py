"""Drives dbt in this process."""

import base64
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.environment import Environment
from runner.outcome import Interruption, RunnerError
from runner.private_key import private_key
from runner.progress import Node

PROJECT = Path(os.environ.get("RUNNER_PROJECT", "/app/project"))
PROFILES = Path(os.environ.get("RUNNER_PROFILES", "/app"))
TARGET = Path(os.environ.get("DBT_TARGET_PATH", "/tmp/dbt/target"))  # noqa: S108 - a volume of this container alone
LOGS = Path(os.environ.get("DBT_LOG_PATH", "/tmp/dbt/logs"))  # noqa: S108

_RUNNABLE = {"model", "seed", "snapshot", "test", "unit_test"}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What part of the project to run, in dbt's own words."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    variables: str = ""
    """JSON object of dbt vars."""

    @property
    def arguments(self) -> list[str]:
        """For the command line of dbt."""
        found: list[str] = []
        for option, values in (("--select", self.select), ("--exclude", self.exclude)):
            found += [option, *values] if values else []
        return found

    def __str__(self) -> str:
        return " ".join(self.arguments) or "everything"


class Dbt:
    """One dbt project with its manifest, parsed once for all commands."""

    def __init__(self, environment: Environment, variables: str, callback: Callable[[Any], None]) -> None:
        self._options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROFILES), "--profile", "platform"]
        self._options += ["--target", environment.target, *(["--vars", variables] if variables else [])]
        self._callback = callback
        self.manifest: Any = None

    def parse(self) -> None:
        """Read the project. Raises RunnerError if it can't be read."""
        outcome = self.invoke("parse")
        if outcome.exception or not outcome.success:
            problem = f"dbt can't read the project: {outcome.exception}"
            raise RunnerError(problem, "Correct the file that it names; `dbt parse` shows the same.")
        self.manifest = outcome.result

    def selected(self, selection: Selection) -> list[Node]:
        """The nodes that `build` would run. Raises RunnerError if there are none."""
        kinds = [argument for kind in sorted(_RUNNABLE) for argument in ("--resource-type", kind)]
        outcome = self.invoke("list", *selection.arguments, *kinds, "--output", "json", "--output-keys", "unique_id")
        if outcome.exception:
            problem = f"dbt does not understand the selection {selection}: {outcome.exception}"
            raise RunnerError(problem, "Correct `select` and `exclude`.")
        listed = {json.loads(line)["unique_id"] for line in outcome.result or []}
        ids = [node_id for node_id in (*self.manifest.nodes, *self.manifest.unit_tests) if node_id in listed]
        if not ids:
            raise RunnerError(
                f"The selection matches nothing: {selection}.",
                "Correct `select` and `exclude` of the workstream (or of this run); `dbt list` shows what they match.",
            )
        return [self._node(node_id) for node_id in ids]

    def sources_of(self, nodes: Sequence[Node]) -> list[str]:
        """The sources that these nodes read, as selectors."""
        found = {parent for node in nodes for parent in node.parents if parent.startswith("source.")}
        return sorted(f"source:{'.'.join(source.split('.')[1:])}" for source in found)

    def invoke(self, *arguments: str) -> Any:
        """A dbt command; its `dbtRunnerResult`. Raises Interruption if the run was interrupted meanwhile."""
        from dbt.cli.main import dbtRunner  # noqa: PLC0415 - takes seconds: the connection is checked meanwhile

        quiet = ["--log-level", "none", "--log-level-file", "debug", "--log-path", str(LOGS), "--no-use-colors"]
        command = [*quiet, *arguments, *self._options, "--target-path", str(TARGET)]
        outcome = dbtRunner(manifest=self.manifest, callbacks=[self._callback]).invoke(command)
        if isinstance(outcome.exception, Interruption):
            raise outcome.exception
        return outcome

    def _node(self, node_id: str) -> Node:
        node = self.manifest.nodes.get(node_id) or self.manifest.unit_tests[node_id]
        return Node(
            id=node_id,
            name=node.name,
            kind=str(node.resource_type),
            path=node.original_file_path,
            parents=tuple(node.depends_on_nodes),
        )


def profile_variables(environment: Environment) -> dict[str, str]:
    """What `profiles.yml` reads beside the container's own environment. dbt hides the values of DBT_ENV_SECRET_*."""
    warehouse = environment.warehouse
    key = private_key(warehouse.private_key, warehouse.private_key_passphrase) if warehouse.private_key else b""
    federated = warehouse.authenticator == "workloadIdentity"
    return {
        "SNOWFLAKE_HOST": warehouse.host,
        "RUNNER_AUTHENTICATOR": "workload_identity" if federated else "",
        "RUNNER_IDENTITY_PROVIDER": "aws" if federated else "",
        "DBT_ENV_SECRET_PRIVATE_KEY": base64.b64encode(key).decode(),
        "DBT_ENV_SECRET_PASSWORD": warehouse.password,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
