"""The tasks beside the one that runs dbt: after a failed run, one failed airflow task for each model that failed.

They start no container. After a success Airflow skips them without starting anything.
"""

import sys
from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseOperator, TaskGroup
from dbt_summary import XCOM_KEY, each_mart, publish_each

GROUP = "failed"


def failed_models(run: BaseOperator, workstream: str) -> None:
    """Adds the group after the task that runs dbt."""
    with TaskGroup(GROUP, tooltip="The models and tests that failed, each with its message"):
        listed = ListFailures(task_id="list", run=run.task_id, workstream=workstream, trigger_rule="all_failed", retries=0)
        FailedModel.partial(task_id="model", retries=0, map_index_template="{{ task.failure['name'] }}").expand(
            failure=listed.output
        )
    run.set_downstream(listed)


class ListFailures(BaseOperator):
    """Returns what failed, for Airflow to make a task of each; publishes the marts that were built nevertheless."""

    def __init__(self, *, run: str, workstream: str, **kwargs: Any) -> None:
        super().__init__(outlets=[each_mart(workstream)], **kwargs)
        self.run_task, self.workstream = run, workstream

    def execute(self, context: Any) -> list[dict[str, str]]:
        summary = context["ti"].xcom_pull(task_ids=self.run_task, key=XCOM_KEY)
        if summary:
            publish_each(self.workstream, summary, context["outlet_events"])
        return failures(summary, self.run_task)


def failures(summary: Mapping[str, Any] | None, run: str) -> list[dict[str, str]]:
    """What each task shows. Never empty: without a task that fails, Airflow would take the run for a success."""
    if not summary or not summary["failed"]:
        problem = (summary or {}).get("problem") or "No model failed."
        return [{"name": "the run itself", "message": f"{problem}\nThe end of the log of the task {run!r} says what to do."}]
    found = [{"name": node["name"], "message": _told(node, summary.get("report"))} for node in summary["failed"]]
    if more := summary["failures"] - len(found):
        found.append({"name": f"and {more} more", "message": f"The log of the task {run!r} and the run's report name all."})
    return found


def _told(node: Mapping[str, Any], report: str | None) -> str:
    """All that somebody needs who has only this."""
    further = {
        "SQL that was sent": node["sql"],
        "Skipped because of it": ", ".join(node["skipped"]),
        "Run it again": node["rerun"],
        "Run report": report,
    }
    lines = [f"{node['resourceType']} {node['name']} ({node['path']})", node["message"], ""]
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in further.items() if value)])


class FailedModel(BaseOperator):
    """Fails with the message of one model or test.

    As a process that ends with a code: for an exception Airflow would log the frames of its own stack around the message.
    """

    def __init__(self, *, failure: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.failure = failure

    def execute(self, context: Any) -> None:  # noqa: ARG002 (Airflow's signature)
        self.log.error("%s", self.failure["message"])
        sys.exit(1)
