"""HTML of the report: sections, tables, chips, and figures as people read them."""

from collections.abc import Iterable, Sequence
from html import escape

from runner.progress import FAILED, SUCCEEDED

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


def section(title: str, content: str) -> str:
    """A part of the page, under its title."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def folded(title: str, content: str) -> str:
    """What only some readers want to see."""
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already.

    Args:
        heads: Of the columns. A head that begins with `#` is of numbers, one that begins with `~` is left out on a phone.
        rows: Lines of cells.
    """
    names = {"#": "number", "~": "minor"}
    classes = [f' class="{" ".join(names[mark] for mark in head if mark in names)}"' for head in heads]
    head = "".join(f"<th{kind}>{escape(text.lstrip('#~'))}</th>" for kind, text in zip(classes, heads, strict=True))
    lines = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(classes, row, strict=True)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


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
