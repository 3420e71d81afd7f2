"""Everything that goes to Snowflake: marked with its run and node, and nothing new after an interruption.

The mark is QUERY_TAG (Snowflake documentation, "Parameters"), so that the query history can be joined to runs and costs.
It goes with each statement: one for the session could not name the node, and `query_tag` in the profile would make dbt
parse the project again for each run. It goes before the session's, which a project may have set (`query_tag` of a model, a
macro, a hook): so that one is taken in.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from dbt_common.events.contextvars import get_node_info
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DatabaseError

_LIMIT = 2000
"""Characters that Snowflake accepts."""

_CANCELS = "system$cancel_all_queries"
"""In the statement by which dbt cancels the queries of a session."""

_SETS_TAG = re.compile(
    r"""(?:\s|/\*.*?\*/|--[^\n]*\n)*alter\s+session\s+(?:set\b.*?\bquery_tag\s*=\s*'((?:[^'\\]|''|\\.)*)'|unset\b.*?\bquery_tag\b)""",
    re.IGNORECASE | re.DOTALL,
)
"""A statement by which a project sets the tag of its session, or takes it away (Snowflake documentation, "ALTER SESSION")."""

_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
"""In a literal: what stands for a character that means something else there."""


class Queries:
    """Put around the connector's cursor once per process."""

    def __init__(self, identity: Mapping[str, object]) -> None:
        self._identity = dict(identity)
        self._stopped = False
        self._own: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        """Connection: the tag that the project has set for its session."""
        self.first: float | None = None
        """`time.monotonic()` of the first statement."""

    def install(self) -> None:
        """From now on, every statement carries the tag."""
        queries, execute = self, SnowflakeCursor.execute

        def tagged(self: SnowflakeCursor, command: str, *args: Any, **kwargs: Any) -> Any:
            queries.first = queries.first or time.monotonic()
            if queries._stopped and _CANCELS not in command:
                raise DatabaseError("The run was interrupted before this statement.")
            tag = queries.tag(queries._own.get(self.connection, ""))
            kwargs["_statement_params"] = {"QUERY_TAG": tag, **(kwargs.get("_statement_params") or {})}
            result = execute(self, command, *args, **kwargs)
            if setting := _SETS_TAG.match(command):
                queries._own[self.connection] = _ESCAPED.sub(lambda found: found[1] or "'", setting[1] or "")
            return result

        SnowflakeCursor.execute = tagged  # pyright: ignore[reportAttributeAccessIssue]

    def stop(self) -> None:
        """Send nothing more but cancellations: what dbt's threads send after these would go on without anybody."""
        self._stopped = True

    def tag(self, own: str = "") -> str:
        """JSON: the run's identity, the node in whose name dbt's thread works, and the project's own tag.

        Of a tag that is a JSON object every key stays as it is; any other becomes `query_tag`. One that leaves no room stays alone.
        """
        node = get_node_info().get("unique_id")
        ours = self._identity | ({"node": node} if node else {})
        merged = json.dumps(ours | _keys(own))
        return own if own and len(merged) > _LIMIT else merged[:_LIMIT]


def _keys(own: str) -> dict[str, Any]:
    try:
        found = json.loads(own or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"query_tag": own}
