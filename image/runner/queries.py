"""Everything that goes to Snowflake: marked with its run and node, and nothing new after an interruption.

The mark is QUERY_TAG (Snowflake documentation, "Parameters"), so that the query history can be joined to runs and costs.
It goes with each statement: one for the session could not name the node, and `query_tag` in the profile would make dbt
parse the project again for each run.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from dbt_common.events.contextvars import get_node_info
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

_LIMIT = 2000
"""Characters that Snowflake accepts."""

_CANCELS = "system$cancel_all_queries"
"""In the statement by which dbt cancels the queries of a session."""


class Queries:
    """Put around the connector's cursor once per process."""

    def __init__(self, identity: Mapping[str, object]) -> None:
        self._identity = dict(identity)
        self._stopped = False
        self.first: float | None = None
        """`time.monotonic()` of the first statement."""

    def install(self) -> None:
        """From now on, every statement carries the tag."""
        queries, execute = self, SnowflakeCursor.execute

        def tagged(self: SnowflakeCursor, command: str, *args: Any, **kwargs: Any) -> Any:
            queries.first = queries.first or time.monotonic()
            if queries._stopped and _CANCELS not in command:
                raise DatabaseError("The run was interrupted before this statement.")
            kwargs["_statement_params"] = {"QUERY_TAG": queries.tag(), **(kwargs.get("_statement_params") or {})}
            return execute(self, command, *args, **kwargs)

        SnowflakeCursor.execute = tagged  # pyright: ignore[reportAttributeAccessIssue]

    def stop(self) -> None:
        """Send nothing more but cancellations: what dbt's threads send after these would go on without anybody."""
        self._stopped = True

    def tag(self) -> str:
        """JSON: the run's identity, and the node in whose name dbt's thread works."""
        node = get_node_info().get("unique_id")
        return json.dumps(self._identity | ({"node": node} if node else {}))[:_LIMIT]
