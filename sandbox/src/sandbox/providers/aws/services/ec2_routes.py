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

TARGETS = ("gatewayId", "natGatewayId")
"""Where a route may lead, as far as the sandbox models it."""


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
    puts=(ec2_tags.PUT,),
    tagged=True,
)


def _create_route(api: Api, inputs: Properties) -> str:
    table, network = inputs["routeTableId"], inputs["destinationCidrBlock"]
    if _route(api, table, network):
        raise ProviderError(f"{api.kind.token} CreateRoute: RouteAlreadyExists: {table} has a route to {network}")
    api.send("CreateRoute", inputs)
    return f"r-{table}{zlib.crc32(network.encode())}"


def _route(api: Api, table: str, network: str) -> dict[str, Any] | None:
    routes = (_route_table(api, table) or {}).get("Routes", [])
    return next((route for route in routes if route.get("DestinationCidrBlock") == network), None)


def _read_route(api: Api, id: str, state: Properties) -> Properties | None:
    route = _route(api, state["routeTableId"], state["destinationCidrBlock"])
    return route and {
        "routeTableId": state["routeTableId"],
        "destinationCidrBlock": route["DestinationCidrBlock"],
        "gatewayId": route.get("GatewayId"),
        "natGatewayId": route.get("NatGatewayId"),
        "origin": route["Origin"],
        "state": route["State"],
    }


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
        "destinationCidrBlock": Property("CreateRoute.DestinationCidrBlock", required=True, replace=True, check=_destination),
        "gatewayId": Property("CreateRoute.GatewayId"),
        "natGatewayId": Property("CreateRoute.NatGatewayId"),
    },
    outputs=("origin", "state"),
    filled={"instanceId": "", "instanceOwnerId": "", "networkInterfaceId": ""},
    create=_create_route,
    read=_read_route,
    delete=lambda api, id, state: api.client.delete_route(
        RouteTableId=state["routeTableId"], DestinationCidrBlock=state["destinationCidrBlock"]
    ),
    puts=(Put(TARGETS, lambda api, id, new, old: api.send("ReplaceRoute", new)),),
    checks=(_one_target,),
)


def _association(api: Api, subnet: str) -> dict[str, Any] | None:
    """A subnet has one explicit association at most; its id changes when the route table does."""
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    tables = api.client.describe_route_tables(Filters=filters)["RouteTables"]
    found = (one for table in tables for one in table["Associations"] if one.get("SubnetId") == subnet)
    return next(found, None)


def _create_association(api: Api, inputs: Properties) -> str:
    present = _association(api, inputs["subnetId"])
    if present:
        raise ProviderError(
            f"{api.kind.token} AssociateRouteTable: Resource.AlreadyAssociated: {inputs['subnetId']} is already "
            f"associated with {present['RouteTableId']}"
        )
    return api.send("AssociateRouteTable", inputs)["AssociationId"]


def _read_association(api: Api, id: str, state: Properties) -> Properties | None:
    found = _association(api, state["subnetId"])
    return found and {"subnetId": found["SubnetId"], "routeTableId": found["RouteTableId"]}


def _replace_association(api: Api, id: str, new: Properties, old: Properties) -> None:
    present = _association(api, new["subnetId"]) or {}
    api.send("ReplaceRouteTableAssociation", new, AssociationId=present.get("RouteTableAssociationId", id))


def _delete_association(api: Api, id: str, state: Properties) -> None:
    present = _association(api, state["subnetId"])
    if present:
        api.client.disassociate_route_table(AssociationId=present["RouteTableAssociationId"])


ROUTE_TABLE_ASSOCIATION = ResourceType(
    token="aws:ec2/routeTableAssociation:RouteTableAssociation",
    service="ec2",
    properties={
        "subnetId": Property("AssociateRouteTable.SubnetId", required=True, replace=True),
        "routeTableId": Property("AssociateRouteTable.RouteTableId", required=True),
    },
    create=_create_association,
    read=_read_association,
    delete=_delete_association,
    puts=(Put(("routeTableId",), _replace_association),),
)

KINDS = (ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
