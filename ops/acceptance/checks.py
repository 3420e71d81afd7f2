"""What an acceptance proves, in the order in which it does."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from ops import rollback
from ops.acceptance.inbox import listening
from ops.acceptance.report import Check, NotCheckableError
from ops.airflow import Airflow
from ops.engine import Engine
from ops.errors import OpsError
from ops.logs import last_lines, last_words
from ops.run import ENDED
from ops.stack import Stack, Workstream

POLL = 2
"""Seconds between two looks."""

LOG_DELAY = 180
"""Seconds until what Airflow wrote must be in CloudWatch."""

NOTHING = "acceptance_selects_no_model"
"""A selector that matches nothing, which fails a run before it has touched the warehouse's tables."""

STORED = {"manifest.json", "run_results.json", "summary.json", "dbt.log"}

UNCHANGED = {"same", "read"}
"""Steps of a plan that change nothing: an image that another deployment pushed is only looked up."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A deployed stack, and the workstream that is run."""

    stack: Stack
    workstream: Workstream
    engine: Engine
    seconds: int
    """How long to wait for a run."""

    @cached_property
    def airflow(self) -> Airflow:
        return Airflow(self.stack)

    def start(self, **params: Any) -> str:
        """Starts a run; returns its id."""
        self.airflow.require_available()
        self.airflow.require_dag(self.workstream.dag_id)
        return self.airflow.trigger(self.workstream.dag_id, params)

    def ended(self, run_id: str) -> dict[str, Any]:
        """A run once it has ended. Raises OpsError if it does not in time."""

        def look() -> dict[str, Any] | None:
            found = self.airflow.run(self.workstream.dag_id, run_id)
            return found if found["state"] in ENDED else None

        return self.eventually(look, self.seconds, f"the run {run_id} to end")

    def eventually(self, look: Callable[[], T | None], seconds: float, what: str) -> T:
        """The first answer that is something. Raises OpsError after the deadline."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            if time.monotonic() > deadline:
                raise OpsError(f"Waited {seconds:.0f} s for {what}.", "Look at it: `ops doctor`, `ops status`.")
            time.sleep(POLL)
        return found

    def must_succeed(self, run_id: str) -> None:
        """Raises OpsError with the last block of its log if it failed."""
        if self.ended(run_id)["state"] != "success":
            tail = "\n".join(last_words(self.stack, self.airflow, self.workstream, run_id))
            raise OpsError(f"The run {run_id} failed.\n{tail}", f"See why: `ops explain {self.workstream.name} --run {run_id}`.")

    def artifacts(self, run_id: str) -> dict[int, set[str]]:
        """Names of the files of each try of a run."""
        bucket, prefix = self._place(run_id)
        pages = self.stack.session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        tries: dict[int, set[str]] = {}
        for item in (item for page in pages for item in page.get("Contents", [])):
            number, _, name = item["Key"].removeprefix(prefix).partition("/")
            tries.setdefault(int(number), set()).add(name)
        return tries

    def summary(self, run_id: str, number: int) -> dict[str, Any]:
        """`summary.json` of a try."""
        bucket, prefix = self._place(run_id)
        found = self.stack.session.client("s3").get_object(Bucket=bucket, Key=f"{prefix}{number}/summary.json")
        return json.loads(found["Body"].read())

    def _place(self, run_id: str) -> tuple[str, str]:
        bucket, prefix = self.workstream.artifacts
        return bucket, f"{prefix}/runs/{run_id}/"

    def configuration(self) -> dict[str, Any]:
        """The workstream's DAG configuration, as Airflow reads it."""
        key = f"dags/config/{self.workstream.name}.json"
        found = self.stack.session.client("s3").get_object(Bucket=self.stack.output("dagBucket"), Key=key)
        return json.loads(found["Body"].read())


def plan_is_empty(trial: Trial) -> str:
    """What Pulumi would change of a stack that was just deployed."""
    steps = trial.engine.preview().get("steps", [])
    changed = [f"{step['op']} {step['urn'].rpartition('::')[2]}" for step in steps if step["op"] not in UNCHANGED]
    if changed:
        raise OpsError(f"{len(changed)} changes are planned: {', '.join(changed[:10])}.", "Deploy them, or find out who made them.")
    return f"{len(steps)} resources, nothing to change"


def a_run_leaves_its_traces(trial: Trial) -> str:
    """One whole run: its end, its log in CloudWatch and in Airflow's, its artifacts, its rows."""
    begun = int(time.time() * 1000)
    run_id = trial.start()
    trial.must_succeed(run_id)
    tries = trial.artifacts(run_id)
    last = max(tries, default=0)
    if missing := STORED - tries.get(last, set()):
        raise OpsError(f"The run {run_id} succeeded without {', '.join(sorted(missing))}.", "Read its log: may it write to S3?")
    lines = last_lines(trial.stack, trial.airflow, trial.workstream, run_id, 20)
    trial.eventually(lambda: _airflow_logged(trial, begun), LOG_DELAY, "Airflow's own log of the run in CloudWatch")
    nodes = trial.summary(run_id, last)["nodes"]
    rows = sum(node["rows"] or 0 for node in nodes)
    return f"{run_id} succeeded: {len(nodes)} nodes, {rows} rows, {len(tries[last])} artifacts, {len(lines)} last lines of its log"


def a_failure_is_told(trial: Trial) -> str:
    """A run that selects nothing fails, and the alert leaves."""
    with listening(trial.stack, trial.workstream) as hear:
        run_id = trial.start(select=[NOTHING])
        if (state := trial.ended(run_id)["state"]) != "failed":
            raise OpsError(f"The run {run_id} selects nothing and is {state}.", "Nobody would learn of a selection with a typo.")
        subject = hear(run_id)
    if subject is None:
        raise OpsError(f"No alert left for the run {run_id}.", "Read Airflow's task log of it, and `ops doctor`.")
    return f"{run_id} failed on purpose, and the alert left: {subject}"


def a_stopped_container_goes_on(trial: Trial) -> str:
    """The container of a run is stopped; its next try finishes it. Without retries that is asked for, as *Clear* does."""
    ecs, cluster = trial.stack.session.client("ecs"), trial.stack.output("clusterArn")
    family = trial.workstream.task_definition.rpartition("/")[2].partition(":")[0]
    run_id = trial.start()

    def running() -> str | None:
        tasks = ecs.list_tasks(cluster=cluster, family=family)["taskArns"]
        found = ecs.describe_tasks(cluster=cluster, tasks=tasks)["tasks"] if tasks else []
        return next((task["taskArn"] for task in found if task["lastStatus"] == "RUNNING"), None)

    def begun() -> bool:
        return bool(trial.artifacts(run_id)) or trial.airflow.run(trial.workstream.dag_id, run_id)["state"] in ENDED

    task = trial.eventually(running, trial.seconds, f"the container of {run_id} to run")
    trial.eventually(begun, trial.seconds, f"{run_id} to have built something")
    ecs.stop_task(cluster=cluster, task=task, reason="ops acceptance: the next try goes on")
    if not trial.configuration()["retries"] and trial.ended(run_id)["state"] == "failed":
        trial.airflow.clear(trial.workstream.dag_id, run_id)
    trial.must_succeed(run_id)
    last = max(trial.artifacts(run_id))
    if last == 1:
        raise NotCheckableError(f"the run {run_id} had ended before its container was stopped")
    nodes = len(trial.summary(run_id, last)["nodes"])
    return f"{run_id}: its container was stopped, try {last} went on and succeeded with {nodes} nodes"


def rollback_and_back(trial: Trial) -> str:
    """The workstream runs what it ran before, and then again what was deployed last."""
    before = trial.configuration()
    try:
        rollback.go_back(trial.stack, trial.workstream)
    except OpsError as error:
        raise NotCheckableError(error.problem) from None
    former = trial.configuration()["taskDefinition"]
    rollback.back_to_deployed(trial.stack, trial.workstream)
    if trial.configuration() != before or former == before["taskDefinition"]:
        raise OpsError(
            "The rollback did not lead there and back.", f"Compare the versions of dags/config/{trial.workstream.name}.json."
        )
    return f"to {former.rpartition('/')[2]} and back to {before['taskDefinition'].rpartition('/')[2]}"


def _airflow_logged(trial: Trial, since: int) -> bool:
    """Streams are named after the DAG (Amazon MWAA, "Viewing Airflow logs in Amazon CloudWatch")."""
    found = trial.stack.session.client("logs").filter_log_events(
        logGroupName=trial.stack.output("airflowLogGroups")["Task"],
        logStreamNamePrefix=f"dag_id={trial.workstream.dag_id}/",
        startTime=since,
        limit=1,
    )
    return bool(found["events"])


CHECKS = (
    Check(title="the plan is empty", prove=plan_is_empty),
    Check(title="a failure is told", prove=a_failure_is_told),
    Check(title="a run leaves its traces", prove=a_run_leaves_its_traces),
    Check(title="a stopped container goes on", prove=a_stopped_container_goes_on),
    Check(title="rollback and back", prove=rollback_and_back),
)
