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


_DML = 0x3000
"""`statementTypeId` of a statement that writes; from it the connector knows that the row of the answer is counts."""


def apply() -> None:
    """Add the statistics to the answer."""
    expect_version()
    build = handlers._build_query_response

    def with_stats(cursor: Any, session: Any, rowtype: Any, form: str) -> dict[str, Any]:
        answer = build(cursor, session, rowtype, form)
        if match := _CTAS.match(bare(cursor.command)):
            [(count,)] = session._duck_conn.execute(f"select count(*) from {match[1]}").fetchall()  # noqa: S608
            return answer | {"stats": {"numRowsInserted": count}}
        return _counted(answer, cursor)

    handlers._build_query_response = with_stats


def _counted(answer: dict[str, Any], cursor: Any) -> dict[str, Any]:
    table = cursor._arrow_table
    if not table or not set(table.column_names).intersection(_COLUMNS):
        return answer
    [row] = table.to_pylist()
    stats = {_COLUMNS[name]: int(value) for name, value in row.items() if name in _COLUMNS}
    answer.pop("rowsetBase64", None)
    rowset = [[str(value) for value in row.values()]]
    return answer | {
        "stats": stats,
        "statementTypeId": _DML,
        "rowset": rowset,
        "queryResultFormat": "json",
        "total": 1,
        "returned": 1,
    }
