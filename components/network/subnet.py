"""Amazon VPC: a subnet with a route table of its own."""

from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.names import names


@dataclass(frozen=True, kw_only=True)
class SubnetArgs:
    vpc_id: pulumi.Input[str]
    kind: str
    """`private` or `public`: what its routes will make of it."""
    zone: str
    """Availability zone."""
    block: IPv4Network


class Subnet(Component):
    """A subnet that gives nobody a public address and has no route out of the VPC yet.

    Creates: a subnet, its route table, their association.
    """

    id: pulumi.Output[str]
    route_table_id: pulumi.Output[str]

    def __init__(self, name: str, args: SubnetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=args.vpc_id,
            cidr_block=str(args.block),
            availability_zone=args.zone,
            map_public_ip_on_launch=False,
            tags={"Name": f"{names().platform}-{args.kind}-{args.zone}"},
            opts=self.child(),
        )
        routes = aws.ec2.RouteTable(name, vpc_id=args.vpc_id, opts=self.child())
        aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=routes.id, opts=self.child())
        self.id = subnet.id
        self.route_table_id = routes.id
        self.register_outputs({"id": self.id, "route_table_id": self.route_table_id})
