"""The last block of the log, for people: what failed, why, what was skipped because of it, how to run just that again."""

import shlex
from collections.abc import Iterator

from runner.outcome import ExitCode
from runner.progress import CANCELLED, FAILED, NOT_RUN, SKIPPED, TESTS, Node, Progress

_FAILURES = 6
"""Shown in full: Airflow repeats the last 40 lines of a failed container."""
_MESSAGE_LINES = 4

_HEADLINES = {
    ExitCode.SUCCESS: "dbt succeeded",
    ExitCode.FAILED: "dbt failed",
    ExitCode.NOT_STARTED: "dbt was not started",
    ExitCode.DEADLINE: "dbt was ended at its deadline",
    ExitCode.CANCELLED: "dbt was cancelled",
}


def closing(*, code: ExitCode, progress: Progress, seconds: float, workstream: str, artifacts: str, problem: str = "") -> str:
    """The block; `problem` is what went wrong outside of the nodes."""
    counts = ", ".join(f"{count} {status}" for status, count in sorted(progress.counts().items()))
    lines = ["", f"{_HEADLINES[code]}: {counts or 'no node was run'} in {seconds:.0f} s"]
    if problem:
        lines += ["", problem]
    failed = [progress.nodes[node_id] for node_id in progress.with_status(FAILED) if node_id in progress.nodes]
    lines += [line for node in failed[:_FAILURES] for line in _failure(node, progress)]
    if len(failed) > _FAILURES:
        lines += ["", f"... and {len(failed) - _FAILURES} more: {', '.join(node.name for node in failed[_FAILURES:])[:300]}"]
    lines += [*_again(code, failed, progress, workstream), "", f"Artifacts: {artifacts}/"]
    return "\n".join(lines)


def skipped_because_of(node: Node, progress: Progress) -> list[Node]:
    """What was skipped and depends on the node, however far."""
    reached, found = {node.id}, []
    for other in _in_order(progress):
        if reached.intersection(other.parents):
            reached.add(other.id)
            if (result := progress.results.get(other.id)) and result.status == SKIPPED:
                found.append(other)
    return found


def _in_order(progress: Progress) -> list[Node]:
    """The nodes, each after its parents."""
    placed: dict[str, Node] = {}

    def place(node: Node) -> None:
        if node.id not in placed:
            for parent in node.parents:
                if parent in progress.nodes:
                    place(progress.nodes[parent])
            placed[node.id] = node

    for node in progress.nodes.values():
        place(node)
    return list(placed.values())


def _failure(node: Node, progress: Progress) -> Iterator[str]:
    result = progress.results[node.id]
    yield ""
    yield f"{node.kind.replace('_', ' ')} {node.name}: {result.status} after {result.seconds:.1f} s"
    yield f"  file: {node.path}"
    message = [line.strip() for line in result.message.splitlines() if line.strip()]
    yield from (f"  {line}" for line in message[:_MESSAGE_LINES])
    if skipped := skipped_because_of(node, progress):
        models = [other.name for other in skipped if other.kind not in TESTS]
        tests = len(skipped) - len(models)
        parts = [", ".join(models)[:200]] if models else []
        parts += [f"{tests} tests"] if tests else []
        yield f"  skipped because of it: {' and '.join(parts)}"


def _again(code: ExitCode, failed: list[Node], progress: Progress, workstream: str) -> list[str]:
    if failed:
        names = [f"{node.name}+" if node.kind not in TESTS else node.name for node in failed[:_FAILURES]]
    elif code in {ExitCode.CANCELLED, ExitCode.DEADLINE} and progress.with_status({CANCELLED, NOT_RUN}):
        return ["", "The next try of this run goes on where this one stopped."]
    else:
        return []
    return ["", f"Run just these again: ops run {workstream} " + " ".join(f"--select {shlex.quote(name)}" for name in names)]
