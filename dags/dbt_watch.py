"""An airflow DAG that looks after the containers for which no run waits any more: none goes on writing unwatched.

A run that is marked as failed while its worker is gone has nobody left who would stop its container, and a workstream that is
deleted has no DAG. So the containers are found in ECS, and each is judged by the task of its own run.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable
from dbt_alerts import outage, tell
from dbt_configuration import Workstream, read
from dbt_containers import ABANDONED, OVER, Task, containers, exit_code, family, started_with, state
from dbt_notice import Notice

SETTLING = timedelta(minutes=10)
"""Age from which a start or an end is judged: a new DAG takes a minute to reach every worker, an end to reach its run."""


class WatchContainers(BaseOperator):
    """Stops the containers of runs that are over, and tells of those that succeeded although their run failed."""

    def __init__(self, *, workstreams: list[Workstream], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.platform = workstreams[0]
        self.cluster, self.region = self.platform.cluster, self.platform.region
        self.workstreams = {family(workstream.task_definition): workstream for workstream in workstreams}

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
        workstream = self.workstreams.get(family(task["taskDefinitionArn"]))
        return state(ti, workstream.dag_id, started_with(task)["DBT_RUN_ID"]) if workstream else "removed"

    def _tell(self, task: Task, what: str, then: str) -> None:
        """The workstream's receivers; of one that is deleted, the platform's."""
        workstream = self.workstreams.get(name := family(task["taskDefinitionArn"]))
        notice = Notice(
            subject="A dbt container without a run",
            event="container",
            workstream=workstream.name if workstream else "",
            facts={"Workstream": name, "Run": started_with(task)["DBT_RUN_ID"], "Container": task["taskArn"]},
            why=f"{what}.",
            steps=[then],
        )
        self.log.warning(notice.text)
        if workstream:
            tell(notice, region=self.region, topic=workstream.alert_topic, chat_topic=workstream.chat_topic)
        else:
            tell(notice, region=self.region, topic=self.platform.platform_topic, chat_topic=self.platform.platform_chat_topic)


found, _ = read(Path(__file__).parent / "config")
if found:
    with DAG(
        dag_id="dbt-watch",
        dag_display_name="dbt-watch: stops containers for which no run waits",
        doc_md=__doc__,
        schedule=CronDataIntervalTimetable("*/10 * * * *", timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["dbt"],
    ):
        alerts = outage(found[0], "nobody stops containers for which no run waits any more")
        WatchContainers(task_id="watch", workstreams=found, retries=2, retry_delay=timedelta(minutes=1), **alerts)
