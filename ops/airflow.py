"""Airflow's REST API, reached through MWAA's InvokeRestApi: no web login, no network path to Airflow needed.

InvokeRestApi takes paths of 64 characters at most (API reference, InvokeRestApi), less than a run's own path has: runs and
task instances are looked up through Airflow's batch lists, whose filters are in the body.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ops.errors import OpsError
from ops.stack import Stack

TASK = "dbt"
"""The one task of each DAG (dags/dbt_workstreams.py)."""

LOADING = 180
"""Seconds until a DAG that was just deployed must be there: MWAA copies the bucket every 30 s, then parses."""

BUSY = {"CREATING_SNAPSHOT", "MAINTENANCE", "ROLLING_BACK", "UPDATING"}
"""Statuses of an environment that another one follows by itself (MWAA API Reference, "Environment")."""

ROLLING_BACK = 2700
"""Seconds: MWAA needs up to half an hour to go back."""

PAGE = 100
"""What Airflow gives at most in an answer (its option `[api] maximum_page_limit`)."""

POLL = 10
"""Seconds between two looks at it."""

AILING = "MWAA starts it again by itself within minutes. If it stays: read the environment's scheduler log, then `pulumi up`."
"""What to do about a part of Airflow that gives no sign of life."""

DOCUMENTATION = {"commands": ["docs generate --static"]}
"""Parameters of a run that only writes dbt's documentation, as the DAG dbt-catalogue starts it (dags/dbt_command.py)."""

RUNS = "`ops status` shows the last run of each workstream, Airflow's page all of them."


class Airflow:
    """The environment of one stack."""

    def __init__(self, stack: Stack) -> None:
        self.name: str = stack.output("airflowEnvironment")
        self.client = stack.client("mwaa")

    def require_available(self) -> None:
        """Raises OpsError if the environment can't take a request now."""
        environment = self.environment()
        status, reason = environment.get("Status"), refusal(environment)
        if status not in {"AVAILABLE", "UPDATING"}:
            fix = f"AWS says: {reason}" if reason else "Creating takes 20 to 30 minutes, an update or going back from one as long."
            raise OpsError(f"The Airflow environment {self.name!r} is not available: {status}.", fix)

    def environment(self) -> dict[str, Any]:
        """What MWAA says of it. Raises OpsError if there is none."""
        try:
            return self.client.get_environment(Name=self.name)["Environment"]
        except self.client.exceptions.ResourceNotFoundException as error:
            raise OpsError(f"There is no Airflow environment {self.name!r}.", "Deploy it: `pulumi up`.") from error

    def going_back(self) -> str:
        """Why MWAA is going back from an update, once it has gone back; empty if it is not at anything.

        Pulumi's provider errs when an update begins to be rolled back, minutes before MWAA says why.
        """
        if self.environment()["Status"] not in BUSY:
            return ""
        deadline = time.monotonic() + ROLLING_BACK
        while (environment := self.environment())["Status"] in BUSY and time.monotonic() < deadline:
            time.sleep(POLL)
        return refusal(environment)

    def require_dag(self, dag_id: str) -> None:
        """Waits until Airflow has loaded the DAG. Raises OpsError if it does not come, or is paused."""
        deadline = time.monotonic() + LOADING
        while (dag := self.find(f"/dags/{dag_id}")) is None or dag["is_stale"]:
            if time.monotonic() > deadline:
                raise OpsError(f"Airflow has no DAG {dag_id!r}.", self.import_errors() or "Is the workstream deployed? `pulumi up`")
            time.sleep(2)
        if dag["is_paused"]:
            raise OpsError(f"The DAG {dag_id!r} is paused, so its runs would wait.", "Unpause it on Airflow's page.")

    def import_errors(self) -> str:
        """What Airflow could not load, as it says it but for the frames of its stack; empty if all is well."""
        errors = self.call("GET", "/importErrors")["import_errors"]
        return "\n".join(f"{error['filename']}: {_said(error['stack_trace'])}" for error in errors)

    def ailing(self) -> str:
        """Which parts of Airflow give no sign of life, and since when; empty if all do."""
        parts = self.call("GET", "/monitor/health")
        return "; ".join(
            f"the {part.replace('_', ' ')} gives no sign of life since {parts[part].get(f'latest_{part}_heartbeat') or 'its start'}"
            for part in ("scheduler", "triggerer", "dag_processor")
            if parts.get(part, {}).get("status") == "unhealthy"
        )

    def trigger(self, dag_id: str, params: dict[str, Any]) -> str:
        """Starts a run; returns its id. Params that are left out are the workstream's own."""
        # Airflow 3 wants the key: null is a run of its own, not that of a date.
        return self.call("POST", f"/dags/{dag_id}/dagRuns", body={"logical_date": None, "conf": params})["dag_run_id"]

    def clear(self, dag_id: str, run_id: str) -> None:
        """Another try of a run that has ended, as the button does."""
        body = {"dry_run": False, "only_failed": False, "reset_dag_runs": True, "include_downstream": True}
        self.call("POST", f"/dags/{dag_id}/clearTaskInstances", body={**body, "dag_run_id": run_id, "task_ids": [TASK]})

    def dags(self) -> dict[str, dict[str, Any]]:
        """All DAGs that Airflow has loaded, by id. A request for each hundred."""
        found: dict[str, dict[str, Any]] = {}
        total, offset = 1, 0
        while offset < total:
            page = self.call("GET", "/dags", query={"limit": PAGE, "offset": offset})
            found |= {dag["dag_id"]: dag for dag in page["dags"]}
            total, offset = page["total_entries"], offset + PAGE
        return found

    def newest_runs(self, dag_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The newest run of each DAG that has ever run, by the DAG's id; documentation says nothing of how a workstream is.

        A few requests, however many DAGs: the newest hundred runs of all of them, then of those that had none among these.
        """
        found: dict[str, dict[str, Any]] = {}
        missing, offset, page = set(dag_ids), 0, [{}] * PAGE
        while missing and len(page) == PAGE:
            body = {"dag_ids": sorted(missing), "order_by": "-run_after", "page_limit": PAGE, "page_offset": offset}
            page = self.call("POST", "/dags/~/dagRuns/list", body=body)["dag_runs"]
            for run in page:
                if run["conf"] != DOCUMENTATION:
                    found.setdefault(run["dag_id"], run)
            offset = offset + PAGE if missing.isdisjoint(found) else 0
            missing -= found.keys()
        return found

    def runs(self, dag_id: str, count: int) -> list[dict[str, Any]]:
        """The newest runs, newest first."""
        body = {"dag_ids": [dag_id], "order_by": "-run_after", "page_limit": count}
        return self.call("POST", "/dags/~/dagRuns/list", body=body)["dag_runs"]

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One of the newest hundred runs. Raises OpsError if it is not among them."""
        found = next((run for run in self.runs(dag_id, 100) if run["dag_run_id"] == run_id), None)
        if found is None:
            raise OpsError(f"The DAG {dag_id!r} has no recent run {run_id!r}.", RUNS)
        return found

    def task(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """The last try of a run's task. Raises OpsError if there is no such run."""
        body = {"dag_ids": [dag_id], "dag_run_ids": [run_id], "task_ids": [TASK]}
        found = self.call("POST", "/dags/~/dagRuns/~/taskInstances/list", body=body)["task_instances"]
        if not found:
            raise OpsError(f"The DAG {dag_id!r} has no run {run_id!r}.", RUNS)
        return found[0]

    def find(self, path: str) -> dict[str, Any] | None:
        """Answer to a GET; None if there is no such thing."""
        status, answer = self._invoke("GET", path)
        return None if status == 404 else _accepted(status, answer)

    def call(
        self, method: str, path: str, *, body: dict[str, Any] | None = None, query: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Answer to a request. Raises OpsError with Airflow's own reason if it refuses."""
        return _accepted(*self._invoke(method, path, Body=body, QueryParameters=query))

    def _invoke(self, method: str, path: str, **given: dict[str, Any] | None) -> tuple[int, Any]:
        request: dict[str, Any] = {"Name": self.name, "Method": method, "Path": path}
        request |= {name: value for name, value in given.items() if value}
        known = self.client.exceptions
        try:
            answer: Any = self.client.invoke_rest_api(**request)
        except (known.RestApiClientException, known.RestApiServerException) as error:
            answer = error.response
        return answer["RestApiStatusCode"], answer.get("RestApiResponse")


def refusal(environment: Mapping[str, Any]) -> str:
    """Why AWS did not make the last update of an environment; empty if it did (MWAA API Reference, "LastUpdate")."""
    last = environment.get("LastUpdate", {})
    if last.get("Status") != "FAILED":
        return ""
    error = last.get("Error", {})
    return f"{error.get('ErrorCode', 'FAILED')}: {error.get('ErrorMessage', 'no reason')}"


def _said(stack_trace: str) -> str:
    """The exception's own lines: those of the frames are indented."""
    lines = [line for line in stack_trace.splitlines() if line.strip() and not line.startswith((" ", "Traceback"))]
    return "\n".join(lines) or stack_trace.strip()


def _accepted(status: int, answer: Any) -> dict[str, Any]:
    if status < 400:
        return answer
    said = answer.get("detail", answer) if isinstance(answer, dict) else answer
    if status < 500:
        raise OpsError(f"Airflow refused: {said}", "Correct what it says, then try again.")
    raise OpsError(f"Airflow failed: {said}", "Try again; if it stays, read Airflow's web server log.")
