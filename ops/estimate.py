"""What a stack will cost in a month, from its file alone: before the first deployment, and without AWS."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from croniter import croniter

from ops import prices
from ops.words import count_of
from settings.rules import PRIVATE_LINK
from settings.sections.workstream import WorkstreamSettings
from settings.stack import Settings

ENDPOINTS = 14
"""With egress `privateLink`, Snowflake's included (docs/limits.md)."""

AIRFLOW_ZONES = 2
"""In which MWAA puts its own endpoints, one for its database and, with a private page, one for that (docs/limits.md)."""

INCLUDED = {"min_workers": 1, "schedulers": 2, "min_webservers": 2}
"""In the price of an environment."""

ALARMS = 4

METRICS = 6
"""Of each workstream, Container Insights' among them (docs/limits.md)."""

MONTH = timedelta(days=30)


class Line(NamedTuple):
    """One amount."""

    kind: str
    """`Airflow`, `network`, `watching`, `secrets`, `Fargate`."""
    what: str
    usd: float


def estimate(settings: Settings, region: str, minutes: float) -> Iterator[Line]:
    """What each part costs in a month.

    Args:
        settings: Of the stack.
        region: Where it is to be.
        minutes: That each run of a workstream takes.
    """
    yield from _airflow(settings)
    yield from _network(settings, prices.region(region))
    secrets = sum(login.authentication != "workloadIdentity" for login in settings.logins.values())
    yield Line(
        "secrets", f"the key, and {count_of(secrets, 'secret')} of Snowflake's log-ins", prices.KEY + secrets * prices.SECRET
    )
    metrics = METRICS * len(settings.workstreams)
    watching = ALARMS * prices.ALARM + prices.DASHBOARD + metrics * prices.METRIC
    yield Line("watching", f"{ALARMS} alarms, the dashboard, {metrics} metrics", watching)
    for name, workstream in settings.workstreams.items():
        runs = _runs(workstream, settings.workstreams)
        size = {key: getattr(workstream, key) for key in ("cpu", "memory", "architecture", "capacity")}
        yield Line("Fargate", f"{name}: {count_of(runs, 'run')} of {minutes:g} min", runs * prices.task(minutes * 60, **size))


def _airflow(settings: Settings) -> Iterator[Line]:
    counted, price = prices.airflow(settings.airflow.environment_class)
    if price is None:
        yield Line("Airflow", f"{settings.airflow.environment_class}: NO PRICE KNOWN, not counted", 0)
        return
    named = settings.airflow.environment_class
    of = named if counted == named else f"{named}, counted as {counted} (its own price is lower, and not in the table)"
    yield Line("Airflow", of, prices.HOURS * price.environment + prices.DATABASE)
    each = {"min_workers": price.worker, "schedulers": price.worker, "min_webservers": price.webserver}
    for name, included in INCLUDED.items():
        if (more := settings.airflow.fleet[name] - included) > 0:
            yield Line("Airflow", f"{more} more {name.removeprefix('min_')}", prices.HOURS * more * each[name])


def _network(settings: Settings, price: prices.Region) -> Iterator[Line]:
    zones = settings.network.availability_zones
    if settings.network.egress == PRIVATE_LINK:
        yield Line(
            "network", f"{count_of(ENDPOINTS, 'endpoint')} in {zones} zones", prices.HOURS * ENDPOINTS * zones * price.endpoint
        )
    else:
        gateways = zones if settings.production else 1
        yield Line("network", count_of(gateways, "NAT gateway"), prices.HOURS * gateways * (price.nat_gateway + prices.ADDRESS))
    own = 2 if settings.airflow.webserver == "privateOnly" else 1
    yield Line("network", f"{count_of(own, 'endpoint')} of Airflow's own", prices.HOURS * own * AIRFLOW_ZONES * price.endpoint)


def _runs(workstream: WorkstreamSettings, others: Mapping[str, WorkstreamSettings], seen: frozenset[str] = frozenset()) -> int:
    """In a month. By hand none; after others as often as the one of them that runs least."""
    start = workstream.start
    cron = start if isinstance(start, str) else start.get("cron") if start else None
    if cron:
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        ticks = croniter(str(cron), begin)
        return next(count for count in range(50_000) if ticks.get_next(datetime) >= begin + MONTH)
    upstreams = [name for name in workstream.upstreams[1] if name in others and name not in seen]
    return min((_runs(others[name], others, seen | {name}) for name in upstreams), default=0)
