"""Amazon CloudWatch: the page to look at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import Component, platform_name

WIDTH, HEIGHT = 12, 6
"""Of a graph, two in a row: the page is 24 wide (CloudWatch API Reference, "Dashboard body structure and syntax")."""

RUNS = "dbt-platform,Platform,Workstream"
"""Namespace and dimensions of the metrics that the runner prints (`image/runner/metrics.py`)."""

TASKS = "ECS/ContainerInsights,ClusterName,TaskDefinitionFamily"

FIVE_MINUTES = 300


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """What to show."""

    region: str
    environment: str
    """Name of the MWAA environment."""
    cluster: pulumi.Input[str]
    """Name of the ECS cluster."""
    alarm_arns: Mapping[str, pulumi.Input[str]]


class Dashboard(Component):
    """Alarms, runs by workstream, what their tasks need, and Airflow.

    Creates: a CloudWatch dashboard. Its graphs search for workstreams, so a new one appears without a change.
    """

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=platform_name(),
            dashboard_body=pulumi.Output.json_dumps({"widgets": [_alarms(args), *_placed(_graphs(args))]}),
            opts=self.child(),
        )
        console = f"https://{args.region}.console.aws.amazon.com/cloudwatch/home?region={args.region}#dashboards:name="
        self.url = pulumi.Output.concat(console, dashboard.dashboard_name)
        self.register_outputs({"url": self.url})


def _alarms(args: DashboardArgs) -> dict[str, Any]:
    properties = {"title": "Alarms", "alarms": list(args.alarm_arns.values())}
    return {"type": "alarm", "x": 0, "y": 0, "width": 2 * WIDTH, "height": 2, "properties": properties}


def _graphs(args: DashboardArgs) -> list[dict[str, Any]]:
    # A stack shows its own only: the account may hold others with workstreams of the same name.
    platform = f'Platform="{platform_name()}"'
    cluster = pulumi.Output.concat('ClusterName="', args.cluster, '"')
    airflow = ["Environment", args.environment]
    return [
        _graph(args, "Run duration (s)", [_search(RUNS, "RunDuration", "Maximum", platform)]),
        _graph(args, "Runs that succeeded (1) or failed (0)", [_search(RUNS, "RunSucceeded", "Minimum", platform)]),
        _graph(args, "Models and tests that failed", [_search(RUNS, "NodesFailed", "Sum", platform)]),
        _graph(args, "From the container's start to its first query (s)", [_search(RUNS, "TimeToFirstQuery", "Maximum", platform)]),
        _graph(args, "CPU in use (units of 1/1024 vCPU)", [_search(TASKS, "CpuUtilized", "Maximum", cluster)]),
        _graph(args, "Memory in use (MiB)", [_search(TASKS, "MemoryUtilized", "Maximum", cluster)]),
        _graph(
            args,
            "Airflow: tasks",
            [["AWS/MWAA", name, *airflow, {"stat": "Maximum"}] for name in ("RunningTasks", "QueuedTasks")],
        ),
        _graph(
            args,
            "Airflow: health",
            [
                ["AmazonMWAA", "SchedulerHeartbeat", "Function", "Scheduler", *airflow, {"stat": "Sum"}],
                ["AmazonMWAA", "ImportErrors", "Function", "DAG Processing", *airflow, {"stat": "Maximum"}],
            ],
        ),
    ]


def _graph(args: DashboardArgs, title: str, metrics: list[Any]) -> dict[str, Any]:
    properties = {"title": title, "region": args.region, "view": "timeSeries", "period": FIVE_MINUTES, "metrics": metrics}
    return {"type": "metric", "properties": properties}


def _search(schema: str, metric: str, statistic: str, whose: pulumi.Input[str]) -> list[Any]:
    """One line per workstream (CloudWatch User Guide, "Search expression syntax")."""
    terms = pulumi.Output.concat('MetricName="', metric, '" ', whose)
    return [{"expression": pulumi.Output.concat(f"SEARCH('{{{schema}}} ", terms, f"', '{statistic}', {FIVE_MINUTES})")}]


def _placed(graphs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two in a row, below the alarms."""
    return [
        {**graph, "x": index % 2 * WIDTH, "y": 2 + index // 2 * HEIGHT, "width": WIDTH, "height": HEIGHT}
        for index, graph in enumerate(graphs)
    ]
