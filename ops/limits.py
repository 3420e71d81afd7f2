"""The quotas of an AWS account that a stack meets: what it needs of each, and what AWS gives before anybody asks for more.

`python -m ops.limits` prints the table of docs/limits.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from settings.stack import Settings

Used = Callable[[boto3.Session], int]


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One number that AWS limits per account, in a region or everywhere."""

    name: str
    """As Service Quotas calls it."""
    service: str
    """Its code in Service Quotas."""
    code: str | None
    """None: AWS publishes none, and the default is taken for the account's own."""
    default: int
    formula: str
    """What a stack needs, for people."""
    need: Callable[[Settings], int]
    used: Used | None = None
    """What the account has of it already; None: nothing that would stay, or each VPC has its own."""
    region: str | None = None
    """Where Service Quotas answers for a global service."""


def _fargate(capacity: str) -> Callable[[Settings], int]:
    """Number of vCPUs of the largest workstreams that may run at the same time, rounded up."""

    def need(settings: Settings) -> int:
        cpus = sorted((each.cpu for each in settings.workstreams.values() if each.capacity == capacity), reverse=True)
        return -(-sum(cpus[: settings.airflow.runs]) // 1024)

    return need


def _gateways(settings: Settings) -> int:
    if settings.network.egress != "nat":
        return 0
    return settings.network.availability_zones if settings.production else 1


def _pages(service: str, operation: str, key: str) -> Used:
    return lambda session: sum(len(page[key]) for page in session.client(service).get_paginator(operation).paginate())  # pyright: ignore[reportArgumentType]


def _roles(session: boto3.Session) -> int:
    return session.client("iam").get_account_summary()["SummaryMap"]["Roles"]


def _addresses(session: boto3.Session) -> int:
    return len(session.client("ec2").describe_addresses()["Addresses"])


QUOTAS = (
    Quota(
        name="Roles per account",
        service="iam",
        code="L-FE177D64",
        default=1000,
        formula="2 a workstream, and 3",
        need=lambda settings: 2 * len(settings.workstreams) + 3,
        used=_roles,
        region="us-east-1",
    ),
    Quota(
        name="Fargate On-Demand vCPU resource count",
        service="fargate",
        code="L-3032A538",
        default=6,
        formula="the vCPUs of the largest workstreams `onDemand`, as many as run at the same time (`airflow.concurrentRuns`)",
        need=_fargate("onDemand"),
    ),
    Quota(
        name="Fargate Spot vCPU resource count",
        service="fargate",
        code="L-36FBB829",
        default=6,
        formula="the same of those on `spot`",
        need=_fargate("spot"),
    ),
    Quota(
        name="Environments per account per Region",
        service="airflow",
        code=None,
        default=10,
        formula="1",
        need=lambda _: 1,
        used=_pages("mwaa", "list_environments", "Environments"),
    ),
    Quota(
        name="VPCs per Region",
        service="vpc",
        code="L-F678F1CE",
        default=5,
        formula="1",
        need=lambda _: 1,
        used=_pages("ec2", "describe_vpcs", "Vpcs"),
    ),
    Quota(
        name="Internet gateways per Region",
        service="vpc",
        code="L-A4707A72",
        default=5,
        formula="1 with `network.egress: nat`",
        need=lambda settings: min(1, _gateways(settings)),
        used=_pages("ec2", "describe_internet_gateways", "InternetGateways"),
    ),
    Quota(
        name="EC2-VPC Elastic IPs",
        service="ec2",
        code="L-0263D0A3",
        default=5,
        formula="with `network.egress: nat` 1 in development, 1 a zone in production",
        need=_gateways,
        used=_addresses,
    ),
    Quota(
        name="Interface VPC endpoints per VPC",
        service="vpc",
        code="L-29B6F2EB",
        default=50,
        formula="14 with `network.egress: privateLink`; MWAA adds 1 or 2",
        need=lambda settings: (14 if settings.network.egress == "privateLink" else 0) + 2,
    ),
)


def table() -> str:
    """The quotas as docs/limits.md shows them."""
    rows = [f"| {each.name} | {each.service} | {each.code or ''} | {each.default:,} | {each.formula} |" for each in QUOTAS]
    return "\n".join(["| Quota | Service code | Quota code | Default | A stack needs |", "|---|---|---|---|---|", *rows])


def granted(session: boto3.Session, quota: Quota) -> int:
    """What the account has of a quota."""
    if quota.code is None:
        return quota.default
    quotas: Any = session.client("service-quotas", region_name=quota.region)
    try:
        return int(quotas.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]["Value"])
    except quotas.exceptions.NoSuchResourceException:
        return quota.default  # AWS answers so as long as a quota was never changed, for some services


if __name__ == "__main__":
    print(table())
