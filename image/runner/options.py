"""What the command line asks a run for."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace

from runner.commands import BUILD, Command
from runner.environment import Environment
from runner.selection import Selection


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asks for."""

    commands: tuple[Command, ...] = (BUILD,)
    selection: Selection = field(default_factory=Selection)
    """Of the commands that say none themselves."""
    variables: str = ""
    """JSON or YAML object; before those of the workstream and of a command."""
    full_refresh: bool = False
    changed: bool = False
    only_new: bool = False
    """Only what has something new to work on (`runner.news`)."""
    event_time: tuple[str, str] | None = None
    """Begin and end, UTC, of the batches that microbatch models build; without: what dbt takes by itself."""

    def of(self, command: Command) -> list[str]:
        """The run's own options for dbt, as far as the command takes them."""
        options = ["--full-refresh"] if self.full_refresh and command.takes("--full-refresh") else []
        if self.event_time and command.takes("--event-time-start") and command.takes("--event-time-end"):
            options += ["--event-time-start", self.event_time[0], "--event-time-end", self.event_time[1]]
        return options

    def alike(self, nodes: Iterable[str]) -> str:
        """The same for runs that take about as long: of those that build what is new, the ones that have the same nodes."""
        asked = {**asdict(replace(self, event_time=None, variables="")), "nodes": sorted(nodes) if self.only_new else []}
        return hashlib.sha256(json.dumps(asked, default=str, sort_keys=True).encode()).hexdigest()[:16]

    def asked(self, environment: Environment) -> dict[str, str]:
        """What the run was to do, for people."""
        warehouse = environment.warehouse
        asked = {
            "commands": "; ".join(str(command) for command in self.commands),
            "selection": str(self.selection),
            "vars": " ".join(text for text in (environment.variables, self.variables) if text not in {"", "{}"}),
            "full refresh": "yes" if self.full_refresh else "",
            "changed only": "yes" if self.changed else "",
            "new only": "yes" if self.only_new else "",
            "batches": " to ".join(self.event_time or ()),
            "warehouse": f"{warehouse.warehouse} as {warehouse.role}, {warehouse.database}.{warehouse.schema}",
        }
        return {name: value for name, value in asked.items() if value}
