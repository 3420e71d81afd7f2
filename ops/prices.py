"""What AWS asks: US dollars at list price, without discounts, taxes and free tiers.

Those of "AWS Fargate Pricing" as other pages quoted them on 2026-11-29, for US East (N. Virginia) and Europe (Ireland), which are
the same; in other regions they are up to a third higher: what is computed here is an estimate.
"""

from typing import NamedTuple

SOURCE = "AWS Fargate Pricing, us-east-1 and eu-west-1, as of 2026-11-29"


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
