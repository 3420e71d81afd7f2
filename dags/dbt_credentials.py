"""An airflow DAG that reminds people of Snowflake credentials which end soon: after that day no run can log in."""

from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable
from dbt_alerts import outage
from dbt_causes import age, names_of
from dbt_configuration import Workstream, read


class WatchCredentials(BaseOperator):
    """Tells each day of a secret's last two weeks, without reading what is in it."""

    def __init__(self, *, secrets: list[str], workstream: Workstream, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.secrets, self.region, self.topic = secrets, workstream.region, workstream.alert_topic
        self.names = names_of(workstream.cluster.rpartition("/")[2], "")

    def execute(self, context: Any) -> None:  # noqa: ARG002 (Airflow's signature)
        vault: Any = AwsBaseHook(client_type="secretsmanager", aws_conn_id=None, region_name=self.region).conn
        for secret in self.secrets:
            found = age(vault.describe_secret(SecretId=secret))
            if found and (warning := found.warning(self.names)):
                text = f"Platform: {self.names['platform']}\nSecret: {secret}\n\n{warning}"
                self.log.warning(text)
                topic = SnsHook(aws_conn_id=None, region_name=self.region)
                topic.publish_to_target(target_arn=self.topic, message=text, subject="The Snowflake credentials end soon")


found, _ = read(Path(__file__).parent / "config")
secrets = sorted({workstream.secret for workstream in found if workstream.secret})
if secrets:
    with DAG(
        dag_id="dbt-credentials",
        description="Reminds of Snowflake credentials that end soon",
        doc_md=__doc__,
        schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        is_paused_upon_creation=False,
        tags=["dbt"],
    ):
        alerts = outage(found[0], "dbt-credentials", "nobody is told of Snowflake credentials that end soon")
        WatchCredentials(task_id="watch", secrets=secrets, workstream=found[0], retries=2, **alerts)
