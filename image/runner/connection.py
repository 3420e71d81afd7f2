"""Checks the connection to Snowflake before dbt starts: dbt alone would hang for minutes."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from runner.causes import BY_ID, Diagnosis, diagnose, diagnosis
from runner.environment import Warehouse
from runner.outcome import RunnerError
from runner.private_key import private_key

T = TypeVar("T")

TIMEOUT = 50
"""Seconds for the whole check, so that a run that can't connect ends within a minute."""

_LOGIN_TIMEOUT = 20


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
        raise RunnerError.about(problem, warehouse.names)


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
    found = diagnose_snowflake(warehouse, message, code)
    said = " ".join(message.split()) or "no reason given"
    return RunnerError(f"{found.summary}. Snowflake says: {f'{code:06d}: ' if code else ''}{said}", found.resolution)


def diagnose_snowflake(
    warehouse: Warehouse, message: str, code: int | None = None, names: Mapping[str, str] | None = None
) -> Diagnosis:
    """The cause of an error of Snowflake's. To one who logs in with a role, what it says of keys and passwords means the role."""
    known = {**warehouse.names, **(names or {})}
    found = diagnose("run", message, known, [code] if code else [])
    if warehouse.authenticator == "workloadIdentity" and found.cause in {"snowflake-key", "snowflake-password"}:
        return diagnosis(BY_ID["snowflake-identity"], found.detail, known)
    return found


def _unreachable(warehouse: Warehouse, reason: str) -> RunnerError:
    return RunnerError.about(f"Snowflake can't be reached at {warehouse.address}: {reason}.", warehouse.names)
