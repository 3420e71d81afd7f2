"""AWS PrivateLink: Snowflake inside the VPC."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.network.security_group import SecurityGroup, SecurityGroupArgs
from settings.rules import HTTPS


@dataclass(frozen=True, kw_only=True)
class SnowflakeEndpointArgs:
    """Which Snowflake, and who may reach it."""

    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    endpoint_service: str
    host: str
    callers: Sequence[SecurityGroup]


class SnowflakeEndpoint(Component):
    """Snowflake's endpoint service under the account's private host name (Snowflake, "AWS PrivateLink and Snowflake").

    Creates: an interface endpoint, a security group that admits the callers to TLS, and a private DNS zone in which the account's
    host name leads to the endpoint.
    Snowflake also names an `ocsp.` host on port 80: the connector asks it for revoked certificates only when told to, and dbt
    can't tell it.
    Other services than AWS's own take no endpoint policy; Snowflake's network rules can name the endpoint instead.
    """

    def __init__(self, name: str, args: SnowflakeEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        group = SecurityGroup(
            name, SecurityGroupArgs(vpc_id=args.vpc_id, description="Snowflake: TLS in, nothing out"), self.child()
        )
        for caller in args.callers:
            group.admit(caller, HTTPS)
        endpoint = aws.ec2.VpcEndpoint(
            name,
            vpc_id=args.vpc_id,
            service_name=args.endpoint_service,
            vpc_endpoint_type="Interface",
            # Snowflake's service has no DNS name of its own: the zone below stands in.
            private_dns_enabled=False,
            subnet_ids=list(args.subnet_ids),
            security_group_ids=[group.id],
            opts=self.child(),
        )
        zone = aws.route53.Zone(
            name,
            name=args.host,
            comment="Snowflake through AWS PrivateLink",
            vpcs=[{"vpc_id": args.vpc_id}],
            opts=self.child(),
        )
        entry = endpoint.dns_entries[0]
        aws.route53.Record(
            f"{name}-account",
            zone_id=zone.zone_id,
            name=args.host,
            type="A",
            aliases=[{"name": entry.dns_name, "zone_id": entry.hosted_zone_id, "evaluate_target_health": False}],
            opts=self.child(),
        )
        self.register_outputs({})
