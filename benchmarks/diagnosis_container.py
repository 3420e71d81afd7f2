"""The container of a case: the real runner, with the answers of dbt and of Snowflake's connector in their place."""

import gc
import io
import json
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from dbt.events.types import NodeFinished, NodeStart
from dbt_common.events.base_types import EventLevel, msg_from_base_event
from runner import artifacts, connection, ending, environment, run, start
from runner.dbt import Dbt
from runner.options import Options
from runner.output import Output
from runner.private_key import private_key
from runner.selection import Selection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.unit.image.support import VARIABLES, Bucket

Case = Mapping[str, Any]
"""One of `diagnosis_cases/*.json`: where it happens, the message and codes, and what would be right to say."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a container leaves."""

    exit_code: int | None
    log: list[str]
    objects: dict[str, bytes]


def contain(case: Case, bucket: Bucket | None = None, **variables: str) -> Ended:
    """Run the container of a case to its end, on a bucket that former runs have left things in, if one is given."""
    bucket, stream = bucket or _Bucket(case), io.StringIO()
    output = Output(stream=stream)
    changes = {"SNOWFLAKE_AUTHENTICATOR": case.get("auth", "keyPair"), "SNOWFLAKE_PASSWORD": "a-password-that-is-not-one"}
    changes |= {"AWS_REGION": "eu-west-1"}
    settings = environment.read(VARIABLES | changes | variables)
    options = Options(selection=Selection(select=("orders",)))
    snowflake = case["where"] == "connector_error"
    check = connection.check if snowflake else lambda *_: None
    with (
        tempfile.TemporaryDirectory() as folder,
        _signals(),
        mock.patch.object(run, "Dbt", lambda *arguments: Answers(case, arguments[-1])),
        mock.patch.object(start, "import_dbt"),
        mock.patch.object(start.connection, "check", check),
        mock.patch.object(start, "profile_variables", side_effect=lambda _: _profile(case)),
        mock.patch.object(run, "parse", lambda dbt, variables, **_: dbt.parse(variables)),
        mock.patch.object(ending, "TARGET", Path(folder)),
        mock.patch.object(ending, "LOGS", Path(folder)),
        mock.patch.object(artifacts.Artifacts, "_client", bucket),
        mock.patch.object(connection, "private_key", return_value=b""),
        mock.patch.object(connection.socket, "create_connection", side_effect=lambda *_, **__: _reach(case)),
        mock.patch("snowflake.connector.connect", side_effect=lambda **_: _log_in(case)),
    ):
        code = run.Run(settings, options, output).execute()
    return Ended(exit_code=int(code), log=stream.getvalue().splitlines(), objects=bucket.objects)


def _profile(case: Case) -> dict[str, str]:

    if case.get("at") == "key":
        private_key("-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----", "")
    return {}


def _reach(case: Case) -> Any:
    if case.get("at") == "reach":
        raise socket.gaierror(-2, case["message"])
    return SimpleNamespace(close=lambda: None)


def _log_in(case: Case) -> Any:

    if case.get("at") != "schema":
        raise DatabaseError(msg=case["message"], errno=case.get("errno", -1))

    class Cursor:
        def execute(self, statement: str) -> "Cursor":
            if statement.startswith("create schema"):
                raise ProgrammingError(msg=case["message"], errno=case["errno"])
            return self

        fetchone = staticmethod(lambda: ["CURRENT"])
        fetchall = staticmethod(list)

    @contextmanager
    def session() -> Iterator[Any]:
        yield SimpleNamespace(cursor=lambda *_: Cursor())

    return session()


class Answers(Dbt):
    """The runner's own driver of dbt, with what dbt answers put in dbt's place."""

    def __init__(self, case: Case, callback: Callable[[Any], None]) -> None:
        self.variables, self.manifest = "", None
        self._case, self._said = case, callback

    def invoke(self, *arguments: str, **_: Any) -> Any:
        case, verb = self._case, arguments[0]
        phase = case.get("phase")
        if verb == "parse":
            failed = Exception(case["message"]) if phase == "parse" else None
            return SimpleNamespace(success=not failed, exception=failed, result=_manifest(case))
        if verb == "list":
            failed = Exception(case["message"]) if phase == "select" else None
            return SimpleNamespace(success=not failed, exception=failed, result=[json.dumps({"unique_id": _node_id(case)})])
        if verb == "source":
            stale = SimpleNamespace(node=SimpleNamespace(unique_id=case["message"]), status="error", max_loaded_at=None)
            return SimpleNamespace(result=SimpleNamespace(results=[stale] if phase == "freshness" else []))
        if phase == "hook":
            hook = SimpleNamespace(unique_id="operation.shop.shop-on-run-end-0")
            found = SimpleNamespace(node=hook, status="error", message=case["message"])
            return SimpleNamespace(success=False, exception=None, result=SimpleNamespace(results=[found]))
        if phase == "build":
            return SimpleNamespace(success=False, exception=Exception(case["message"]), result=None)
        for event in _events(case):
            self._said(event)
        return SimpleNamespace(success=phase != "node", exception=None, result=SimpleNamespace(results=[]))


def _node_id(case: Case) -> str:
    return f"{case.get('kind', 'model')}.shop.orders"


def _manifest(case: Case) -> Any:
    kind = case.get("kind", "model")
    node = SimpleNamespace(
        name="orders",
        resource_type=kind,
        original_file_path="models/marts/orders.sql",
        depends_on_nodes=["source.shop.raw.orders"],
        relation_name="ANALYTICS.SALES.ORDERS" if kind == "model" else None,
        compiled_code="select 1",
        config={},
    )
    return SimpleNamespace(nodes={_node_id(case): node}, functions={}, unit_tests={}, sources={})


def _events(case: Case) -> Iterator[Any]:
    """As dbt gives them to its callback: messages of its own protocol."""
    node = {"unique_id": _node_id(case), "node_started_at": "2026-11-29T05:00:00", "materialized": "table"}
    failed = case.get("phase") == "node"
    result = {
        "status": case.get("status", "error") if failed else "success",
        "message": case["message"] if failed else "SUCCESS 1",
        "execution_time": 2.5,
    }
    yield msg_from_base_event(NodeStart(node_info=node), EventLevel.DEBUG)
    yield msg_from_base_event(NodeFinished(node_info=node, run_result=result), EventLevel.DEBUG)


class _Bucket(Bucket):
    def __init__(self, case: Case) -> None:
        super().__init__()
        self._refusal = case if case.get("phase") == "artifacts" else None

    def put_object(self, *, Key: str, Body: bytes, **options: object) -> dict[str, str]:  # noqa: N803 - as boto3's
        if self._refusal:
            raise OSError(self._refusal["message"])
        return super().put_object(Key=Key, Body=Body, **options)


@contextmanager
def _signals() -> Iterator[None]:
    """Puts back what the runner leaves, which ends its process afterwards: handlers, environment, no collection of garbage."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    environment = dict(os.environ)
    try:
        yield
    finally:
        gc.enable()
        os.environ.clear()
        os.environ.update(environment)
        for number, handler in before.items():
            signal.signal(number, handler)
