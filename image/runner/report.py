"""`report.html`: the run on one page that needs nothing else: summary, failures, timeline, slowest nodes, sources, rows."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from runner.causes import Diagnosis
from runner.chart import chart
from runner.markup import chip, count, duration, folded, section, share, table
from runner.outcome import ExitCode
from runner.progress import CANCELLED, FAILED, NOT_RUN, SKIPPED, SUCCEEDED, TESTS
from runner.summary import Summary
from runner.timeline import Span, timeline

_SLOWEST = 10
_STYLE = Path(__file__).with_name("report.css")


def report(summary: Summary, former: Mapping[str, int]) -> str:
    """The page.

    Args:
        summary: The run.
        former: Node id: rows that it wrote in its last run that succeeded.
    """
    spans = timeline(summary.progress)
    parts = (_head(summary), _commands(summary), _failures(summary), _warnings(summary), _timeline(spans), _slowest(spans))
    body = "".join((*parts, _rows(summary, former), _sources(summary)))
    title = escape(f"{summary.environment.workstream}: {_outcome(summary)}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # An icon that is there: a browser would ask the server for one.
        f'<link rel="icon" href="data:,"><title>{title}</title><style>{_STYLE.read_text()}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )


def _outcome(summary: Summary) -> str:
    return summary.code.name.lower().replace("_", " ")


def _head(summary: Summary) -> str:
    environment = summary.environment
    good = "good" if summary.code == ExitCode.SUCCESS else "bad"
    facts = {
        "run": environment.run_id,
        "try": str(environment.try_number),
        "began": f"{summary.started:%Y-%m-%d %H:%M:%S} UTC",
        "target": environment.target,
        "image": summary.image,
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    problem = f"<pre>{escape(summary.problem)}</pre>" if summary.problem else ""
    problem += _advice(summary.reasons[0]) if summary.problem and summary.reasons else ""
    return (
        f'<header class="{good}"><h1>{escape(environment.workstream)}<span class="outcome">{_outcome(summary)}</span></h1>'
        f"<dl>{listed}</dl>{problem}{_tiles(summary)}</header>"
    )


def _tiles(summary: Summary) -> str:
    progress = summary.progress
    whole = len(progress.nodes)
    groups = {
        "succeeded": ("good", progress.with_status(SUCCEEDED - {"warn"})),
        "warned": ("warn", progress.with_status({"warn"})),
        "failed": ("bad", progress.with_status(FAILED)),
        "did not run": ("idle", progress.with_status({SKIPPED, CANCELLED, NOT_RUN})),
    }
    rows = sum(result.rows or 0 for result in progress.results.values())
    tiles = [("", duration(summary.seconds), "from start to end")]
    tiles += [(colour, str(len(ids)), name) for name, (colour, ids) in groups.items() if ids]
    tiles += [("", count(rows), "rows written")] if rows else []
    shown = "".join(f'<div class="tile {colour}"><b>{value}</b><span>{name}</span></div>' for colour, value, name in tiles)
    bar = "".join(
        f'<span class="{colour}" style="width:{100 * len(ids) / whole:.2f}%"></span>' for colour, ids in groups.values() if ids
    )
    return f'<div class="tiles">{shown}</div>' + (f'<div class="whole">{bar}</div>' if whole else "")


def _commands(summary: Summary) -> str:
    """What the run consisted of, unless it was a single command."""
    rows = []
    for step in summary.steps:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(step.counts.items()))
        status = chip(step.status, {"failed": "error"}.get(step.status, step.status))
        rows.append((f"<code>{escape(str(step.command))}</code>", status, duration(step.seconds), escape(counts)))
    return section("Commands", table(("command", "status", "#time", "nodes"), rows)) if len(rows) > 1 else ""


def _failures(summary: Summary) -> str:
    progress = summary.progress
    articles = []
    for node in progress.failed():
        skipped = ", ".join(escape(other.name) for other in summary.skipped_because_of.get(node.id, []))
        articles.append(
            f"<article><h3>{escape(node.name)} {chip(progress.results[node.id].status, 'error')}</h3>"
            f'<p class="soft">{escape(node.kind.replace("_", " "))} · {escape(node.path)}</p>'
            f"<pre>{escape(progress.results[node.id].message)}</pre>{_advice(summary.diagnoses[node.id])}"
            + (f"<p><b>Skipped because of it:</b> {skipped}</p>" if skipped else "")
            + f'<p class="soft">Run it again: <code>{escape(summary.rerun([node]))}</code></p></article>'
        )
    return section("Failures", "".join(articles)) if articles else ""


def _advice(reason: Diagnosis) -> str:
    return f"<p><b>{escape(reason.summary)}.</b> {escape(reason.why)}</p><p><b>What to do:</b> {escape(reason.resolution)}</p>"


def _warnings(summary: Summary) -> str:
    progress = summary.progress
    rows = [
        (escape(progress.nodes[node_id].name), escape(progress.results[node_id].message))
        for node_id in progress.with_status({"warn"})
        if node_id in progress.nodes
    ]
    return section("Warnings", table(("test", "message"), rows)) if rows else ""


def _timeline(spans: Sequence[Span]) -> str:
    if not spans:
        return ""
    path = [span for span in spans if span.on_path]
    whole = sum(span.result.seconds for span in path)
    note = (
        '<p class="soft">Each of these had to wait for the one above. The run gets shorter only when one of them does, '
        "or needs not wait.</p>"
    )
    chain = "".join(
        f'<li><span class="what">{escape(span.node.name)}</span>'
        f'<span class="number soft">at {duration(round(span.start, 1))}</span>'
        f'<span class="number">{duration(round(span.result.seconds, 1))}{share(span.result.seconds, whole)}</span></li>'
        for span in path
    )
    everything = folded(f"All {len(spans)} nodes by start: who waited for what", _nodes(spans))
    return section(
        "Timeline", f'{chart(spans)}<h3>What the end of the run waited for</h3>{note}<ol class="chain">{chain}</ol>{everything}'
    )


def _slowest(spans: Sequence[Span]) -> str:
    slowest = sorted(spans, key=lambda span: -span.result.seconds)[:_SLOWEST]
    return section("Slowest nodes", _nodes(slowest)) if slowest else ""


def _nodes(spans: Sequence[Span]) -> str:
    longest = max(span.result.seconds for span in spans)
    rows = [
        (
            escape(span.node.name),
            escape(span.node.kind.replace("_", " ")),
            chip(span.result.status, span.result.status),
            f"{span.start:.1f}",
            f"{span.result.seconds:.2f}{share(span.result.seconds, longest)}",
            escape(span.waited_for),
        )
        for span in spans
    ]
    return table(("node", "~kind", "status", "#start, s", "#seconds", "~waited for"), rows)


def _rows(summary: Summary, former: Mapping[str, int]) -> str:
    changed, same = [], []
    for node in summary.progress.nodes.values():
        result = summary.progress.results.get(node.id)
        if node.kind in TESTS or result is None or result.rows is None:
            continue
        before = former.get(node.id)
        change = result.rows - before if before is not None else None
        shown = "new" if change is None else _change(change, before or 0)
        row = (escape(node.name), escape(node.kind), f"{result.rows:,}", "" if before is None else f"{before:,}", shown)
        (same if change == 0 else changed).append((abs(change or 0), row))
    heads = ("node", "~kind", "#rows", "#~last success", "#change")
    content = table(heads, [row for _, row in sorted(changed, key=lambda found: -found[0])]) if changed else ""
    content += folded(f"{len(same)} wrote as many as before", table(heads, [row for _, row in same])) if same else ""
    return section("Rows written", content) if content else ""


def _change(change: int, before: int) -> str:
    percent = round(100 * change / before) if before else 0
    return "same" if not change else f"{change:+,}" + (f" ({percent:+}%)" if percent else "")


def _sources(summary: Summary) -> str:
    rows = [
        (
            escape(age.source.split(".", 2)[-1]),
            chip(age.status, age.status),
            escape((age.loaded or "unknown")[:16].replace("T", " ")),
        )
        for age in summary.sources
    ]
    return section("Source freshness", table(("source", "status", "loaded (UTC)"), rows)) if rows else ""
