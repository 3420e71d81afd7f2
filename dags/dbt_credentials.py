"""An airflow DAG that reminds people of Snowflake credentials which end soon: after that day no run can log in."""

from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable
from dbt_causes import age, names_of
from dbt_configuration import Workstream, read


class WatchCredentials(BaseOperator):
    """Tells each day of the secret's last two weeks, without reading what is in it."""

    def __init__(self, *, secret: str, workstream: Workstream, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.secret, self.region, self.topic = secret, workstream.region, workstream.alert_topic
        self.names = names_of(workstream.cluster.rpartition("/")[2], "")

    def execute(self, context: Any) -> None:  # noqa: ARG002 (Airflow's signature)
        vault: Any = AwsBaseHook(client_type="secretsmanager", aws_conn_id=None, region_name=self.region).conn
        found = age(vault.describe_secret(SecretId=self.secret))
        if found and (warning := found.warning(self.names)):
            text = f"Platform: {self.names['platform']}\n\n{warning}"
            self.log.warning(text)
            topic = SnsHook(aws_conn_id=None, region_name=self.region)
            topic.publish_to_target(target_arn=self.topic, message=text, subject="The Snowflake credentials end soon")


found, _ = read(Path(__file__).parent / "config")
if found and found[0].secret:
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
        WatchCredentials(task_id="watch", secret=found[0].secret, workstream=found[0], retries=2)
