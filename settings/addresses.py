"""How the VPC's address range is divided into subnets."""

import math
from dataclasses import dataclass
from ipaddress import IPv4Network

SMALLEST_PRIVATE_PREFIX = 26
"""59 usable addresses: MWAA's schedulers and workers, and one address per running dbt task."""

SMALLEST_PRIVATE_PREFIX_WITH_ENDPOINTS = 25
"""123 usable addresses, of which every interface endpoint takes one."""

SMALLEST_PUBLIC_PREFIX = 28
"""The smallest subnet that AWS allows; a public subnet holds one NAT gateway."""


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """One private and one public subnet per availability zone."""

    private: list[IPv4Network]
    public: list[IPv4Network]

    @classmethod
    def of(cls, cidr: IPv4Network, zones: int, *, endpoints: bool) -> "AddressPlan":
        """Give the private subnets the first half of the range and small public subnets the start of the second.

        Args:
            endpoints: The private subnets also hold interface endpoints.

        Raises ValueError when a private subnet would be too small.
        """
        smallest = SMALLEST_PRIVATE_PREFIX_WITH_ENDPOINTS if endpoints else SMALLEST_PRIVATE_PREFIX
        private_prefix = cidr.prefixlen + 1 + math.ceil(math.log2(zones))
        if private_prefix > smallest:
            largest = cidr.prefixlen - (private_prefix - smallest)
            raise ValueError(f"too small for {zones} availability zones; use /{largest} or larger")
        first_half, second_half = cidr.subnets()
        public_prefix = min(SMALLEST_PUBLIC_PREFIX, cidr.prefixlen + 8)
        return cls(
            private=list(first_half.subnets(new_prefix=private_prefix))[:zones],
            public=list(second_half.subnets(new_prefix=public_prefix))[:zones],
        )
