"""`ops preflight`: is everything there that the first deployment needs?"""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import boto3
import typer

from ops import limits
from ops.context import stack_of
from ops.errors import OpsError
from ops.findings import Check, Finding, report
from ops.limits import Quota
from ops.stack_file import settings_of, values_of
from settings.project import NAMESPACE, REPOSITORY
from settings.stack import Settings

PATIENCE = 60
"""Seconds for one command or connection."""

RAISE = "Service Quotas in AWS's console (docs/limits.md)"


def preflight(
    context: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The stack's file; without it Pulumi.<stack>.yaml here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Check before the first `pulumi up` what would stop it half-way; exit code 1 if something would.

    It needs the stack's file and AWS credentials, and changes nothing.
    """
    name = stack_of(context).name
    if name is None:
        raise OpsError("Which stack?", "Name it: ops --stack dev preflight")
    values = values_of(config_file or REPOSITORY / f"Pulumi.{name}.yaml")
    settings = settings_of(name, values)
    session = boto3.Session(region_name=values.get("aws:region"))
    report(_checks(name, settings, session), as_json=as_json)


def _checks(name: str, settings: Settings, session: boto3.Session) -> Iterator[tuple[str, Check]]:
    yield "AWS account", lambda: _account(settings, session)
    if settings.team is None:  # else its platform has these already
        yield "MWAA", lambda: _mwaa(settings, session)
        yield "availability zones", lambda: _zones(settings, session)
        for quota in limits.QUOTAS:
            yield quota.name, lambda quota=quota: _quota(name, settings, session, quota)
    yield "Docker", _docker
    if settings.image.promote_from is None:
        yield "base image", lambda: _base_image(settings.image.base_image)
    yield "Snowflake", lambda: _snowflake(settings)
    yield "tags", lambda: _tags(settings)


def _account(settings: Settings, session: boto3.Session) -> Iterator[Finding]:
    who = session.client("sts").get_caller_identity()
    allowed = settings.allowed_account_ids
    right = not allowed or who["Account"] in allowed
    detail = f"{who['Account']}, {session.region_name}, as {who['Arn']}"
    fix = f"aws:allowedAccountIds names {', '.join(allowed)}: take that account's credentials"
    yield Finding(check="AWS account", ok=right, detail=detail, fix="" if right else fix)


def _mwaa(settings: Settings, session: boto3.Session) -> Iterator[Finding]:
    there = session.region_name in session.get_available_regions("mwaa")
    wanted = f"Airflow {settings.airflow.version} on {settings.airflow.environment_class}"
    detail = (
        f"offered in {session.region_name}; whether {wanted} is, AWS tells only when it is made" if there else "not offered here"
    )
    yield Finding(check="MWAA", ok=there, detail=detail, fix="" if there else "Choose another aws:region.")


def _zones(settings: Settings, session: boto3.Session) -> Iterator[Finding]:
    from settings.sections.network import WITHOUT_FARGATE  # noqa: PLC0415

    ec2 = session.client("ec2")
    usual = {"Name": "opt-in-status", "Values": ["opt-in-not-required"]}
    zones = ec2.describe_availability_zones(Filters=[usual])["AvailabilityZones"]
    names = sorted(zone["ZoneName"] for zone in zones if zone["ZoneId"] not in WITHOUT_FARGATE)
    chosen = settings.network.zones or names[: settings.network.availability_zones]
    service = f"com.amazonaws.{session.region_name}.airflow.api"
    offered = ec2.describe_vpc_endpoint_services(ServiceNames=[service])["ServiceDetails"][0]["AvailabilityZones"]
    wrong = [zone for zone in chosen if zone not in names or zone not in offered]
    good = [zone for zone in names if zone in offered]
    ok = not wrong and len(chosen) == settings.network.availability_zones
    fix = f"Set {NAMESPACE}:network.zones to {settings.network.availability_zones} of: {', '.join(good)}"
    detail = f"without Fargate or MWAA: {', '.join(wrong)}" if wrong else ", ".join(chosen)
    yield Finding(check="availability zones", ok=ok, detail=detail, fix="" if ok else fix)


def _quota(name: str, settings: Settings, session: boto3.Session, quota: Quota) -> Iterator[Finding]:
    need, most = quota.need(settings), limits.granted(session, quota)
    used = quota.used(session) if quota.used and need else 0
    # What a stack has that is there already counts as used.
    ok = used + need <= most or (quota.used is not None and used <= most and _is_deployed(name, session))
    detail = f"{most:,}: {used:,} in use, {need:,} needed" if quota.used else f"{most:,}: {need:,} needed"
    fix = f"Ask AWS for {used + need:,} or more: {RAISE}"
    yield Finding(check=quota.name, ok=ok, detail=detail, fix="" if ok else fix)


def _is_deployed(name: str, session: boto3.Session) -> bool:
    return (
        f"{NAMESPACE}-{name}"
        in session.client("mwaa").get_paginator("list_environments").paginate().build_full_result()["Environments"]
    )


def _docker() -> Iterator[Finding]:
    version = _output("docker", "version", "--format", "{{.Server.Version}}")
    yield Finding(check="Docker", ok=True, detail=f"server {version}")


def _base_image(name: str) -> Iterator[Finding]:
    _output("docker", "manifest", "inspect", name)
    yield Finding(check="base image", ok=True, detail=name)


def _output(*command: str) -> str:
    """Output of a command. Raises OpsError with its last words if it fails."""
    if shutil.which(command[0]) is None:
        raise OpsError(f"There is no `{command[0]}` on the PATH.", "Install it: it builds the image.")
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise OpsError(f"`{' '.join(command)}` gives no answer in {PATIENCE} s.", "Try it by itself.") from error
    if done.returncode:
        raise OpsError((done.stderr.strip().splitlines() or ["no reason"])[-1], f"Try it by itself: {' '.join(command)}")
    return done.stdout.strip()


def _snowflake(settings: Settings) -> Iterator[Finding]:
    warehouse = settings.warehouse
    if settings.network.egress != "nat":
        yield Finding(check="Snowflake", ok=True, detail=f"not checked: {warehouse.host_name} is reached from inside the VPC only")
        return
    fix = "warehouse.account is part of the name: see docs/snowflake.md. If it is right, look at this machine's network."
    try:
        with socket.create_connection((warehouse.host_name, warehouse.port), timeout=PATIENCE) as connection:
            if warehouse.protocol == "https":
                ssl.create_default_context().wrap_socket(connection, server_hostname=warehouse.host_name).close()
    except OSError as error:
        raise OpsError(f"{warehouse.host_name}:{warehouse.port} can't be reached: {error}", fix) from error
    users = ", ".join(login.user for login in settings.logins.values())
    detail = f"{warehouse.host_name} answers; the log-in of {users} is checked by the first run, when there is a secret"
    yield Finding(check="Snowflake", ok=True, detail=detail)


def _tags(settings: Settings) -> Iterator[Finding]:
    from settings.sections.tags import ASKED_FOR  # noqa: PLC0415

    given = settings.default_tags.tags
    missing = [name for name in ASKED_FOR if not given.get(name)]
    detail = f"aws:defaultTags lacks {', '.join(missing)}" if missing else f"{len(given)} of at most 10"
    fix = "The policies ask for them: add them to aws:defaultTags.tags" if missing else ""
    yield Finding(check="tags", ok=not missing, detail=detail, fix=fix)
