"""`dbt-platform:network`."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings import rules
from settings.addresses import AddressPlan
from settings.sections.section import Section

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="An S3 bucket, without s3://.")]

ZoneName = Annotated[
    str, Field(pattern=r"^[a-z]+(-[a-z]+)+-\d[a-z]$", description="An availability zone, for instance eu-west-1a.")
]


WITHOUT_FARGATE = ["apne1-az3", "usw1-az2"]
"""Ids of zones that have no Fargate (Amazon ECS, "Supported Regions for Amazon ECS on AWS Fargate")."""


class SnowflakeSettings(Section):
    """Snowflake's end of AWS PrivateLink. An account administrator reads it with two functions of Snowflake."""

    endpoint_service: str = Field(
        pattern=r"^com\.amazonaws\.vpce\.[a-z0-9-]+\.vpce-svc-[0-9a-f]+$",
        description="Endpoint service in the stack's region: `privatelink-vpce-id` of SYSTEM$GET_PRIVATELINK_CONFIG().",
    )
    stage_buckets: list[BucketName] = Field(
        min_length=1,
        description="Snowflake's S3 buckets for large results and seeds: the host names of type STAGE of "
        "SYSTEM$ALLOWLIST_PRIVATELINK(), up to `.s3`.",
    )


class NetworkSettings(Section):
    """The VPC."""

    cidr: Annotated[IPv4Network, AfterValidator(rules.usable_range)] = Field(
        default=IPv4Network("10.20.0.0/16"),
        description="Private IPv4 range of the VPC. It must not overlap networks that the VPC will be connected to.",
    )
    egress: Literal["nat", "privateLink"] = Field(
        default="nat",
        description="The way out of the private subnets: `nat` is one NAT gateway in development, one per zone in production; "
        "`privateLink` is no internet at all, but endpoints of the AWS services and of Snowflake inside the VPC.",
    )
    availability_zones: int = Field(
        default=2, ge=2, le=3, description="Number of availability zones, 2 or 3. MWAA uses the first two."
    )
    zones: list[ZoneName] = Field(
        default=[],
        description="Names of these zones, for instance `[eu-west-1a, eu-west-1b]`; without: the region's first by name. "
        "Production should name them: when AWS adds or closes a zone others may be the first, and a subnet in another zone is a "
        "new one, in which Airflow starts anew without its history.",
    )
    snowflake: SnowflakeSettings | None = Field(
        default=None, description="Snowflake's end of AWS PrivateLink, with egress `privateLink` only."
    )

    @field_validator("availability_zones")
    @classmethod
    def _room_for_all(cls, zones: int, info: ValidationInfo) -> int:
        return rules.zones_fit(zones, info.data.get("cidr"), info.data.get("egress"))

    @field_validator("zones")
    @classmethod
    def _one_for_each_subnet(cls, zones: list[str], info: ValidationInfo) -> list[str]:
        return rules.zones_are_counted(zones, info.data.get("availability_zones"))

    @field_validator("snowflake")
    @classmethod
    def _snowflake_has_a_way_in(cls, snowflake: SnowflakeSettings | None, info: ValidationInfo) -> SnowflakeSettings | None:
        rules.snowflake_has_a_way_in(info.data.get("egress"), given=snowflake is not None)
        return snowflake

    @property
    def plan(self) -> AddressPlan:
        """The subnets."""
        return AddressPlan.of(self.cidr, self.availability_zones, endpoints=self.egress == rules.PRIVATE_LINK)
