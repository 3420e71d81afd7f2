# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon VPC: route tables, their routes and their subnets."""

import ipaddress
import zlib
from typing import Any

from sandbox.networks import ipv4_cidr
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.services import ec2_tags
from sandbox.providers.aws.table import Put, ResourceType
from sandbox.providers.values import Properties, ProviderError

NO_DESTINATION = ipaddress.IPv4Network("169.254.168.0/22")
"""Addresses that AWS keeps for itself (Amazon VPC User Guide, "Route table concepts": no route to it or into it)."""

SHOWN = {"cidrBlock": "DestinationCidrBlock", "gatewayId": "GatewayId", "natGatewayId": "NatGatewayId"}
OTHER_TARGETS = (
    "carrierGatewayId", "coreNetworkArn", "destinationPrefixListId", "egressOnlyGatewayId", "ipv6CidrBlock", "localGatewayId",
    "networkInterfaceId", "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId",
)  # fmt: skip
"""What the real provider shows of a table's route besides."""

DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
"""What a route is for; all but the first are carried."""

CARRIED_TARGETS = {
    "carrierGatewayId": "CarrierGatewayId",
    "coreNetworkArn": "CoreNetworkArn",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "localGatewayId": "LocalGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "odbNetworkArn": "OdbNetworkArn",
    "transitGatewayId": "TransitGatewayId",
    "vpcEndpointId": "VpcEndpointId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
}
TARGETS = ("gatewayId", "natGatewayId", *CARRIED_TARGETS)
"""Where a route may lead."""


def _route_table(api: Api, id: str) -> dict[str, Any] | None:
    found = if_there(api.client.describe_route_tables, RouteTableIds=[id]).get("RouteTables", [])
    return found[0] if found else None


def _read_route_table(api: Api, id: str, state: Properties) -> Properties | None:
    table = _route_table(api, id)
    return table and {
        "vpcId": table["VpcId"],
        "arn": api.arn(f"route-table/{id}"),
        "ownerId": table["OwnerId"],
        "propagatingVgws": [each["GatewayId"] for each in table.get("PropagatingVgws", [])],
        "routes": [_shown(route) for route in table["Routes"] if _is_shown(route)],
        "tagsAll": tags.from_list(table.get("Tags")),
    }


def _is_shown(route: dict[str, Any]) -> bool:
    """The real provider leaves out what belongs to no program: the local route, propagated ones, those of gateway endpoints."""
    gateway = route.get("GatewayId", "")
    return gateway != "local" and not gateway.startswith("vpce-") and route.get("Origin") != "EnableVgwRoutePropagation"


def _shown(route: dict[str, Any]) -> Properties:
    return {**dict.fromkeys(OTHER_TARGETS, ""), **{name: route.get(member, "") for name, member in SHOWN.items()}}


INLINE = {
    "cidrBlock": "destinationCidrBlock",
    "ipv6CidrBlock": "destinationIpv6CidrBlock",
}
"""How a table's own routes name what a route of its own names otherwise."""


def _put_routes(api: Api, id: str, new: Properties, old: Properties) -> None:
    wanted, present = (
        [{"routeTableId": id, **{INLINE.get(name, name): value for name, value in each.items() if value}} for each in given]
        for given in (new.get("routes") or [], old.get("routes") or [])
    )
    for each in present:
        if each not in wanted:
            _delete_route(api, "", each)
    for each in wanted:
        if each not in present and each.get(PLAYED):
            api.client.create_route(**{member: value for member, value in _request(each).items() if value})


def _request(route: Properties) -> dict[str, Any]:
    own = {"RouteTableId": route["routeTableId"], "GatewayId": route.get("gatewayId"), "NatGatewayId": route.get("natGatewayId")}
    return {**own, "DestinationCidrBlock": route.get("destinationCidrBlock"), **_more(route)}


ROUTE_TABLE = ResourceType(
    token="aws:ec2/routeTable:RouteTable",
    service="ec2",
    properties={"vpcId": Property("CreateRouteTable.VpcId", required=True, replace=True)},
    outputs=("arn", "ownerId", "propagatingVgws", "routes"),
    create=lambda api, inputs: api.send(
        "CreateRouteTable", inputs, TagSpecifications=ec2_tags.specification("route-table", inputs)
    )["RouteTable"]["RouteTableId"],
    read=_read_route_table,
    delete=lambda api, id, state: api.client.delete_route_table(RouteTableId=id),
    puts=(Put(("routes",), _put_routes, on_create=True), ec2_tags.PUT),
    tagged=True,
)


PLAYED = "destinationCidrBlock"
"""The emulator's route tables are of IPv4; other routes live in Pulumi's state only."""


def _more(inputs: Properties) -> dict[str, str]:
    """What of a route is carried, as the API has it."""
    named = {**{name: member for name, member in DESTINATIONS.items() if name != "destinationCidrBlock"}, **CARRIED_TARGETS}
    return {member: inputs[name] for name, member in named.items() if inputs.get(name)}


def _destination_of(inputs: Properties) -> tuple[str, str]:
    """Member and value."""
    return next((member, inputs[name]) for name, member in DESTINATIONS.items() if inputs.get(name))


def _create_route(api: Api, inputs: Properties) -> str:
    table, (_, network) = inputs["routeTableId"], _destination_of(inputs)
    if inputs.get(PLAYED):
        if _route(api, inputs):
            raise ProviderError(f"{api.kind.token} CreateRoute: RouteAlreadyExists: {table} has a route to {network}")
        api.send("CreateRoute", inputs, **_more(inputs))
    return f"r-{table}{zlib.crc32(network.encode())}"


def _route(api: Api, inputs: Properties) -> dict[str, Any] | None:
    routes = (_route_table(api, inputs["routeTableId"]) or {}).get("Routes", [])
    member, network = _destination_of(inputs)
    return next((route for route in routes if route.get(member) == network), None)


def _read_route(api: Api, id: str, state: Properties) -> Properties | None:
    if not state.get(PLAYED):
        own = {name: state[name] for name in ("routeTableId", "gatewayId", "natGatewayId")}
        return {**own, "origin": "CreateRoute", "state": "active"} if _route_table(api, state["routeTableId"]) else None
    route = _route(api, state)
    carried = any(state.get(name) for name in CARRIED_TARGETS)
    return route and {
        "routeTableId": state["routeTableId"],
        "destinationCidrBlock": route.get("DestinationCidrBlock"),
        "gatewayId": None if carried else route.get("GatewayId"),
        "natGatewayId": route.get("NatGatewayId"),
        "origin": route["Origin"],
        "state": route["State"],
    }


def _delete_route(api: Api, id: str, state: Properties) -> None:
    if state.get(PLAYED):
        api.client.delete_route(RouteTableId=state["routeTableId"], DestinationCidrBlock=state[PLAYED])


def _replace_route(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new.get(PLAYED):
        api.send("ReplaceRoute", new, **_more(new))


def _destination(value: Any) -> str | None:
    if reason := ipv4_cidr(value):
        return reason
    inside = ipaddress.IPv4Network(value).subnet_of(NO_DESTINATION)
    return f"InvalidParameterValue: is in {NO_DESTINATION}, which no route may lead to" if inside else None


def _one_target(inputs: Properties) -> list[tuple[str, str]]:
    given = [name for name in TARGETS if name in inputs]
    return [] if len(given) == 1 else [(given[-1] if given else TARGETS[0], f"give exactly one of {', '.join(TARGETS)}")]


ROUTE = ResourceType(
    token="aws:ec2/route:Route",
    service="ec2",
    properties={
        "routeTableId": Property("CreateRoute.RouteTableId", required=True, replace=True),
        "destinationCidrBlock": Property("CreateRoute.DestinationCidrBlock", replace=True, check=_destination),
        "gatewayId": Property("CreateRoute.GatewayId"),
        "natGatewayId": Property("CreateRoute.NatGatewayId"),
    },
    outputs=("origin", "state"),
    filled={"instanceId": "", "instanceOwnerId": "", "networkInterfaceId": ""},
    create=_create_route,
    read=_read_route,
    delete=_delete_route,
    puts=(Put(TARGETS, _replace_route),),
    checks=(_one_target,),
)


def _associated(inputs: Properties) -> tuple[str, str, str]:
    """Filter, member and id of what a table is associated with."""
    if inputs.get("subnetId"):
        return "association.subnet-id", "SubnetId", inputs["subnetId"]
    return "association.gateway-id", "GatewayId", inputs["gatewayId"]


def _association(api: Api, inputs: Properties) -> dict[str, Any] | None:
    """A subnet has one explicit association at most; its id changes when the route table does."""
    name, member, wanted = _associated(inputs)
    tables = api.client.describe_route_tables(Filters=[{"Name": name, "Values": [wanted]}])["RouteTables"]
    found = (one for table in tables for one in table["Associations"] if one.get(member) == wanted)
    return next(found, None)


def _create_association(api: Api, inputs: Properties) -> str:
    present, (_, _, wanted) = _association(api, inputs), _associated(inputs)
    if present:
        raise ProviderError(
            f"{api.kind.token} AssociateRouteTable: Resource.AlreadyAssociated: {wanted} is already "
            f"associated with {present['RouteTableId']}"
        )
    gateway = {"GatewayId": inputs["gatewayId"]} if inputs.get("gatewayId") else {}
    return api.send("AssociateRouteTable", inputs, **gateway)["AssociationId"]


def _read_association(api: Api, id: str, state: Properties) -> Properties | None:
    found = _association(api, state)
    return found and {"subnetId": found.get("SubnetId"), "routeTableId": found["RouteTableId"]}


def _replace_association(api: Api, id: str, new: Properties, old: Properties) -> None:
    present = _association(api, new) or {}
    api.send("ReplaceRouteTableAssociation", new, AssociationId=present.get("RouteTableAssociationId", id))


def _delete_association(api: Api, id: str, state: Properties) -> None:
    present = _association(api, state)
    if present:
        api.client.disassociate_route_table(AssociationId=present["RouteTableAssociationId"])


def _one_side(inputs: Properties) -> list[tuple[str, str]]:
    both = [name for name in ("subnetId", "gatewayId") if name in inputs]
    return [] if len(both) == 1 else [("subnetId", "give exactly one of subnetId, gatewayId")]


ROUTE_TABLE_ASSOCIATION = ResourceType(
    token="aws:ec2/routeTableAssociation:RouteTableAssociation",
    service="ec2",
    properties={
        "subnetId": Property("AssociateRouteTable.SubnetId", replace=True),
        "routeTableId": Property("AssociateRouteTable.RouteTableId", required=True),
    },
    create=_create_association,
    read=_read_association,
    delete=_delete_association,
    puts=(Put(("routeTableId",), _replace_association),),
    checks=(_one_side,),
)

KINDS = (ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
