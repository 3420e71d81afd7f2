"""Restores: statements can be cancelled, end at their timeout, and leave a trace in SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY.

Documentation: "SYSTEM$CANCEL_ALL_QUERIES", "SYSTEM$WAIT", "QUERY_HISTORY view", "QUERY_HISTORY_BY_USER", and of the parameters
STATEMENT_TIMEOUT_IN_SECONDS, as far as it is set with the log-in. snowduck answers
a cancellation and goes on; it also lets statements of several sessions touch one DuckDB connection at once, so here they take
turns.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import asyncio
import contextlib
import gzip
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import duckdb
from snowduck.connector.cursor import Cursor
from snowduck.server.connector_api import handlers
from snowduck.server.shared import session_manager, shared_connector
from snowflake.connector.errors import ProgrammingError
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.warehouse.patches.base import bare, expect_version
from sandbox.warehouse.patches.session import Session

_log = logging.getLogger(__name__)

Rewrite = Callable[[Session, str], str]
"""Turns a statement into one that snowduck understands, or raises a ProgrammingError."""

_rewrites: list[Rewrite] = []
_turn = asyncio.Lock()
"""Whoever uses DuckDB holds it."""
_running: dict[Session, "Statement"] = {}
_answers: "WeakKeyDictionary[Session, tuple[str, asyncio.Task[JSONResponse]]]" = WeakKeyDictionary()
"""The last request of each session, and its answer, there or to come."""

_CANCEL = re.compile(r"select system\$cancel_all_queries\( ?'?(\d+)'? ?\)", re.IGNORECASE)
_WAIT = re.compile(r"\b(select|call)\s+system\$wait\(\s*(\d+)\s*(?:,\s*'(\w+)'\s*)?\)", re.IGNORECASE)
_BY_USER = re.compile(
    r"table\(\s*information_schema\.query_history_by_user\(\s*end_time_range_start\s*=>\s*to_timestamp_ltz\('([^']+)'\)\s*,"
    r"\s*result_limit\s*=>\s*(\d+)\s*\)\s*\)",
    re.IGNORECASE,
)
"""The form in which the runner asks; any other is refused, as a function that is not there."""
_SECONDS = {"MILLISECONDS": 0.001, "SECONDS": 1, "MINUTES": 60}

_INSISTENCE = 0.02
"""Seconds between two interruptions of the same statement."""

_INTERNAL = "300002"
"""Snowflake's code for an internal error."""

_HISTORY = """
create schema if not exists SNOWFLAKE.ACCOUNT_USAGE;
create table if not exists SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY (
    QUERY_ID varchar, QUERY_TEXT varchar, DATABASE_NAME varchar, SCHEMA_NAME varchar, USER_NAME varchar,
    ROLE_NAME varchar, WAREHOUSE_NAME varchar, SESSION_ID bigint, QUERY_TAG varchar, EXECUTION_STATUS varchar,
    ERROR_CODE varchar, ERROR_MESSAGE varchar, START_TIME timestamp, END_TIME timestamp, TOTAL_ELAPSED_TIME bigint);
"""


@dataclass(eq=False)
class Statement:
    """A statement between its arrival and its answer."""

    session: Session
    sql: str
    request_id: str
    tag: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    timeout: int | None = None
    """Seconds after which it was ended; None: it was not."""
    query_id: str | None = None
    error: ProgrammingError | None = None
    ended: bool = False

    @property
    def cancels(self) -> int | None:
        """Number of the session whose statements it cancels."""
        found = _CANCEL.fullmatch(bare(self.sql))
        return int(found[1]) if found else None

    def fail(self, error: ProgrammingError) -> ProgrammingError:
        """Note why it failed; returns the error."""
        self.error = error
        return error

    def cancellation(self) -> ProgrammingError:
        """What it ends with when it was cancelled."""
        if self.timeout is None:
            return self.fail(ProgrammingError("SQL execution canceled", errno=604, sqlstate="57014"))
        message = f"Statement reached its statement or warehouse timeout of {self.timeout} second(s) and was canceled."
        return self.fail(ProgrammingError(message, errno=630, sqlstate="57014"))

    async def expire(self) -> None:
        """End it when its session's timeout is over."""
        if seconds := int(self.session.session_parameters.get("STATEMENT_TIMEOUT_IN_SECONDS", 0)):
            await asyncio.sleep(seconds)
            self.timeout = seconds
            await self.cancel()

    async def cancel(self) -> None:
        """End it, whether it waits, computes or has yet to begin.

        DuckDB forgets an interruption that comes between two of the statements into which snowduck turns one, so it is
        repeated until this one has ended.
        """
        self.cancelled.set()
        while not self.ended:
            self.session.interrupt()
            await asyncio.sleep(_INSISTENCE)


def rewrite(function: Rewrite) -> None:
    """Have every statement go through `function` first."""
    _rewrites.append(function)


def apply() -> None:
    """Put ourselves around snowduck's handlers and its cursor."""
    expect_version()
    shared_connector._info_schema_manager.create_database_information_schema(database="SNOWFLAKE")
    history = shared_connector._duck_conn.cursor()
    history.execute(_HISTORY)
    run = handlers.query_request

    async def query_request(request: Request) -> JSONResponse:
        # The connector gives up listening after a minute and sends the same request again, to hear the answer.
        session, request_id = session_manager.get_session(request.state.token), request.query_params.get("requestId", "")
        known_id, answer = _answers.get(session, ("", None))
        if answer is None or known_id != request_id:
            answer = asyncio.create_task(execute(request))
            _answers[session] = request_id, answer
        return await asyncio.shield(answer)

    async def execute(request: Request) -> JSONResponse:
        statement = await _received(request)
        _running[statement.session] = statement
        clock = asyncio.create_task(statement.expire())
        try:
            if statement.cancels:
                await cancel(lambda other: other is not statement and other.session.id == statement.cancels)
            await _wait(statement)
            async with _its_turn(statement):
                return await run(request)
        except ProgrammingError as error:
            return _refusal(f"{error.errno:06d}", error.sqlstate, error.msg)
        except Exception as error:  # noqa: BLE001 - the connector would repeat for ever what answers with 500
            _log.exception("The warehouse failed on: %s", statement.sql)
            return _refusal(_INTERNAL, "XX000", f"The sandbox's warehouse failed: {type(error).__name__}: {error}")
        finally:
            clock.cancel()
            statement.ended = True
            _running.pop(statement.session, None)
            _remember(history, statement)

    async def abort_request(request: Request) -> JSONResponse:
        request_id = (await _body(request)).get("requestId")
        await cancel(lambda statement: statement.request_id == request_id)
        return JSONResponse({"data": None, "code": None, "message": None, "success": True})

    handlers.query_request = query_request
    handlers.abort_request = abort_request
    Cursor.execute = _execute_of(Cursor.execute)
    rewrite(lambda _, sql: _WAIT.sub(_waited, sql))
    rewrite(lambda _, sql: _CANCEL.sub("select 'cancelled'", sql))
    rewrite(lambda session, sql: _BY_USER.sub(lambda asked: _by_user(session, *asked.groups()), sql))


def _execute_of(execute: Callable[..., Cursor]) -> Callable[..., Cursor]:
    def wrapper(self: Cursor, command: str, *args: object, **kwargs: object) -> Cursor:
        session = self._sf_conn
        statement = _running.get(session)
        try:
            self.command = command
            if statement is None or not statement.cancels:
                session.enter()
            cursor = execute(self, _rewritten(session, statement, command), *args, **kwargs)
        except (ProgrammingError, duckdb.Error) as error:
            if statement is None:
                raise
            raise _failure(error, statement) from None
        finally:
            if statement:
                statement.ended = True
        if statement:
            statement.query_id = cursor.sfqid
        return cursor

    return wrapper


def _rewritten(session: Session, statement: Statement | None, command: str) -> str:
    if statement and statement.cancelled.is_set():
        raise ProgrammingError("cancelled before its turn came")
    for function in _rewrites:
        command = function(session, command)
    return command


_NO_COLUMN = re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"')
"""DuckDB's words, for which snowduck gives Snowflake's number of an object that does not exist."""


def _failure(error: Exception, statement: Statement) -> ProgrammingError:
    if statement.cancelled.is_set():
        return statement.cancellation()
    if found := _NO_COLUMN.search(str(error)):
        missing = f"SQL compilation error:\ninvalid identifier '{found[1] or found[2]}'"
        return statement.fail(ProgrammingError(missing, errno=904, sqlstate="42000"))
    # As snowduck does it, for what DuckDB says only when the result is fetched.
    known = error if isinstance(error, ProgrammingError) else ProgrammingError(str(error), errno=1003, sqlstate="42000")
    return statement.fail(known)


def _refusal(code: str, state: str | None, message: str | None) -> JSONResponse:
    data = {"errorCode": code, "sqlState": state}
    return JSONResponse({"data": data, "code": code, "message": message, "success": False})


async def _body(request: Request) -> dict[str, Any]:
    body = await request.body()
    return json.loads(gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body)


async def cancel(chosen: Callable[[Statement], bool]) -> None:
    """End the statements that are chosen; returns when they have ended."""
    await asyncio.gather(*(statement.cancel() for statement in list(_running.values()) if chosen(statement)))


async def _received(request: Request) -> Statement:
    body = await _body(request)
    session = session_manager.get_session(request.state.token)
    tag = body.get("parameters", {}).get("QUERY_TAG") or session.session_parameters.get("QUERY_TAG", "")
    return Statement(session, body["sqlText"], request.query_params.get("requestId", ""), tag)


@contextlib.asynccontextmanager
async def _its_turn(statement: Statement) -> AsyncIterator[None]:
    """Wait for the turn, unless the statement is cancelled before; a cancellation does not wait for what it cancels."""
    if statement.cancels:
        yield
        return
    turn = asyncio.ensure_future(_turn.acquire())
    cancelled = asyncio.ensure_future(statement.cancelled.wait())
    try:
        await asyncio.wait({turn, cancelled}, return_when=asyncio.FIRST_COMPLETED)
        if not turn.done():
            raise statement.cancellation()
        yield
    finally:
        cancelled.cancel()
        if not turn.cancel():
            _turn.release()


async def _wait(statement: Statement) -> None:
    """Wait as SYSTEM$WAIT does, without keeping the others from their turn."""
    seconds = sum(int(n) * _SECONDS[(unit or "seconds").upper()] for _, n, unit in _WAIT.findall(bare(statement.sql)))
    if seconds:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(statement.cancelled.wait(), seconds)


def _waited(call: re.Match[str]) -> str:
    return f"select 'waited {call[2]} {(call[3] or 'seconds').lower()}'"


def _by_user(session: Session, since: str, limit: str) -> str:
    """QUERY_HISTORY_BY_USER: what the session's own user has run, the last first (Snowflake documentation, "QUERY_HISTORY")."""
    condition = f"user_name = '{session.user}' and end_time >= timestamptz '{since}' at time zone 'UTC'"
    return f"(select * from SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY where {condition} order by end_time desc limit {limit})"  # noqa: S608


def _remember(history: duckdb.DuckDBPyConnection, statement: Statement) -> None:
    ended = datetime.now(UTC)
    session, error = statement.session, statement.error
    row = [
        statement.query_id,
        statement.sql,
        session.database,
        session.schema,
        session.user,
        session.role,
        session.warehouse,
        session.id,
        statement.tag,
        "FAIL" if error else "SUCCESS",
        f"{error.errno:06d}" if error else None,
        error.msg if error else None,
        statement.started.replace(tzinfo=None),
        ended.replace(tzinfo=None),
        round((ended - statement.started).total_seconds() * 1000),
    ]
    insert = f"insert into SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY values ({', '.join('?' for _ in row)})"  # noqa: S608
    history.execute(insert, row)
