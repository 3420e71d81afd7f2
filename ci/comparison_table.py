"""Comparisons as Markdown, for the comment in the merge request."""

from collections.abc import Iterator, Mapping, Sequence

from ci.comparison import Column, Comparison
from ci.report import code


def tables(stack: str, compared: Mapping[str, Sequence[Comparison]], *, show_sums: bool) -> str:
    """A section for each workstream that built something.

    Args:
        stack: With whose last build it was compared.
        compared: By workstream.
        show_sums: Whether sums themselves may be shown, which are values.
    """
    parts = [f"### What this changes in the data of {stack}", ""]
    parts += [
        "Each model that was built here, beside what the stack built last. What was loaded in between counts as a change too.",
        "",
    ]
    for workstream, comparisons in compared.items():
        parts += [f"**{workstream}**", "", *_workstream(comparisons, show_sums=show_sums), ""]
    return "\n".join(parts)


def _workstream(comparisons: Sequence[Comparison], *, show_sums: bool) -> Iterator[str]:
    different = [comparison for comparison in comparisons if not comparison.same]
    same = [code(comparison.name) for comparison in comparisons if comparison.same]
    if different:
        yield from _table(
            ("model", "rows", "added", "removed", "changed", "columns", ""), [_model(comparison) for comparison in different]
        )
    if same:
        yield f"Without a difference: {', '.join(same)}."
    columns = [
        _column(comparison, column, show_sums=show_sums)
        for comparison in different
        for column in comparison.columns
        if column.stays and not column.same and column.name not in comparison.key
    ]
    if columns:
        yield "\n<details><summary>Columns that differ</summary>\n"
        yield from _table(("model", "column", "rows that differ", "null", "sum"), columns)
        yield "</details>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(row)} |"
    yield ""


def _model(found: Comparison) -> tuple[str, ...]:
    by = f"by {', '.join(map(_cell, found.key))}" if found.key else ""
    counts = (found.added, found.removed, found.changed)
    return (
        _cell(found.name),
        _pair(_count(found.rows_before), _count(found.rows_after)),
        *map(_count, counts),
        "<br>".join(filter(None, map(_structure, found.columns))),
        ", ".join(filter(None, (by, found.note))),
    )


def _structure(column: Column) -> str:
    """What became of the column itself."""
    types = [_cell(kind) for kind in (column.type_before, column.type_after) if kind]
    if column.type_before is None:
        return f"added {_cell(column.name)} {types[0]}"
    if column.type_after is None:
        return f"removed {_cell(column.name)}"
    return "" if column.type_before == column.type_after else f"{_cell(column.name)} {' → '.join(types)}"


def _column(found: Comparison, column: Column, *, show_sums: bool) -> tuple[str, ...]:
    before, after = column.sum_before, column.sum_after
    sums = _pair(_number(before), _number(after)) if show_sums else _relative(before, after)
    nulls = _pair(_share(column.nulls_before), _share(column.nulls_after))
    return (_cell(found.name), _cell(column.name), _count(column.differ), nulls, sums)


def _relative(before: float | None, after: float | None) -> str:
    """By which part a sum changed: nobody can tell either of the sums from it."""
    if before == after:
        return ""
    return f"{(after - before) / abs(before):+.2%}" if before and after is not None else "differs"


def _pair(before: str, after: str) -> str:
    return after if before == after else " → ".join(filter(None, (before, after)))


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}"


def _share(part: float | None) -> str:
    return "" if part is None else f"{part:.2%}"


def _cell(name: str) -> str:
    """A name as code; a bar would end the cell even there (GitHub Flavored Markdown, "Tables")."""
    return code(name).replace("|", r"\|")
