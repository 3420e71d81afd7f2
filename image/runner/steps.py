"""The dbt commands of a run, one after the other, and how each ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.commands import NODES, Command
from runner.progress import NOT_RUN, Node

OPERATION = "operation"
"""Kind of the node that stands for a command which runs no nodes of the project."""


@dataclass(kw_only=True)
class Step:
    """A command, and how it ended."""

    number: int
    """Its place, from 0 on."""
    command: Command
    status: str = NOT_RUN
    """`success`, `failed`, or `not run`: one before it failed."""
    seconds: float = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """Number of its nodes by status."""

    @property
    def runs_nodes(self) -> bool:
        return self.command.verb in NODES

    @property
    def node(self) -> Node:
        """What stands for it among the nodes, if it runs none of the project."""
        return Node(id=f"{OPERATION}.{self.number}", name=str(self.command), kind=OPERATION, path="", parents=())
