"""What happened to each node of the run so far; dbt's threads report to it, everything else reads it."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from graphlib import TopologicalSorter

SUCCEEDED = frozenset({"success", "pass", "warn", "no-op"})
FAILED = frozenset({"error", "fail", "runtime error", "partial success"})
TESTS = frozenset({"test", "unit_test"})
"""Kinds of nodes that write nothing."""

SKIPPED = "skipped"
CANCELLED = "cancelled"
"""Was running when the run was interrupted."""
NOT_RUN = "not run"
"""Its turn never came."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node that the run selected."""

    id: str
    """dbt's unique_id."""
    name: str
    kind: str
    """model, test, unit_test, seed, snapshot, function; operation: a whole command of the run."""
    path: str
    """Of its file, relative to the project."""
    parents: tuple[str, ...]
    """Ids of what it reads."""
    relation: str = ""
    """What it makes in the warehouse, `DATABASE.SCHEMA.NAME`; nothing for a test."""
    adds: bool = False
    """Built twice, it would have its rows twice."""
    build_after: float = 0
    """Seconds since its last success before which new data alone does not build it again."""
    needs_all: bool = False
    """New data builds it once everything that it reads directly has some."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a node ended."""

    status: str
    message: str = ""
    started: str = ""
    """ISO 8601, UTC."""
    seconds: float = 0
    rows: int | None = None
    """Rows written, as far as the warehouse says."""
    failures: int | None = None
    """Rows that a test found."""
    query_id: str | None = None
    thread: str = ""
    command: int = 0
    """Place of the run's command that it is of."""


class Progress:
    """The selected nodes in dbt's order, and the result of each that ended."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.results: dict[str, Result] = {}
        self.running: dict[str, str] = {}
        """Node id: when it started."""
        self.changed = threading.Event()
        """Set at each result; whoever stores them clears it."""
        self.command = 0
        """Place of the run's command that runs now."""
        self._current: dict[str, Node] = {}
        self._interrupted = False
        self._lock = threading.Lock()

    def select(self, nodes: Iterable[Node]) -> None:
        """What the command that comes next runs. What it runs again loses its former result."""
        self._current = {node.id: node for node in nodes}
        self.nodes |= self._current
        for node_id in self._current:
            self.results.pop(node_id, None)

    def expected(self, node_id: str) -> Node | None:
        """The node, if the command that runs now is to run it: others, such as `docs generate`, touch nodes too."""
        return self._current.get(node_id)

    def start(self, node_id: str) -> None:
        with self._lock:
            self.running[node_id] = now()

    def finish(self, node_id: str, result: Result) -> Result:
        """Record a result; returns it as it was recorded: what fails after an interruption was cancelled."""
        with self._lock:
            if self._interrupted and result.status in FAILED:
                result = replace(result, status=CANCELLED)
            result = replace(result, command=self.command)
            self.running.pop(node_id, None)
            self.results[node_id] = result
        self.changed.set()
        return result

    def carry_over(self, results: Mapping[str, Result]) -> None:
        """What a former try of the run completed."""
        self.results.update(results)

    def interrupt(self) -> None:
        """From now on, failing means having been cancelled."""
        self._interrupted = True

    def close(self) -> None:
        """Give every node without a result one: nothing runs any more."""
        with self._lock:
            for node_id in self.nodes:
                if node_id not in self.results:
                    started = self.running.pop(node_id, "")
                    status = CANCELLED if started else NOT_RUN
                    self.results[node_id] = Result(status=status, started=started, command=self.command)
        self.changed.set()

    def with_status(self, statuses: Iterable[str]) -> list[str]:
        """Ids of the nodes that ended so."""
        wanted = set(statuses)
        return [node_id for node_id, result in list(self.results.items()) if result.status in wanted]

    def failed(self) -> list[Node]:
        """The selected nodes that failed, in the order in which they ended."""
        return [self.nodes[node_id] for node_id in self.with_status(FAILED) if node_id in self.nodes]

    def causes(self) -> dict[str, list[Node]]:
        """Id of each skipped node, parents first: the failures without which it would have run, in the order of `failed`.

        A failed test stops what depends on what it tests.
        """
        failed = self.failed()
        handed_down: dict[str, set[str]] = defaultdict(set)
        for failure in failed:
            for node_id in (failure.id, *(failure.parents if failure.kind in TESTS else ())):
                handed_down[node_id].add(failure.id)
        found: dict[str, list[Node]] = {}
        parents = {node.id: [parent for parent in node.parents if parent in self.nodes] for node in self.nodes.values()}
        for node_id in TopologicalSorter(parents).static_order():
            if node_id in self.results and self.results[node_id].status == SKIPPED:
                reasons = handed_down[node_id].union(*(handed_down[parent] for parent in parents[node_id]))
                handed_down[node_id] = reasons
                found[node_id] = [failure for failure in failed if failure.id in reasons]
        return found

    def counts(self, command: int | None = None) -> dict[str, int]:
        """Number of nodes by status; those of one command, or all."""
        of = [result for result in list(self.results.values()) if command in (None, result.command)]
        return dict(Counter(result.status for result in of))

    def rows(self) -> dict[str, int]:
        """Id of each node whose rows the warehouse counted: how many it wrote."""
        return {node_id: result.rows for node_id, result in list(self.results.items()) if result.rows is not None}


def now() -> str:
    """ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
