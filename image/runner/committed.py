"""Asks the warehouse what a try that died had committed: rows that were added are there, whether the try could say so or not.

Only models that add to their table are asked for; whatever else a try was at work on comes out the same when it runs again.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from runner.connection import log_in
from runner.dbt import same
from runner.environment import Environment
from runner.identity import identity
from runner.progress import Node

_HISTORY = """
select query_tag, left(query_text, 1000), query_id
from table(information_schema.query_history_by_user(end_time_range_start => to_timestamp_ltz(%s), result_limit => 10000))
where execution_status = 'SUCCESS' and query_tag like %s
order by start_time
"""
"""Statements of the last seven days at most, seconds after their end (Snowflake documentation, "QUERY_HISTORY")."""

_CREATED = re.compile(
    r"\s*create\s+(or\s+replace\s+)?(transient\s+)?table\s+(if\s+not\s+exists\s+)?(?P<relation>\S+)", re.IGNORECASE
)
_ADDED = re.compile(r"\s*(insert|merge)\s+into\s+(?P<relation>\S+)", re.IGNORECASE)

_COMMITTED = re.compile(r"\s*commit\b", re.IGNORECASE)
"""dbt puts its comment behind it."""


def committed(environment: Environment, nodes: Iterable[Node], since: str) -> dict[str, str]:
    """Id of each of these nodes that an earlier try of this run has built: id of the query that did it.

    Args:
        environment: Of this try.
        nodes: Those that add to their table, without a result of an earlier try.
        since: When the run's first try began, ISO 8601.

    Raises:
        RunnerError, snowflake.connector.Error: the warehouse does not answer.
    """
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with closing(log_in(environment.warehouse, identity(environment))) as session:
        for tag, text, query_id in session.cursor().execute(_HISTORY, (since, f"%{environment.run_id}%")):
            said = _tag(tag)
            if said.get("run") == environment.run_id and said.get("workstream") == environment.workstream:
                found[said.get("node", "")].append((text, query_id))
    built = {node.id: _built(node, found[node.id]) for node in nodes}
    return {node_id: query_id for node_id, query_id in built.items() if query_id}


def _tag(text: str) -> dict[str, Any]:
    try:
        return json.loads(text)
    except ValueError:
        return {}  # Somebody else's.


def _built(node: Node, statements: Iterable[tuple[str, str]]) -> str:
    """Id of the query that built the node: one that made its table, or one that added to it and was committed; else nothing.

    dbt puts what adds to a table between BEGIN and COMMIT (dbt-snowflake, `snowflake_dml_explicit_transaction`).
    """
    added = ""
    for text, query_id in statements:
        if (created := _CREATED.match(text)) and same(created["relation"]) == same(node.relation):
            return query_id
        if (adds := _ADDED.match(text)) and same(adds["relation"]) == same(node.relation):
            added = query_id
        elif added and _COMMITTED.match(text):
            return added
    return ""
