"""Pages of the AWS console that lead from an airflow task to its container's log and its run's report."""

from typing import Any
from urllib.parse import quote, quote_plus

from airflow.sdk import BaseOperatorLink
from dbt_configuration import Workstream

DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""By partition of an ARN (AWS General Reference, "Amazon Resource Names")."""


def log_page(workstream: Workstream, stream: str | None = None) -> str:
    """The workstream's log group in CloudWatch, or one stream of it."""
    page = f"{_console(workstream)}/cloudwatch/home?region={workstream.region}#logsV2:log-groups/log-group"
    events = f"/log-events/{_fragment(stream)}" if stream else ""
    return f"{page}/{_fragment(workstream.log_group)}{events}"


def artifacts_page(workstream: Workstream, where: str = "") -> str:
    """All runs of the workstream in S3, or one folder of them."""
    prefix = quote(where or workstream.artifacts_prefix)
    return f"{_console(workstream)}/s3/buckets/{workstream.artifacts_bucket}?prefix={prefix}/"


def artifact_page(workstream: Workstream, key: str) -> str:
    """One object of a run in S3."""
    return f"{_console(workstream)}/s3/object/{workstream.artifacts_bucket}?region={workstream.region}&prefix={quote(key)}"


def dashboard_page(workstream: Workstream) -> str:
    """The stack's dashboard in CloudWatch, which has the name of its cluster."""
    name = workstream.cluster.rpartition("/")[2]
    return f"{_console(workstream)}/cloudwatch/home?region={workstream.region}#dashboards:name={name}"


def _console(workstream: Workstream) -> str:
    return f"https://{workstream.region}.{DOMAINS[workstream.cluster.split(':')[1]]}"


def _fragment(name: str) -> str:
    """CloudWatch's console wants the percent signs of an encoded name encoded once more, as `$25`."""
    return quote_plus(name).replace("%", "$25")


class ContainerLog(BaseOperatorLink):
    """Button on the task's page. Airflow stores the address when a try ends, so it needs no plugin."""

    @property
    def name(self) -> str:
        return "Container log"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 (Airflow's signature)
        return operator.log_page


class RunReport(BaseOperatorLink):
    """Button on the task's page, once there is a report."""

    @property
    def name(self) -> str:
        return "Run report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 (Airflow's signature)
        return operator.report_page
