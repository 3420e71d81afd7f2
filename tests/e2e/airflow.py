"""Airflow as its users have it: the REST API behind its page, the log of a task, and the container that runs it."""

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeVar, cast
from urllib.parse import quote

import docker
from docker.models.containers import Container
from runner.lines import event_of

from sandbox.demo.demo import client
from sandbox.demo.stack import Stack

T = TypeVar("T")

ENDED = ("success", "failed")
TASK = "dbt"


class RefusedError(Exception):
    """Airflow refused a request; the message is its answer."""


def eventually(look: Callable[[], T | Literal[False] | None], seconds: float, what: str) -> T:
    """The first answer of `look` that is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)
    return found


@dataclass(frozen=True)
class Airflow:
    """The Airflow of a deployed stack."""

    stack: Stack

    @cached_property
    def outputs(self) -> dict[str, Any]:
        return self.stack.outputs()

    @cached_property
    def url(self) -> str:
        """Where its page is."""
        environment = client(self.stack, "mwaa").get_environment(Name=self.outputs["airflowEnvironment"])["Environment"]
        return f"http://{environment['WebserverUrl']}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer to a request. Raises RefusedError."""
        request = urllib.request.Request(
            f"{self.url}/api/v2{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RefusedError(error.read().decode()) from None

    def dag_id(self, workstream: str) -> str:
        return f"dbt_{workstream.replace('-', '_')}"

    def dag(self, workstream: str) -> dict[str, Any] | None:
        """The DAG, once Airflow has loaded it and answers."""
        with contextlib.suppress(RefusedError, TimeoutError):
            dag = self.call("GET", f"/dags/{self.dag_id(workstream)}")
            return None if dag["is_stale"] else dag
        return None

    def await_dag(self, workstream: str, **expected: object) -> None:
        """Until the DAG is loaded and says what is expected of it."""
        eventually(
            lambda: (dag := self.dag(workstream)) and expected.items() <= dag.items(), 300, f"DAG of {workstream} with {expected}"
        )

    def await_configuration(self, workstream: str) -> None:
        """Until its DAG runs with the configuration that is deployed: MWAA copies the bucket's files every now and then."""

        def look() -> bool:
            _, text = self.container.exec_run(["cat", f"/opt/airflow/{_key(workstream)}"])
            with contextlib.suppress(ValueError):
                return json.loads(cast("bytes", text)) == self.configuration(workstream)
            return False

        eventually(look, 180, f"the configuration of {workstream} in Airflow")

    def pause(self, workstream: str, *, paused: bool) -> None:
        self.call("PATCH", f"/dags/{self.dag_id(workstream)}", {"is_paused": paused})

    def trigger(self, workstream: str, *, dated: bool = False, **params: Any) -> "DagRun":
        """Starts a run as the page's form does: with the date of now, or with none."""
        body = {"logical_date": datetime.now(UTC).isoformat() if dated else None, "conf": params}
        made = self.call("POST", f"/dags/{self.dag_id(workstream)}/dagRuns", body)
        return DagRun(self, workstream, made["dag_run_id"])

    def runs(self, workstream: str) -> list[dict[str, Any]]:
        """All runs, oldest first."""
        return self.call("GET", f"/dags/{self.dag_id(workstream)}/dagRuns?order_by=id&limit=100")["dag_runs"]

    def backfill(self, workstream: str, first: str, last: str, **params: Any) -> int:
        """Starts a backfill of these days, with what the page's form proposes otherwise; returns its id."""
        asked = {
            "dag_id": self.dag_id(workstream),
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T23:59:59Z",
            "run_backwards": False,
            "dag_run_conf": params,
            "reprocess_behavior": "none",
            "max_active_runs": 10,
            "run_on_latest_version": True,
        }
        return self.call("POST", "/backfills", asked)["id"]

    @property
    def container(self) -> Container:
        """What MWAA's environment runs in."""
        name = f"mwaa-{self.stack.state.id}-{self.outputs['airflowEnvironment']}"
        return docker.from_env().containers.get(name)

    def configuration(self, workstream: str) -> dict[str, Any]:
        """`config/<workstream>.json` as it was deployed."""
        found = client(self.stack, "s3").get_object(Bucket=self.outputs["dagBucket"], Key=_key(workstream))
        return json.loads(found["Body"].read())

    @contextlib.contextmanager
    def configured(self, workstream: str, *, like: str = "", **changes: Any) -> Iterator[None]:
        """A workstream with a changed configuration, or a new one `like` another; put back at the end."""
        s3, bucket = client(self.stack, "s3"), self.outputs["dagBucket"]
        before = self.configuration(like or workstream)
        named = {"workstream": workstream, "dagId": self.dag_id(workstream)}

        def put(content: dict[str, Any]) -> None:
            s3.put_object(Bucket=bucket, Key=_key(workstream), Body=json.dumps(content), ContentType="application/json")

        put({**before, **named, **changes})
        try:
            yield
        finally:
            s3.delete_object(Bucket=bucket, Key=_key(workstream)) if like else put(before)


def _key(workstream: str) -> str:
    return f"dags/config/{workstream}.json"


@dataclass(frozen=True)
class DagRun:
    """One run of a workstream's DAG."""

    airflow: Airflow
    workstream: str
    id: str

    @property
    def path(self) -> str:
        return f"/dags/{self.airflow.dag_id(self.workstream)}/dagRuns/{quote(self.id)}"

    @property
    def task(self) -> dict[str, Any]:
        """The task that runs dbt, as of the last try."""
        return self.airflow.call("GET", f"{self.path}/taskInstances/{TASK}")

    def failed_models(self) -> dict[str, str]:
        """What the tasks beside it show: failed model -> log."""
        tasks = self.airflow.call("GET", f"{self.path}/taskInstances?limit=100")["task_instances"]
        found = [task for task in tasks if task["task_id"] == "failed.model" and task["state"] == "failed"]
        logs = f"{self.path}/taskInstances/failed.model/logs/1?full_content=true&map_index="
        return {task["rendered_map_index"]: self._whole(f"{logs}{task['map_index']}") for task in found}

    def state(self) -> str:
        return self.airflow.call("GET", self.path)["state"]

    def ended(self, seconds: float = 600) -> str:
        """The state in which it ended."""
        return eventually(
            lambda: state if (state := self.state()) in ENDED else None, seconds, f"{self.workstream} {self.id} ended"
        )

    def log(self, attempt: int = 1) -> str:
        """The log of one try so far, as Airflow's page shows it: with the message of the exception that ended it."""
        return self._log(self._log_path(attempt))

    def whole_log(self, attempt: int = 1) -> str:
        """The log of a try that has ended by itself, with its last line."""
        return self._whole(self._log_path(attempt))

    def _log_path(self, attempt: int) -> str:
        return f"{self.path}/taskInstances/{TASK}/logs/{attempt}?full_content=true"

    def _log(self, path: str) -> str:
        content = self.airflow.call("GET", path)["content"]
        return "\n".join(text for line in content for text in _texts(line))

    def _whole(self, path: str) -> str:
        """A worker says that its task has ended, and sends the rest of the task's log after that (supervisor.py: wait)."""

        def look() -> str | None:
            text = self._log(path)
            return text if "::group::Post Execute" in text and text.rstrip().endswith("::endgroup::") else None

        return eventually(look, 180, f"the end of {path}")

    def finished(self, attempt: int) -> dict[str, str]:
        """Status of each node that a try itself ran, in the order of their ends; as its container told CloudWatch."""
        own = {"name": "DBT_TRY_NUMBER", "value": str(attempt)}
        [task] = [task for task in self.ecs_tasks() if own in task["overrides"]["containerOverrides"][0]["environment"]]
        where = self.airflow.configuration(self.workstream)
        stream = f"{where['logStreamPrefix']}/{task['taskArn'].rpartition('/')[2]}"
        pages = client(self.airflow.stack, "logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=where["logGroup"], logStreamNames=[stream])
        events = [event for page in found for told in page["events"] if (event := event_of(told["message"]))]
        return {event["node"].rpartition(".")[2]: event["status"] for event in events if event["event"] == "node_finished"}

    def said(self, text: str, attempt: int = 1, seconds: float = 180) -> None:
        """Until the log of a try has the text."""

        def look() -> bool:
            with contextlib.suppress(RefusedError):
                return text in self.log(attempt)
            return False

        eventually(look, seconds, f"{text!r} in the log of {self.workstream}")

    def mark(self, state: str) -> None:
        self.airflow.call("PATCH", f"{self.path}/taskInstances/{TASK}", {"new_state": state})

    def give_up(self) -> None:
        """Marks the whole run as failed, as the button on its page does."""
        self.airflow.call("PATCH", self.path, {"state": "failed"})

    def clear(self) -> None:
        """Runs the task again, and what comes after it, as the button does."""
        options = {"dry_run": False, "only_failed": False, "reset_dag_runs": True, "include_downstream": True}
        body = {"dag_run_id": self.id, "task_ids": [TASK], **options}
        self.airflow.call("POST", f"/dags/{self.airflow.dag_id(self.workstream)}/clearTaskInstances", body)

    def artifact(self, name: str, attempt: int = 1) -> dict[str, Any] | None:
        """A JSON artifact of one try; None if it is not there."""
        s3 = client(self.airflow.stack, "s3")
        key = f"{self.workstream}/runs/{self.id}/{attempt}/{name}"
        with contextlib.suppress(s3.exceptions.NoSuchKey):
            return json.loads(s3.get_object(Bucket=self.airflow.outputs["artifactsBucket"], Key=key)["Body"].read())
        return None

    def nodes(self, attempt: int = 1) -> dict[str, str]:
        """Status of each node of a try that ended."""
        summary = eventually(lambda: self.artifact("summary.json", attempt), 180, f"summary of try {attempt} of {self.id}")
        return {node["name"]: node["status"] for node in summary["nodes"]}

    def ecs_tasks(self) -> list[dict[str, Any]]:
        """The ECS tasks of the run, of all its tries."""
        ecs, cluster = client(self.airflow.stack, "ecs"), self.airflow.configuration(self.workstream)["cluster"]
        lists = ecs.get_paginator("list_tasks")
        pages = [page for status in ("RUNNING", "STOPPED") for page in lists.paginate(cluster=cluster, desiredStatus=status)]
        described = [ecs.describe_tasks(cluster=cluster, tasks=page["taskArns"])["tasks"] for page in pages if page["taskArns"]]
        return [task for tasks in described for task in tasks if self.id in json.dumps(task["overrides"])]

    def container_of(self, task: dict[str, Any]) -> Container:
        [found] = docker.from_env().containers.list(filters={"name": task["taskArn"].rpartition("/")[2]}, ignore_removed=True)
        return found

    def reached(self, model: str, attempt: int = 1, seconds: float = 240) -> None:
        """Until a model has succeeded and the runner has stored that."""

        def look() -> bool:
            stored = self.artifact("progress.json", attempt)
            results = stored["results"] if stored else {}
            return any(node.endswith(f".{model}") and result["status"] == "success" for node, result in results.items())

        eventually(look, seconds, f"{model} succeeded in {self.workstream}")


def _texts(line: Any) -> Iterator[str]:
    if isinstance(line, str):
        yield line
        return
    yield str(line.get("event", ""))
    for error in line.get("error_detail") or []:
        yield f"{error['exc_type']}: {error['exc_value']}"
