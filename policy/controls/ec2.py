"""Amazon VPC and EC2: nothing of ours can be reached from the internet."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from pulumi_policy import Severity

from .control import Finding, resource_control, stack_control
from .resource import Resource, Stack, items

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
CLASSIC_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
ALL_PROTOCOLS = ("-1", "all")


@stack_control("ec2-default-security-group-closed", Severity.HIGH, "EC2.2", "CKV2_AWS_12")
def default_security_group_closed(stack: Stack) -> Iterator[Finding]:
    """A VPC's default security group lets nothing in or out."""
    fix = "Add a DefaultSecurityGroup with ingress=[] and egress=[]; give workloads groups of their own"
    for vpc in stack.of(VPC):
        groups = stack.belonging(DEFAULT_GROUP, "vpcId", vpc)
        if not groups:
            yield Finding(vpc, "its default security group", "keeps AWS's rules, which let everything out", fix)
        for group in groups:
            for direction in ("ingress", "egress"):
                if items(group.get(direction)):
                    yield Finding(group, direction, "has rules", fix)


@stack_control("ec2-flow-logs", Severity.MEDIUM, "EC2.6", "CKV2_AWS_11")
def flow_logs(stack: Stack) -> Iterator[Finding]:
    """A VPC logs its traffic."""
    for vpc in stack.of(VPC):
        if not stack.belonging(FLOW_LOG, "vpcId", vpc):
            yield Finding(vpc, "flow log", "is missing", "Add a FlowLog with vpc_id and traffic_type='ALL'")


@resource_control("ec2-no-public-addresses", Severity.MEDIUM, "EC2.15", "CKV_AWS_130", types=[SUBNET])
def no_public_addresses(subnet: Resource) -> Iterator[Finding]:
    """A subnet gives no public addresses."""
    if subnet.get("mapPublicIpOnLaunch") is True:
        yield Finding(subnet, "mapPublicIpOnLaunch", "is true", "Set it to false; the way out is a NAT gateway or an endpoint")


@resource_control(
    "ec2-closed-to-the-internet",
    Severity.HIGH,
    "EC2.18",
    "CKV_AWS_24",
    "CKV_AWS_25",
    "CKV_AWS_260",
    types=[GROUP, INGRESS_RULE, CLASSIC_RULE],
)
def closed_to_the_internet(resource: Resource) -> Iterator[Finding]:
    """No security group lets the internet in."""
    for where, rule in _rules(resource, "ingress"):
        if open_to := sorted(filter(_public, _ranges(rule))):
            fix = "Admit a security group of this stack, or the private addresses of the network that calls"
            yield Finding(resource, where, f"admits {open_to[0]}", fix)


@resource_control("ec2-egress-limited", Severity.MEDIUM, "CKV_AWS_382", types=[GROUP, EGRESS_RULE, CLASSIC_RULE])
def egress_limited(resource: Resource) -> Iterator[Finding]:
    """No security group lets everything out to everywhere."""
    for where, rule in _rules(resource, "egress"):
        protocol = rule.get("ipProtocol", rule.get("protocol"))
        if protocol in ALL_PROTOCOLS and (open_to := sorted(_ranges(rule) & EVERYWHERE)):
            yield Finding(resource, where, f"allows every protocol to {open_to[0]}", "Name the protocol and the port, as tcp 443")


def _rules(resource: Resource, direction: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where a rule stands, and the rule: by itself, or in a list inside its security group."""
    if resource.type == GROUP:
        for number, rule in enumerate(items(resource.get(direction))):
            yield f"{direction}[{number}]", rule
    elif resource.type != CLASSIC_RULE or resource.get("type") == direction:
        yield "the rule", dict(resource.properties)


def _public(cidr: str) -> bool:
    """Whether it has addresses of the internet."""
    return ip_network(cidr, strict=False).is_global


def _ranges(rule: dict[str, Any]) -> set[str]:
    single = [rule.get("cidrIpv4"), rule.get("cidrIpv6")]
    several = [text for name in ("cidrBlocks", "ipv6CidrBlocks") for text in items(rule.get(name))]
    return {text for text in single + several if isinstance(text, str)}
