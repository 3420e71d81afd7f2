"""How often the diagnosis at the end of a failed run is right: in its cause, its advice, and in whether it tries again.

Each case is a failure as AWS, Snowflake or dbt words it (benchmarks/diagnosis_cases/). It goes through the real operator, with AWS's
answers in the place of AWS, and what fails inside the container through the real runner, with dbt's and the connector's answers in
the place of dbt and Snowflake; what the runner leaves is what the operator finds. About a minute.

`given.json` are the cases that the table was built with, `collected.json` those collected from the same sources meanwhile, and
`unseen.json` those that were collected when the table stood and had to be told without a change of it: the figure to believe.
"""
# ruff: noqa: I001

import argparse
import io
import json
import os
import re
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from rich.console import Console
from rich.table import Table

from tests.unit.dag_support import configuration, dag_folder  # before Airflow: it sets Airflow's home
from tests.unit.runner_support import VARIABLES, Bucket

CASES = Path(__file__).with_name("diagnosis_cases")
SETS = ("given", "collected", "unseen")
AIM = 0.95
ARN = "arn:aws:ecs:eu-west-1:123456789012:task/dbt/0123"
MODEL = "model.shop.orders"

Case = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a container leaves."""

    exit_code: int | None
    log: list[str]
    objects: dict[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What Airflow's task log says at the end."""

    text: str
    retried: bool

    @property
    def cause(self) -> str:
        found = re.findall(r"Tried again by itself: \w+\. More: docs/errors\.md#([\w-]+)", self.text)
        return found[-1] if found else ""

    def faults(self, case: Case) -> list[str]:
        """What of it is not right."""
        said = self.text.lower()
        wrong = {
            "cause": self.cause not in case["expected"],
            "advice": not any(word in said for word in case["advice_names_one_of"]),
            "retry": self.retried != case["retry"],
            "text": not all(text in self.text for text in case.get("text_must", [])),
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]


def ended(case: Case) -> Ended:
    """The container, if there was one; what fails inside it goes through the runner."""
    if case["where"] in ("connector_error", "dbt_log"):
        return _container(case)
    return Ended(exit_code=case.get("exit_code"), log=case.get("log", []), objects={})


# What fails inside of the container


def _container(case: Case) -> Ended:
    from runner import artifacts, connection, ending, environment, run
    from runner.output import Output
    from runner.outcome import ExitCode, RunnerError
    from runner.selection import Selection

    bucket, stream = _Bucket(case), io.StringIO()
    output = Output(stream=stream)
    changes = {"SNOWFLAKE_AUTHENTICATOR": case.get("auth", "keyPair"), "SNOWFLAKE_PASSWORD": "a-password-that-is-not-one"}
    settings = environment.read(VARIABLES | changes)
    options = run.Options(selection=Selection(select=("orders",), exclude=(), variables=""))
    snowflake = case["where"] == "connector_error"
    check = connection.check if snowflake else lambda *_: None
    with (
        tempfile.TemporaryDirectory() as folder,
        _signals(),
        mock.patch.object(run, "Dbt", lambda environment, variables, callback: _dbt(case, environment, callback)),
        mock.patch.object(run, "import_dbt", lambda: None),
        mock.patch.object(run.connection, "check", check),
        mock.patch.object(run, "profile_variables", lambda environment: _profile(case)),
        mock.patch.object(run.Run, "_parse", lambda self: self._dbt.parse()),
        mock.patch.object(ending, "TARGET", Path(folder)),
        mock.patch.object(ending, "LOGS", Path(folder)),
        mock.patch.object(artifacts.Artifacts, "_client", bucket),
        mock.patch.object(connection, "private_key", lambda *_: b""),
        mock.patch.object(connection.socket, "create_connection", lambda *_, **__: _reach(case)),
        mock.patch("snowflake.connector.connect", lambda **_: _log_in(case)),
    ):
        code: ExitCode = run.Run(settings, options, output).execute()
    return Ended(exit_code=int(code), log=stream.getvalue().splitlines(), objects=bucket.objects)


def _profile(case: Case) -> dict[str, str]:
    from runner.private_key import private_key

    if case.get("at") == "key":
        private_key("-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----", "")
    return {}


def _reach(case: Case) -> Any:
    if case.get("at") == "reach":
        raise socket.gaierror(-2, case["message"])
    return SimpleNamespace(close=lambda: None)


def _log_in(case: Case) -> Any:
    from snowflake.connector.errors import DatabaseError, ProgrammingError

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


def _dbt(case: Case, environment: Any, callback: Any) -> Any:
    """The runner's own driver of dbt, with what dbt answers put in dbt's place."""
    from runner.dbt import Dbt

    class Answers(Dbt):
        def __init__(self) -> None:
            self.variables, self.manifest = "", None

        def invoke(self, *arguments: str) -> Any:
            phase, verb = case.get("phase"), arguments[0]
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
                callback(event)
            return SimpleNamespace(success=phase != "node", exception=None, result=SimpleNamespace(results=[]))

    return Answers()


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
    )
    return SimpleNamespace(nodes={_node_id(case): node}, functions={}, unit_tests={}, sources={})


def _events(case: Case) -> Iterator[Any]:
    """As dbt gives them to its callback: messages of its own protocol."""
    from dbt.events.types import NodeFinished, NodeStart
    from dbt_common.events.base_types import EventLevel, msg_from_base_event

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

    def put_object(self, *, Key: str, Body: bytes, **options: object) -> None:  # noqa: N803 - as boto3's
        if self._refusal:
            raise OSError(self._refusal["message"])
        super().put_object(Key=Key, Body=Body, **options)


@contextmanager
def _signals() -> Iterator[None]:
    """Puts back the handlers that the runner leaves ignored: it ends its process afterwards."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    environment = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        for number, handler in before.items():
            signal.signal(number, handler)


# Airflow's task


class Ecs:
    """Answers as AWS did in the case."""

    def __init__(self, case: Case, container: Ended) -> None:
        from botocore.exceptions import ClientError

        self.exceptions = SimpleNamespace(ClientError=ClientError)
        self._case, self._container = case, container

    def list_tasks(self, **_: Any) -> dict[str, Any]:
        return {"taskArns": []}

    def run_task(self, **_: Any) -> dict[str, Any]:
        if self._case["where"] == "boto_error" and self._case.get("at", "RunTask") == "RunTask":
            raise self._error("RunTask")
        if self._case["where"] == "run_task_failure":
            return {"failures": [{"reason": self._case["message"], "detail": self._case.get("detail", "")}], "tasks": []}
        return {"failures": [], "tasks": [{"taskArn": ARN}]}

    def get_waiter(self, _: str) -> Any:
        return SimpleNamespace(wait=self._wait)

    def _wait(self, **_: Any) -> None:
        from botocore.exceptions import WaiterError

        if self._case.get("at") == "DescribeTasks":
            raise WaiterError(name="TasksStopped", reason=str(self._error("DescribeTasks")), last_response={})

    def describe_tasks(self, **_: Any) -> dict[str, Any]:
        case, container = self._case, self._container
        reason = case["message"] if case["where"] == "stop_reason" else "Essential container in task exited"
        inside = {"name": "dbt", "lastStatus": "STOPPED", "exitCode": container.exit_code, "reason": case.get("container_reason")}
        return {
            "tasks": [
                {
                    "containers": [{key: value for key, value in inside.items() if value is not None}],
                    "stopCode": case.get("stop_code", "EssentialContainerExited"),
                    "stoppedReason": reason,
                }
            ]
        }

    def stop_task(self, **_: Any) -> None:
        raise AssertionError("a container that runs was stopped")

    def _error(self, operation: str) -> Exception:
        from botocore import exceptions

        case = self._case
        if "raises" in case:
            made = getattr(exceptions, case["raises"])
            return made(endpoint_url="https://ecs.eu-west-1.amazonaws.com/", error=case["message"], provider="iam", error_msg="x")
        return exceptions.ClientError({"Error": {"Code": case["code"], "Message": case["message"]}}, operation)


class Logs:
    """The container's log stream."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def get_log_events(self, *, startFromHead: bool = True, nextToken: str = "0", limit: int = 0, **_: Any) -> dict[str, Any]:  # noqa: N803
        lines = self.lines[int(nextToken) :] if startFromHead else self.lines[-limit:]
        return {"events": [{"timestamp": 0, "message": line} for line in lines], "nextForwardToken": str(len(self.lines))}


class S3:
    """What the container stored."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        from botocore.exceptions import ClientError

        self.exceptions = SimpleNamespace(ClientError=ClientError)
        self.objects = objects

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        from botocore.exceptions import ClientError

        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}


class Airflow:
    """Runs the operator of one workstream."""

    def __init__(self, folder: Path) -> None:
        from dbt_configuration import read

        (self._workstream,), _ = read(dag_folder(folder / "dags", configuration("sales")) / "config")

    def run(self, case: Case, container: Ended) -> Told:
        """The end of the task's log."""
        from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
        from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
        from airflow.sdk.exceptions import AirflowFailException
        from airflow.sdk.execution_time.context import OutletEventAccessors
        from dbt_operator import DbtOperator

        ti = SimpleNamespace(dag_id="dbt_sales", task_id="dbt", run_id="run-1", map_index=-1, try_number=1, xcom_push=lambda **_: None)
        params = {"select": [], "exclude": [], "full_refresh": False, "vars": {}, "date": None}
        context = {"ti": ti, "run_id": "run-1", "params": params, "outlet_events": OutletEventAccessors()}
        with (
            mock.patch.object(AwsLogsHook, "conn", Logs(container.log)),
            mock.patch.object(AwsBaseHook, "conn", S3(container.objects)),
            mock.patch("time.sleep", lambda _: None),
        ):
            operator = DbtOperator(task_id="dbt", workstream=self._workstream)
            operator.__dict__["client"] = Ecs(case, container)
            operator.render_template_fields(context)
            try:
                operator.execute(context)
            except Exception as error:  # noqa: BLE001 - whatever comes is what Airflow would show
                return Told(text=str(error), retried=not isinstance(error, AirflowFailException))
            finally:
                if operator.task_log_fetcher:
                    operator.task_log_fetcher.join(10)
        return Told(text="", retried=False)


def read(name: str) -> list[Case]:
    """The cases of one set."""
    path = CASES / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else []


def measure(sets: tuple[str, ...], only: str | None = None) -> dict[str, dict[str, tuple[Told, list[str]]]]:
    """By set and case: what was told, and what of it is wrong."""
    import logging

    import structlog

    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        airflow = Airflow(Path(folder))
        found: dict[str, dict[str, tuple[Told, list[str]]]] = {}
        for name in sets:
            for case in read(name):
                if only in (None, case["id"]):
                    told = airflow.run(case, ended(case))
                    found.setdefault(name, {})[case["id"]] = told, told.faults(case)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, help="one of them, instead of all")
    parser.add_argument("--case", help="one case: prints all that is told")
    options = parser.parse_args()
    found = measure((options.set,) if options.set else SETS, options.case)
    console, table = Console(), Table("cases", "number", "cause", "advice", "retry", "all")
    for name, cases in found.items():
        faults = [wrong for _, wrong in cases.values()]
        shares = [sum(kind not in wrong for wrong in faults) for kind in ("cause", "advice", "retry")]
        whole = sum(not wrong for wrong in faults)
        row = [f"{count} ({count / len(cases):.0%})" for count in (*shares, whole)]
        table.add_row(name, str(len(cases)), *row)
        for case, (told, wrong) in cases.items():
            if wrong or options.case:
                console.print(f"{name} {case}: wrong in {', '.join(wrong) or 'nothing'}; told {told.cause}, retried {told.retried}")
            if options.case:
                console.print(told.text, markup=False)
    console.print(table)


if __name__ == "__main__":
    main()
