"""EC2: what a network has, and Route 53: what a zone has."""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import re
from collections.abc import Iterator

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, route53

from sandbox import networks
from sandbox.emulator.limits.problems import Check, Parameters, Problem, coded
from sandbox.grammars import endpoint_services
from sandbox.networks import place_problem


def _vpc(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, CreateVpc."""
    if reason := networks.vpc_cidr(call.get("CidrBlock") or "10.0.0.0/16"):
        code = "InvalidVpc.Range" if "between" in reason or "Range" in reason else "InvalidParameterValue"
        yield code, f"The CIDR '{call['CidrBlock']}' is invalid: {reason}."


def _subnet(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, CreateSubnet; Amazon VPC User Guide, "Subnet sizing"."""
    yield from _zones(call)
    vpc, cidr = ec2._vpcs.get(call["VpcId"]), call.get("CidrBlock")
    if vpc is None:
        yield "InvalidVpcID.NotFound", f"The vpc ID '{call['VpcId']}' does not exist"
    elif cidr and (reason := networks.subnet_cidr(cidr)):
        yield "InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid: {reason}."
    elif cidr:
        own = [each["CidrBlock"] for each in vpc.get("CidrBlockAssociationSet") or [vpc]]
        others = {id: each["CidrBlock"] for id, each in ec2._subnets.items() if each["VpcId"] == call["VpcId"]}  # noqa: A001
        if reason := place_problem(cidr, own, others):
            yield coded(reason, "InvalidParameterValue")


KINDS = {
    "eni": (ec2._network_interfaces, "InvalidNetworkInterfaceID", "networkInterface ID"),
    "eipalloc": (ec2._addresses, "InvalidAllocationID", "allocation ID"),
    "igw": (ec2._internet_gateways, "InvalidInternetGatewayID", "internetGateway ID"),
    "nat": (ec2._nat_gateways, "NatGateway", "NAT gateway"),
    "rtb": (ec2._route_tables, "InvalidRouteTableID", "routeTable ID"),
    "subnet": (ec2._subnets, "InvalidSubnetID", "subnet ID"),
    "vpc": (ec2._vpcs, "InvalidVpcID", "vpc ID"),
    "vpce": (ec2._vpc_endpoints, "InvalidVpcEndpointId", "Vpc Endpoint Id"),
}
"""Beginning of an id -> where those are kept, AWS's word and noun (EC2 API Reference, "Error codes")."""

NAMED = {
    "AllocationId": "eipalloc",
    "AllocationIds": "eipalloc",
    "InternetGatewayId": "igw",
    "InternetGatewayIds": "igw",
    "NatGatewayId": "nat",
    "NatGatewayIds": "nat",
    "NetworkInterfaceIds": "eni",
    "RouteTableId": "rtb",
    "RouteTableIds": "rtb",
    "SubnetIds": "subnet",
    "SubnetId": "subnet",
    "VpcEndpointId": "vpce",
    "VpcId": "vpc",
    "VpcIds": "vpc",
}
"""Parameter -> beginning of the ids in it."""

MOST_TAGS = 50
MOST_RULES = 60
"""Of a security group, in each direction (Amazon VPC User Guide, "Amazon VPC quotas")."""

ZONES = "abc"
"""Of each region here."""


def ids(call: Parameters) -> Iterator[Problem]:
    """Ids that a call names must be ids, and of something that is there."""
    for name, kind in NAMED.items():
        given = call.get(name) or []
        for one in given if isinstance(given, list) else [given]:
            yield from _id(kind, one)


def _id(kind: str, one: str) -> Iterator[Problem]:
    there, word, noun = KINDS[kind]
    if not re.fullmatch(f"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", one):
        yield f"{word}.Malformed", f'Invalid id: "{one}" (expecting "{kind}-...")'
    elif one not in there:
        yield word + ("NotFound" if kind == "nat" else ".NotFound"), f"The {noun} '{one}' does not exist"


def _tags(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, CreateTags; EC2 User Guide, "Tag your Amazon EC2 resources": restrictions."""
    for one in call["Resources"]:
        if (kind := one.rpartition("-")[0]) in KINDS:
            yield from _id(kind, one)
        held = {tag["Key"] for tag in ec2._tags.get(one) or []}
        if len(held | {tag["Key"] for tag in call["Tags"]}) > MOST_TAGS:
            yield "TagLimitExceeded", f"The maximum number of Tags for a resource has been reached: {MOST_TAGS}"


def _records(call: Parameters) -> Iterator[Problem]:
    """Route 53 API Reference, ChangeResourceRecordSets."""
    zone = route53._zones.get(call["HostedZoneId"].rpartition("/")[2])
    for change in call["ChangeBatch"]["Changes"] if zone else ():
        name, domain = (text.lower().rstrip(".") for text in (change["ResourceRecordSet"]["Name"], zone["name"]))
        if name != domain and not name.endswith(f".{domain}"):
            yield "InvalidChangeBatch", f"[RRSet with DNS name {name}. is not permitted in zone {domain}.]"


def _rules(direction: str) -> Check:
    """EC2 API Reference, AuthorizeSecurityGroupIngress and "Error codes"."""

    def check(call: Parameters) -> Iterator[Problem]:
        held = ec2._security_groups.get(call.get("GroupId") or "") or {}
        given = call.get("IpPermissions") or []
        for each in given:
            yield from _permission(each)
        if held and sum(map(_peers, [*held[direction], *given])) > MOST_RULES:
            yield "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."

    return check


def _permission(rule: Parameters) -> Iterator[Problem]:
    for name, cidr_problem in (("CidrIp", networks.ipv4_cidr), ("CidrIpv6", networks.ipv6_cidr)):
        ranges = rule.get("IpRanges" if name == "CidrIp" else "Ipv6Ranges") or []
        if wrong := next((each[name] for each in ranges if cidr_problem(each.get(name))), None):
            yield "InvalidParameterValue", f"CIDR block {wrong} is malformed"
    first, last = rule.get("FromPort"), rule.get("ToPort")
    if rule.get("IpProtocol") in ("tcp", "udp", "6", "17") and first is not None and last is not None and first > last:
        yield "InvalidParameterValue", f"Invalid TCP/UDP port range ({first}:{last})"
    for pair in rule.get("UserIdGroupPairs") or []:
        if pair.get("UserId", get_account_id()) == get_account_id() and pair.get("GroupId") not in ec2._security_groups:
            yield "InvalidGroup.NotFound", f"The security group '{pair.get('GroupId')}' does not exist"


def _peers(rule: Parameters) -> int:
    return sum(len(rule.get(name) or []) for name in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"))


def _association(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, DisassociateRouteTable."""
    tables = ec2._route_tables.values()
    held = {each["RouteTableAssociationId"] for table in tables for each in table.get("Associations", [])}
    if call["AssociationId"] not in held:
        yield "InvalidAssociationID.NotFound", f"The association ID '{call['AssociationId']}' does not exist"


def _zones(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, DescribeAvailabilityZones and CreateSubnet."""
    for name in [*(call.get("ZoneNames") or []), *([call["AvailabilityZone"]] if call.get("AvailabilityZone") else [])]:
        if name.removeprefix(get_region()) not in ZONES:
            yield "InvalidParameterValue", f"Invalid availability zone: [{name}]"


def _endpoints(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, DescribeVpcEndpoints."""
    for one in call.get("VpcEndpointIds") or []:
        yield from _id("vpce", one)


def _services(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, DescribeVpcEndpointServices."""
    for name in call.get("ServiceNames") or []:
        if name.startswith("com.amazonaws.") and not name.startswith("com.amazonaws.vpce.") and not _known(name):
            yield "InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist"


def _known(name: str) -> bool:
    return endpoint_services.known(name.removeprefix(f"com.amazonaws.{get_region()}."))


HELD: dict[tuple[str, str], Check] = {
    ("ec2", "AuthorizeSecurityGroupEgress"): _rules("IpPermissionsEgress"),
    ("ec2", "AuthorizeSecurityGroupIngress"): _rules("IpPermissions"),
    ("ec2", "CreateSubnet"): _subnet,
    ("ec2", "CreateTags"): _tags,
    ("ec2", "CreateVpc"): _vpc,
    ("ec2", "DescribeAvailabilityZones"): _zones,
    ("ec2", "DescribeVpcEndpointServices"): _services,
    ("ec2", "DescribeVpcEndpoints"): _endpoints,
    ("ec2", "DisassociateRouteTable"): _association,
    ("route53", "ChangeResourceRecordSets"): _records,
}
