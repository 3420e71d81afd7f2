"""Marks every query, so that Snowflake's query history can be joined to runs and costs.

The tag goes with each statement (Snowflake documentation, parameter QUERY_TAG): one for the session could not name the
node, and `query_tag` in the profile would make dbt parse the project again for each run.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from dbt_common.events.contextvars import get_node_info
from snowflake.connector.cursor import SnowflakeCursor

_LIMIT = 2000
"""Characters that Snowflake accepts."""


class QueryTag:
    """Put around the connector's cursor once per process."""

    def __init__(self, identity: Mapping[str, object]) -> None:
        self._identity = dict(identity)
        self.first_query: float | None = None
        """`time.monotonic()` of the first statement."""

    def install(self) -> None:
        """From now on, every statement carries the tag."""
        run, execute = self, SnowflakeCursor.execute

        def tagged(self: SnowflakeCursor, *args: Any, **kwargs: Any) -> Any:
            run.first_query = run.first_query or time.monotonic()
            kwargs["_statement_params"] = {"QUERY_TAG": run.text(), **(kwargs.get("_statement_params") or {})}
            return execute(self, *args, **kwargs)

        SnowflakeCursor.execute = tagged  # pyright: ignore[reportAttributeAccessIssue]

    def text(self) -> str:
        """JSON: the run's identity, and the node in whose name dbt's thread works."""
        node = get_node_info().get("unique_id")
        return json.dumps(self._identity | ({"node": node} if node else {}))[:_LIMIT]
