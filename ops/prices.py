"""What AWS asks: US dollars at list price, without discounts, taxes and free tiers; traffic and requests are not in it.

Where each figure is from stands beside it: AWS's pages as other pages quoted them on 2026-11-29. They hold for US East
(N. Virginia) and, where a second one is given, for Europe (Ireland); in other regions they are up to a third higher: what is
computed here is an estimate.
"""

from collections.abc import Mapping
from typing import NamedTuple

SOURCE = "AWS Fargate Pricing, us-east-1 and eu-west-1, as of 2026-11-29"

DATE = "2026-11-29"

REGIONS = ("us-east-1", "eu-west-1")
"""Which the table is for."""

HOURS = 730
"""Of a month, as AWS reckons."""


class Fargate(NamedTuple):
    """By the hour; billed by the second, from the pull of the image on, and for a minute at least."""

    vcpu: float
    gigabyte: float


FARGATE = {"x86_64": Fargate(0.04048, 0.004445), "arm64": Fargate(0.03238, 0.00356)}

SPOT = 0.3
"""Part of the price that Fargate Spot asks, where it is cheapest ("up to 70 %" off): its price moves."""

SHORTEST = 60
"""Seconds of a task that are billed at least."""


def task(seconds: float, *, cpu: int, memory: int, architecture: str, capacity: str) -> float:
    """Dollars of one Fargate task.

    Args:
        seconds: For which it ran.
        cpu: Units; 1024 are one vCPU.
        memory: MiB.
        architecture: `x86_64` or `arm64`.
        capacity: `onDemand` or `spot`.
    """
    price = FARGATE[architecture]
    hourly = price.vcpu * cpu / 1024 + price.gigabyte * memory / 1024
    return hourly * max(seconds, SHORTEST) / 3600 * (SPOT if capacity == "spot" else 1)


class Airflow(NamedTuple):
    """By the hour (Amazon MWAA Pricing, as classmethod.jp quoted it on 2025-11-30; the same in all regions that were seen)."""

    environment: float
    """With two schedulers, two web servers and one worker."""
    worker: float
    """Each further one; a scheduler costs the same."""
    webserver: float


AIRFLOW = {
    "mw1.small": Airflow(0.49, 0.055, 0.028),
    "mw1.medium": Airflow(0.74, 0.11, 0.055),
    "mw1.large": Airflow(0.99, 0.22, 0.11),
}
"""Of the other classes no page was found that could be read."""

AIRFLOW_INSTEAD = {"mw1.micro": "mw1.small"}
"""A class without a price, and the dearer one that is counted in its place."""


class Region(NamedTuple):
    """Prices that differ between the regions."""

    nat_gateway: float
    """By the hour (Amazon VPC Pricing)."""
    endpoint: float
    """Interface endpoint, by the hour and zone (AWS PrivateLink Pricing)."""


PLACES: Mapping[str, Region] = {"us-east-1": Region(0.045, 0.01), "eu-west-1": Region(0.048, 0.011)}

ADDRESS = 0.005
"""A public IPv4 address, by the hour (Amazon VPC Pricing)."""

DATABASE = 1.0
"""Airflow's database by the month: 10 GB, AWS's own example of an ordinary one (Amazon MWAA Pricing)."""

STORED = 0.023
"""A gigabyte in S3 by the month (Amazon S3 Pricing, S3 Standard)."""

KEY = 1.0
"""By the month (AWS KMS Pricing)."""

SECRET = 0.4
"""By the month (AWS Secrets Manager Pricing)."""

ALARM, DASHBOARD, METRIC = 0.1, 3.0, 0.3
"""By the month (Amazon CloudWatch Pricing)."""


def region(name: str) -> Region:
    """Of a region that is not in the table, those of the first that is."""
    return PLACES.get(name, PLACES[REGIONS[0]])


def airflow(environment_class: str) -> tuple[str, Airflow | None]:
    """The class that is counted, and its prices; None: no price is known."""
    counted = AIRFLOW_INSTEAD.get(environment_class, environment_class)
    return counted, AIRFLOW.get(counted)


def notes(place: str) -> list[str]:
    """What whoever reads an amount has to know of it."""
    said = [
        f"US dollars at AWS's list prices of {DATE} (ops/prices.py names the pages), without discounts, free tier and tax. Not in "
        "it: traffic, requests, log lines, backups.",
    ]
    if place not in PLACES:
        said.append(f"The table has no prices of {place}: those of {REGIONS[0]} are taken, and yours are up to a third higher.")
    return said
