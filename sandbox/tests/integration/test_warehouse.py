"""The stand-in for Snowflake: what it must refuse, cancel and remember, so that a run here says something about one there."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from sandbox import warehouse
from sandbox.network import answers, wait_until
from sandbox.paths import REPOSITORY
from sandbox.testing.warehouse_server import HUGE, NAMES, PASSWORD, Server, new_key, public, rows, running, start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("warehouse")) as found:
        yield found


def test_the_registered_key_lets_its_user_in(server: Server):
    """dbt could not log in at all."""
    with server.connect() as session:
        found = rows(session, "select current_user(), current_role(), current_database(), current_warehouse()")

    assert found == [("DBT", "TRANSFORMER", "ANALYTICS", "TRANSFORMING")]


@pytest.mark.filterwarnings("ignore:.*insecure_mode")
def test_the_connector_asks_nobody_about_certificates(server: Server):
    """A network without a way to the internet has none to a server for OCSP or revocation lists: dbt would wait for it."""
    as_dbt_does = {"insecure_mode": False, "ocsp_root_certs_dict_lock_timeout": 10}

    with server.connect(**as_dbt_does) as session:
        assert session.disable_ocsp_checks
        assert session.cert_revocation_check_mode == "DISABLED"


@pytest.mark.parametrize("column", ["NO_SUCH", "T.NO_SUCH"])
def test_a_column_that_is_not_there_is_told_as_snowflake_tells_it(server: Server, column: str):
    """It came with the number of a table that is not there, and the advice was to grant rights (Snowflake's is 000904)."""
    with server.connect() as session, pytest.raises(ProgrammingError, match="invalid identifier 'NO_SUCH'") as raised:
        session.cursor().execute(f"select {column} from (select 1 as A) T")

    assert (raised.value.errno, raised.value.sqlstate) == (904, "42000")


def test_both_key_slots_work_so_that_a_key_can_be_rotated(server: Server):
    """A rotation without an outage needs the old and the new key to be valid at once."""
    second = new_key()
    server.run("create user ROTATING default_role = TRANSFORMER")
    server.run("grant role TRANSFORMER to user ROTATING")
    server.run(f"alter user ROTATING set rsa_public_key = '{public(server.key)}'")
    server.run(f"alter user ROTATING set rsa_public_key_2 = '{public(second)}'")

    for key in (server.key, second):
        server.connect(key, user="ROTATING").close()

    server.run("alter user ROTATING unset rsa_public_key")
    with pytest.raises(DatabaseError, match="JWT token is invalid"):
        server.connect(server.key, user="ROTATING")
    server.connect(second, user="ROTATING").close()


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(lambda server: server.connect(new_key()), 390144, id="key that is not registered"),
        pytest.param(lambda server: server.connect(user="NOBODY"), 390144, id="unknown user"),
        pytest.param(lambda server: server.connect(user="ADMIN", password="wrong"), 390100, id="wrong password"),
        pytest.param(lambda server: server.connect(user="NOBODY", password=PASSWORD), 390100, id="unknown user with a password"),
        pytest.param(lambda server: server.connect(user="DBT", password="guessed"), 390100, id="user without password"),
        pytest.param(lambda server: server.connect(role="NO_SUCH_ROLE"), 390189, id="unknown role"),
        pytest.param(lambda server: server.connect(role="ACCOUNTADMIN"), 390189, id="role that was not granted"),
    ],
)
def test_a_wrong_log_in_is_refused_with_snowflakes_code(server: Server, attempt: Callable[[Server], object], code: int):
    """Credentials that work here and fail in Snowflake would be found out in production."""
    with pytest.raises(DatabaseError) as refusal:
        attempt(server)

    assert refusal.value.errno == code


def test_an_expired_token_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch):
    """Whoever finds a token in an old log could use it."""
    from datetime import timedelta  # noqa: PLC0415

    from snowflake.connector.auth import AuthByKeyPair  # noqa: PLC0415

    prepare = AuthByKeyPair.prepare

    def expired(self: AuthByKeyPair, **arguments: Any) -> str:
        self._lifetime = timedelta(seconds=-30)
        return prepare(self, **arguments)

    monkeypatch.setattr(AuthByKeyPair, "prepare", expired)

    with pytest.raises(DatabaseError, match="JWT token is invalid"):
        server.connect(login_timeout=5)


@pytest.mark.parametrize(
    ("revoked", "sql", "message"),
    [
        ("create schema on database ANALYTICS", "create schema NEW", "Insufficient privileges to operate on database 'ANALYTICS'"),
        ("create schema on database ANALYTICS", "create schema if not exists PUBLIC", "Insufficient privileges to operate"),
        ("usage on database ANALYTICS", "select 1 from T", "Database 'ANALYTICS' does not exist or not authorized"),
        ("usage on warehouse TRANSFORMING", "create table T as select 1 as X", "No active warehouse selected"),
    ],
)
def test_what_was_not_granted_is_refused(server: Server, revoked: str, sql: str, message: str):
    """A missing grant would show only in Snowflake."""
    with server.connect() as session:
        server.run(f"revoke {revoked} from role TRANSFORMER")
        try:
            with pytest.raises(ProgrammingError, match=message):
                session.cursor().execute(sql)
        finally:
            server.run(f"grant {revoked} to role TRANSFORMER")


SLOW = ["select system$wait(600)", "call system$wait(600)", HUGE, f"create table PUBLIC.HUGE as {HUGE}"]


@pytest.mark.parametrize("slow", SLOW)
def test_a_cancelled_statement_ends_at_once(server: Server, slow: str):
    """A run that was cancelled would go on costing money."""
    with server.connect() as session, server.connect() as other:
        statement = Background(session, slow)
        # The statement may not have arrived yet when the first cancellation does.
        ended = wait_until(lambda: _cancel(other, session.session_id) and not statement.is_alive(), 60)

    assert ended
    assert statement.error == 604
    history = server.run("select query_text, error_code from snowflake.account_usage.query_history where user_name = 'DBT'")
    assert (slow, "000604") in history


def test_whoever_cancels_need_not_be_logged_in_yet_nor_wait_for_what_computes(server: Server):
    """dbt cancels one connection after the other: the first waits for its turn, the second computes, nothing would end."""
    with server.connect() as first, server.connect() as second:
        computing = Background(first, HUGE)
        assert server.computes()
        waiting = Background(second, "select 1 as ITS_TURN_NEVER_COMES from PUBLIC.T")
        with server.connect() as other:
            assert wait_until(lambda: _cancel(other, second.session_id) and not waiting.is_alive(), 60)
            assert computing.is_alive()
            assert wait_until(lambda: _cancel(other, first.session_id) and not computing.is_alive(), 60)

        assert (waiting.error, computing.error) == (604, 604)
        first.cursor().execute("select 1")


def test_a_statement_ends_at_the_timeout_of_its_session(server: Server):
    """A limit on what a query may cost would hold here only in name."""
    with server.connect(session_parameters={"STATEMENT_TIMEOUT_IN_SECONDS": 1}) as session:
        with pytest.raises(ProgrammingError, match="timeout of 1 second") as refusal:
            session.cursor().execute(HUGE)

        assert refusal.value.errno == 630
        assert rows(session, "select 1") == [(1,)]


def test_a_statement_that_its_client_gives_up_ends_too(server: Server):
    """A timeout of the connector's would leave the warehouse working."""
    with server.connect() as session:
        with pytest.raises(ProgrammingError) as refusal:
            session.cursor().execute(HUGE, timeout=2)

        session.cursor().execute("select 1")

    assert refusal.value.errno == 604


def test_a_statement_that_takes_longer_than_its_client_listens_runs_once(server: Server):
    """A model of more than a minute would be started anew every minute, and never end."""
    with server.connect(socket_timeout=1) as session:
        answer = session.cursor().execute("select system$wait(4)")
        assert answer
        assert answer.fetchone() == ("waited 4 seconds",)

    ran = server.run("select count(*) from snowflake.account_usage.query_history where query_text like 'select system_wait(4)'")
    assert ran == [(1,)]


class Background(threading.Thread):
    """A statement in a thread of its own."""

    def __init__(self, session: SnowflakeConnection, sql: str) -> None:
        super().__init__(daemon=True)
        self._session = session
        self._sql = sql
        self.error: int | None = None
        """Snowflake's code, of a statement that failed."""
        self.start()

    def run(self) -> None:
        try:
            self._session.cursor().execute(self._sql)
        except ProgrammingError as error:
            self.error = error.errno


def _cancel(session: SnowflakeConnection, session_id: int) -> bool:
    session.cursor().execute(f"select system$cancel_all_queries({session_id})")
    return True


def test_others_work_while_one_waits(server: Server):
    """One slow model would hold up all threads of dbt, and the order of a build would say nothing."""
    with server.connect() as slow, server.connect() as quick:
        thread = threading.Thread(target=slow.cursor().execute, args=("select system$wait(3)",))
        thread.start()
        quick.cursor().execute("select 1")
        waiting = thread.is_alive()
        thread.join()

    assert waiting


def test_the_query_history_joins_statements_to_runs(server: Server):
    """Nobody could say what a run cost."""
    with server.connect(session_parameters={"QUERY_TAG": "session's tag"}) as session:
        session.cursor().execute("select 'tagged by session'")
        session.cursor().execute("select 'tagged by statement'", _statement_params={"QUERY_TAG": "its own"})
        with pytest.raises(ProgrammingError):
            session.cursor().execute("select * from NO_SUCH_TABLE")

    found = server.run(
        "select query_text, user_name, query_tag, execution_status, error_code from snowflake.account_usage.query_history "
        "where query_text like '%tagged by%' or query_text like '%NO_SUCH_TABLE' order by start_time"
    )

    assert [row for row in found if row[1] == "DBT"] == [
        ("select 'tagged by session'", "DBT", "session's tag", "SUCCESS", None),
        ("select 'tagged by statement'", "DBT", "its own", "SUCCESS", None),
        ("select * from NO_SUCH_TABLE", "DBT", "session's tag", "FAIL", "002003"),
    ]


def test_timestamps_arrive_as_stored(server: Server):
    """A test on a nullable timestamp would pass here and fail in Snowflake, or the other way round."""
    with server.connect() as session:
        sql = "select null::timestamp_ntz, '2026-11-23 00:39:35.254580'::timestamp_ntz, '1969-12-31 23:59:59.5'::timestamp_ntz"
        [row] = rows(session, sql)

    stored = [None, "2026-11-23T00:39:35.254580", "1969-12-31T23:59:59.500000"]
    assert [value and value.isoformat() for value in row] == stored


def test_a_contract_s_column_types_are_kept(server: Server):
    """A model with an enforced contract could not be built."""
    with server.connect() as session:
        session.cursor().execute("create schema if not exists CONTRACTS")
        session.cursor().execute(
            "create or replace transient table ANALYTICS.CONTRACTS.T (ID number(38, 0) not null, AMOUNT number(38, 2)) "
            "as (select '7' as id, 1.239 as amount)"
        )
        found = rows(session, "select * from ANALYTICS.CONTRACTS.T")

    assert [(int(number), str(amount)) for number, amount in found] == [(7, "1.24")]


def test_what_was_written_is_counted(server: Server):
    """dbt would report one row for each table, whatever it wrote."""
    with server.connect() as session:
        cursor = session.cursor()
        cursor.execute("create schema if not exists COUNTS")
        counts = {}
        for sql in (
            "create or replace table ANALYTICS.COUNTS.T as select 1 as X union all select 2 union all select 3",
            "insert into ANALYTICS.COUNTS.T values (4), (5)",
            "update ANALYTICS.COUNTS.T set X = 0 where X > 1",
            "delete from ANALYTICS.COUNTS.T where X = 0",
        ):
            cursor.execute(sql)
            counts[sql.split()[0]] = (cursor.stats, cursor.fetchall(), cursor.rowcount)

    assert [stats.num_rows_inserted for stats, _, _ in counts.values()][:2] == [3, 2]
    assert [(rows[0][0], rowcount) for _, rows, rowcount in list(counts.values())[1:]] == [(2, 2), (4, 4), (4, 4)]


def test_data_users_and_keys_survive_a_kill(tmp_path: Path):
    """After a crash, `make demo` would need everything from the beginning."""
    with running(tmp_path) as server:
        server.run("create schema ANALYTICS.KEPT")
        server.run("create table ANALYTICS.KEPT.T as select 1 as X")
        server.process.kill()
        server.process.wait()
        again = start(server.port, server.database)
        try:
            with server.connect() as session:
                session.cursor().execute("select 1")
            assert server.run("select * from ANALYTICS.KEPT.T") == [(1,)]
        finally:
            again.terminate()
            again.wait(10)


def test_it_ends_cleanly_when_told_and_listens_nowhere_else(tmp_path: Path):
    """A warehouse that lingers keeps its port; one on every address lets the neighbours in."""
    with running(tmp_path, bind=("127.0.0.1", "127.0.0.2")) as server:
        reached = [answers(warehouse.health_url(address, server.port)) for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3")]
        server.process.terminate()
        code = server.process.wait(10)

    assert reached == [True, True, False]
    assert code == 0


def test_it_ends_when_told_although_it_computes(tmp_path: Path):
    """`make demo-down` would hang, or kill it before it has written what it holds."""
    with running(tmp_path) as server:
        session = server.connect()
        Background(session, HUGE)
        assert server.computes()
        server.process.terminate()

        assert server.process.wait(20) == 0
        # Otherwise the connector would try at the end of the whole test run, and complain on a stream that is closed.
        session.close(retry=False)


def test_what_the_documentation_tells_an_administrator_lets_dbt_work(server: Server):
    """The first run in a real account would fail on what the page forgets; nobody reads our code to find out."""
    names = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]["dbt-platform:warehouse"]
    names = {key: names[key] for key in NAMES}
    page = (REPOSITORY / "docs/snowflake.md").read_text()
    setup, sources = re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    server.run("create database RAW")

    for statement in (setup + sources).splitlines():
        server.run(statement)
    server.run(f"alter user {names['user']} set rsa_public_key = '{public(server.key)}'")
    with server.connect(**names) as session:
        for sql in ("create schema SALES", "create table SALES.ORDERS as select 1 as ID", "select ID from SALES.ORDERS"):
            found = rows(session, sql)

    assert found == [(1,)]
    assert setup == "\n".join([*warehouse.setup_statements(**names), ""]), "docs/snowflake.md differs from what the demo runs"
