"""The morning page: all workstreams of a stack on one page that needs nothing else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from runner.markup import chip, count, duration, folded, link, page, section, table

from ops import prices
from ops.pages.record import Node, Record, Run
from ops.words import count_of

STRIP = 30
"""Runs that a strip shows."""

WORST = 15
"""Lines of a list of the stack's worst."""

OWN_WORST = 5
"""Lines of a list of a workstream's worst."""

MARTS = 12
"""Marts of which a workstream shows the rows."""

_STYLE = Path(__file__).with_name("morning.css")

Report = Callable[[str, Run], str | None]
"""Address of a run's report, relative to the page; None: it is not at hand."""


DAYS = 30
"""Of costs."""


def morning(
    name: str,
    records: Sequence[Record],
    report: Report,
    now: datetime,
    *,
    catalogue: str = "",
    credits: Mapping[str, float] | None = None,  # noqa: A002 - Snowflake's word
) -> str:
    """The page.

    Args:
        name: Of the platform.
        records: Of all workstreams.
        report: Where the runs' reports are.
        now: UTC.
        catalogue: Address of the entry to dbt's documentation, relative to the page; nothing: it is not at hand.
        credits: Of Snowflake by workstream, in `DAYS`; None: nobody has asked for them.
    """
    by_name = {record.workstream.name: record for record in records}
    late = {name: since for name, record in by_name.items() if (since := record.late(now, by_name))}
    ordered = sorted(records, key=lambda record: (_calm(record, late), record.workstream.name))
    content = "".join(
        [
            _head(name, _tiles(records, late, now, credits), catalogue, now),
            _attention(ordered, late, report, now),
            section("Workstreams", "".join(_workstream(record, late, report, now, credits or {}) for record in ordered)),
            _worst_nodes(records),
            _stale(records, now),
        ]
    )
    return page(f"{name}: workstreams", content, _STYLE.read_text())


def _calm(record: Record, late: Mapping[str, datetime]) -> int:
    """Order: what somebody has to look at comes first."""
    if record.last is None:
        return 3
    if not record.last.good:
        return 0
    return 1 if record.workstream.name in late else 2


def _tiles(
    records: Sequence[Record], late: Mapping[str, datetime], now: datetime, credited: Mapping[str, float] | None
) -> list[tuple[str, str, str]]:
    """Colour, figure, and what it is of."""
    runs = [run for record in records for run in record.runs]
    failing = sum(1 for record in records if record.last and not record.last.good)
    week = [run for run in runs if run.started >= now - timedelta(days=7)]
    rate = sum(run.good for run in week) / len(week) if week else None
    spent = sum(record.spent(now - timedelta(days=DAYS)) for record in records)
    tiles = [
        ("", str(len(records)), "workstream" if len(records) == 1 else "workstreams"),
        ("bad" if failing else "good" if runs else "", str(failing), "failed in their last run"),
        ("warn" if late else "good" if runs else "", str(len(late)), "late"),
        *([] if rate is None else [("", f"{rate:.1%}", f"of {count_of(len(week), 'run')} succeeded in 7 days")]),
        ("", _dollars(spent), f"for Fargate in {DAYS} days"),
    ]
    return tiles + ([("", f"{sum(credited.values()):,.1f}", f"Snowflake credits in {DAYS} days")] if credited is not None else [])


def _head(name: str, tiles: Sequence[tuple[str, str, str]], catalogue: str, now: datetime) -> str:
    shown = "".join(f'<div class="tile {tone}"><b>{value}</b><span>{escape(what)}</span></div>' for tone, value, what in tiles)
    way = f"<nav>{link('Catalogue: models, columns, lineage', catalogue)}</nav>" if catalogue else ""
    worst = next((tone for tone in ("bad", "warn") if any(tone == each[0] for each in tiles)), "good")
    return (
        f'<header class="{worst}"><h1>{escape(name)}</h1>'
        f'<p class="soft">As of {now:%Y-%m-%d %H:%M} UTC. Costs at list prices ({escape(prices.SOURCE)}), an estimate.</p>{way}'
        f'<div class="tiles">{shown}</div></header>'
    )


def _attention(records: Sequence[Record], late: Mapping[str, datetime], report: Report, now: datetime) -> str:
    rows = []
    for record in records:
        last, name = record.last, record.workstream.name
        if last and not last.good:
            failed = ", ".join(last.failed[:OWN_WORST]) + (" …" if len(last.failed) > OWN_WORST else "")
            told = escape(last.cause or "") + (_below(failed) if failed else "")
            shown = link(last.outcome.replace("_", " "), report(name, last) or "")
            rows.append((_to(record), f'<span class="chip bad">{shown}</span>', _ago(last.ended, now), told))
        if name in late:
            rows.append((_to(record), chip("late", "warn"), _ago(late[name], now), "No run has begun since it was due"))
    heads = ("workstream", "state", "since", "why")
    calm = "every last run succeeded, and none is late" if any(record.last for record in records) else "nothing has run yet"
    content = table(heads, rows, "What needs attention") if rows else f"<p>Nothing: {calm}.</p>"
    return section("What needs attention", content)


def _to(record: Record) -> str:
    name = escape(record.workstream.name)
    return f'<a href="#{name}">{name}</a>'


def _workstream(record: Record, late: Mapping[str, datetime], report: Report, now: datetime, credited: Mapping[str, float]) -> str:
    workstream, last = record.workstream, record.last
    if last is None:
        state = chip("no run yet", "idle")
    elif workstream.name in late and last.good:
        state = chip("late", "warn")
    else:
        state = chip(last.outcome.replace("_", " "), "success" if last.good else "error")
    whose = " · ".join(filter(None, [workstream.owner, _starts(record, now)]))
    shown = f"{_strip(record, report)}{_figures(record, now, credited.get(workstream.name))}{_details(record, now)}"
    return (
        f'<article class="stream" id="{escape(workstream.name)}"><div class="who"><h3>{escape(workstream.name)} {state}</h3>'
        f'<p class="soft">{escape(whose)}</p></div>{shown}</article>'
    )


def _starts(record: Record, now: datetime) -> str:
    """By what, and when next: not everybody reads cron."""
    workstream, following = record.workstream, record.next(now)
    clock = f"{workstream.schedule} {workstream.timezone}, next {following:%a %d %b %H:%M}" if following else ""
    others = f"after {', '.join(workstream.after)}" if workstream.after else ""
    return "; ".join(filter(None, [clock, others])) or "by hand"


def _strip(record: Record, report: Report) -> str:
    """The last runs, oldest first; words for those who see no colours, and a sign in the cell."""
    cells = []
    for run in record.runs[-STRIP:]:
        said = f"{run.started:%Y-%m-%d %H:%M} UTC: {run.outcome.replace('_', ' ')}, {duration(round(run.seconds, 1))}"
        tone, url = "good" if run.good else "bad", report(record.workstream.name, run)
        if url:
            cells.append(f'<a class="{tone}" href="{escape(url)}" title="{said}" aria-label="{said}"></a>')
        else:
            cells.append(f'<span class="{tone}" title="{said}"></span>')
    good = sum(run.good for run in record.runs[-STRIP:])
    label = f"{good} of the last {len(cells)} runs succeeded"
    return f'<div class="strip" role="group" aria-label="{label}">{"".join(cells)}</div>'


def _figures(record: Record, now: datetime, credited: float | None) -> str:
    spent = record.spent(now - timedelta(days=DAYS))
    figures = {
        "last run": _ago(record.last.started, now) if record.last else "",
        f"of {len(record.runs):,} succeeded": f"{record.success_rate:.0%}" if record.success_rate is not None else "",
        f"usually{_trend(record.trend)}": duration(round(record.usual, 1)) if record.usual is not None else "",
        f"in {DAYS} days": _dollars(spent) if record.runs else "",
        "a run": _dollars(sum(run.spent for run in record.runs) / len(record.runs)) if record.runs else "",
        "credits": f"{credited:,.2f}" if credited is not None else "",
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items() if value)
    return f"<dl>{listed}</dl>{_line([run.seconds for run in record.runs if run.good], 'Seconds of its successful runs')}"


def _trend(trend: float | None) -> str:
    if trend is None or abs(trend) < 0.1:
        return ""
    tone, sign, word = ("warn", "▲", "longer") if trend > 0 else ("good", "▼", "shorter")
    return f' <span class="{tone} trend">{sign} {abs(trend):.0%} {word}</span>'


def _details(record: Record, now: datetime) -> str:
    """What only its owner wants to see."""
    if not record.nodes:
        return ""
    of = f"of {record.workstream.name}"
    parts = [
        (
            "Slowest",
            table(
                ("node", "#usually"),
                [(escape(n.name), duration(round(n.seconds, 1))) for n in _slow(record.nodes)[:OWN_WORST]],
                f"Slowest {of}",
            ),
        ),
    ]
    if failing := _failing(record.nodes)[:OWN_WORST]:
        rows = [(escape(node.name), _share_of_failures(node)) for node in failing]
        parts.append(("Failed most often", table(("node", "#failed"), rows, f"Failed most often {of}")))
    if marts := [node for node in record.nodes if node.is_mart and node.rows][:MARTS]:
        rows = [
            (escape(node.name), f"{count(node.rows[-1])}", _line(node.rows, f"Rows of {node.name}, run by run")) for node in marts
        ]
        parts.append(("Rows written by its marts", table(("mart", "#last", "over time"), rows, f"Rows written by the marts {of}")))
    if record.sources:
        rows = [
            (
                escape(source["source"].split(".", 2)[-1]),
                chip(*_fresh(source)),
                _loaded(source, now),
            )
            for source in record.sources
        ]
        parts.append(("Sources", table(("source", "status", "loaded"), rows, f"Sources {of}")))
    return folded(count_of(len(record.nodes), "node"), "".join(f"<h4>{title}</h4>{content}" for title, content in parts))


def _fresh(source: Mapping[str, object]) -> tuple[str, str]:
    """Words and status of a source: what the workstream loads itself is no concern."""
    status = str(source["status"])
    if source["own"]:
        return ("loaded by the run", "idle")
    words = {"pass": "fresh", "warn": "getting old", "error": "too old", "runtime error": "could not be read"}
    return (words.get(status, status), "warn" if status == "runtime error" else status)


def _loaded(source: Mapping[str, object], now: datetime) -> str:
    """How old a source's newest row was; nothing if nobody could read it. dbt writes the moment without its zone, UTC."""
    if not source["loaded"]:
        return ""
    moment = datetime.fromisoformat(str(source["loaded"]))
    return _ago(moment if moment.tzinfo else moment.replace(tzinfo=UTC), now)


def _slow(nodes: Sequence[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: -node.seconds)


def _failing(nodes: Sequence[Node]) -> list[Node]:
    return sorted((node for node in nodes if node.failures), key=lambda node: (-node.failures, node.name))


def _share_of_failures(node: Node) -> str:
    return f"{node.failures} of {len(node.results)}"


def _worst_nodes(records: Sequence[Record]) -> str:
    nodes = [node for record in records for node in record.nodes]
    failing = _failing(nodes)
    lists = {
        "Slowest nodes": ([(node, duration(round(node.seconds, 1))) for node in _slow(nodes)[:WORST]], "#usually"),
        "Models that fail most often": ([(n, _share_of_failures(n)) for n in failing if not n.is_test][:WORST], "#failed"),
        "Tests that fail often": ([(n, _share_of_failures(n)) for n in failing if n.is_test][:WORST], "#failed"),
    }
    return "".join(
        section(
            title,
            table(("node", head), [(f"{escape(node.name)}{_below(node.workstream)}", value) for node, value in found], title),
        )
        for title, (found, head) in lists.items()
        if found
    )


def _below(text: str) -> str:
    """In the line under a name, so that the figures stay on a phone's screen."""
    return f'<br><span class="soft">{escape(text)}</span>'


def _stale(records: Sequence[Record], now: datetime) -> str:
    rows = [
        (escape(source["source"].split(".", 2)[-1]), _to(record), chip(*_fresh(source)), _loaded(source, now))
        for record in records
        for source in record.stale()
    ]
    return (
        section("Sources that are not fresh", table(("source", "workstream", "status", "loaded"), rows, "Sources")) if rows else ""
    )


def _line(values: Sequence[float], label: str) -> str:
    """A line over time, with its last value at the right."""
    if len(values) < 2:
        return ""
    top, steps = max(values) or 1, len(values) - 1
    points = " ".join(f"{100 * number / steps:.1f},{20 - 18 * value / top:.1f}" for number, value in enumerate(values))
    return (
        f'<svg class="line" viewBox="0 0 100 21" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f'<polyline points="{points}"/></svg>'
    )


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 0.01 or not amount else f"${amount:.4f}"


def _ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits; the moment itself for whoever points at it."""
    seconds = max((now - moment).total_seconds(), 0)
    units = ((86400, "day"), (3600, "hour"), (60, "minute"))
    size, unit = next(((size, unit) for size, unit in units if seconds >= 2 * size), (1, "second"))
    then = moment.astimezone(UTC)
    said = f"{seconds // size:.0f} {unit}s ago"
    return f'<time datetime="{then:%Y-%m-%dT%H:%MZ}" title="{then:%Y-%m-%d %H:%M} UTC">{said}</time>'
