"""Amazon CloudWatch: the page to look at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.documents import as_json
from components.names import names

WIDTH, HEIGHT = 12, 6
"""Of a graph, two in a row: the page is 24 wide (CloudWatch API Reference, "Dashboard body structure and syntax")."""

FIVE_MINUTES = 300

SEARCHED = 400
"""Workstreams whose lines are all on the page: a dashboard takes 2,500 metrics (CloudWatch, "CloudWatch service quotas"), six a
workstream, and a SEARCH also finds those of workstreams that are gone for up to two weeks."""

WORST = 50
"""Workstreams on a graph of a larger stack, by a query, for which only these count."""


class Family(NamedTuple):
    """Metrics of one workstream each."""

    namespace: str
    whose: str
    """Dimension that tells the stack."""
    by: str
    """Dimension that tells the workstream."""


RUNS = Family("dbt-platform", "Platform", "Workstream")
"""What the runner prints (`image/runner/metrics.py`)."""

CAUSES = Family("dbt-platform", "Platform", "Cause")
"""The same, of runs that failed: a bar for each cause of `docs/errors.md`. Of containers that never came to say it, Airflow counts
it (`dags/dbt_operator.py`)."""

TASKS = Family("ECS/ContainerInsights", "ClusterName", "TaskDefinitionFamily")

Statistic = Literal["Maximum", "Minimum", "Sum"]


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    region: str
    environment: pulumi.Input[str]
    """Name of the MWAA environment."""
    cluster: pulumi.Input[str]
    """Name of the ECS cluster."""
    alarm_arns: Mapping[str, pulumi.Input[str]]
    workstreams: int | None
    """How many there are, if that is known: the more of them, the fewer lines can be drawn."""


class Dashboard(Component):
    """Alarms, runs by workstream, what their tasks need, and Airflow.

    Creates: a CloudWatch dashboard. Its graphs search for workstreams, so a new one appears without a change. Those of a stack
    that is too large for one page show the worst.
    """

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=names().platform,
            dashboard_body=as_json({"widgets": [_alarms(args), *_placed(_graphs(args))]}),
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
    platform, cluster = names().platform, args.cluster
    airflow = ["Environment", args.environment]
    return [
        _graph(args, "Run duration (s)", _lines(args, RUNS, "RunDuration", "Maximum", platform)),
        _graph(args, "Runs that succeeded (1) or failed (0)", _lines(args, RUNS, "RunSucceeded", "Minimum", platform)),
        _graph(args, "Models and tests that failed", _lines(args, RUNS, "NodesFailed", "Sum", platform)),
        _ranking(args, "Runs that failed, by cause (docs/errors.md)", _worst(CAUSES, "RunFailed", "Sum", platform)),
        _graph(
            args, "From the container's start to its first query (s)", _lines(args, RUNS, "TimeToFirstQuery", "Maximum", platform)
        ),
        _graph(args, "CPU in use (units of 1/1024 vCPU)", _lines(args, TASKS, "CpuUtilized", "Maximum", cluster)),
        _graph(args, "Memory in use (MiB)", _lines(args, TASKS, "MemoryUtilized", "Maximum", cluster)),
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


def _ranking(args: DashboardArgs, title: str, metrics: list[Any]) -> dict[str, Any]:
    """A bar each, for the whole time that the page shows: what there is most of."""
    graph = _graph(args, title, metrics)
    return {**graph, "properties": {**graph["properties"], "view": "bar", "setPeriodToTimeRange": True}}


def _lines(args: DashboardArgs, family: Family, metric: str, statistic: Statistic, whose: pulumi.Input[str]) -> list[Any]:
    """One line per workstream."""
    if args.workstreams is None or args.workstreams > SEARCHED:
        return _worst(family, metric, statistic, whose)
    return [[{"expression": _search(family, metric, statistic, whose), "period": FIVE_MINUTES}]]


def _worst(family: Family, metric: str, statistic: Statistic, whose: pulumi.Input[str]) -> list[Any]:
    return [[{"expression": _query(family, metric, statistic, whose), "period": FIVE_MINUTES}]]


def _search(family: Family, metric: str, statistic: Statistic, whose: pulumi.Input[str]) -> pulumi.Output[str]:
    """All of them (CloudWatch User Guide, "Search expression syntax": a name with a hyphen needs quotes)."""
    schema = ",".join(name if name.replace("/", "").isalnum() else f'"{name}"' for name in family)
    own = pulumi.Output.concat(family.whose, '="', whose, '"')
    return pulumi.Output.concat(f'SEARCH(\'{{{schema}}} MetricName="{metric}" ', own, f"', '{statistic}', {FIVE_MINUTES})")


def _query(family: Family, metric: str, statistic: Statistic, whose: pulumi.Input[str]) -> pulumi.Output[str]:
    """The worst (CloudWatch User Guide, "Metrics Insights query components and syntax")."""
    function = statistic[:3].upper()
    schema = f'SCHEMA("{family.namespace}", {family.whose}, {family.by})'
    order = f"ORDER BY {function}() {'ASC' if statistic == 'Minimum' else 'DESC'} LIMIT {WORST}"
    own = pulumi.Output.concat(family.whose, " = '", whose, "'")
    wanted = f"SELECT {function}({metric}) FROM {schema} WHERE "  # noqa: S608 (no database: CloudWatch, and our own words)
    return pulumi.Output.concat(wanted, own, f" GROUP BY {family.by} {order}")


def _placed(graphs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two in a row, below the alarms."""
    return [
        {**graph, "x": index % 2 * WIDTH, "y": 2 + index // 2 * HEIGHT, "width": WIDTH, "height": HEIGHT}
        for index, graph in enumerate(graphs)
    ]
