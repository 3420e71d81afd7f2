# ruff: noqa: A001, A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon VPC: networks, subnets and gateways."""

from typing import Any

from sandbox.networks import subnet_cidr, vpc_cidr
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.services import ec2_tags
from sandbox.providers.aws.table import Put, ResourceType
from sandbox.providers.values import Properties, ProviderError

FIRST_REGION = "us-east-1"


def _only(api: Api, operation: str, key: str, **arguments: Any) -> dict[str, Any] | None:
    """The one thing that a describe call finds, or None."""
    found = if_there(getattr(api.client, operation), **arguments).get(key, [])
    return found[0] if found else None


def _of_vpc(id: str, **more: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in {"vpc-id": id, **more}.items()]


def _vpc_attribute(attribute: str, property: str) -> Put:
    """VPC attributes can be set one at a time only."""

    def call(api: Api, id: str, new: Properties, old: Properties) -> None:
        api.client.modify_vpc_attribute(VpcId=id, **{attribute: {"Value": new[property]}})

    return Put((property,), call, on_create=True)


def _read_vpc(api: Api, id: str, state: Properties) -> Properties | None:
    vpc = _only(api, "describe_vpcs", "Vpcs", VpcIds=[id])
    if vpc is None:
        return None

    def attribute(name: str) -> bool:
        answer = api.client.describe_vpc_attribute(VpcId=id, Attribute=name)
        return answer[name[0].upper() + name[1:]]["Value"]

    main = _only(api, "describe_route_tables", "RouteTables", Filters=_of_vpc(id, **{"association.main": "true"}))
    group = _only(api, "describe_security_groups", "SecurityGroups", Filters=_of_vpc(id, **{"group-name": "default"}))
    acl = _only(api, "describe_network_acls", "NetworkAcls", Filters=_of_vpc(id, default="true"))
    return {
        "cidrBlock": vpc["CidrBlock"],
        "instanceTenancy": vpc["InstanceTenancy"],
        "enableDnsSupport": attribute("enableDnsSupport"),
        "enableDnsHostnames": attribute("enableDnsHostnames"),
        **dict(zip(("ipv6AssociationId", "ipv6CidrBlock"), _ipv6(vpc), strict=True)),
        "arn": api.arn(f"vpc/{id}"),
        "dhcpOptionsId": vpc["DhcpOptionsId"],
        "ownerId": vpc["OwnerId"],
        "mainRouteTableId": main and main["RouteTableId"],
        "defaultRouteTableId": main and main["RouteTableId"],
        "defaultSecurityGroupId": group and group["GroupId"],
        "defaultNetworkAclId": acl and acl["NetworkAclId"],
        "tagsAll": tags.from_list(vpc.get("Tags")),
    }


def _create_vpc(api: Api, inputs: Properties) -> str:
    own = {"AmazonProvidedIpv6CidrBlock": True} if inputs.get("assignGeneratedIpv6CidrBlock") else {}
    return api.send("CreateVpc", inputs, TagSpecifications=ec2_tags.specification("vpc", inputs), **own)["Vpc"]["VpcId"]


def _ipv6(thing: dict[str, Any]) -> tuple[str, str]:
    """The id of the association with an IPv6 network, and the network."""
    found = thing.get("Ipv6CidrBlockAssociationSet", [])
    return next(((each["AssociationId"], each["Ipv6CidrBlock"]) for each in found), ("", ""))


def _has_network(inputs: Properties) -> list[tuple[str, str]]:
    """EC2 API Reference, CreateVpc, CreateSubnet."""
    given = [name for name in ("cidrBlock", "ipv4IpamPoolId", "ipv6Native") if inputs.get(name)]
    return [] if given else [("cidrBlock", "MissingParameter: Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")]


def _names_need_resolver(inputs: Properties) -> list[tuple[str, str]]:
    """Amazon VPC User Guide, "DNS attributes for your VPC"."""
    if inputs.get("enableDnsHostnames") is True and inputs.get("enableDnsSupport") is False:
        return [("enableDnsHostnames", "InvalidParameterCombination: needs enableDnsSupport")]
    return []


VPC = ResourceType(
    token="aws:ec2/vpc:Vpc",
    service="ec2",
    properties={
        "cidrBlock": Property("CreateVpc.CidrBlock", replace=True, kept=True, check=vpc_cidr),
        "instanceTenancy": Property("CreateVpc.InstanceTenancy", default="default", replace=True),
        "enableDnsSupport": Property(bool, default=True),
        "enableDnsHostnames": Property(bool, default=False, kept=True),
    },
    outputs=(
        "arn",
        "defaultNetworkAclId",
        "defaultRouteTableId",
        "defaultSecurityGroupId",
        "dhcpOptionsId",
        "mainRouteTableId",
        "ownerId",
    ),
    filled={
        "enableNetworkAddressUsageMetrics": False,
        "ipv6AssociationId": "",
        "ipv6CidrBlock": "",
        "ipv6CidrBlockNetworkBorderGroup": "",
    },
    create=_create_vpc,
    read=_read_vpc,
    delete=lambda api, id, state: api.client.delete_vpc(VpcId=id),
    puts=(
        _vpc_attribute("EnableDnsSupport", "enableDnsSupport"),
        _vpc_attribute("EnableDnsHostnames", "enableDnsHostnames"),
        ec2_tags.PUT,
    ),
    tagged=True,
    checks=(_names_need_resolver, _has_network),
)


def _create_subnet(api: Api, inputs: Properties) -> str:
    named = (("ipv6CidrBlock", "Ipv6CidrBlock"), ("availabilityZoneId", "AvailabilityZoneId"), ("outpostArn", "OutpostArn"))
    more = {member: inputs[name] for name, member in named if inputs.get(name)}
    specification = ec2_tags.specification("subnet", inputs)
    return api.send("CreateSubnet", inputs, TagSpecifications=specification, **more)["Subnet"]["SubnetId"]


def _read_subnet(api: Api, id: str, state: Properties) -> Properties | None:
    subnet = _only(api, "describe_subnets", "Subnets", SubnetIds=[id])
    return subnet and {
        "vpcId": subnet["VpcId"],
        "cidrBlock": subnet["CidrBlock"],
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet.get("AvailabilityZoneId"),
        "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
        "ipv6CidrBlockAssociationId": _ipv6(subnet)[0],
        "arn": subnet["SubnetArn"],
        "ownerId": subnet["OwnerId"],
        "tagsAll": tags.from_list(subnet.get("Tags")),
    }


SUBNET = ResourceType(
    token="aws:ec2/subnet:Subnet",
    service="ec2",
    properties={
        "vpcId": Property("CreateSubnet.VpcId", required=True, replace=True),
        "cidrBlock": Property("CreateSubnet.CidrBlock", replace=True, check=subnet_cidr),
        "availabilityZone": Property("CreateSubnet.AvailabilityZone", replace=True, kept=True),
        "mapPublicIpOnLaunch": Property(bool, default=False),
    },
    outputs=("arn", "availabilityZoneId", "ownerId"),
    filled={"ipv6CidrBlockAssociationId": "", "privateDnsHostnameTypeOnLaunch": "ip-name"},
    create=_create_subnet,
    read=_read_subnet,
    delete=lambda api, id, state: api.client.delete_subnet(SubnetId=id),
    puts=(
        Put(
            ("mapPublicIpOnLaunch",),
            lambda api, id, new, old: api.client.modify_subnet_attribute(
                SubnetId=id, MapPublicIpOnLaunch={"Value": new["mapPublicIpOnLaunch"]}
            ),
            on_create=True,
        ),
        ec2_tags.PUT,
    ),
    tagged=True,
    checks=(_has_network,),
)


def _attach(api: Api, id: str, new: Properties, old: Properties) -> None:
    if old.get("vpcId"):
        api.client.detach_internet_gateway(InternetGatewayId=id, VpcId=old["vpcId"])
    if new["vpcId"]:
        api.client.attach_internet_gateway(InternetGatewayId=id, VpcId=new["vpcId"])


def _read_internet_gateway(api: Api, id: str, state: Properties) -> Properties | None:
    gateway = _only(api, "describe_internet_gateways", "InternetGateways", InternetGatewayIds=[id])
    return gateway and {
        "vpcId": next((attachment["VpcId"] for attachment in gateway["Attachments"]), None),
        "arn": api.arn(f"internet-gateway/{id}"),
        "ownerId": gateway["OwnerId"],
        "tagsAll": tags.from_list(gateway.get("Tags")),
    }


def _delete_internet_gateway(api: Api, id: str, state: Properties) -> None:
    _attach(api, id, {"vpcId": None}, state)
    api.client.delete_internet_gateway(InternetGatewayId=id)


INTERNET_GATEWAY = ResourceType(
    token="aws:ec2/internetGateway:InternetGateway",
    service="ec2",
    properties={"vpcId": Property("AttachInternetGateway.VpcId", kept=True)},
    outputs=("arn", "ownerId"),
    create=lambda api, inputs: api.client.create_internet_gateway(
        TagSpecifications=ec2_tags.specification("internet-gateway", inputs)
    )["InternetGateway"]["InternetGatewayId"],
    read=_read_internet_gateway,
    delete=_delete_internet_gateway,
    puts=(Put(("vpcId",), _attach, on_create=True), ec2_tags.PUT),
    tagged=True,
)


def _read_eip(api: Api, id: str, state: Properties) -> Properties | None:
    address = _only(api, "describe_addresses", "Addresses", AllocationIds=[id])
    return address and {
        "domain": address["Domain"],
        "allocationId": id,
        "associationId": address.get("AssociationId"),
        "arn": api.arn(f"elastic-ip/{id}"),
        "publicIp": address["PublicIp"],
        "publicDns": _host_name(api, "ec2", "compute.amazonaws.com", address["PublicIp"]),
        "privateIp": address.get("PrivateIpAddress"),
        "privateDns": _host_name(api, "ip", "compute.internal", address.get("PrivateIpAddress")),
        "networkInterface": address.get("NetworkInterfaceId", ""),
        "networkBorderGroup": address.get("NetworkBorderGroup", api.session.region),
        "publicIpv4Pool": address.get("PublicIpv4Pool", "amazon"),
        "tagsAll": tags.from_list(address.get("Tags")),
    }


def _host_name(api: Api, prefix: str, suffix: str, address: str | None) -> str | None:
    """Amazon VPC User Guide, "DNS attributes for your VPC": names of addresses; the first region's have no region in them."""
    if not address:
        return None
    region = api.session.region
    place = {"ec2": "compute-1.amazonaws.com", "ip": "ec2.internal"}[prefix] if region == FIRST_REGION else f"{region}.{suffix}"
    return f"{prefix}-{address.replace('.', '-')}.{place}"


EIP = ResourceType(
    token="aws:ec2/eip:Eip",
    service="ec2",
    properties={"domain": Property("AllocateAddress.Domain", default="vpc", replace=True, kept=True)},
    outputs=(
        "allocationId",
        "arn",
        "associationId",
        "networkBorderGroup",
        "networkInterface",
        "privateDns",
        "privateIp",
        "publicDns",
        "publicIp",
        "publicIpv4Pool",
    ),
    filled={"carrierIp": "", "customerOwnedIp": "", "instance": "", "ipamPoolId": "", "ptrRecord": ""},
    create=lambda api, inputs: api.send("AllocateAddress", inputs, TagSpecifications=ec2_tags.specification("elastic-ip", inputs))[
        "AllocationId"
    ],
    read=_read_eip,
    delete=lambda api, id, state: api.client.release_address(AllocationId=id),
    puts=(ec2_tags.PUT,),
    tagged=True,
)


def _nat_gateway(api: Api, id: str) -> dict[str, Any] | None:
    gateway = _only(api, "describe_nat_gateways", "NatGateways", NatGatewayIds=[id])
    return gateway if gateway and gateway["State"] != "deleted" else None


def _create_nat_gateway(api: Api, inputs: Properties) -> str:
    specification = ec2_tags.specification("natgateway", inputs)
    address = {"PrivateIpAddress": inputs["privateIp"]} if inputs.get("privateIp") else {}
    id = api.send("CreateNatGateway", inputs, TagSpecifications=specification, **address)["NatGateway"]["NatGatewayId"]

    def available() -> bool:
        gateway = _nat_gateway(api, id) or {}
        if gateway.get("State") == "failed":
            raise ProviderError(f"{api.kind.token} {id}: {gateway.get('FailureCode')}: {gateway.get('FailureMessage')}")
        return gateway.get("State") == "available"

    api.wait(available, f"the NAT gateway {id} to be available")
    return id


def _read_nat_gateway(api: Api, id: str, state: Properties) -> Properties | None:
    gateway = _nat_gateway(api, id)
    if gateway is None:
        return None
    address = next(iter(gateway.get("NatGatewayAddresses", [])), {})
    return {
        "subnetId": gateway["SubnetId"],
        "allocationId": address.get("AllocationId"),
        "connectivityType": gateway["ConnectivityType"],
        "associationId": address.get("AssociationId"),
        "networkInterfaceId": address.get("NetworkInterfaceId"),
        "privateIp": address.get("PrivateIp"),
        "publicIp": address.get("PublicIp"),
        "tagsAll": tags.from_list(gateway.get("Tags")),
    }


def _delete_nat_gateway(api: Api, id: str, state: Properties) -> None:
    api.client.delete_nat_gateway(NatGatewayId=id)
    api.wait(lambda: _nat_gateway(api, id) is None, f"the NAT gateway {id} to be deleted")


def _public_has_address(inputs: Properties) -> list[tuple[str, str]]:
    if inputs.get("availabilityMode") == "regional":
        return [("availabilityMode", "the sandbox models zonal NAT gateways only")]
    public = inputs.get("connectivityType", "public") == "public"
    if public and "allocationId" not in inputs:
        return [("allocationId", "is required for a public NAT gateway")]
    return [] if public or "allocationId" not in inputs else [("allocationId", "a private NAT gateway has no address")]


NAT_GATEWAY = ResourceType(
    token="aws:ec2/natGateway:NatGateway",
    service="ec2",
    properties={
        "subnetId": Property("CreateNatGateway.SubnetId", required=True, replace=True),
        "allocationId": Property("CreateNatGateway.AllocationId", replace=True),
        "connectivityType": Property("CreateNatGateway.ConnectivityType", default="public", replace=True),
    },
    outputs=("associationId", "networkInterfaceId", "privateIp", "publicIp"),
    filled={"secondaryPrivateIpAddressCount": 0, "secondaryPrivateIpAddresses": []},
    create=_create_nat_gateway,
    read=_read_nat_gateway,
    delete=_delete_nat_gateway,
    puts=(ec2_tags.PUT,),
    tagged=True,
    checks=(_public_has_address,),
)

KINDS = (VPC, SUBNET, INTERNET_GATEWAY, EIP, NAT_GATEWAY)
