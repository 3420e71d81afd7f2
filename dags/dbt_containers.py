"""The containers of the workstreams, as ECS knows them, and whether anybody in airflow waits for them."""

from collections.abc import Mapping
from math import ceil
from typing import Any

TASK = "dbt"
"""Airflow's task that runs a workstream's container."""

OVER = frozenset({"success", "failed", "skipped", "upstream_failed", "removed", "restarting"})
"""States of an airflow task that no longer waits for its container, nor will: after `restarting` comes a new one."""

SECOND = "Stopped: another container of the workstream was started in the same moment"

ABANDONED = "Stopped: no run in Airflow waits for it any more"

POOL = 128
"""Slots of airflow's default pool, of which a run takes `poolSlots` (settings/sections/airflow.py)."""

LOOKS_A_SECOND = 10
"""That all runs of a full pool take together: half of what ECS answers to an account (Amazon ECS API Reference, "Request throttling
for the Amazon ECS API": cluster resource read actions)."""

Task = Mapping[str, Any]
"""One entry of DescribeTasks."""


def look_every(pool_slots: int) -> int:
    """Seconds between two looks at a run's container: the more of them run at once, the longer (`make benchmark-same-minute`)."""
    return max(3, ceil(POOL // pool_slots / LOOKS_A_SECOND))


def family(task_definition: str) -> str:
    """Of an ARN with its revision: what all containers of a workstream have in common, whoever started them."""
    return task_definition.rpartition("/")[2].partition(":")[0]


def containers(ecs: Any, cluster: str, **filters: str) -> list[Task]:
    """Those that ECS lists: all that it has not told to stop, then those that it has, for an hour or more after their end.

    In this order one that is told to stop meanwhile is not missed. By family or by nothing: ECS refuses `startedBy` beside
    any other filter (API reference, ListTasks; "cannot specify startedBy with other arguments", aws/aws-sdk-go-v2#1893).
    """
    found: dict[str, Task] = {}
    for status in ("RUNNING", "STOPPED"):
        more: dict[str, str] | None = {}
        while more is not None:
            page = ecs.list_tasks(cluster=cluster, desiredStatus=status, **filters, **more)
            if arns := page["taskArns"]:
                found |= {task["taskArn"]: task for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]}
            more = {"nextToken": page["nextToken"]} if page.get("nextToken") else None
    return list(found.values())


def is_second(arn: str, living: list[Task]) -> bool | None:
    """Whether another container was started before this one, and goes on; None: ECS does not list this one yet.

    Two that look for each other and start in the same second see each other only afterwards; both judge by the same order.
    """
    own = next((task for task in living if task["taskArn"] == arn), None)
    if own is None:
        return None
    others = [task for task in living if task["desiredStatus"] == "RUNNING" and task is not own]
    return any((task["createdAt"], task["taskArn"]) < (own["createdAt"], arn) for task in others)


def started_with(task: Task) -> dict[str, str]:
    """The environment that RunTask was told for the container; DescribeTasks repeats it."""
    overrides = task.get("overrides", {}).get("containerOverrides", [])
    return {entry["name"]: entry["value"] for override in overrides for entry in override.get("environment", [])}


def exit_code(task: Task) -> int | None:
    """Of the container that RunTask was told about, which GuardDuty may have put another beside; None while it runs."""
    names = {override["name"] for override in task.get("overrides", {}).get("containerOverrides", [])}
    return next((container.get("exitCode") for container in task.get("containers", []) if container["name"] in names), None)


def state(ti: Any, dag_id: str, run_id: str) -> str:
    """Of the run's task that waits for the container, as Airflow has it; `removed` if there is no such run.

    Args:
        ti: Any running task's instance: it asks Airflow.
        dag_id: The run's DAG.
        run_id: The run.
    """
    states = ti.get_task_states(dag_id=dag_id, task_ids=[TASK], run_ids=[run_id]).get(run_id, {TASK: "removed"})
    return states.get(TASK) or "none"
