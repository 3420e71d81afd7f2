"""An airflow DAG that looks after the containers for which no run waits any more: none goes on writing unwatched.

A run that is marked as failed while its worker is gone has nobody left who would stop its container, and a workstream that is
deleted has no DAG. So the containers are found in ECS, and each is judged by the task of its own run.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable
from dbt_alerts import outage
from dbt_configuration import Workstream, read
from dbt_containers import ABANDONED, OVER, Task, containers, exit_code, family, started_with, state

SETTLING = timedelta(minutes=10)
"""Age from which a start or an end is judged: a new DAG takes a minute to reach every worker, an end to reach its run."""


class WatchContainers(BaseOperator):
    """Stops the containers of runs that are over, and tells of those that succeeded although their run failed."""

    def __init__(self, *, workstreams: list[Workstream], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cluster, self.region, self.topic = workstreams[0].cluster, workstreams[0].region, workstreams[0].alert_topic
        self.dag_ids = {family(workstream.task_definition): workstream.dag_id for workstream in workstreams}

    def execute(self, context: Any) -> None:
        ecs: Any = AwsBaseHook(client_type="ecs", aws_conn_id=None, region_name=self.region).conn
        end = context["data_interval_end"] - SETTLING
        since = (context["prev_data_interval_end_success"] or context["data_interval_start"]) - SETTLING
        for task in containers(ecs, self.cluster):
            if "DBT_RUN_ID" not in started_with(task):
                continue  # Somebody runs it by hand.
            if task["desiredStatus"] == "RUNNING":
                if task["createdAt"] < end and self._state(task, context["ti"]) in OVER:
                    ecs.stop_task(cluster=self.cluster, task=task["taskArn"], reason=ABANDONED)
                    self._tell(task, ABANDONED, "Clear its task: it goes on where it stopped.")
            elif exit_code(task) == 0 and since < task["stoppedAt"] <= end and self._state(task, context["ti"]) == "failed":
                what = "It went on to its end and succeeded, although its run failed in Airflow"
                self._tell(task, what, "Clear its task: that builds nothing again, and publishes what was built.")

    def _state(self, task: Task, ti: Any) -> str:
        """Of its run's task; without a DAG, its workstream is deleted."""
        dag_id = self.dag_ids.get(family(task["taskDefinitionArn"]))
        return state(ti, dag_id, started_with(task)["DBT_RUN_ID"]) if dag_id else "removed"

    def _tell(self, task: Task, what: str, then: str) -> None:
        named = f"Workstream: {family(task['taskDefinitionArn'])}\nRun: {started_with(task)['DBT_RUN_ID']}"
        text = f"{named}\nContainer: {task['taskArn']}\n\n{what}.\n  What to do: {then}"
        self.log.warning(text)
        topic = SnsHook(aws_conn_id=None, region_name=self.region)
        topic.publish_to_target(target_arn=self.topic, message=text, subject="A dbt container without a run")


found, _ = read(Path(__file__).parent / "config")
if found:
    with DAG(
        dag_id="dbt-watch",
        description="Stops containers for which no run waits",
        doc_md=__doc__,
        schedule=CronDataIntervalTimetable("*/10 * * * *", timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["dbt"],
    ):
        alerts = outage(found[0], "dbt-watch", "nobody stops containers for which no run waits any more")
        WatchContainers(task_id="watch", workstreams=found, retries=2, retry_delay=timedelta(minutes=1), **alerts)
