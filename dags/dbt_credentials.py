"""An airflow DAG that reminds people of Snowflake credentials which end soon: after that day no run can log in."""

from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable
from dbt_alerts import outage, tell, told
from dbt_causes import age, names_of
from dbt_configuration import Workstream, read
from dbt_notice import Notice


class WatchCredentials(BaseOperator):
    """Tells each day of a secret's last two weeks, without reading what is in it."""

    def __init__(self, *, secrets: list[str], workstream: Workstream, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.secrets, self.region = secrets, workstream.region
        self.topic, self.chat_topic = workstream.platform_topic, workstream.platform_chat_topic
        self.names = names_of(workstream.cluster.rpartition("/")[2], "")

    def execute(self, context: Any) -> None:  # noqa: ARG002 (Airflow's signature)
        vault: Any = AwsBaseHook(client_type="secretsmanager", aws_conn_id=None, region_name=self.region).conn
        for secret in self.secrets:
            found = age(vault.describe_secret(SecretId=secret))
            if found and (warning := found.warning(self.names)):
                notice = Notice(
                    subject="The Snowflake credentials end soon",
                    event="credentials",
                    facts={"Platform": self.names["platform"], "Secret": secret},
                    **told(warning),
                )
                self.log.warning(notice.text)
                tell(notice, region=self.region, topic=self.topic, chat_topic=self.chat_topic)


found, _ = read(Path(__file__).parent / "config")
secrets = sorted({workstream.secret for workstream in found if workstream.secret})
if secrets:
    with DAG(
        dag_id="dbt-credentials",
        dag_display_name="dbt-credentials: reminds of Snowflake credentials that end soon",
        doc_md=__doc__,
        schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        is_paused_upon_creation=False,
        tags=["dbt"],
    ):
        alerts = outage(found[0], "nobody is told of Snowflake credentials that end soon")
        WatchCredentials(task_id="watch", secrets=secrets, workstream=found[0], retries=2, **alerts)
