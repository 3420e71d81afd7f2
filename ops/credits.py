"""Credits of Snowflake by workstream and model, as Snowflake's own account of queries has them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ops.errors import OpsError

QUERY = """
select
    try_parse_json(query_tag):workstream::varchar as workstream,
    try_parse_json(query_tag):node::varchar as node,
    sum(credits_attributed_compute) as credits
from snowflake.account_usage.query_attribution_history
where try_parse_json(query_tag):platform = %(platform)s and start_time > dateadd(day, -%(days)s, current_timestamp())
group by all
order by credits desc
"""
"""Some hours late, without the warehouse's idle time (Snowflake, "QUERY_ATTRIBUTION_HISTORY view"). By the tag that each statement
of a run carries (image/README.md)."""


class Credits(NamedTuple):
    """What one node took."""

    workstream: str
    node: str
    credits: float


def credits_of(platform: str, days: int, connection: str) -> Iterator[Credits]:
    """Asks Snowflake, logged in as you are: the stack's own log-in is for its containers alone.

    Args:
        platform: Name of the stack in query tags.
        days: How far back.
        connection: Name in Snowflake's own file of connections, `connections.toml`.

    Raises:
        OpsError: the log-in or the query failed.
    """
    try:
        import snowflake.connector  # noqa: PLC0415 - takes a second, and is part of dbt's adapter
    except ImportError as error:
        fix = "Install it: uv sync --group models"
        raise OpsError("Snowflake's connector is not installed.", fix) from error
    try:
        with snowflake.connector.connect(connection_name=connection) as session, session.cursor() as cursor:
            cursor.execute(QUERY, {"platform": platform, "days": days})
            rows: list[Any] = cursor.fetchall()
    except snowflake.connector.Error as error:
        fix = (
            'The connection is one of Snowflake\'s own connections.toml (Snowflake, "Managing connections"); its '
            "role needs `grant database role snowflake.usage_viewer`, which also the Standard edition has."
        )
        raise OpsError(f"Snowflake can't tell the credits: {' '.join(str(error).split())}", fix) from error
    return (Credits(workstream or "", node or "", float(used)) for workstream, node, used in rows)


def by_workstream(found: Iterable[Credits]) -> dict[str, float]:
    """The sum of each workstream."""
    sums: defaultdict[str, float] = defaultdict(float)
    for each in found:
        sums[each.workstream] += each.credits
    return dict(sums)
