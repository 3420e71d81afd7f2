"""Airflow's task of a case: the real operator, with the answers of AWS in AWS's place."""
# ruff: noqa: I001

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from tests.unit.dags.support import configuration, dag_folder, form  # before Airflow: it sets Airflow's home
from benchmarks.diagnosis_container import Case, Ended

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.sdk.execution_time.context import OutletEventAccessors
from botocore import exceptions
from botocore.exceptions import ClientError, WaiterError
from dbt_configuration import read
from dbt_operator import DbtOperator
from dbt_retries import RunFailedError

ARN = "arn:aws:ecs:eu-west-1:123456789012:task/dbt/0123"


class Ecs:
    """Answers as AWS did in the case."""

    def __init__(self, case: Case, container: Ended) -> None:

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

        self.exceptions = SimpleNamespace(ClientError=ClientError)
        self.objects = objects

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803

        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}


class Airflow:
    """Runs the operator of one workstream."""

    def __init__(self, folder: Path) -> None:
        (self._workstream,), _ = read(dag_folder(folder / "dags", configuration("sales")) / "config")

    def run(self, case: Case, container: Ended) -> tuple[str, bool]:
        """The end of the task's log, and whether Airflow tries again."""
        ti = SimpleNamespace(
            dag_id="dbt_sales",
            task_id="dbt",
            run_id="run-1",
            map_index=-1,
            try_number=1,
            log_url="https://airflow/log",
            xcom_push=lambda **_: None,
        )
        params = {"select": [], "exclude": [], "full_refresh": False, "only_new": False, "vars": {}, "date": None}
        context = {"ti": ti, "run_id": "run-1", "params": params, "outlet_events": OutletEventAccessors()}
        context |= {"params": form() | params, "dag_run": SimpleNamespace(run_type="manual")}
        with (
            mock.patch.object(AwsLogsHook, "conn", Logs(container.log)),
            mock.patch.object(AwsBaseHook, "conn", S3(container.objects)),
            mock.patch.object(DbtOperator, "client", Ecs(case, container)),
            mock.patch("time.sleep"),
        ):
            operator = DbtOperator(task_id="dbt", workstream=self._workstream)
            operator.render_template_fields(context)
            try:
                operator.execute(context)
            except RunFailedError as error:
                return str(error), error.again
            except Exception as error:  # noqa: BLE001 - whatever comes is what Airflow would show
                return str(error), True
            finally:
                if operator.task_log_fetcher:
                    operator.task_log_fetcher.join(10)
        return "", False
