"""When each node ran, on which thread, and what it waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from runner.progress import Node, Progress, Result


@dataclass(frozen=True, kw_only=True)
class Span:
    """One node on the time axis."""

    node: Node
    result: Result
    start: float
    """Seconds since the first node started."""
    waited_for: str
    """Name of the node without which it could have started earlier, or nothing."""
    on_path: bool
    """Shortening this node shortens the run."""

    @property
    def end(self) -> float:
        return self.start + self.result.seconds


def timeline(progress: Progress) -> list[Span]:
    """The nodes that this try ran, by start; what a former try completed has no place here."""
    begun = {node_id: _seconds(result.started) for node_id, result in progress.results.items() if result.started and result.thread}
    begun = {node_id: start for node_id, start in begun.items() if node_id in progress.nodes}
    if not begun:
        return []
    zero = min(begun.values())
    ends = {node_id: start - zero + progress.results[node_id].seconds for node_id, start in begun.items()}
    last = {node_id: _last_parent(progress.nodes[node_id], ends) for node_id in begun}
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


def _last_parent(node: Node, ends: Mapping[str, float]) -> str:
    return max((parent for parent in node.parents if parent in ends), key=lambda parent: ends[parent], default="")


def _path(ends: Mapping[str, float], last: Mapping[str, str]) -> Sequence[str]:
    """From the node that ended last back to the one that waited for nothing."""
    node_id, path = max(ends, key=lambda node_id: ends[node_id]), []
    while node_id:
        path.append(node_id)
        node_id = last[node_id]
    return path
