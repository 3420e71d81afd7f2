"""Amazon VPC: private subnets for Airflow and dbt, and their only way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.addresses import AddressPlan
from components.base import Component, platform_name
from components.logs import Logs
from components.policy import Statement
from components.role import ServiceRole, ServiceRoleArgs
from components.sections.network import NetworkSettings

HTTPS = 443
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What the network needs to know."""

    account: Account
    settings: NetworkSettings
    nat_gateway_per_zone: bool
    """Survive the loss of a zone; costs one NAT gateway per zone instead of one."""
    warehouse_port: int
    """TCP port of Snowflake, or of the proxy in front of it."""
    logs: Logs


class Network(Component):
    """A VPC in which no workload has a public address.

    Creates: a VPC, its closed default security group and flow logs, private and public subnets with routes, NAT gateways,
    a gateway endpoint for S3, and the security groups of the dbt tasks and of Airflow.
    """

    private_subnet_ids: list[pulumi.Output[str]]
    """One per availability zone."""
    task_security_group_id: pulumi.Output[str]
    airflow_security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._prefix = name
        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.settings.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": platform_name()},
            opts=self.child(),
        )
        # Rules that nobody wrote must not exist (FSBP EC2.2).
        aws.ec2.DefaultSecurityGroup(name, vpc_id=self._vpc.id, ingress=[], egress=[], opts=self.child())
        self._flow_logs(args)
        plan = AddressPlan.of(args.settings.cidr, args.settings.availability_zones)
        zones = aws.get_availability_zones(state="available").names[: args.settings.availability_zones]
        gateways = self._nat_gateways(plan, zones, args)
        self.private_subnet_ids = self._private_subnets(plan, zones, gateways, args)
        self.task_security_group_id = self._task_security_group(args)
        self.airflow_security_group_id = self._airflow_security_group()
        self.register_outputs({"private_subnet_ids": self.private_subnet_ids})

    def _nat_gateways(self, plan: AddressPlan, zones: Sequence[str], args: NetworkArgs) -> list[aws.ec2.NatGateway]:
        internet = aws.ec2.InternetGateway(self._prefix, vpc_id=self._vpc.id, opts=self.child())
        routes = aws.ec2.RouteTable(f"{self._prefix}-public", vpc_id=self._vpc.id, opts=self.child())
        to_internet = aws.ec2.Route(
            f"{self._prefix}-public",
            route_table_id=routes.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=internet.id,
            opts=self.child(),
        )
        gateways = []
        for zone, block in zip(zones, plan.public, strict=True):
            subnet = self._subnet("public", zone, block, routes)
            if args.nat_gateway_per_zone or not gateways:
                address = aws.ec2.Eip(f"{self._prefix}-{zone}", domain="vpc", opts=self.child(depends_on=[internet]))
                gateways.append(
                    aws.ec2.NatGateway(
                        f"{self._prefix}-{zone}",
                        subnet_id=subnet.id,
                        allocation_id=address.allocation_id,
                        opts=self.child(depends_on=[to_internet]),
                    )
                )
        return gateways

    def _private_subnets(
        self, plan: AddressPlan, zones: Sequence[str], gateways: list[aws.ec2.NatGateway], args: NetworkArgs
    ) -> list[pulumi.Output[str]]:
        tables, subnets = [], []
        for index, (zone, block) in enumerate(zip(zones, plan.private, strict=True)):
            routes = aws.ec2.RouteTable(f"{self._prefix}-private-{zone}", vpc_id=self._vpc.id, opts=self.child())
            aws.ec2.Route(
                f"{self._prefix}-private-{zone}",
                route_table_id=routes.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways[min(index, len(gateways) - 1)].id,
                opts=self.child(),
            )
            tables.append(routes.id)
            subnets.append(self._subnet("private", zone, block, routes).id)
        # S3 traffic is most of the bytes; through the endpoint it is free and never leaves AWS.
        aws.ec2.VpcEndpoint(
            f"{self._prefix}-s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{args.account.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
            opts=self.child(),
        )
        return subnets

    def _subnet(self, kind: str, zone: str, block: IPv4Network, routes: aws.ec2.RouteTable) -> aws.ec2.Subnet:
        name = f"{self._prefix}-{kind}-{zone}"
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=self._vpc.id,
            cidr_block=str(block),
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags={"Name": f"{platform_name()}-{kind}-{zone}"},
            opts=self.child(),
        )
        aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=routes.id, opts=self.child())
        return subnet

    def _task_security_group(self, args: NetworkArgs) -> pulumi.Output[str]:
        group = aws.ec2.SecurityGroup(
            f"{self._prefix}-task",
            vpc_id=self._vpc.id,
            description="dbt tasks: nothing in, TLS out",
            opts=self.child(),
        )
        for port in sorted({HTTPS, args.warehouse_port}):
            self._allow_out(f"{self._prefix}-task", group, port)
        return group.id

    def _airflow_security_group(self) -> pulumi.Output[str]:
        """Rules after "Best practices for least privilege configuration in Amazon MWAA" (AWS Big Data Blog)."""
        name = f"{self._prefix}-airflow"
        group = aws.ec2.SecurityGroup(
            name, vpc_id=self._vpc.id, description="Airflow: itself in, itself and TLS out", opts=self.child()
        )
        # Schedulers, workers, web server and MWAA's database endpoint all carry this group.
        aws.vpc.SecurityGroupIngressRule(
            name, security_group_id=group.id, referenced_security_group_id=group.id, ip_protocol="-1", opts=self.child()
        )
        aws.vpc.SecurityGroupEgressRule(
            name, security_group_id=group.id, referenced_security_group_id=group.id, ip_protocol="-1", opts=self.child()
        )
        self._allow_out(name, group, HTTPS)
        return group.id

    def _allow_out(self, name: str, group: aws.ec2.SecurityGroup, port: int) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-{port}",
            security_group_id=group.id,
            cidr_ipv4=ANYWHERE,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self.child(),
        )

    def _flow_logs(self, args: NetworkArgs) -> None:
        logs = args.logs.group(f"{self._prefix}-flow-logs", f"/{platform_name()}/network/flow-logs", self.child())
        # Amazon VPC, "IAM role for publishing flow logs to CloudWatch Logs".
        write = Statement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            resources=[logs.arn, pulumi.Output.concat(logs.arn, ":*")],
        )
        role = ServiceRole(
            f"{self._prefix}-flow-logs",
            ServiceRoleArgs(account=args.account, services=["vpc-flow-logs.amazonaws.com"], statements=[write]),
            self.child(),
        )
        aws.ec2.FlowLog(
            self._prefix,
            vpc_id=self._vpc.id,
            traffic_type="ALL",
            log_destination=logs.arn,
            iam_role_arn=role.arn,
            opts=self.child(depends_on=[role]),
        )
