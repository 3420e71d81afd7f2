"""The last block of the log, for people: what failed, why, what was skipped because of it, how to run just that again."""

from collections.abc import Collection, Iterator

from runner.outcome import ExitCode
from runner.progress import CANCELLED, NOT_RUN, TESTS, Node
from runner.steps import Step
from runner.summary import Summary

_FAILURES = 3
"""Shown in full: Airflow repeats the last 40 lines of a failed container."""
_MESSAGE_LINES = 4

_HEADLINES = {
    ExitCode.SUCCESS: "dbt succeeded",
    ExitCode.FAILED: "dbt failed",
    ExitCode.NOT_STARTED: "dbt was not started",
    ExitCode.DEADLINE: "dbt was ended at its deadline",
    ExitCode.NOT_STORED: "dbt succeeded, but what it leaves could not be stored",
    ExitCode.CANCELLED: "dbt was cancelled",
}


def closing(summary: Summary, artifacts: str, compiled: Collection[str]) -> str:
    """The block.

    Args:
        summary: The run.
        artifacts: Where they are.
        compiled: Ids of the nodes whose SQL is among the artifacts.
    """
    progress = summary.progress
    counts = ", ".join(f"{count} {status}" for status, count in sorted(progress.counts().items()))
    lines = ["", f"{_HEADLINES[summary.code]}: {counts or 'no node was run'} in {summary.seconds:.0f} s"]
    if len(summary.steps) > 1:
        lines += ["", *(f"{step.number + 1}. {step.command}: {step.status}{_counted(step)}" for step in summary.steps)]
    if summary.problem:
        lines += ["", summary.problem]
    failed = progress.failed()
    for node in failed[:_FAILURES]:
        lines += ["", *_failure(node, summary, f"{artifacts}/compiled/{node.id}.sql" if node.id in compiled else "")]
    if len(failed) > _FAILURES:
        lines += ["", f"... and {len(failed) - _FAILURES} more: {', '.join(node.name for node in failed[_FAILURES:])[:300]}"]
    lines += [*_again(summary, failed), "", f"Artifacts: {artifacts}/"]
    return "\n".join(lines)


def _counted(step: Step) -> str:
    """Nothing for a command that did not begin."""
    counts = [f"{count} {status}" for status, count in sorted(step.counts.items())]
    return f" in {step.seconds:.0f} s{' (' if counts else ''}{', '.join(counts)}{')' if counts else ''}" if step.seconds else ""


def _failure(node: Node, summary: Summary, compiled: str) -> Iterator[str]:
    result = summary.progress.results[node.id]
    yield f"{node.kind.replace('_', ' ')} {node.name}: {result.status} after {result.seconds:.1f} s"
    if node.path:
        yield f"  file: {node.path}"
    if compiled:
        yield f"  compiled: {compiled}"
    message = [line.strip() for line in result.message.splitlines() if line.strip()]
    yield from (f"  {line}" for line in message[:_MESSAGE_LINES])
    if skipped := summary.skipped_because_of.get(node.id):
        models = [other.name for other in skipped if other.kind not in TESTS]
        tests = len(skipped) - len(models)
        parts = [", ".join(models)[:200]] if models else []
        parts += [f"{tests} tests"] if tests else []
        yield f"  skipped because of it: {' and '.join(parts)}"


def _again(summary: Summary, failed: list[Node]) -> list[str]:
    if failed:
        return ["", f"Run just these again: {summary.rerun(failed[:_FAILURES])}"]
    if summary.code in {ExitCode.CANCELLED, ExitCode.DEADLINE} and summary.progress.with_status({CANCELLED, NOT_RUN}):
        return ["", "The next try of this run goes on where this one stopped."]
    return []
