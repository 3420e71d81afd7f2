"""CloudWatch metrics that airflow counts itself; those of a container are in its log (`image/runner/metrics.py`)."""

from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

NAMESPACE = "dbt-platform"


def count(region: str, metric: str, **dimensions: str) -> None:
    """One more of it. Raises what boto3 raises."""
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    cloudwatch: Any = AwsBaseHook(client_type="cloudwatch", aws_conn_id=None, region_name=region).conn
    data = {"MetricName": metric, "Value": 1, "Unit": "Count", "Dimensions": named}
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[data])
