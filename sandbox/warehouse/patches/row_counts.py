"""Restores: the answer to CREATE TABLE ... AS and to DML says how many rows were written (driver protocol, `stats`).

The connector gives it as `cursor.stats`, and dbt as `rows_inserted`; snowduck leaves it out.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import re
from typing import Any

from snowduck.server.connector_api import handlers

from sandbox.warehouse.patches.base import bare, expect_version

_CTAS = re.compile(
    r"create (?:or replace )?(?:(?:transient|temporary) )?table (?:if not exists )?([\w$.\"]+) .*?\bas\b ?\(?\s*(?:select|with)\b",
    re.IGNORECASE,
)
_COLUMNS = {
    "number of rows inserted": "numRowsInserted",
    "number of rows updated": "numRowsUpdated",
    "number of rows deleted": "numRowsDeleted",
    "Count": "numRowsUpdated",  # of MERGE: DuckDB counts inserted and updated rows together
}


def apply() -> None:
    """Add the statistics to the answer."""
    expect_version()
    build = handlers._build_query_response

    def with_stats(cursor: Any, session: Any, rowtype: Any, form: str) -> dict[str, Any]:
        answer = build(cursor, session, rowtype, form)
        if stats := _stats(cursor, session):
            answer["stats"] = stats
        return answer

    handlers._build_query_response = with_stats


def _stats(cursor: Any, session: Any) -> dict[str, int]:
    if match := _CTAS.match(bare(cursor.command)):
        [(count,)] = session._duck_conn.execute(f"select count(*) from {match[1]}").fetchall()  # noqa: S608
        return {"numRowsInserted": count}
    columns = cursor._arrow_table.column_names if cursor._arrow_table else []
    if not set(columns).intersection(_COLUMNS):
        return {}
    [row] = cursor._arrow_table.to_pylist()
    return {_COLUMNS[name]: int(value) for name, value in row.items() if name in _COLUMNS}
