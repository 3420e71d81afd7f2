# ruff: noqa: A001 - AWS's word
"""Rules about IP networks that AWS has and botocore's service model does not."""

import ipaddress
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


NO_NETWORKS = tuple(map(ipaddress.IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4")))
"""What no VPC may have: this host, loopback, link-local and multicast addresses."""


def vpc_cidr(value: Any) -> str | None:
    """Amazon VPC User Guide, "VPC CIDR blocks": /16 to /28."""
    if reason := subnet_cidr(value):
        return reason
    taken = next((each for each in NO_NETWORKS if each.overlaps(ipaddress.IPv4Network(value))), None)
    return f"InvalidVpc.Range: is in {taken}, which no VPC may have" if taken else None


def subnet_cidr(value: Any) -> str | None:
    """Amazon VPC User Guide, "Subnet sizing": the same limits."""
    return ipv4_cidr(value) or _size(value, 16, 28)


def ipv4_cidr(value: Any) -> str | None:
    """What is wrong with an IPv4 network, if anything."""
    return _problem(value, ipaddress.IPv4Network)


def ipv6_cidr(value: Any) -> str | None:
    """What is wrong with an IPv6 network, if anything."""
    return _problem(value, ipaddress.IPv6Network)


def place_problem(subnet: str, vpc: list[str], others: dict[str, str]) -> str | None:
    """Why AWS would refuse a subnet in a VPC with these networks and other subnets (id -> network)."""
    wanted = ipaddress.IPv4Network(subnet)
    if not any(wanted.subnet_of(ipaddress.IPv4Network(network)) for network in vpc):
        return f"InvalidSubnet.Range: The CIDR '{subnet}' is invalid: it is not inside the VPC's {', '.join(vpc)}"
    for id, network in others.items():
        if wanted.overlaps(ipaddress.IPv4Network(network)):
            return f"InvalidSubnet.Conflict: The CIDR '{subnet}' conflicts with {network} of the subnet {id}"
    return None


def _problem(value: Any, kind: type[Network]) -> str | None:
    if "/" not in str(value):
        return "is not a network in CIDR notation: it has no /"
    try:
        kind(value)
    except ValueError as error:
        return f"is not a network in CIDR notation: {error}"
    return None


def _size(value: Any, largest: int, smallest: int) -> str | None:
    if largest <= ipaddress.IPv4Network(value).prefixlen <= smallest:
        return None
    return f"is not between /{largest} and /{smallest}"
