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

_OPEN = "{}"
"""Around what is filled in later, and so not encoded."""


def log_page(workstream: Workstream, stream: str | None = None) -> str:
    """The workstream's log group in CloudWatch, or one stream of it."""
    events = f"/log-events/{_fragment(stream)}" if stream else ""
    group = f"log-groups/log-group/{_fragment(workstream.log_group)}"
    return _page(workstream, f"cloudwatch/home?region={workstream.region}#logsV2:{group}{events}")


def artifacts_page(workstream: Workstream, where: str = "") -> str:
    """All runs of the workstream in S3, or one folder of them."""
    prefix = quote(where or workstream.artifacts_prefix)
    return _page(workstream, f"s3/buckets/{workstream.artifacts_bucket}?prefix={prefix}/")


def artifact_page(workstream: Workstream, key: str) -> str:
    """One object of a run in S3."""
    return _page(workstream, f"s3/object/{workstream.artifacts_bucket}?region={workstream.region}&prefix={quote(key)}")


def dashboard_page(workstream: Workstream) -> str:
    """The stack's dashboard in CloudWatch, which has the name of its cluster."""
    name = workstream.cluster.rpartition("/")[2]
    return _page(workstream, f"cloudwatch/home?region={workstream.region}#dashboards:name={name}")


def commit(workstream: Workstream) -> dict[str, str]:
    """What the page of the commit that runs is called, and where it is; nothing where there is none."""
    page = workstream.commit_page
    return {f"Commit {page.rpartition('/')[2][:8]}": page} if page else {}


def _page(workstream: Workstream, path: str) -> str:
    page = f"https://{workstream.region}.{DOMAINS[workstream.cluster.split(':')[1]]}/{path}"
    return workstream.console_link.replace("{page}", quote(page, safe=_OPEN)) if workstream.console_link else page


def _fragment(name: str) -> str:
    """CloudWatch's console wants the percent signs of an encoded name encoded once more, as `$25`."""
    return quote_plus(name, safe=_OPEN).replace("%", "$25")


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
