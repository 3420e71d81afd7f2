"""`report.html`: the run on one page that needs nothing else: summary, failures, timeline, slowest nodes, sources, rows."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from runner.outcome import ExitCode
from runner.progress import FAILED, SUCCEEDED, TESTS
from runner.summary import Summary
from runner.timeline import Span, timeline

_SLOWEST = 10
_READABLE = 0.05
"""Share of the timeline from which on a bar has room for a name."""
_STYLE = Path(__file__).with_name("report.css")


def report(summary: Summary, former: Mapping[str, int]) -> str:
    """The page.

    Args:
        summary: The run.
        former: Node id: rows that the run before wrote.
    """
    spans = timeline(summary.progress)
    body = "".join(
        (_head(summary), _failures(summary), _timeline(spans), _slowest(spans), _rows(summary, former), _sources(summary))
    )
    title = escape(f"{summary.environment.workstream}: {summary.code.name.lower()}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE.read_text()}</style></head><body><main>{body}</main></body></html>\n"
    )


def tone(status: str) -> str:
    """The colour class of a status."""
    if status == "warn":
        return "warn"
    if status in SUCCEEDED:
        return "good"
    return "bad" if status in FAILED else "idle"


def _head(summary: Summary) -> str:
    environment = summary.environment
    outcome = "good" if summary.code == ExitCode.SUCCESS else "bad"
    facts = [f"run {environment.run_id}", f"try {environment.try_number}", environment.target, f"image {summary.image}"]
    counts = sorted(summary.progress.counts().items())
    chips = "".join(f'<span class="chip {tone(status)}">{count} {escape(status)}</span>' for status, count in counts)
    problem = f"<pre>{escape(summary.problem)}</pre>" if summary.problem else ""
    return (
        f'<h1>{escape(environment.workstream)} <span class="{outcome}">{summary.code.name.lower().replace("_", " ")}</span></h1>'
        f'<div class="soft">{escape(" · ".join(facts))} · {summary.seconds:.0f} s</div><div class="chips">{chips}</div>{problem}'
    )


def _failures(summary: Summary) -> str:
    progress = summary.progress
    failed = progress.failed()
    articles = "".join(
        f'<article><b class="bad">{escape(node.name)}</b> <span class="soft">{escape(node.kind)} · {escape(node.path)}</span>'
        f"<pre>{escape(progress.results[node.id].message)}</pre></article>"
        for node in failed
    )
    return _section("Failures", articles) if failed else ""


def _timeline(spans: Sequence[Span]) -> str:
    if not spans:
        return ""
    length = max(span.end for span in spans) or 1
    threads = {span.result.thread: number for number, span in enumerate(reversed(spans))}
    lanes = "".join(
        f'<div class="lane"><span class="soft">thread {number}</span><div class="track">'
        + "".join(_bar(span, length) for span in spans if span.result.thread == thread)
        + "</div></div>"
        for number, thread in enumerate(sorted(threads, key=lambda thread: -threads[thread]), start=1)
    )
    axis = f'<div class="axis soft"><span>0 s</span><span>{length / 2:.1f} s</span><span>{length:.1f} s</span></div>'
    path = " → ".join(escape(span.node.name) for span in spans if span.on_path)
    note = f'<p class="soft">Outlined, the longest chain of waiting: {path}. Only shortening these makes the run shorter.</p>'
    return _section("Timeline", f'<div class="scroll"><div class="timeline">{lanes}{axis}</div></div>{note}')


def _bar(span: Span, length: float) -> str:
    waited = f", waited for {span.waited_for}" if span.waited_for else ""
    title = f"{span.node.name}: {span.result.status}, {span.result.seconds:.2f} s{waited}"
    place = f"left:{100 * span.start / length:.2f}%;width:{100 * span.result.seconds / length:.2f}%"
    label = span.node.name if span.result.seconds > length * _READABLE else ""
    classes = f"bar {tone(span.result.status)}{' path' if span.on_path else ''}"
    return f'<div class="{classes}" style="{place}" title="{escape(title)}">{escape(label)}</div>'


def _slowest(spans: Sequence[Span]) -> str:
    rows = [
        (
            escape(span.node.name),
            escape(span.node.kind.replace("_", " ")),
            f'<span class="{tone(span.result.status)}">{escape(span.result.status)}</span>',
            f"{span.result.seconds:.2f}",
            escape(span.waited_for),
        )
        for span in sorted(spans, key=lambda span: -span.result.seconds)[:_SLOWEST]
    ]
    return _section("Slowest nodes", _table(("node", "kind", "status", "#seconds", "waited for"), rows)) if rows else ""


def _rows(summary: Summary, former: Mapping[str, int]) -> str:
    rows = []
    for node in summary.progress.nodes.values():
        result = summary.progress.results.get(node.id)
        if node.kind in TESTS or result is None or result.rows is None:
            continue
        before = former.get(node.id)
        change = "" if before is None else f"{result.rows - before:+,}" if result.rows != before else "same"
        rows.append((escape(node.name), escape(node.kind), f"{result.rows:,}", "" if before is None else f"{before:,}", change))
    return _section("Rows written", _table(("node", "kind", "#rows", "#run before", "#change"), rows)) if rows else ""


def _sources(summary: Summary) -> str:
    rows = [
        (
            escape(age.source.split(".", 2)[-1]),
            f'<span class="{tone(age.status)}">{escape(age.status)}</span>',
            escape((age.loaded or "")[:16].replace("T", " ")),
        )
        for age in summary.sources
    ]
    return _section("Source freshness", _table(("source", "status", "loaded (UTC)"), rows)) if rows else ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; a head that begins with # is of a column of numbers."""
    classes = [' class="number"' if head.startswith("#") else "" for head in heads]
    head = "".join(f"<th{kind}>{escape(text.lstrip('#'))}</th>" for kind, text in zip(classes, heads, strict=True))
    lines = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(classes, row, strict=True)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
