"""The report's timeline: a lane for the phases of the run, a lane for each thread, a bar for each node."""

from collections.abc import Sequence
from html import escape

from runner.markup import anchor, duration, scroll, tone
from runner.phases import Phase
from runner.timeline import Span

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
"""Seconds between two marks of the axis: what people count in."""

_MARKS = 7
"""On the axis, at most."""

_READABLE = 0.03
"""Share of the timeline from which on a bar has room for the beginning of a name."""

_KEYS = [
    f'<span><span class="key {colour}"></span> {meaning}</span>'
    for colour, meaning in {"good": "succeeded", "warn": "warned", "bad": "failed", "path": "what the end waited for"}.items()
]


def chart(phases: Sequence[Phase], spans: Sequence[Span]) -> str:
    """The whole time of a run, of at least one phase or one node."""
    length = max([phase.start + phase.seconds for phase in phases] + [span.end for span in spans]) or 1
    by_begin = sorted({span.result.thread for span in spans}, key=lambda thread: _begin(spans, thread))
    lanes = "".join(
        _lane(number, [span for span in spans if span.result.thread == thread], length)
        for number, thread in enumerate(by_begin, start=1)
    )
    content = f'<div class="timeline"><div class="grid">{_grid(length)}</div>{_phases(phases, length)}{lanes}</div>'
    keys = f'<p class="legend soft">{"".join(_KEYS)}</p>' if spans else ""
    return scroll("Timeline", content) + keys + _shares(phases, length)


def _phases(phases: Sequence[Phase], length: float) -> str:
    bars = "".join(
        f'<div class="bar phase" style="{_place(phase.start, phase.seconds, length)}" title="{phase.name}: '
        f'{duration(round(phase.seconds, 1))}">{escape(phase.name) if phase.seconds > length * _READABLE * 2 else ""}</div>'
        for phase in phases
    )
    return f'<div class="lane"><div class="name">the run</div><div class="track">{bars}</div></div>' if phases else ""


def _shares(phases: Sequence[Phase], length: float) -> str:
    """In words, for those who see no bar or can't point at it."""
    listed = "".join(
        f'<li><span class="soft">{escape(phase.name)}</span> {duration(round(phase.seconds, 1))} '
        f'<span class="soft">({phase.seconds / length:.0%})</span></li>'
        for phase in phases
    )
    return f'<ol class="phases" aria-label="Phases of the run">{listed}</ol>' if phases else ""


def _place(start: float, seconds: float, length: float) -> str:
    return f"left:{100 * start / length:.2f}%;width:{100 * seconds / length:.2f}%"


def _begin(spans: Sequence[Span], thread: str) -> float:
    return min(span.start for span in spans if span.result.thread == thread)


def _grid(length: float) -> str:
    step = next((step for step in _STEPS if length / step <= _MARKS), _STEPS[-1])
    # No mark where its figure would not fit.
    marks = [number * step for number in range(int(length / step) + 1) if number * step < length * 0.9]
    return "".join(f'<span class="soft" style="left:{100 * mark / length:.2f}%">{duration(mark)}</span>' for mark in marks)


def _lane(number: int, spans: Sequence[Span], length: float) -> str:
    busy = sum(span.result.seconds for span in spans) / length
    bars = "".join(_bar(span, length) for span in spans)
    label = f'thread {number}<small class="soft">{min(busy, 1):.0%} busy</small>'
    return f'<div class="lane"><div class="name">{label}</div><div class="track">{bars}</div></div>'


def _bar(span: Span, length: float) -> str:
    waited = f", waited for {span.waited_for}" if span.waited_for else ""
    title = f"{span.node.name}: {span.result.status}, {duration(span.result.seconds)}{waited}"
    label = span.node.name if span.result.seconds > length * _READABLE else ""
    classes = f"bar {tone(span.result.status)}{' path' if span.on_path else ''}"
    # Not on the way of the tab key, which would stop sixty times: the list below has the same.
    return (
        f'<a class="{classes}" style="{_place(span.start, span.result.seconds, length)}" title="{escape(title)}" '
        f'aria-label="{escape(title)}" tabindex="-1" href="#{anchor(span.node.id)}">{escape(label)}</a>'
    )
