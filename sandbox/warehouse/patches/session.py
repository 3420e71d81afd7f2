"""Restores: a session is a transaction scope of its own (documentation: "Transactions", "Sessions").

snowduck gives all sessions one DuckDB connection, so that eight dbt threads would share one transaction.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

from itertools import count

import duckdb
from snowduck.connector.connection import Connection
from snowduck.info_schema.manager import InfoSchemaManager

_ids = count(1001)


class Session(Connection):
    """One log-in, with a DuckDB connection of its own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, manager: InfoSchemaManager, user: str, **context: str | None) -> None:
        super().__init__(connection.cursor(), manager, owns_duck_conn=True, **context)
        self.user = user
        self.id = next(_ids)

    def interrupt(self) -> None:
        """End the statement that runs, from any thread."""
        self._duck_conn.interrupt()
