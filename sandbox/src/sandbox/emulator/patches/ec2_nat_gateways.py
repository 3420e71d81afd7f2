"""A NAT gateway keeps its address, and needs a subnet and an address that exist.

EC2 API Reference, "NatGateway" and "CreateNatGateway". MiniStack answers with an empty address set.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import secrets
from typing import Any

from ministack.services import ec2

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_stock_create = ec2._create_nat_gateway
_stock_describe = ec2._describe_nat_gateways
_stock_delete = ec2._delete_nat_gateway


@replaces(ec2, "_create_nat_gateway")
def create_nat_gateway(params: dict[str, Any]) -> Answer:
    """CreateNatGateway."""
    subnet, allocation = ec2._p(params, "SubnetId"), ec2._p(params, "AllocationId")
    if subnet not in ec2._subnets:
        return ec2._error("InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist", 400)
    address = ec2._addresses.get(allocation)
    if allocation and address is None:
        return ec2._error("InvalidAllocationID.NotFound", f"The allocation ID '{allocation}' does not exist", 400)
    if address and address["AssociationId"]:
        return ec2._error("Resource.AlreadyAssociated", f"resource {allocation} is already associated", 400)
    before = set(ec2._nat_gateways)
    status, headers, body = _stock_create(params)
    (made,) = set(ec2._nat_gateways) - before
    gateway = ec2._nat_gateways[made]
    gateway["NetworkInterfaceId"] = f"eni-{secrets.token_hex(9)[:17]}"
    gateway["PrivateIp"] = ec2._subnets[subnet]["CidrBlock"].rpartition(".")[0] + ".5"
    if address:
        address["AssociationId"] = f"eipassoc-{secrets.token_hex(9)[:17]}"
    return status, headers, _with_addresses(body)


@replaces(ec2, "_describe_nat_gateways")
def describe_nat_gateways(params: dict[str, Any]) -> Answer:
    """DescribeNatGateways."""
    status, headers, body = _stock_describe(params)
    return status, headers, _with_addresses(body)


@replaces(ec2, "_delete_nat_gateway")
def delete_nat_gateway(params: dict[str, Any]) -> Answer:
    """DeleteNatGateway; its address is free again."""
    gateway = ec2._nat_gateways.get(ec2._p(params, "NatGatewayId")) or {}
    if address := ec2._addresses.get(gateway.get("AllocationId")):
        address["AssociationId"] = None
    return _stock_delete(params)


def _with_addresses(body: bytes) -> bytes:
    """Fills the empty address set that follows each gateway's id."""
    first, *rest = body.decode().split("<natGatewayId>")
    filled = [part.replace("<natGatewayAddressSet/>", _address_set(part.partition("<")[0])) for part in rest]
    return "<natGatewayId>".join([first, *filled]).encode()


def _address_set(gateway_id: str) -> str:
    gateway = ec2._nat_gateways[gateway_id]
    address = ec2._addresses.get(gateway["AllocationId"]) or {}
    fields = {
        "allocationId": gateway["AllocationId"],
        "associationId": address.get("AssociationId"),
        "networkInterfaceId": gateway["NetworkInterfaceId"],
        "privateIp": gateway["PrivateIp"],
        "publicIp": address.get("PublicIp"),
    }
    item = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)
    return f"<natGatewayAddressSet><item>{item}</item></natGatewayAddressSet>"
