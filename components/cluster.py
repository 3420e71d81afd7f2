"""Amazon ECS: the cluster that the dbt tasks run on."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.logs import Logs
from components.names import names


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    logs: Logs


class Cluster(Component):
    """A Fargate cluster with Container Insights (FSBP ECS.12).

    Creates: an ECS cluster, its capacity providers, the log group of its metrics.
    """

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        # Container Insights would create this group by itself: without retention, encryption, or an end.
        insights = args.logs.group(f"{name}-insights", names().container_insights, self.child())
        cluster = aws.ecs.Cluster(
            name,
            name=names().platform,
            settings=[{"name": "containerInsights", "value": "enabled"}],
            opts=self.child(depends_on=[insights]),
        )
        aws.ecs.ClusterCapacityProviders(
            name, cluster_name=cluster.name, capacity_providers=["FARGATE", "FARGATE_SPOT"], opts=self.child()
        )
        self.arn = cluster.arn
        self.name = cluster.name
        self.register_outputs({"arn": self.arn, "name": self.name})
