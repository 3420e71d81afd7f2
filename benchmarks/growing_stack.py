"""The sandbox's stack as the growth benchmark deploys it, and what its operations take."""

import resource
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import yaml

from ops.engine import ONE_WRITE
from sandbox.demo.stack import Stack

UP = ("up", "--yes", "--skip-preview")
DOWN = ("destroy", "--yes", "--skip-preview")
PREVIEW, FROM_NOTHING, MORE, DESTROY = "preview without a change", "up from nothing", "one workstream more", "destroy"
SETTING, TAG = "a setting of one", "a tag of all"
OPERATIONS = (PREVIEW, FROM_NOTHING, MORE, SETTING, TAG, DESTROY)

PLATFORM_KEYS = ("dbt-platform:network", "dbt-platform:airflow", "dbt-platform:alerts", "dbt-platform:teams")
"""What a team's stack leaves to its platform."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one operation took."""

    seconds: float
    cpu: float
    """Seconds that it kept a processor busy, of Pulumi and all its plugins: what other work on the machine changes little."""


class GrowingStack(Stack):
    """The sandbox's stack, or that of a team on it, with variables of Pulumi's own."""

    variables: Mapping[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.variables}

    @contextmanager
    def writing_once(self) -> Iterator[None]:
        """As the pipeline deploys what makes nothing, and destroys."""
        before, self.variables = self.variables, {**self.variables, **ONE_WRITE}
        yield
        self.variables = before

    def write(self, keys: Mapping[str, Any]) -> None:
        """Unlike `configure` this replaces the workstreams instead of adding to the committed ones."""
        document = yaml.safe_load(self.configuration.read_text())
        document["config"] |= keys
        self.configuration.write_text(yaml.safe_dump(document))

    def exported(self) -> str:
        """The state as JSON; not from the command's output, in which the backend's warnings are too."""
        file = self.home.project / f"{self.name}.state.json"
        self.run("stack", "export", "--file", str(file))
        return file.read_text()

    def of_team(self, team: str) -> "GrowingStack":
        """An empty stack of the team's on this platform, in the same backend."""
        stack = GrowingStack(self.home, self.state, self.cli, name=f"{self.name}-{team}")
        stack.variables = self.variables
        platform = yaml.safe_load(self.configuration.read_text())["config"]
        keys = {key: value for key, value in platform.items() if key not in PLATFORM_KEYS}
        keys["dbt-platform:team"] = {"name": team, "platformStack": self.name}
        stack.configuration.write_text(yaml.safe_dump({"config": keys}))
        init = [*stack.command("stack", "init", "--non-interactive", "--no-select")[:-1], self.home.project]
        subprocess.run(init, env=stack.environment, check=True, capture_output=True)
        return stack


class Stopwatch:
    """What operations took so far, each in all the stacks in which it was done."""

    def __init__(self) -> None:
        self.costs: dict[str, Cost] = {}

    def run(self, operation: str, stack: GrowingStack, *command: str) -> str:
        """Runs Pulumi and adds what it took."""
        start, used = time.monotonic(), _cpu_of_children()
        with stack.writing_once() if operation in (TAG, DESTROY) else nullcontext():
            said = stack.run(*command)
        before = self.costs.get(operation, Cost(seconds=0, cpu=0))
        self.costs[operation] = Cost(seconds=before.seconds + time.monotonic() - start, cpu=before.cpu + _cpu_of_children() - used)
        return said


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
