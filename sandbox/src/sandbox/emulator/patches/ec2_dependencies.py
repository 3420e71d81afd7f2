"""What is in use can't be deleted, what is not there neither, and no rule is there twice.

EC2 API Reference, "DeleteSecurityGroup", "DeleteSubnet", "DeleteRouteTable", "DeleteInternetGateway", "DetachInternetGateway",
"ReleaseAddress" and "Error codes" (DependencyViolation, InvalidPermission.Duplicate). MiniStack deletes all of it, and so a wrong
order of a program's dependencies would be found in AWS only.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import ec2, mwaa

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_stock_rules = {False: ec2._authorize_sg_ingress, True: ec2._authorize_sg_egress}


def _users_of_group(group: str) -> Iterator[str]:
    for other in ec2._security_groups.values():
        pairs = [pair for rule in (*other["IpPermissions"], *other["IpPermissionsEgress"]) for pair in rule["UserIdGroupPairs"]]
        if other["GroupId"] != group and any(pair["GroupId"] == group for pair in pairs):
            yield other["GroupId"]
    for endpoint in _endpoints():
        if group in endpoint["SecurityGroupIds"]:
            yield endpoint["VpcEndpointId"]
    for environment in mwaa._environments.values():
        if group in environment["NetworkConfiguration"].get("SecurityGroupIds", []):
            yield environment["Name"]


def _users_of_subnet(subnet: str) -> Iterator[str]:
    yield from (endpoint["VpcEndpointId"] for endpoint in _endpoints() if subnet in endpoint["SubnetIds"])
    yield from (gateway["NatGatewayId"] for gateway in _nat_gateways() if gateway["SubnetId"] == subnet)
    for environment in mwaa._environments.values():
        if subnet in environment["NetworkConfiguration"].get("SubnetIds", []):
            yield environment["Name"]


def _users_of_table(table: str) -> Iterator[str]:
    for association in (ec2._route_tables.get(table) or {}).get("Associations", []):
        if association.get("Main") or association.get("SubnetId") in ec2._subnets:
            yield association["RouteTableAssociationId"]


def _users_of_gateway(gateway: str) -> Iterator[str]:
    yield from (attachment["VpcId"] for attachment in (ec2._internet_gateways.get(gateway) or {}).get("Attachments", []))


def _mapped_addresses(gateway: str) -> Iterator[str]:
    networks = set(_users_of_gateway(gateway))
    yield from (nat["AllocationId"] for nat in _nat_gateways() if nat["VpcId"] in networks and nat.get("AllocationId"))


def _endpoints() -> list[dict[str, Any]]:
    return [endpoint for endpoint in ec2._vpc_endpoints.values() if endpoint["State"] != "deleted"]


def _nat_gateways() -> list[dict[str, Any]]:
    return [gateway for gateway in ec2._nat_gateways.values() if gateway["State"] != "deleted"]


def _guard(name: str, argument: str, users: Callable[[str], Iterator[str]], code: str, reason: str) -> None:
    """Puts a question before a call of EC2: who uses the thing?"""
    stock = getattr(ec2, name)

    @replaces(ec2, name)
    def call(params: dict[str, Any]) -> Answer:
        thing = ec2._p(params, argument)
        user = next(users(thing), None)
        return ec2._error(code, reason.format(thing=thing, user=user), 400) if user else stock(params)


_IN_USE = "resource {thing} has a dependent object: {user}"

_guard("_delete_security_group", "GroupId", _users_of_group, "DependencyViolation", _IN_USE)
_guard("_delete_subnet", "SubnetId", _users_of_subnet, "DependencyViolation", _IN_USE)
_guard("_delete_route_table", "RouteTableId", _users_of_table, "DependencyViolation", _IN_USE)
_guard("_delete_internet_gateway", "InternetGatewayId", _users_of_gateway, "DependencyViolation", _IN_USE)
_guard(
    "_detach_internet_gateway",
    "InternetGatewayId",
    _mapped_addresses,
    "DependencyViolation",
    "Network has some mapped public address(es). Please unmap those public address(es) before detaching the gateway: {user}",
)
_guard(
    "_release_address",
    "AllocationId",
    lambda address: iter([association] if (association := (ec2._addresses.get(address) or {}).get("AssociationId")) else []),
    "InvalidIPAddress.InUse",
    "The address {thing} is in use: {user}",
)


_stock_create_route = ec2._create_route


@replaces(ec2, "_create_route")
def create_route(params: dict[str, Any]) -> Answer:
    """CreateRoute: a destination has one target."""
    table = ec2._route_tables.get(ec2._p(params, "RouteTableId")) or {}
    wanted = ec2._p(params, "DestinationCidrBlock")
    if wanted and any(route.get("DestinationCidrBlock") == wanted for route in table.get("Routes", [])):
        return ec2._error("RouteAlreadyExists", f"The route identified by {wanted} already exists.", 400)
    return _stock_create_route(params)


_stock_delete_route = ec2._delete_route


@replaces(ec2, "_delete_route")
def delete_route(params: dict[str, Any]) -> Answer:
    """DeleteRoute: one that is there, and not the local one."""
    table, wanted = ec2._route_tables.get(ec2._p(params, "RouteTableId")), ec2._p(params, "DestinationCidrBlock")
    found = next((route for route in (table or {}).get("Routes", []) if route.get("DestinationCidrBlock") == wanted), None)
    if table and wanted and found is None:
        return ec2._error("InvalidRoute.NotFound", f"no route with destination-cidr-block {wanted} in the route table", 400)
    if found and found.get("GatewayId") == "local":
        return ec2._error("InvalidParameterValue", f"cannot remove local route {wanted} in the route table", 400)
    return _stock_delete_route(params)


def _authorize(params: dict[str, Any], *, egress: bool) -> Answer:
    group = ec2._security_groups.get(ec2._p(params, "GroupId"))
    present = group["IpPermissionsEgress" if egress else "IpPermissions"] if group else []
    for wanted in ec2._parse_ip_permissions(params, "IpPermissions"):
        if any(ec2._rules_match(wanted, rule) for rule in present):
            return ec2._error("InvalidPermission.Duplicate", "the specified rule already exists", 400)
    return _stock_rules[egress](params)


_stock_revoke = {False: ec2._revoke_sg_ingress, True: ec2._revoke_sg_egress}

_PEERS = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId", "UserIdGroupPairs": "GroupId"}
"""Kind of peer -> what it is known by."""


def _about(rule: dict[str, Any]) -> tuple[Any, ...]:
    """What a rule is about, whoever the peer: all protocols have no ports."""
    return (rule["IpProtocol"], *(() if rule["IpProtocol"] == "-1" else (rule.get("FromPort"), rule.get("ToPort"))))


def _revoke(params: dict[str, Any], *, egress: bool) -> Answer:
    """Peer by peer, as AWS keeps them; one that is not there is refused in a VPC that is no default one.

    MiniStack takes a rule away only if it is written as the one that it holds, and says nothing of one that stays.
    """
    group = ec2._security_groups.get(ec2._p(params, "GroupId"))
    present = group["IpPermissionsEgress" if egress else "IpPermissions"] if group else []
    going = []
    for wanted in ec2._parse_ip_permissions(params, "IpPermissions") if group else ():
        for kind, name in _PEERS.items():
            for peer in wanted.get(kind) or []:
                like = [rule for rule in present if _about(rule) == _about(wanted)]
                held = next(((rule, one) for rule in like for one in rule.get(kind) or [] if one[name] == peer[name]), None)
                if held is None:
                    reason = "The specified rule does not exist in this security group."
                    return ec2._error("InvalidPermission.NotFound", reason, 400)
                going.append((kind, *held))
    for kind, rule, one in going:
        rule[kind].remove(one)
        if not any(rule.get(each) for each in _PEERS):
            present.remove(rule)
    return _stock_revoke[egress](params)


@replaces(ec2, "_revoke_sg_ingress")
def revoke_ingress(params: dict[str, Any]) -> Answer:
    """RevokeSecurityGroupIngress."""
    return _revoke(params, egress=False)


@replaces(ec2, "_revoke_sg_egress")
def revoke_egress(params: dict[str, Any]) -> Answer:
    """RevokeSecurityGroupEgress."""
    return _revoke(params, egress=True)


@replaces(ec2, "_authorize_sg_ingress")
def authorize_ingress(params: dict[str, Any]) -> Answer:
    """AuthorizeSecurityGroupIngress."""
    return _authorize(params, egress=False)


@replaces(ec2, "_authorize_sg_egress")
def authorize_egress(params: dict[str, Any]) -> Answer:
    """AuthorizeSecurityGroupEgress."""
    return _authorize(params, egress=True)
