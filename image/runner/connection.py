"""Checks the connection to Snowflake before dbt starts: dbt alone would hang for minutes."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from runner.environment import Warehouse
from runner.outcome import RunnerError
from runner.private_key import private_key

T = TypeVar("T")

TIMEOUT = 50
"""Seconds for the whole check, so that a run that can't connect ends within a minute."""

_LOGIN_TIMEOUT = 20
_CREDENTIALS = "Put the credentials again with `ops credentials put`, and register their public key: "

_REFUSALS: dict[int, tuple[str, str]] = {
    390144: (
        "Snowflake at {address} does not accept the private key of user {user}.",
        _CREDENTIALS + "ALTER USER {user} SET RSA_PUBLIC_KEY='...'. The account must be {account}.",
    ),
    390100: ("Snowflake at {address} does not accept user {user} or its password.", "Put them with `ops credentials put`."),
    390189: (
        "Role {role} does not exist, or user {user} may not use it.",
        "In Snowflake: GRANT ROLE {role} TO USER {user}.",
    ),
    390201: (
        "Database {database} does not exist, or role {role} may not use it.",
        "In Snowflake: GRANT USAGE ON DATABASE {database} TO ROLE {role}.",
    ),
}
"""Snowflake's error code on log-in: what it means here, and what to do (Snowflake documentation, "Key-pair authentication")."""

_FEDERATED = (
    "Snowflake at {address} does not accept the role of this task as user {user}.",
    "In Snowflake: ALTER USER {user} SET WORKLOAD_IDENTITY = (TYPE = AWS ARN = '<ARN of the task role>').",
)
_FEDERATED_REFUSALS: dict[int, tuple[str, str]] = _REFUSALS | {
    390144: _FEDERATED,
    390100: _FEDERATED,
    251018: (
        "There are no AWS credentials with which this task could log in as user {user}.",
        "The task definition needs a task role; ECS then gives the container its credentials.",
    ),
    251021: (
        "{address} is no host of Snowflake's, and the connector shows an AWS identity to no other.",
        "Leave SNOWFLAKE_HOST out, or log in with keyPair there.",
    ),
}
"""The same for workloadIdentity (Snowflake documentation, "Workload identity federation"); 251...: the connector's own codes."""


def check(warehouse: Warehouse, identity: Mapping[str, object]) -> None:
    """Log in, and see that role, warehouse, database and schema can be used.

    Args:
        warehouse: Where to.
        identity: Of the run: the query tag of these statements too.

    Raises:
        RunnerError: one sentence for each way in which this fails, within `TIMEOUT` seconds.
    """

    def whole() -> None:
        with _connect(warehouse, identity) as session:
            for step in needs(warehouse, session).values():
                step()

    _within(TIMEOUT, warehouse, whole)


def log_in(warehouse: Warehouse, identity: Mapping[str, object]) -> Any:
    """A session, for the steps of `needs` one by one. Raises RunnerError as `check` does."""
    return _within(TIMEOUT, warehouse, lambda: _connect(warehouse, identity))


def needs(warehouse: Warehouse, session: Any) -> dict[str, Callable[[], None]]:
    """What a run needs beyond the log-in, and how to see that it is there: each raises RunnerError if it is not."""
    return {
        f"warehouse {warehouse.warehouse}": lambda: _current(warehouse, session, "warehouse", warehouse.warehouse),
        f"database {warehouse.database}": lambda: _current(warehouse, session, "database", warehouse.database),
        f"schema {warehouse.schema}": lambda: _make_schema(warehouse, session),
    }


def parameters(warehouse: Warehouse) -> dict[str, object]:
    """Arguments for `snowflake.connector.connect`."""
    credentials: dict[str, object] = {}
    if warehouse.authenticator == "keyPair":
        credentials["private_key"] = private_key(warehouse.private_key, warehouse.private_key_passphrase)
    elif warehouse.authenticator == "password":
        credentials["password"] = warehouse.password
    else:
        credentials |= {"authenticator": "WORKLOAD_IDENTITY", "workload_identity_provider": "AWS"}
    return credentials | {
        "account": warehouse.account,
        "user": warehouse.user,
        "role": warehouse.role,
        "database": warehouse.database,
        "warehouse": warehouse.warehouse,
        "host": warehouse.host,
        "port": warehouse.port,
        "protocol": warehouse.protocol,
        "application": "dbt",
        "login_timeout": _LOGIN_TIMEOUT,
        "network_timeout": _LOGIN_TIMEOUT,
    }


def _within(seconds: float, warehouse: Warehouse, function: Callable[[], T]) -> T:
    """Run the function in a thread of its own: the connector has ways to hang that no timeout of its own covers."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(function())
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True, name="connection-check").start()
    try:
        return outcome.result(timeout=seconds)
    except TimeoutError:
        raise _unreachable(warehouse, f"no answer within {seconds:.0f} s") from None


def _connect(warehouse: Warehouse, identity: Mapping[str, object]) -> Any:
    arguments = parameters(warehouse)
    reach(warehouse)
    import snowflake.connector  # noqa: PLC0415 - takes a second: not before the cheap checks

    tag = {"QUERY_TAG": json.dumps(identity)}
    with _explained(warehouse):
        return snowflake.connector.connect(**arguments, session_parameters=tag)


@contextmanager
def _explained(warehouse: Warehouse) -> Iterator[None]:
    from snowflake.connector.errors import Error  # noqa: PLC0415

    try:
        yield
    except Error as error:
        raise explain(warehouse, error.errno, str(error.msg or error)) from None


def reach(warehouse: Warehouse) -> None:
    """See that the port answers. Raises RunnerError."""
    try:
        socket.create_connection((warehouse.host, warehouse.port), timeout=10).close()
    except OSError as error:
        raise _unreachable(warehouse, str(error.strerror or error)) from None


def _current(warehouse: Warehouse, session: Any, kind: str, name: str) -> None:
    """Snowflake leaves out of a new session what its role may not use."""
    with _explained(warehouse):
        [current] = session.cursor().execute(f"select current_{kind}()").fetchone()
    if not current:
        problem = f"{kind.capitalize()} {name} does not exist, or role {warehouse.role} may not use it."
        raise RunnerError(problem, f"In Snowflake: GRANT USAGE ON {kind.upper()} {name} TO ROLE {warehouse.role}.")


def _make_schema(warehouse: Warehouse, session: Any) -> None:
    """Snowflake wants the privilege to create a schema even `if not exists`; so look first, as dbt does."""
    from snowflake.connector import DictCursor  # noqa: PLC0415

    with _explained(warehouse):
        like = f"show terse schemas like '{warehouse.schema}' in database {warehouse.database}"  # `_` in it is any character
        found = session.cursor(DictCursor).execute(like).fetchall()
        if warehouse.schema.upper() not in {row["name"].upper() for row in found}:
            session.cursor().execute(f"create schema if not exists {warehouse.database}.{warehouse.schema}")


def explain(warehouse: Warehouse, code: int | None, message: str) -> RunnerError:
    """What a Snowflake error on log-in or on the first statements means here."""
    names = {name: getattr(warehouse, name) for name in ("account", "user", "role", "database", "address", "schema")}
    refusals = _FEDERATED_REFUSALS if warehouse.authenticator == "workloadIdentity" else _REFUSALS
    if code in refusals:
        problem, fix = refusals[code]
        return RunnerError(problem.format(**names), fix.format(**names))
    if code == 3001:
        problem = "Role {role} may not create the schema {schema} in database {database}."
        return RunnerError(problem.format(**names), "GRANT CREATE SCHEMA ON DATABASE {database} TO ROLE {role}.".format(**names))
    first_line = message.splitlines()[0] if message else "no reason given"
    return RunnerError(f"Snowflake at {warehouse.address} refuses: {first_line}", "Run `check` in this container for more.")


def _unreachable(warehouse: Warehouse, reason: str) -> RunnerError:
    return RunnerError(
        f"Snowflake can't be reached at {warehouse.address}: {reason}.",
        "Check SNOWFLAKE_ACCOUNT (and SNOWFLAKE_HOST), and that the task's security group and subnets let out port "
        f"{warehouse.port}.",
    )
