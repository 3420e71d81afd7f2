"""Snowflake's workload identity federation: the AWS role of a task is its log-in (Snowflake documentation, page of that name)."""

import re

from ops.stack import Connection


def register(connection: Connection) -> str:
    """SQL that makes a service user, and lets the task role of each of its workstreams log in as it.

    A role can be the identity of one user only, and a user can have several: one per workstream (Snowflake, "ALTER USER ... ADD
    WORKLOAD IDENTITY").
    """
    user = quoted(connection.user)
    additions = [
        f"ALTER USER {user} ADD WORKLOAD IDENTITY {quoted(workstream.name)} TYPE = AWS ARN = '{workstream.workload_identity}';"
        for workstream in connection.workstreams
    ]
    return "\n".join([f"CREATE USER IF NOT EXISTS {user} TYPE = SERVICE;", *additions])


def quoted(identifier: str) -> str:
    """An identifier as SQL needs it."""
    return identifier if re.fullmatch(r"[A-Za-z_][\w$]*", identifier) else '"' + identifier.replace('"', '""') + '"'
