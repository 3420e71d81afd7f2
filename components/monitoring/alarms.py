"""Amazon CloudWatch: alarms on Airflow, the part that would have to tell of everything else."""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.names import names

PERIOD = 300
"""Seconds: MWAA publishes each minute; five of them even out a restart."""


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """One metric, and when it is bad."""

    description: str
    """What it means and what to do: the message that people get."""
    namespace: Literal["AmazonMWAA", "AWS/MWAA", "dbt-platform"]
    """Airflow's own metrics, those of what MWAA runs it on, or the platform's (`dags/dbt_alerts.py`)."""
    metric: str
    function: str | None = None
    """Dimension `Function` of Airflow's own metrics."""
    statistic: Literal["Sum", "Minimum", "Maximum"]
    comparison: Literal["LessThanThreshold", "GreaterThanThreshold"]
    threshold: float
    periods: int
    """How many in a row have to be bad."""
    missing: Literal["breaching", "notBreaching"] = "notBreaching"
    """What no data means."""


# Amazon MWAA User Guide, "Apache Airflow environment metrics in CloudWatch" and "Container, queue, and database metrics".
SYMPTOMS = {
    "scheduler": Symptom(
        description="Airflow's scheduler gives no sign of life: nothing is started.",
        namespace="AmazonMWAA",
        metric="SchedulerHeartbeat",
        function="Scheduler",
        statistic="Sum",
        comparison="LessThanThreshold",
        threshold=1,
        periods=3,
        # An environment that is broken or gone publishes nothing at all.
        missing="breaching",
    ),
    "queue": Symptom(
        description="Airflow tasks have waited for a worker for 15 minutes without a break: runs are late.",
        namespace="AWS/MWAA",
        # The messages that no worker has taken. The age of the oldest one would count the tasks that run, too: their message
        # stays in the queue until they have ended (Amazon SQS, "Available CloudWatch metrics").
        metric="QueuedTasks",
        statistic="Minimum",
        comparison="GreaterThanThreshold",
        threshold=0,
        periods=3,
    ),
    "import-errors": Symptom(
        description="Airflow can't load a DAG: its workstream is never started.",
        namespace="AmazonMWAA",
        metric="ImportErrors",
        function="DAG Processing",
        statistic="Minimum",
        comparison="GreaterThanThreshold",
        threshold=0,
        # A deployment replaces files one by one; one that is half there mends itself.
        periods=3,
    ),
    "alerts": Symptom(
        description="Airflow could not send an alert: somebody should have learned of a run, and its task's log alone says so.",
        namespace="dbt-platform",
        metric="AlertsNotSent",
        statistic="Sum",
        comparison="GreaterThanThreshold",
        threshold=0,
        periods=1,
    ),
}


@dataclass(frozen=True, kw_only=True)
class AirflowAlarmsArgs:
    environment: pulumi.Input[str]
    """Name of the MWAA environment. An output, so that no alarm rings while it is still being made."""
    topic_arn: pulumi.Input[str]


class AirflowAlarms(Component):
    """Alarms for the failures that Airflow can't report itself.

    Creates: a metric alarm per symptom, which also tells when it is over.
    """

    arns: dict[str, pulumi.Output[str]]
    """By symptom."""

    def __init__(self, name: str, args: AirflowAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.arns = {key: self._alarm(f"{name}-{key}", key, symptom, args) for key, symptom in SYMPTOMS.items()}
        self.register_outputs({"arns": self.arns})

    def _alarm(self, name: str, key: str, symptom: Symptom, args: AirflowAlarmsArgs) -> pulumi.Output[str]:
        function = {"Function": symptom.function} if symptom.function else {}
        alarm = aws.cloudwatch.MetricAlarm(
            name,
            name=names().alarm(f"airflow-{key}"),
            alarm_description=f"{symptom.description} What to do: docs/operations.md, Alerts.",
            namespace=symptom.namespace,
            metric_name=symptom.metric,
            dimensions={"Environment": args.environment, **function},
            statistic=symptom.statistic,
            period=PERIOD,
            evaluation_periods=symptom.periods,
            comparison_operator=symptom.comparison,
            threshold=symptom.threshold,
            treat_missing_data=symptom.missing,
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            opts=self.child(),
        )
        return alarm.arn
