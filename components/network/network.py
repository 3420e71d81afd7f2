"""Amazon VPC: private subnets for Airflow and dbt, and their only way out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.logs import Logs
from components.names import names
from components.network.endpoints import Endpoints, EndpointsArgs
from components.network.flow_logs import FlowLogs, FlowLogsArgs
from components.network.nat import NatGateways, NatGatewaysArgs
from components.network.s3_gateway import S3Gateway, S3GatewayArgs
from components.network.security_group import SecurityGroup, SecurityGroupArgs
from components.network.snowflake_endpoint import SnowflakeEndpoint, SnowflakeEndpointArgs
from components.network.subnet import Subnet, SubnetArgs
from settings.project import NAMESPACE
from settings.rules import HTTPS
from settings.sections.network import WITHOUT_FARGATE, NetworkSettings, SnowflakeSettings
from settings.sections.warehouse import WarehouseSettings


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    account: Account
    settings: NetworkSettings
    production: bool
    """Survive the loss of a zone: with egress `nat`, a gateway in each."""
    warehouse: WarehouseSettings
    logs: Logs


class Network(Component):
    """A VPC in which no workload has a public address.

    Creates: a VPC, its closed default security group and flow logs, private subnets, the security groups of the dbt tasks and
    of Airflow, a gateway endpoint for S3; and, by `network.egress`, NAT gateways or endpoints of AWS's services and Snowflake.
    """

    vpc_id: pulumi.Output[str]
    private_subnet_ids: list[pulumi.Output[str]]
    """One per availability zone."""
    task_security_group_id: pulumi.Output[str]
    airflow: SecurityGroup
    """What MWAA's machines and endpoints carry."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._prefix = name
        vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.settings.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": names().platform},
            opts=self.child(),
        )
        self.vpc_id = vpc.id
        # Rules that nobody wrote must not exist (FSBP EC2.2).
        aws.ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, ingress=[], egress=[], opts=self.child())
        FlowLogs(name, FlowLogsArgs(account=args.account, vpc_id=vpc.id, logs=args.logs), self.child())
        plan = args.settings.plan
        zones = _zones(args.settings)
        subnets = self._private_subnets(dict(zip(zones, plan.private, strict=True)))
        task = self._group("task", "dbt tasks: nothing in")
        # Schedulers, workers, and MWAA's endpoints for its database and for a private page all carry this group. Rules after
        # "Best practices for least privilege configuration in Amazon MWAA" (AWS Big Data Blog).
        self.airflow = self._group("airflow", "Airflow: itself in")
        self.airflow.admit_itself()
        if args.settings.snowflake is None:  # `rules.snowflake_has_a_way_in`: with egress `privateLink` it is there, else not
            self._nat_egress(args, subnets, dict(zip(zones, plan.public, strict=True)))
            self.airflow.reach_anywhere(HTTPS)
            for port in sorted({HTTPS, args.warehouse.port}):
                task.reach_anywhere(port)
        else:
            self._private_egress(args, args.settings.snowflake, subnets, task)
        self.private_subnet_ids = [subnet.id for subnet in subnets.values()]
        self.task_security_group_id = task.id
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnet_ids": self.private_subnet_ids})

    def _private_subnets(self, blocks: Mapping[str, IPv4Network]) -> dict[str, Subnet]:
        """By availability zone."""
        return {
            zone: Subnet(
                f"{self._prefix}-private-{zone}",
                SubnetArgs(vpc_id=self.vpc_id, kind="private", zone=zone, block=block),
                self.child(),
            )
            for zone, block in blocks.items()
        }

    def _group(self, member: str, description: str) -> SecurityGroup:
        return SecurityGroup(
            f"{self._prefix}-{member}", SecurityGroupArgs(vpc_id=self.vpc_id, description=description), self.child()
        )

    def _nat_egress(self, args: NetworkArgs, private: Mapping[str, Subnet], public: Mapping[str, IPv4Network]) -> None:
        NatGateways(
            self._prefix,
            NatGatewaysArgs(vpc_id=self.vpc_id, blocks=public, private=private, per_zone=args.production),
            self.child(),
        )
        self._s3(args, private, stage_buckets=None)

    def _private_egress(
        self,
        args: NetworkArgs,
        snowflake: SnowflakeSettings,
        private: Mapping[str, Subnet],
        task: SecurityGroup,
    ) -> None:
        subnet_ids = [subnet.id for subnet in private.values()]
        Endpoints(
            f"{self._prefix}-endpoints",
            EndpointsArgs(account=args.account, vpc_id=self.vpc_id, subnet_ids=subnet_ids, callers=[task, self.airflow]),
            self.child(),
        )
        s3 = self._s3(args, private, snowflake.stage_buckets)
        for group in (task, self.airflow):
            group.reach_prefix_list("s3", s3.prefix_list_id, HTTPS)
        SnowflakeEndpoint(
            f"{self._prefix}-snowflake",
            SnowflakeEndpointArgs(
                vpc_id=self.vpc_id,
                subnet_ids=subnet_ids,
                endpoint_service=snowflake.endpoint_service,
                host=args.warehouse.host_name,
                callers=[task],
            ),
            self.child(),
        )

    def _s3(self, args: NetworkArgs, private: Mapping[str, Subnet], stage_buckets: Sequence[str] | None) -> S3Gateway:
        return S3Gateway(
            f"{self._prefix}-s3",
            S3GatewayArgs(
                account=args.account,
                vpc_id=self.vpc_id,
                route_table_ids=[subnet.route_table_id for subnet in private.values()],
                stage_buckets=stage_buckets,
            ),
            self.child(),
        )


def _zones(settings: NetworkSettings) -> Sequence[str]:
    """The chosen availability zones, or the region's first.

    Also those that are impaired now: another zone would replace subnets, and Airflow with them. A Local Zone has no Fargate and
    no MWAA, and its name sorts before them.
    """
    found = aws.get_availability_zones(
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}], exclude_zone_ids=WITHOUT_FARGATE
    ).names
    if settings.zones:
        if foreign := [zone for zone in settings.zones if zone not in found]:
            fix = f"Not in this region, or without Fargate: {', '.join(foreign)}. Choose of {', '.join(found)}."
            raise pulumi.RunError(f"{NAMESPACE}:network.zones = {settings.zones}\n  {fix}")
        return settings.zones
    wanted = settings.availability_zones
    if len(found) < wanted:
        there = f"The account has only {len(found)} in this region: {', '.join(found)}"
        fix = f"Set {len(found)}" if len(found) > 1 else "Choose another aws:region"
        raise pulumi.RunError(f"{NAMESPACE}:network.availabilityZones = {wanted}\n  {there}. {fix}.")
    return found[:wanted]
