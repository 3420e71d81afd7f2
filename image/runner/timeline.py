"""When each node ran, on which thread, and what it waited for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from runner.progress import TESTS, Node, Progress, Result

_TOLERANCE = 0.05
"""Seconds by which dbt's clocks for the end of one node and the start of the next may overlap."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """One node on the time axis."""

    node: Node
    result: Result
    start: float
    """Seconds since the container's process began."""
    waited_for: str
    """Name of the node without which it could have started earlier, or nothing."""
    on_path: bool
    """Shortening this node shortens the run."""

    @property
    def end(self) -> float:
        return self.start + self.result.seconds


def timeline(progress: Progress, began: datetime) -> list[Span]:
    """The nodes that this try ran, by start; what a former try completed has no place here.

    Args:
        progress: Of the run.
        began: When the container's process began.
    """
    ran = {node_id: result for node_id, result in progress.results.items() if node_id in progress.nodes and result.seconds}
    begun = {node_id: _seconds(result.started) for node_id, result in ran.items() if result.started and result.thread}
    if not begun:
        return []
    zero = began.timestamp()
    ends = {node_id: start + progress.results[node_id].seconds for node_id, start in begun.items()}
    before = _predecessors(progress)
    last = {node_id: _last(before[node_id], ends, node_id, start) for node_id, start in begun.items()}
    path = _path(ends, last)
    spans = [
        Span(
            node=progress.nodes[node_id],
            result=progress.results[node_id],
            start=start - zero,
            waited_for=progress.nodes[parent].name if (parent := last[node_id]) else "",
            on_path=node_id in path,
        )
        for node_id, start in begun.items()
    ]
    return sorted(spans, key=lambda span: span.start)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _predecessors(progress: Progress) -> dict[str, set[str]]:
    """Node id: what `dbt build` runs before it.

    Its parents; the tests of its parents, because nothing is built on what failed a test, but for those that read the node
    itself; its own unit tests.
    """
    tests: dict[str, set[str]] = defaultdict(set)
    for node in progress.nodes.values():
        if node.kind in TESTS:
            for parent in node.parents:
                tests[parent].add(node.id)
    before: dict[str, set[str]] = {}
    for node in progress.nodes.values():
        before[node.id] = set(node.parents)
        if node.kind not in TESTS:
            before[node.id].update(*(tests[parent] for parent in node.parents))
            before[node.id] -= tests[node.id]
    for node in progress.nodes.values():
        if node.kind == "unit_test":
            # dbt runs it right before the model, when nothing else holds that up
            before[node.id] = set[str]().union(*(before.get(model, set()) for model in node.parents))
            for model in node.parents:
                before.setdefault(model, set()).add(node.id)
    return before


def _last(before: Iterable[str], ends: Mapping[str, float], node_id: str, start: float) -> str:
    """Which of them ended last before the node started.

    None that ended after the node did: times as short as the tolerance would make two nodes wait for each other.
    """
    ended = (other for other in before if other in ends and ends[other] <= start + _TOLERANCE and ends[other] < ends[node_id])
    return max(ended, key=lambda other: ends[other], default="")


def _path(ends: Mapping[str, float], last: Mapping[str, str]) -> Sequence[str]:
    """From the node that ended last back to the one that waited for nothing; each ended before the one that waited for it."""
    node_id, path = max(ends, key=lambda node_id: ends[node_id]), []
    while node_id:
        path.append(node_id)
        node_id = last[node_id]
    return path
