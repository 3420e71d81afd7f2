"""Amazon VPC: the way to the internet that nobody can come back by."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.network.security_group import ANYWHERE
from components.network.subnet import Subnet, SubnetArgs


@dataclass(frozen=True, kw_only=True)
class NatGatewaysArgs:
    """Whom to lead out, and from where."""

    vpc_id: pulumi.Input[str]
    blocks: Mapping[str, IPv4Network]
    """Availability zone to the addresses of its public subnet."""
    private: Mapping[str, Subnet]
    """Availability zone to the subnet that gets a route out."""
    per_zone: bool
    """Survive the loss of a zone; costs one NAT gateway per zone instead of one."""


class NatGateways(Component):
    """NAT for the private subnets.

    Creates: an internet gateway; per availability zone a public subnet and the private subnet's default route; a NAT gateway
    with its address in the first zone, or in each.
    """

    def __init__(self, name: str, args: NatGatewaysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        internet = aws.ec2.InternetGateway(name, vpc_id=args.vpc_id, opts=self.child())
        gateways: list[aws.ec2.NatGateway] = []
        for zone, block in args.blocks.items():
            subnet = Subnet(
                f"{name}-public-{zone}", SubnetArgs(vpc_id=args.vpc_id, kind="public", zone=zone, block=block), self.child()
            )
            to_internet = aws.ec2.Route(
                f"{name}-public-{zone}",
                route_table_id=subnet.route_table_id,
                destination_cidr_block=ANYWHERE,
                gateway_id=internet.id,
                opts=self.child(),
            )
            if args.per_zone or not gateways:
                address = aws.ec2.Eip(f"{name}-{zone}", domain="vpc", opts=self.child(depends_on=[internet]))
                gateways.append(
                    aws.ec2.NatGateway(
                        f"{name}-{zone}",
                        subnet_id=subnet.id,
                        allocation_id=address.allocation_id,
                        # Without its route it would swallow what it gets; associations come with the subnet.
                        opts=self.child(depends_on=[subnet, to_internet]),
                    )
                )
        for index, (zone, private) in enumerate(args.private.items()):
            aws.ec2.Route(
                f"{name}-private-{zone}",
                route_table_id=private.route_table_id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways[min(index, len(gateways) - 1)].id,
                opts=self.child(),
            )
        self.register_outputs({})
