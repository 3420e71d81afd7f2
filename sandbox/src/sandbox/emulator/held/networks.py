"""EC2: what a network has, and Route 53: what a zone has."""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import re
from collections.abc import Iterator

from ministack.core.responses import get_region
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
    "AllocationIds": "eipalloc",
    "InternetGatewayIds": "igw",
    "NatGatewayIds": "nat",
    "RouteTableIds": "rtb",
    "SubnetIds": "subnet",
    "SubnetId": "subnet",
    "VpcEndpointId": "vpce",
    "VpcEndpointIds": "vpce",
    "VpcId": "vpc",
    "VpcIds": "vpc",
}
"""Parameter -> beginning of the ids in it."""

MOST_TAGS = 50


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


def _services(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, DescribeVpcEndpointServices."""
    for name in call.get("ServiceNames") or []:
        if name.startswith("com.amazonaws.") and not name.startswith("com.amazonaws.vpce.") and not _known(name):
            yield "InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist"


def _known(name: str) -> bool:
    return endpoint_services.known(name.removeprefix(f"com.amazonaws.{get_region()}."))


HELD: dict[tuple[str, str], Check] = {
    ("ec2", "CreateSubnet"): _subnet,
    ("ec2", "CreateTags"): _tags,
    ("ec2", "CreateVpc"): _vpc,
    ("ec2", "DescribeVpcEndpointServices"): _services,
    ("route53", "ChangeResourceRecordSets"): _records,
}
