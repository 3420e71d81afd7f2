"""Amazon VPC: a security group whose rules all say who may talk to whom."""

from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.base import Component

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class SecurityGroupArgs:
    vpc_id: pulumi.Input[str]
    description: str


class SecurityGroup(Component):
    """A security group that lets nothing in and nothing out, until a rule is asked for.

    Creates: a security group; with each call of a method, the rules that it needs.
    """

    id: pulumi.Output[str]

    def __init__(self, name: str, args: SecurityGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.id = aws.ec2.SecurityGroup(name, vpc_id=args.vpc_id, description=args.description, opts=self.child()).id
        self.register_outputs({"id": self.id})

    def admit(self, caller: "SecurityGroup", port: int) -> None:
        """Let the caller's members open TCP connections to this group's: one rule at each end."""
        name = f"{caller.pulumi_resource_name}-to-{self.pulumi_resource_name}-{port}"
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=self.id,
            referenced_security_group_id=caller.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self.child(),
        )
        aws.vpc.SecurityGroupEgressRule(
            name,
            security_group_id=caller.id,
            referenced_security_group_id=self.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=caller.child(),
        )

    def admit_range(self, cidr: IPv4Network, port: int) -> None:
        """Let whoever has such an address open TCP connections to the members."""
        aws.vpc.SecurityGroupIngressRule(
            f"{self.pulumi_resource_name}-from-{cidr}-{port}",
            security_group_id=self.id,
            cidr_ipv4=str(cidr),
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self.child(),
        )

    def admit_itself(self) -> None:
        """Let the members talk to each other, whatever the protocol."""
        name = self.pulumi_resource_name
        aws.vpc.SecurityGroupIngressRule(
            name, security_group_id=self.id, referenced_security_group_id=self.id, ip_protocol="-1", opts=self.child()
        )
        aws.vpc.SecurityGroupEgressRule(
            name, security_group_id=self.id, referenced_security_group_id=self.id, ip_protocol="-1", opts=self.child()
        )

    def reach_anywhere(self, port: int) -> None:
        """Let the members open TCP connections to any address; routes decide how far they get."""
        aws.vpc.SecurityGroupEgressRule(
            f"{self.pulumi_resource_name}-{port}",
            security_group_id=self.id,
            cidr_ipv4=ANYWHERE,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self.child(),
        )

    def reach_prefix_list(self, service: str, prefix_list_id: pulumi.Input[str], port: int) -> None:
        """Let the members open TCP connections to an AWS service that has a gateway endpoint."""
        aws.vpc.SecurityGroupEgressRule(
            f"{self.pulumi_resource_name}-to-{service}",
            security_group_id=self.id,
            prefix_list_id=prefix_list_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self.child(),
        )
