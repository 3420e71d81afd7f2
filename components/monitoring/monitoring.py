"""What watches the platform: alarms, failed tasks, a dashboard and a budget."""

from dataclasses import dataclass

import pulumi

from components.account import Account
from components.airflow import Airflow
from components.base import Component
from components.cluster import Cluster
from components.encryption import EncryptionKey
from components.monitoring.alarms import AirflowAlarms, AirflowAlarmsArgs
from components.monitoring.alerts import Alerts
from components.monitoring.budget import Budget, BudgetArgs
from components.monitoring.dashboard import Dashboard, DashboardArgs
from components.monitoring.task_failures import TaskFailures, TaskFailuresArgs
from settings.sections.alerts import AlertSettings


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    account: Account
    settings: AlertSettings
    key: EncryptionKey
    alerts: Alerts
    cluster: Cluster
    airflow: Airflow
    workstreams: int | None
    """How many there are; None where nobody knows, because teams have stacks of their own."""


class Monitoring(Component):
    """What people learn of without looking, and where they look then.

    Creates: the alarms on Airflow, the rule for tasks that died, a dashboard and, if one is set, a monthly budget.
    Failed dbt runs are Airflow's to report (`dags/dbt_alerts.py`); this is about what Airflow can't see, or can't say.
    """

    dashboard_url: pulumi.Output[str]

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        topic = args.alerts.topic_arn
        alarms = AirflowAlarms(name, AirflowAlarmsArgs(environment=args.airflow.name, topic_arn=topic), self.child())
        TaskFailures(
            name,
            TaskFailuresArgs(account=args.account, key=args.key, cluster_arn=args.cluster.arn, topics=args.alerts.platform),
            self.child(),
        )
        dashboard = Dashboard(
            name,
            DashboardArgs(
                region=args.account.region,
                environment=args.airflow.name,
                cluster=args.cluster.name,
                alarm_arns=alarms.arns,
                workstreams=args.workstreams,
            ),
            self.child(),
        )
        if args.settings.monthly_budget_usd is not None:
            Budget(name, BudgetArgs(monthly_usd=args.settings.monthly_budget_usd, topic_arn=topic), self.child())
        self.dashboard_url = dashboard.url
        self.register_outputs({"dashboard_url": self.dashboard_url})
