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

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        manager: InfoSchemaManager,
        user: str,
        *,
        database: str | None,
        schema: str | None,
        role: str,
    ) -> None:
        super().__init__(connection.cursor(), manager, owns_duck_conn=True, role=role)
        self.user = user
        self.id = next(_ids)
        self._database, self._schema = database, schema or (database and "PUBLIC")
        self._entered = False

    def enter(self) -> None:
        """Make database and schema current, before the first statement; in its turn, because that needs DuckDB.

        A log-in must not wait for a turn: whoever wants to cancel what computes has to log in first.
        """
        if self._entered:
            return
        self._entered = True
        if self._database:
            schema = self._schema
            self.use_database(self._database)
            self.use_schema(schema or "PUBLIC")

    def interrupt(self) -> None:
        """End what DuckDB computes for this session at this moment, from any thread."""
        self._duck_conn.interrupt()
