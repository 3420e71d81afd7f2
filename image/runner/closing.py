"""The last block of the log, for people: what failed, why, what was skipped because of it, how to run just that again."""

import re
from collections.abc import Iterator

from runner.causes import UNKNOWN, Diagnosis, last_words
from runner.outcome import ExitCode
from runner.progress import CANCELLED, NOT_RUN, TESTS, Node
from runner.steps import Step
from runner.summary import Summary

LINES = 60
"""Of the block at most: as many of a failed container's lines Airflow repeats."""

_FAILURES = 3
"""Shown in full."""

_MESSAGE_LINES = {1: 36, 2: 15, 3: 8}
"""Lines of each message, by the number of failures that are shown."""

_HEADLINES = {
    ExitCode.SUCCESS: "dbt succeeded",
    ExitCode.FAILED: "dbt failed",
    ExitCode.NOT_STARTED: "dbt was not started",
    ExitCode.DEADLINE: "dbt was ended at its deadline",
    ExitCode.NOT_STORED: "dbt succeeded, but what it leaves could not be stored",
    ExitCode.CANCELLED: "dbt was cancelled",
}

_NOT_DBT = "dbt was not begun"

_MOST_TELLING = re.compile(r"→|^@@|^([+-]{3})\s|^\w*(Error|Exception)\b.*:|\d{6} \(\w{5}\)")
"""Rows of a unit test that differ, the last line of a traceback, Snowflake's number."""

_TELLING = re.compile(r"^\|.*[^|\s-].*\||\bline \d+|invalid|\bnot\b|mismatch|missing|expected|\.sql\b|\.ya?ml\b", re.IGNORECASE)
"""Rows of a contract's table, places, and what says that something is wrong."""


def closing(summary: Summary, artifacts: str) -> str:
    """The block.

    Args:
        summary: The run.
        artifacts: Where they are.
    """
    progress = summary.progress
    counts = ", ".join(f"{count} {status}" for status, count in sorted(progress.counts().items()))
    failed = progress.failed()
    stale = summary.code == ExitCode.FAILED and summary.reasons[0].cause == "stale-source" and not progress.results
    headline = _NOT_DBT if stale else _HEADLINES[summary.code]
    lines = ["", f"{headline}: {counts or 'no node was run'} in {summary.seconds:.0f} s"]
    lines += [f"Note: {note}" for note in summary.notes]
    if len(summary.steps) > 1:
        lines += ["", *(f"{step.number + 1}. {step.command}: {step.status}{_counted(step)}" for step in summary.steps)]
    lines += _problem(summary)
    told: set[str] = set()
    for node in failed[:_FAILURES]:
        limit = _MESSAGE_LINES[min(len(failed), _FAILURES)]
        lines += [
            "",
            *_failure(node, summary, f"{artifacts}/compiled/{node.id}.sql" if node.id in summary.compiled else "", limit, told),
        ]
    if len(failed) > _FAILURES:
        lines += ["", f"... and {len(failed) - _FAILURES} more: {', '.join(node.name for node in failed[_FAILURES:])[:300]}"]
    lines += [*_again(summary, failed), ""]
    if summary.reasons:
        lines += [last_words(summary.retry, [reason.cause for reason in summary.reasons][:_FAILURES])]
    return "\n".join([*lines, f"Artifacts: {artifacts}/"])


def _counted(step: Step) -> str:
    """Nothing for a command that did not begin."""
    counts = [f"{count} {status}" for status, count in sorted(step.counts.items())]
    return f" in {step.seconds:.0f} s{' (' if counts else ''}{', '.join(counts)}{')' if counts else ''}" if step.seconds else ""


def essence(message: str, limit: int) -> list[str]:
    """The lines of a message that name its cause, whatever their place, in their order; the last says how many are left out."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    if len(lines) <= limit:
        return lines
    ranked = sorted(
        range(len(lines)),
        key=lambda number: (number > 0, not _MOST_TELLING.search(lines[number]), not _TELLING.search(lines[number]), number),
    )
    kept = [lines[number] for number in sorted(ranked[: limit - 1])]
    return [*kept, f"({len(lines) - len(kept)} lines of this message are left out: the report has all of it.)"]


def _problem(summary: Summary) -> list[str]:
    """What went wrong outside of the nodes, and what to do unless it says so itself."""
    if not summary.problem:
        return []
    lines = ["", *summary.problem.splitlines()]
    reason = summary.reasons[0] if summary.reasons else None
    if reason and reason.resolution not in summary.problem:
        lines += _advice(reason)
    return lines


def _failure(node: Node, summary: Summary, compiled: str, limit: int, told: set[str]) -> Iterator[str]:
    result, reason = summary.progress.results[node.id], summary.diagnoses[node.id]
    yield f"{node.kind.replace('_', ' ')} {node.name}: {result.status} after {result.seconds:.1f} s"
    if node.path:
        yield f"  file: {node.path}"
    if compiled:
        yield f"  compiled: {compiled}"
    yield from (f"  {line}" for line in essence(result.message, limit))
    yield from _advice(reason) if reason.cause not in told else [f"  {reason.summary}: as above."]
    told.add(reason.cause)
    if skipped := summary.skipped_because_of.get(node.id):
        models = [other.name for other in skipped if other.kind not in TESTS]
        tests = len(skipped) - len(models)
        parts = [", ".join(models)[:200]] if models else []
        parts += [f"{tests} tests"] if tests else []
        yield f"  skipped because of it: {' and '.join(parts)}"


def _advice(reason: Diagnosis) -> list[str]:
    why = [] if reason.cause == UNKNOWN.id else [f" {reason.why}"]
    return [f"  Why: {reason.summary}.{''.join(why)}", f"  What to do: {reason.resolution}"]


def _again(summary: Summary, failed: list[Node]) -> list[str]:
    if failed:
        return ["", f"Run just these again: {summary.rerun(failed)}"]
    if summary.code in {ExitCode.CANCELLED, ExitCode.DEADLINE} and summary.progress.with_status({CANCELLED, NOT_RUN}):
        return ["", "The next try of this run goes on where this one stopped."]
    return []
