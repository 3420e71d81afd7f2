"""Airflow's REST API, reached through MWAA's InvokeRestApi: no web login, no network path to Airflow needed."""

import time
from typing import Any

from botocore.exceptions import ClientError

from ops.errors import OpsError
from ops.stack import Stack

TASK = "dbt"
"""The one task of each DAG (dags/dbt_workstreams.py)."""

LOADING = 180
"""Seconds until a DAG that was just deployed must be there: MWAA copies the bucket every 30 s, then parses."""


class Airflow:
    """The environment of one stack."""

    def __init__(self, stack: Stack) -> None:
        self.name: str = stack.output("airflowEnvironment")
        self.client = stack.session.client("mwaa")

    def require_available(self) -> None:
        """Raises OpsError if the environment can't take a request now."""
        try:
            status = self.client.get_environment(Name=self.name)["Environment"].get("Status")
        except self.client.exceptions.ResourceNotFoundException as error:
            raise OpsError(f"There is no Airflow environment {self.name!r}.", "Deploy it: `pulumi up`.") from error
        if status not in {"AVAILABLE", "UPDATING"}:
            fix = "Creating takes 20 to 30 minutes; a failure is explained on the environment's page in the AWS console."
            raise OpsError(f"The Airflow environment {self.name!r} is not available: {status}.", fix)

    def require_dag(self, dag_id: str) -> None:
        """Waits until Airflow has loaded the DAG. Raises OpsError if it does not come, or is paused."""
        deadline = time.monotonic() + LOADING
        while (dag := self.find(f"/dags/{dag_id}")) is None:
            if time.monotonic() > deadline:
                raise OpsError(f"Airflow has no DAG {dag_id!r}.", self.import_errors() or "Is the workstream deployed? `pulumi up`")
            time.sleep(2)
        if dag["is_paused"]:
            raise OpsError(f"The DAG {dag_id!r} is paused, so its runs would wait.", "Unpause it on Airflow's page.")

    def import_errors(self) -> str:
        """What Airflow could not load, as it says it; empty if all is well."""
        errors = self.call("GET", "/importErrors")["import_errors"]
        return "\n".join(f"{error['filename']}: {error['stack_trace'].strip()}" for error in errors)

    def trigger(self, dag_id: str, params: dict[str, Any]) -> str:
        """Starts a run; returns its id. Params that are left out are the workstream's own."""
        # Airflow 3 wants the key: null is a run of its own, not that of a date.
        return self.call("POST", f"/dags/{dag_id}/dagRuns", body={"logical_date": None, "conf": params})["dag_run_id"]

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One run. Raises OpsError if there is none such."""
        found = self.find(f"/dags/{dag_id}/dagRuns/{run_id}")
        if found is None:
            raise OpsError(f"The DAG {dag_id!r} has no run {run_id!r}.", "`ops status` shows the last run of each workstream.")
        return found

    def last_run(self, dag_id: str) -> dict[str, Any] | None:
        """The newest run; None before the first."""
        query = {"order_by": "-run_after", "limit": 1}
        answer = self.find(f"/dags/{dag_id}/dagRuns", query)
        return answer["dag_runs"][0] if answer and answer["dag_runs"] else None

    def container(self, dag_id: str, run_id: str) -> str | None:
        """ARN of the ECS task of the run's last try; None if none was started."""
        entry = self.find(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{TASK}/xcomEntries/ecs_task_arn")
        return entry["value"].strip('"') if entry else None

    def find(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Answer to a GET; None if there is no such thing."""
        try:
            return self._invoke("GET", path, query=query)
        except self.client.exceptions.RestApiClientException as error:
            if error.response.get("RestApiStatusCode") == 404:
                return None
            raise _refused(error) from error

    def call(self, method: str, path: str, *, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Answer to a request. Raises OpsError with Airflow's own reason if it refuses."""
        try:
            return self._invoke(method, path, body=body)
        except self.client.exceptions.RestApiClientException as error:
            raise _refused(error) from error

    def _invoke(
        self, method: str, path: str, *, query: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"Name": self.name, "Method": method, "Path": path}
        request |= {"QueryParameters": query} if query else {}
        request |= {"Body": body} if body else {}
        try:
            return self.client.invoke_rest_api(**request)["RestApiResponse"]
        except self.client.exceptions.RestApiServerException as error:
            raise OpsError(f"Airflow failed: {_said(error)}", "Try again; if it stays, read Airflow's web server log.") from error


def _refused(error: ClientError) -> OpsError:
    return OpsError(f"Airflow refused: {_said(error)}", "Correct what it says, then try again.")


def _said(error: ClientError) -> str:
    answer: Any = error.response.get("RestApiResponse") or error.response["Error"]["Message"]
    return str(answer.get("detail", answer)) if isinstance(answer, dict) else str(answer)
