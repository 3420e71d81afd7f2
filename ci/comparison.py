"""What a merge request changes in the data: each model that it built, beside what the stack built last.

One full outer join by the model's key, in the warehouse, as dbt-audit-helper ("compare_which_columns_differ") and reladiff
("joindiff") do it. Neither is used: the first is a package that the team's own project would have to install, with macros that
print; the second, and Recce, fetch the rows or samples of them, and here nothing leaves the warehouse but numbers.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import snowflake.connector
from dbt.adapters.snowflake.column import SnowflakeColumn
from runner.connection import parameters
from runner.environment import Warehouse
from snowflake.connector.errors import Error

from ci.built import Model
from settings.sections.merge_requests import MergeRequestSettings

Ask = Callable[[str], Sequence[Sequence[Any]]]
"""The rows that a statement answers with."""

INCOMPARABLE = {"GEOGRAPHY", "GEOMETRY", "VECTOR", "MAP", "FILE"}
"""Types that Snowflake has no equality for (documentation, "Data types")."""

REASONS = {
    630: "took longer than a comparison may",
    2003: "can't be read: it is gone, or the role of merge requests may not",
}
"""Snowflake's error codes. Its messages stay in the job's log: they may quote a value."""


@dataclass(kw_only=True)
class Column:
    """A column of either side."""

    name: str
    type_before: str | None
    """None: the column was added."""
    type_after: str | None
    """None: it was removed."""
    nulls_before: float | None = None
    """From 0 to 1."""
    nulls_after: float | None = None
    sum_before: float | None = None
    sum_after: float | None = None
    differ: int | None = None
    """Rows that are on both sides, and differ in it."""

    @property
    def stays(self) -> bool:
        return bool(self.type_before and self.type_after)

    @property
    def comparable(self) -> bool:
        """Whether both sides have it, in types whose values can be equal."""
        before, after = _kind(self.type_before), _kind(self.type_after)
        return self.stays and before == after and before not in INCOMPARABLE

    @property
    def same(self) -> bool:
        """As far as that was looked at."""
        pairs = ((self.type_before, self.type_after), (self.nulls_before, self.nulls_after), (self.sum_before, self.sum_after))
        return all(_close(before, after) for before, after in pairs) and not self.differ


@dataclass(kw_only=True)
class Comparison:
    """What came of it, as far as it came."""

    name: str
    rows_before: int | None = None
    rows_after: int | None = None
    key: tuple[str, ...] = ()
    added: int | None = None
    """Rows whose key the stack does not have; None: the rows were not matched."""
    removed: int | None = None
    changed: int | None = None
    columns: list[Column] = field(default_factory=list)
    note: str = ""
    """What was not compared, and why."""

    @property
    def same(self) -> bool:
        counts = self.rows_before == self.rows_after and not (self.added or self.removed or self.changed)
        return counts and not self.note and all(column.same for column in self.columns)


class Comparer:
    """Compares models, within what that may cost a pipeline. Nothing that goes wrong is an error: each comparison says it."""

    def __init__(self, limits: MergeRequestSettings) -> None:
        self._limits = limits
        self._left = float(limits.max_seconds)

    def compare(self, found: Sequence[Model], warehouse: Warehouse) -> list[Comparison]:
        """One after the other. `warehouse`: where, and as whom: the merge requests' user."""
        if not found or not self._limits.compare:
            return []
        started = time.monotonic()
        try:
            with self._session(warehouse) as session:
                return [self._one(model, session, started) for model in found]
        except (Error, OSError) as error:
            print(f"Nothing can be compared: {error}", file=sys.stderr)
            return [Comparison(name=model.name, note="not compared: no connection, see the job's log") for model in found]
        finally:
            self._left -= time.monotonic() - started

    def _session(self, warehouse: Warehouse) -> snowflake.connector.SnowflakeConnection:
        longest = self._limits.max_query_seconds
        # The second is for the wait until the warehouse begins (Snowflake, "Parameters").
        ended = {"STATEMENT_TIMEOUT_IN_SECONDS": longest, "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": longest}
        arguments: dict[str, Any] = {**parameters(warehouse), "network_timeout": None}
        return snowflake.connector.connect(**arguments, session_parameters=ended)

    def _one(self, model: Model, session: snowflake.connector.SnowflakeConnection, started: float) -> Comparison:
        if time.monotonic() - started > self._left:
            return Comparison(name=model.name, note=f"not compared: {self._limits.max_seconds} seconds were used up")
        with session.cursor() as cursor:
            return compare(model, lambda statement: _rows(cursor.execute(statement)), self._limits.max_rows)


def _rows(cursor: Any) -> Sequence[Sequence[Any]]:
    return cursor.fetchall()


def compare(model: Model, ask: Ask, largest: int) -> Comparison:
    """One model. What Snowflake refuses becomes the note, beside what was found before."""
    found = Comparison(name=model.name)
    try:
        _compare(found, model, ask, largest)
    except Error as error:
        print(f"{model.name} can't be compared: {error}", file=sys.stderr)
        found.note = REASONS.get(error.errno or 0, f"failed with Snowflake's code {error.errno}: see the job's log")
    return found


def _compare(found: Comparison, model: Model, ask: Ask, largest: int) -> None:
    [[after]] = ask(count(model.after))
    found.rows_after = after
    if model.before is None:
        found.note = "new"
        return
    found.columns = paired(ask(f"describe table {model.before}"), ask(f"describe table {model.after}"))
    [[before]] = ask(count(model.before))
    found.rows_before = before
    if max(before, after) > largest:
        found.note = f"more than {largest:,} rows: only counted"
        return
    key = _on_both_sides(model.keys, found.columns)
    unique = [_profile(found, model.before, key, "before", ask), _profile(found, model.after, key, "after", ask)]
    found.key = key
    if not key:
        found.note = "no key: rows are not matched"
    elif not all(unique):
        found.note = "not unique: rows are not matched"
    else:
        [[found.added, found.removed, found.changed, *differ]] = ask(matched(model.before, model.after, key, found.columns))
        for column, number in zip(compared(key, found.columns), differ, strict=True):
            column.differ = number


def paired(before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> list[Column]:
    """The columns of both, in the merge request's order, from what DESCRIBE TABLE answers: name and type come first."""
    types = {str(name): str(kind) for name, kind, *_ in before}
    now = {str(name): str(kind) for name, kind, *_ in after}
    gone = [name for name in types if name not in now]
    return [Column(name=name, type_before=types.get(name), type_after=now.get(name)) for name in (*now, *gone)]


def _on_both_sides(candidates: Sequence[tuple[str, ...]], columns: Sequence[Column]) -> tuple[str, ...]:
    """The first key of which every column can be compared, by the names that the columns have in the warehouse."""
    names = {column.name.upper(): column.name for column in columns if column.comparable}
    return next((tuple(names[n.upper()] for n in key) for key in candidates if all(n.upper() in names for n in key)), ())


def _profile(found: Comparison, relation: str, key: tuple[str, ...], side: str, ask: Ask) -> bool:
    """Fills in the shares of nulls and the sums of one side; returns whether the key is unique there, and nowhere null."""
    columns = [column for column in found.columns if getattr(column, f"type_{side}")]
    [[rows, distinct, *values]] = ask(profile(relation, columns, key, side))
    for number, column in enumerate(columns):
        filled, total = values[2 * number : 2 * number + 2]
        setattr(column, f"nulls_{side}", 1 - filled / rows if rows else 0.0)
        setattr(column, f"sum_{side}", None if total is None else float(total))
    return rows == distinct


def count(relation: str) -> str:
    """For a table Snowflake knows the answer without computing."""
    return f"select count(*) from {relation}"  # noqa: S608 - names are dbt's


def profile(relation: str, columns: Sequence[Column], key: tuple[str, ...], side: str) -> str:
    """Rows, distinct keys, then of each column: values that are not null, and their sum where they are numbers."""
    distinct = f"count(distinct {', '.join(map(_quoted, key))})" if key else "null"
    each = [
        f"count({_quoted(c.name)}), {f'sum({_quoted(c.name)})' if _is_number(getattr(c, f'type_{side}')) else 'null'}"
        for c in columns
    ]
    return f"select {', '.join(['count(*)', distinct, *each])} from {relation}"  # noqa: S608


def matched(before: str, after: str, key: tuple[str, ...], columns: Sequence[Column]) -> str:
    """Rows added, removed and changed, then the changed ones by column. The key must be unique: this joins by it."""
    first = _quoted(key[0])
    both = f"was.{first} is not null and now.{first} is not null"
    differs = [f"was.{_quoted(c.name)} is distinct from now.{_quoted(c.name)}" for c in compared(key, columns)]
    numbers = [
        f"count_if(was.{first} is null)",
        f"count_if(now.{first} is null)",
        f"count_if({both} and ({' or '.join(differs) or 'false'}))",
        *(f"count_if({both} and {one})" for one in differs),
    ]
    on = " and ".join(f"was.{_quoted(name)} = now.{_quoted(name)}" for name in key)
    return f"select {', '.join(numbers)} from {before} as was full outer join {after} as now on {on}"  # noqa: S608


def compared(key: tuple[str, ...], columns: Sequence[Column]) -> list[Column]:
    """Columns whose values are compared."""
    return [column for column in columns if column.comparable and column.name not in key]


def _kind(data_type: str | None) -> str:
    """`NUMBER` of `NUMBER(38,0)`."""
    return (data_type or "").partition("(")[0].upper()


def _is_number(data_type: str) -> bool:
    return SnowflakeColumn(column="", dtype=_kind(data_type)).is_number()


def _quoted(name: str) -> str:
    return SnowflakeColumn(column=name, dtype="").quoted


def _close(before: Any, after: Any) -> bool:
    """Sums of floating-point numbers differ by the order in which they are added."""
    if isinstance(before, float) and isinstance(after, float):
        return abs(before - after) <= 1e-9 * max(abs(before), abs(after))
    return before == after
