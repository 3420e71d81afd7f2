"""`ops costs`: what a stack has cost, and what one will."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from ops import prices
from ops.context import AT_ONCE, messages, results, stack_of
from ops.credits import credits_of
from ops.errors import OpsError
from ops.estimate import Line, estimate
from ops.pages import record
from ops.pages.record import Record
from ops.stack import Stack, Workstream
from ops.stack_file import settings_of, values_of
from ops.words import count_of
from settings.project import REPOSITORY

SHOWN = 10
"""Models at most; `--json` has all."""

GIB = 1024**3


def costs(  # noqa: PLR0917 - typer's parameters are options
    context: typer.Context,
    days: Annotated[int, typer.Option(metavar="DAYS", min=1, max=90, help="How far back; runs are kept for 90 days.")] = 30,
    estimated: Annotated[bool, typer.Option("--estimate", help="Of a month, from the stack's file alone: needs no AWS.")] = False,
    minutes: Annotated[
        float, typer.Option(metavar="MINUTES", min=1, help="With --estimate: what a run of each workstream takes.")
    ] = 10,
    config_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --estimate: the stack's file; without it Pulumi.<stack>.yaml here.")
    ] = None,
    snowflake: Annotated[
        str | None, typer.Option(metavar="CONNECTION", help="Add credits, by this connection of your connections.toml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what the stack costs: Airflow, network, storage, Fargate by workstream and model, and Snowflake's credits.

    An estimate at AWS's list prices; the bill is in AWS's Cost Explorer, by the stack's tags.
    """
    stack = stack_of(context)
    if estimated:
        region, lines = _estimated(stack.name, config_file, minutes)
        _print(f"A month of the stack {stack.name}", lines, region, as_json=as_json)
        return
    since = datetime.now(UTC) - timedelta(days=days)
    records = _records(stack)
    lines = [*_standing(stack, since), *_ran(records, since)]
    more: dict[str, Any] = {"models": [line._asdict() for line in _models(records, since)]}
    if snowflake:
        more["credits"] = [each._asdict() for each in credits_of(stack.output("airflowEnvironment"), days, snowflake)]
    _print(f"The last {days} days", lines, stack.output("region"), as_json=as_json, more=more)


def _estimated(name: str | None, file: Path | None, minutes: float) -> tuple[str, list[Line]]:
    if name is None:
        raise OpsError("Which stack?", "Name it: ops --stack dev costs --estimate")
    values = values_of(file or REPOSITORY / f"Pulumi.{name}.yaml")
    region, settings = values["aws:region"], settings_of(name, values)
    if settings.team:
        platform = settings.team.platform
        raise OpsError(
            f"{name} is a team's stack: network and Airflow are its platform's.", f"ops --stack {platform} costs --estimate"
        )
    return region, list(estimate(settings, region, minutes))


def _print(title: str, lines: Sequence[Line], region: str, *, as_json: bool, more: dict[str, Any] | None = None) -> None:
    more = more or {}
    total = sum(line.usd for line in lines)
    if as_json:
        amounts = [{**line._asdict(), "usd": round(line.usd, 2)} for line in lines]
        typer.echo(json.dumps({"usd": round(total, 2), "lines": amounts, **more, "notes": prices.notes(region)}))
        return
    for line in lines:
        results.print(escape(f"{line.usd:>9,.2f}  {line.kind:<9} {line.what}"))
    results.print(f"{total:>9,.2f}  {title}")
    for line in more.get("models", [])[:SHOWN]:
        results.print(escape(f"{line['usd']:>9,.2f}  of that  {line['what']}"))
    for each in more.get("credits", []):
        results.print(escape(f"{each['credits']:>9,.3f}  credits  {each['workstream']} {each['node']}"))
    for note in prices.notes(region):
        messages.print(escape(note))


def _records(stack: Stack) -> list[Record]:
    def look(workstream: Workstream) -> Record:
        bucket, key = record.key(workstream)
        s3 = stack.client("s3")
        try:
            return record.read(workstream, s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except s3.exceptions.NoSuchKey:
            return record.read(workstream, None)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(look, stack.workstreams()))


def _ran(records: Sequence[Record], since: datetime) -> Iterator[Line]:
    """Fargate by workstream: the seconds that its runs' summaries tell."""
    for each in records:
        runs = [run for run in each.runs if run.started >= since]
        minutes = sum(run.seconds for run in runs) / 60
        yield Line("Fargate", f"{each.workstream.name}: {count_of(len(runs), 'run')}, {minutes:,.0f} min", each.spent(since))


def _models(records: Sequence[Record], since: datetime) -> list[Line]:
    """The same by node: its part of all seconds of the workstream's nodes. Start and end of a run are shared in that way."""
    found = []
    for each in records:
        seconds = {
            node.name: sum(result.seconds for result in node.results if datetime.fromisoformat(result.started) >= since)
            for node in each.nodes
        }
        whole = sum(seconds.values()) or 1
        for name, part in seconds.items():
            found.append(Line("model", f"{each.workstream.name} {name}: {part:,.0f} s", each.spent(since) * part / whole))
    return sorted((line for line in found if line.usd), key=lambda line: -line.usd)


def _standing(stack: Stack, since: datetime) -> Iterator[Line]:
    """What costs money while nothing runs, for as long as it has been there."""
    yield _airflow(stack, since)
    price = prices.region(stack.output("region"))
    vpc = [{"Name": "vpc-id", "Values": [stack.output("vpcId")]}]
    gateways = stack.client("ec2").describe_nat_gateways(Filter=vpc)["NatGateways"]
    hours = sum(_hours(gateway["CreateTime"], since) for gateway in gateways)
    yield Line("network", count_of(len(gateways), "NAT gateway"), hours * (price.nat_gateway + prices.ADDRESS))
    endpoints = stack.client("ec2").describe_vpc_endpoints(Filters=vpc)["VpcEndpoints"]
    interfaces = [each for each in endpoints if each["VpcEndpointType"] == "Interface"]
    hours = sum(len(each["SubnetIds"]) * _hours(each["CreationTimestamp"], since) for each in interfaces)
    yield Line("network", count_of(len(interfaces), "endpoint"), hours * price.endpoint)
    stored = [_stored(stack, stack.output(bucket)) for bucket in ("artifactsBucket", "dagBucket")]
    days = (datetime.now(UTC) - since).days
    yield Line("storage", f"{sum(stored) / GIB:,.1f} GiB in S3", sum(stored) / GIB * prices.STORED * days / 30)


def _airflow(stack: Stack, since: datetime) -> Line:
    found = stack.client("mwaa").get_environment(Name=stack.output("airflowEnvironment"))["Environment"]
    counted, price = prices.airflow(found["EnvironmentClass"])
    if price is None:
        return Line("Airflow", f"{found['EnvironmentClass']}: NO PRICE KNOWN, not counted", 0)
    hours = _hours(found["CreatedAt"], since)
    named = found["EnvironmentClass"]
    of = named if counted == named else f"{named}, counted as {counted}"
    return Line("Airflow", f"{of}, without further workers", hours * (price.environment + prices.DATABASE / prices.HOURS))


def _hours(made: datetime, since: datetime) -> float:
    return (datetime.now(UTC) - max(made, since)).total_seconds() / 3600


def _stored(stack: Stack, bucket: str) -> float:
    """Bytes in a bucket, as S3 counts them once a day (Amazon S3, "Metrics and dimensions")."""
    now = datetime.now(UTC)
    found = stack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/S3",
        MetricName="BucketSizeBytes",
        Dimensions=[{"Name": "BucketName", "Value": bucket}, {"Name": "StorageType", "Value": "StandardStorage"}],
        StartTime=now - timedelta(days=3),
        EndTime=now,
        Period=86400,
        Statistics=["Average"],
    )["Datapoints"]
    return max((point["Average"] for point in found), default=0)
