"""A VPC endpoint keeps its policy, security groups and private DNS.

EC2 API Reference, "VpcEndpoint", "CreateVpcEndpoint" and "ModifyVpcEndpoint". MiniStack drops them.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
import secrets
from html import escape
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_FULL_ACCESS = json.dumps(
    {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
)

_ZONE = "Z38GZ743OKFT7T"

_stock_modify = ec2._modify_vpc_endpoint
_stock_fields = ec2._vpce_fields_xml


@replaces(ec2, "_create_vpc_endpoint")
def create_vpc_endpoint(params: dict[str, Any]) -> Answer:
    """CreateVpcEndpoint."""
    vpc = ec2._p(params, "VpcId")
    if vpc not in ec2._vpcs:
        return ec2._error("InvalidVpcId.NotFound", f"The Vpc Id {vpc} does not exist", 400)
    endpoint_id = f"vpce-{secrets.token_hex(9)[:17]}"
    kind = ec2._p(params, "VpcEndpointType") or "Gateway"
    groups = ec2._parse_member_list(params, "SecurityGroupId") or (_default_groups(vpc) if kind == "Interface" else [])
    subnets = ec2._parse_member_list(params, "SubnetId")
    endpoint = ec2._vpc_endpoints[endpoint_id] = {
        "VpcEndpointId": endpoint_id,
        "VpcEndpointType": kind,
        "VpcId": vpc,
        "ServiceName": ec2._p(params, "ServiceName"),
        "State": "available",
        "OwnerId": get_account_id(),
        "RouteTableIds": ec2._parse_member_list(params, "RouteTableId"),
        "SubnetIds": subnets,
        "SecurityGroupIds": groups,
        "PolicyDocument": ec2._p(params, "PolicyDocument") or _FULL_ACCESS,
        "PrivateDnsEnabled": ec2._p(params, "PrivateDnsEnabled", "false"),
        "NetworkInterfaceIds": _interfaces(subnets),
    }
    ec2._parse_tag_specs(params, "vpc-endpoint", endpoint_id)
    return ec2._xml(200, "CreateVpcEndpointResponse", vpce_fields_xml(endpoint, tag="vpcEndpoint"))


def _default_groups(vpc: str) -> list[str]:
    """Who names no group gets the network's own (CreateVpcEndpoint: SecurityGroupId)."""
    return [id for id, each in ec2._security_groups.items() if (each["VpcId"], each["GroupName"]) == (vpc, "default")]  # noqa: A001


def _interfaces(subnets: list[str]) -> list[str]:
    return [f"eni-{secrets.token_hex(9)[:17]}" for _ in subnets]


@replaces(ec2, "_modify_vpc_endpoint")
def modify_vpc_endpoint(params: dict[str, Any]) -> Answer:
    """ModifyVpcEndpoint."""
    answer = _stock_modify(params)
    endpoint = ec2._vpc_endpoints.get(ec2._p(params, "VpcEndpointId"))
    if endpoint is None:
        return answer
    removed = ec2._parse_member_list(params, "RemoveSecurityGroupId")
    added = ec2._parse_member_list(params, "AddSecurityGroupId")
    endpoint["SecurityGroupIds"] = [group for group in endpoint["SecurityGroupIds"] if group not in removed] + added
    if len(endpoint["NetworkInterfaceIds"]) != len(endpoint["SubnetIds"]):
        endpoint["NetworkInterfaceIds"] = _interfaces(endpoint["SubnetIds"])
    endpoint["PrivateDnsEnabled"] = ec2._p(params, "PrivateDnsEnabled") or endpoint["PrivateDnsEnabled"]
    if ec2._p(params, "ResetPolicy") == "true":
        endpoint["PolicyDocument"] = _FULL_ACCESS
    return answer


@replaces(ec2, "_vpce_fields_xml")
def vpce_fields_xml(endpoint: dict[str, Any], tag: str = "item") -> str:
    """An endpoint as the API shows it."""
    interfaces = "".join(f"<item>{interface}</item>" for interface in endpoint["NetworkInterfaceIds"])
    groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint["SecurityGroupIds"])
    dns = _dns_entry(endpoint) if endpoint["VpcEndpointType"] == "Interface" else ""
    more = (
        f"<policyDocument>{escape(endpoint['PolicyDocument'])}</policyDocument>"
        f"<privateDnsEnabled>{endpoint['PrivateDnsEnabled']}</privateDnsEnabled>"
        f"<groupSet>{groups}</groupSet><networkInterfaceIdSet>{interfaces}</networkInterfaceIdSet><dnsEntrySet>{dns}</dnsEntrySet>"
    )
    return _stock_fields(endpoint, tag).replace("<state>", f"{more}<state>", 1)


def _dns_entry(endpoint: dict[str, Any]) -> str:
    """The regional name (AWS PrivateLink Guide, "DNS hostnames"), in a zone of AWS that is the same for a whole region."""
    region, _, service = endpoint["ServiceName"].removeprefix("com.amazonaws.").removeprefix("vpce.").partition(".")
    labels = [endpoint["VpcEndpointId"], *reversed(service.split(".")), region]
    name = ".".join([*labels, "vpce.amazonaws.com"])
    return f"<item><dnsName>{name}</dnsName><hostedZoneId>{_ZONE}</hostedZoneId></item>"
