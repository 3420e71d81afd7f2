"""`dbt-platform:network`."""

from ipaddress import IPv4Network
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from components import rules
from components.sections.section import Section


class NetworkSettings(Section):
    """The VPC."""

    cidr: IPv4Network = Field(
        default=IPv4Network("10.20.0.0/16"),
        description="Private IPv4 range of the VPC. It must not overlap networks that the VPC will be connected to.",
    )
    availability_zones: int = Field(
        default=2, ge=2, le=3, description="Number of availability zones, 2 or 3. MWAA uses the first two."
    )
    egress: Literal["nat"] = Field(
        default="nat",
        description="The way out of the private subnets: `nat` is one NAT gateway in development, one per zone in production.",
    )

    @field_validator("cidr")
    @classmethod
    def _usable(cls, cidr: IPv4Network) -> IPv4Network:
        return rules.usable_range(cidr)

    @field_validator("availability_zones")
    @classmethod
    def _room_for_all(cls, zones: int, info: ValidationInfo) -> int:
        return rules.zones_fit(zones, info.data.get("cidr"))
