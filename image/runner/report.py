"""`report.html`: the run on one page that needs nothing else: summary, failures, timeline, slowest nodes, sources, rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from runner.causes import Diagnosis
from runner.chart import chart
from runner.freshness import SourceAge
from runner.links import links, query_page
from runner.markup import anchor, chip, count, duration, folded, link, page, prose, section, share, table
from runner.outcome import ExitCode
from runner.progress import CANCELLED, FAILED, NOT_RUN, SKIPPED, SUCCEEDED, TESTS, Node
from runner.summary import Summary
from runner.timeline import Span, timeline

_SLOWEST = 10

_ROWS = 20
"""Nodes whose rows are in sight: the largest changes. What is below them is found without scrolling past hundreds."""

_SQL = 20_000
"""Characters of a statement that the page holds; the whole is among the artifacts."""

_NOTICED = 1.5
"""So many times its usual seconds, and a second more, is worth a word."""


@dataclass(frozen=True, kw_only=True)
class Before:
    """The workstream's runs before this one."""

    rows: Mapping[str, int]
    """Node id: rows that it wrote in its last run that succeeded."""
    seconds: Mapping[str, float]
    """Node id: what it usually takes."""


def report(summary: Summary, before: Before) -> str:
    """The page.

    Args:
        summary: The run.
        before: What it is compared with.
    """
    spans = timeline(summary.progress, summary.started)
    parts = (
        _head(summary),
        _commands(summary),
        _failures(summary),
        _warnings(summary),
        _skipped(summary),
        _timeline(summary, spans, before),
        _slowest(summary, spans, before),
        _rows(summary, before),
        _sources(summary),
    )
    return page(f"{summary.environment.workstream}: {_outcome(summary)}", "".join(parts))


def _outcome(summary: Summary) -> str:
    return summary.code.name.lower().replace("_", " ")


def _head(summary: Summary) -> str:
    environment = summary.environment
    good = "good" if summary.code == ExitCode.SUCCESS else "bad"
    facts = {
        "run": environment.run_id,
        "try": str(environment.try_number),
        "owner": environment.owner,
        "began": f"{summary.started:%Y-%m-%d %H:%M:%S} UTC",
        "stands for": environment.logical_date,
        "target": environment.target,
        **summary.asked,
        "image": summary.image,
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items() if value)
    notes = "".join(f'<p class="note">{prose(note)}</p>' for note in summary.notes)
    ways = " · ".join(link(name, url) for name, url in links(environment).items())
    ways = f'<nav aria-label="About this run">{ways}</nav>' if ways else ""
    problem = f"<pre>{escape(summary.problem)}</pre>" if summary.problem else ""
    problem += _advice(summary.reasons[0]) if summary.problem and summary.reasons else ""
    return (
        f'<header class="{good}"><h1>{escape(environment.workstream)}<span class="outcome">{_outcome(summary)}</span></h1>'
        f"<dl>{listed}</dl>{ways}{problem}{notes}{_tiles(summary)}</header>"
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
    last = summary.phases[-1] if summary.phases else None
    tiles = [("", duration(round(last.start + last.seconds, 1) if last else summary.seconds), "from start to end")]
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
    return section("Commands", table(("command", "status", "#time", "nodes"), rows, "Commands")) if len(rows) > 1 else ""


def _failures(summary: Summary) -> str:
    progress = summary.progress
    articles = []
    for node in progress.failed():
        skipped = ", ".join(escape(other.name) for other in summary.skipped_because_of.get(node.id, []))
        articles.append(
            f"<article><h3>{escape(node.name)} {chip(progress.results[node.id].status, 'error')}</h3>"
            f'<p class="soft">{_dotted(_kind(node), escape(node.path), _query(summary, node))}</p>'
            f"<pre>{escape(progress.results[node.id].message)}</pre>{_advice(summary.diagnoses[node.id])}"
            + (f"<p><b>Skipped because of it:</b> {skipped}</p>" if skipped else "")
            + f'<p class="soft">Run it again: <code>{escape(summary.rerun([node]))}</code></p>'
            f"{_statement(summary, node)}</article>"
        )
    return section("Failures", "".join(articles)) if articles else ""


def _kind(node: Node) -> str:
    return escape(node.kind.replace("_", " "))


def _dotted(*parts: str) -> str:
    """Those that there are; an operation has no file."""
    return " · ".join(filter(None, parts))


def _query(summary: Summary, node: Node) -> str:
    """The way to the node's statement in the warehouse, where that has a page for it."""
    query_id = summary.progress.results[node.id].query_id
    url = query_page(summary.environment.warehouse, query_id) if query_id else ""
    return link("query in Snowflake", url) if url else ""


def _statement(summary: Summary, node: Node) -> str:
    """The SQL that was sent; of a data test it is what shows the rows that it found."""
    sql, found = summary.compiled.get(node.id, ""), summary.progress.results[node.id].failures
    if not sql:
        return ""
    cut = f"\n-- cut here: compiled/{node.id}.sql among the run's artifacts has the whole" if len(sql) > _SQL else ""
    title = "The SQL that was sent"
    if node.kind == "test" and found:
        stored = f"; they are kept in {node.relation}" if node.relation else ""
        title = f"The SQL that shows the {found:,} row{'s' if found > 1 else ''} that it found{stored}"
    return folded(title, f"<pre>{escape(sql.strip()[:_SQL] + cut)}</pre>")


def _advice(reason: Diagnosis) -> str:
    return f"<p><b>{prose(reason.summary)}.</b> {prose(reason.why)}</p><p><b>What to do:</b> {prose(reason.resolution)}</p>"


def _warnings(summary: Summary) -> str:
    progress = summary.progress
    rows = [
        (
            escape(node.name) + f'<br><span class="soft">{escape(node.path)}</span>',
            escape(progress.results[node.id].message) + _statement(summary, node),
        )
        for node in (progress.nodes[node_id] for node_id in progress.with_status({"warn"}) if node_id in progress.nodes)
    ]
    return section("Warnings", table(("test", "message"), rows, "Warnings")) if rows else ""


def _skipped(summary: Summary) -> str:
    """What did not run, and why not."""
    progress, rows = summary.progress, []
    for node_id in progress.with_status({SKIPPED, CANCELLED, NOT_RUN}):
        if node := progress.nodes.get(node_id):
            status = progress.results[node_id].status
            because = ", ".join(cause.name for cause in summary.causes.get(node_id, [])) or _outcome(summary)
            rows.append((escape(node.name), _kind(node), chip(status, status), escape(because)))
    content = table(("node", "~kind", "status", "because of"), rows, "What did not run")
    return section("Did not run", content if len(rows) <= _SLOWEST else folded(f"{len(rows)} nodes", content)) if rows else ""


def _timeline(summary: Summary, spans: Sequence[Span], before: Before) -> str:
    if not spans and not summary.phases:
        return ""
    return section("Timeline", chart(summary.phases, spans) + (_path(summary, spans, before) if spans else ""))


def _path(summary: Summary, spans: Sequence[Span], before: Before) -> str:
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
    everything = _nodes(summary, spans, before, "All nodes", anchored=True)
    return (
        f'<h3>What the end of the run waited for</h3>{note}<ol class="chain">{chain}</ol>'
        f"{folded(f'All {len(spans)} nodes by start: who waited for what', everything)}"
    )


def _slowest(summary: Summary, spans: Sequence[Span], before: Before) -> str:
    slowest = sorted(spans, key=lambda span: -span.result.seconds)[:_SLOWEST]
    return section("Slowest nodes", _nodes(summary, slowest, before, "Slowest nodes")) if slowest else ""


def _nodes(summary: Summary, spans: Sequence[Span], before: Before, name: str, *, anchored: bool = False) -> str:
    longest = max(span.result.seconds for span in spans)
    rows = [
        (
            escape(span.node.name),
            _dotted(_kind(span.node), _query(summary, span.node)),
            chip(span.result.status, span.result.status),
            f"{span.start:.1f}",
            f"{span.result.seconds:.2f}{share(span.result.seconds, longest)}",
            _usual(span.result.seconds, before.seconds.get(span.node.id)),
            escape(span.waited_for),
        )
        for span in spans
    ]
    heads = ("node", "~kind", "status", "#start, s", "#seconds", "#~usually", "~waited for")
    return table(heads, rows, name, [anchor(span.node.id) for span in spans] if anchored else [])


def _usual(seconds: float, usual: float | None) -> str:
    if usual is None:
        return ""
    slower = seconds > _NOTICED * usual and seconds > usual + 1
    return f"{usual:.2f}" + (f" {chip(f'{seconds / usual:.1f} times', 'warn')}" if slower else "")


def _rows(summary: Summary, former: Before) -> str:
    changed, same = [], []
    for node in summary.progress.nodes.values():
        result = summary.progress.results.get(node.id)
        if node.kind in TESTS or result is None or result.rows is None:
            continue
        before = former.rows.get(node.id)
        change = result.rows - before if before is not None else None
        shown = "new" if change is None else _change(change, before or 0)
        row = (escape(node.name), escape(node.kind), f"{result.rows:,}", "" if before is None else f"{before:,}", shown)
        (same if change == 0 else changed).append((abs(change or 0), row))
    heads = ("node", "~kind", "#rows", "#~last success", "#change")
    rows = [row for _, row in sorted(changed, key=lambda found: -found[0])]
    content = table(heads, rows[:_ROWS], "Rows written") if rows else ""
    content += folded(f"{len(rows) - _ROWS} more", table(heads, rows[_ROWS:], "Further rows written")) if rows[_ROWS:] else ""
    content += folded(f"{len(same)} wrote as many as before", table(heads, [row for _, row in same], "As before")) if same else ""
    return section("Rows written", content) if content else ""


def _change(change: int, before: int) -> str:
    percent = round(100 * change / before) if before else 0
    return "same" if not change else f"{change:+,}" + (f'<span class="minor"> ({percent:+}%)</span>' if percent else "")


def _sources(summary: Summary) -> str:
    rows = []
    for age in summary.sources:
        status, said = _freshness(age, good=summary.code == ExitCode.SUCCESS)
        loaded = age.loaded[:16].replace("T", " ") if age.loaded else ""
        rows.append((escape(age.source.split(".", 2)[-1]), chip(said, status), escape(loaded)))
    return section("Source freshness", table(("source", "before the run", "loaded (UTC)"), rows, "Sources")) if rows else ""


def _freshness(age: SourceAge, *, good: bool) -> tuple[str, str]:
    """Status, for its colour, and words. What the run made afterwards, or did well without, is no problem."""
    if age.status == "runtime error":
        said = "not there yet: this run made it" if age.own and good else "could not be read"
        return ("idle" if age.own else "warn", said)
    if age.status == "error":
        return ("idle", "too old: this run loads it") if age.own else ("error", "too old")
    return (age.status, {"pass": "fresh", "warn": "getting old"}.get(age.status, age.status))
