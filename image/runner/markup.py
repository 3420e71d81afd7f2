"""HTML of the report: sections, tables, chips, and figures as people read them."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import zip_longest
from pathlib import Path
from urllib.parse import quote

from runner.progress import FAILED, SUCCEEDED

_STYLE = Path(__file__).with_name("report.css")

_UNITS = ((1e9, "bn"), (1e6, "M"), (1e4, "k"))


def tone(status: str) -> str:
    """The colour class of a status."""
    if status == "warn":
        return "warn"
    if status in SUCCEEDED:
        return "good"
    return "bad" if status in FAILED else "idle"


def chip(text: str, status: str) -> str:
    """A word in the colour of a status."""
    return f'<span class="chip {tone(status)}">{escape(text)}</span>'


def page(title: str, content: str, style: str = "") -> str:
    """A page that needs nothing else.

    Args:
        title: In plain text.
        content: HTML.
        style: CSS beyond the report's.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # An icon that is there: a browser would ask the server for one.
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{_STYLE.read_text()}{style}</style></head>'
        f"<body><main>{content}</main></body></html>\n"
    )


def prose(text: str) -> str:
    """A text of ours, in which code stands between backticks."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def link(text: str, url: str) -> str:
    """A way to another page; the text alone if there is no address."""
    return f'<a href="{escape(url)}" rel="noreferrer">{escape(text)}</a>' if url else escape(text)


def anchor(node_id: str) -> str:
    """Name of a node's place in the list of all nodes."""
    return f"node-{quote(node_id)}"


def scroll(name: str, content: str) -> str:
    """What may be wider than the screen; the keyboard reaches it, and moves it (WCAG 2.2, 2.1.1)."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}">{content}</div>'


def section(title: str, content: str) -> str:
    """A part of the page, under its title."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def folded(title: str, content: str) -> str:
    """What only some readers want to see."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], name: str, anchors: Iterable[str] = ()) -> str:
    """A table of cells that are HTML already.

    Args:
        heads: Of the columns. A head that begins with `#` is of numbers, one that begins with `~` is left out on a phone.
        rows: Lines of cells.
        name: Of the table, for those who can't see what it is under.
        anchors: Names of the lines, to which links may lead.
    """
    names = {"#": "number", "~": "minor"}
    classes = [f' class="{" ".join(names[mark] for mark in head if mark in names)}"' for head in heads]
    head = "".join(f"<th{kind}>{escape(text.lstrip('#~'))}</th>" for kind, text in zip(classes, heads, strict=True))
    lines = "".join(
        (f'<tr id="{place}">' if place else "<tr>")
        + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(classes, row, strict=True))
        + "</tr>"
        for row, place in zip_longest(rows, anchors, fillvalue="")
    )
    return scroll(name, f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>")


def share(part: float, whole: float) -> str:
    """A bar of that share, behind the figure of a cell."""
    return f'<span class="share" style="width:{100 * part / whole if whole else 0:.1f}%"></span>'


def duration(seconds: float) -> str:
    """Seconds, for people: 4.2 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds % 1 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def count(number: int) -> str:
    """A number, for people: 9,120 or 18.1 M."""
    for size, unit in _UNITS:
        if abs(number) >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number:,}"
