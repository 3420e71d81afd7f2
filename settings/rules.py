"""Rules of the stack configuration that need more than a type or a pattern.

Each takes a value, returns it when it is right, and raises a ValueError that tells the fix. A rule that compares two fields
gets None for the other one when that is wrong itself, and lets it pass: its own problem is reported already.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter
from pydantic import SecretStr

from projects.brought import check_lock
from projects.packages import local_packages
from settings.addresses import AddressPlan
from settings.dbt_projects import dbt_projects
from settings.errors import InvalidSetting, InvalidSettingsError
from settings.project import REPOSITORY

PRIVATE_RANGES = [IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
"""RFC 1918 and RFC 6598: addresses that are nobody's on the internet."""

DOCKER_RANGE = IPv4Network("172.17.0.0/16")
"""Docker's default bridge; AWS services that use it can't reach such a VPC (Amazon VPC, "VPC CIDR blocks")."""

DISPOSABLE_TAGS = ("development", "sandbox")
"""Values of the tag `environment` with which the policy pack lets a stack lose its data (policy/controls/resource.py)."""

DEFAULT_CONNECTION = "warehouse"
"""Name of the connection that a workstream has unless it names another: the section of that name."""

HTTPS = 443

NAMED = 5
"""Names that a message has of those that are possible, where these are many."""

ENCRYPTED = "https://encrypted.invalid"
"""Stands for an address that a stack file has encrypted."""

PRIVATE_LINK = "privateLink"
"""Value of `network.egress` that means: no way to the internet, and none from it."""

PRIVATE_HOST = ".privatelink.snowflakecomputing."
"""Part of every host name that Snowflake gives its accounts for PrivateLink."""

FARGATE_MEMORY = {
    256: [512, 1024, 2048],
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
"""MiB that each number of CPU units goes with (Amazon ECS, "Task size")."""

PROJECT_FOLDER = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII)
"""Of which each part is one of the image's tag, too."""

STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}", re.ASCII)
"""Part of every name in AWS. Buckets take no other letters; the longest name, of an EventBridge rule, has 64 characters
(`dbt-platform-<stack>-platform-task-failures-` and Pulumi's seven), which leaves 20."""

AIRFLOW_PRESETS = frozenset({"@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"})


def possible(wrong: str, names: Collection[str]) -> str:
    """What somebody may have meant: all names, of many those that look like it."""
    if len(names) <= 2 * NAMED:
        return ", ".join(names)
    near = difflib.get_close_matches(wrong, names, n=NAMED, cutoff=0)
    return f"{', '.join(near)} and {len(names) - len(near)} others"


def misnamed(stack: str) -> str | None:
    """What is wrong with a stack's name."""
    if STACK_NAME.fullmatch(stack):
        return None
    return "it is part of every name in AWS. Take lower-case letters, digits and hyphens, 20 at most, a letter first"


def private_range(cidr: IPv4Network) -> IPv4Network:
    """Addresses that nobody on the internet has."""
    if not any(cidr.subnet_of(block) for block in PRIVATE_RANGES):
        raise ValueError(f"Not private addresses. Choose a range inside {', '.join(map(str, PRIVATE_RANGES))}")
    return cidr


def usable_range(cidr: IPv4Network) -> IPv4Network:
    """A range that AWS takes for a VPC and that hides nothing on the internet."""
    if not 16 <= cidr.prefixlen <= 28:
        raise ValueError("AWS takes a VPC of /16 to /28. Choose, for instance, 10.20.0.0/16")
    private_range(cidr)
    if cidr.overlaps(DOCKER_RANGE):
        raise ValueError(f"Overlaps {DOCKER_RANGE}, which Docker uses itself. Choose, for instance, 10.20.0.0/16")
    return cidr


def zones_fit(zones: int, cidr: IPv4Network | None, egress: str | None) -> int:
    """As many zones as the range has room for."""
    if cidr is not None and egress is not None:
        try:
            AddressPlan.of(cidr, zones, endpoints=egress == PRIVATE_LINK)
        except ValueError as error:
            # The usual range has room for any number of zones: this one was given.
            raise InvalidSettingsError([InvalidSetting(at="network.cidr", value=str(cidr), fix=str(error).capitalize())]) from None
    return zones


def zones_are_counted(zones: list[str], wanted: int | None) -> list[str]:
    """Different ones, and as many as subnets lie in."""
    if len(set(zones)) < len(zones):
        raise ValueError("A zone is named twice. MWAA and an outage ask for different ones")
    if zones and wanted is not None and len(zones) != wanted:
        raise ValueError(f"availabilityZones is {wanted}: name {wanted} zones, or set it to {len(zones)}")
    return zones


def snowflake_has_a_way_in(egress: str | None, *, given: bool) -> None:
    """Snowflake's endpoint exists where it is the only way to Snowflake, and nowhere else."""
    if egress == PRIVATE_LINK and not given:
        raise ValueError(f"Required with egress {PRIVATE_LINK}: give endpointService and stageBuckets, or set egress: nat")
    if egress not in (None, PRIVATE_LINK) and given:
        raise ValueError(f"Only egress {PRIVATE_LINK} has an endpoint for Snowflake. Remove it, or set egress: {PRIVATE_LINK}")


def visitors_need_a_private_page(webserver: str | None, *, given: bool) -> None:
    """Who may come is a question only where not everybody may."""
    if webserver == "publicOnly" and given:
        raise ValueError("With webserver publicOnly the page is open to the internet. Remove it, or set webserver: privateOnly")


def warehouse_is_private(egress: str | None, host: str | None, port: int) -> None:
    """Without a way to the internet, the warehouse is the one behind the endpoint."""
    if egress != PRIVATE_LINK:
        return
    invalid = []
    if PRIVATE_HOST not in (host or ""):
        fix = f"With network.egress {PRIVATE_LINK} give `privatelink-account-url` of SYSTEM$GET_PRIVATELINK_CONFIG()"
        invalid.append(InvalidSetting(at="warehouse.host", value=host, fix=fix))
    if port != HTTPS:
        invalid.append(
            InvalidSetting(at="warehouse.port", value=port, fix=f"Snowflake's endpoint listens on {HTTPS}: leave it out")
        )
    if invalid:
        raise InvalidSettingsError(invalid)


def webserver_is_private(egress: str | None, webserver: str) -> None:
    """Who asks for no internet gets none, on Airflow's page neither."""
    if egress == PRIVATE_LINK and webserver != "privateOnly":
        fix = f"With network.egress {PRIVATE_LINK} nothing is reachable from the internet: set privateOnly, or egress: nat"
        raise InvalidSettingsError([InvalidSetting(at="airflow.webserver", value=webserver, fix=fix)])


def account_identifier(account: str) -> str:
    """The identifier alone, as Snowflake's connectors want it."""
    if account.lower().endswith(".snowflakecomputing.com") or "://" in account:
        raise ValueError("Give the account identifier alone, without https:// and .snowflakecomputing.com")
    if not account.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise ValueError("An account identifier has letters, digits, hyphens, underscores and dots, for instance MYORG-ANALYTICS")
    return account


def connection_name(name: str) -> str:
    """A name that no connection has yet."""
    if name == DEFAULT_CONNECTION:
        raise ValueError(f"The name is in use: the section `{name}` is the connection of that name. Choose another")
    return name


def connections_exist(chosen: Mapping[str, str], known: Collection[str]) -> list[InvalidSetting]:
    """A workstream logs in with a connection that there is.

    Args:
        chosen: By workstream.
        known: Names of the connections.
    """
    fix = f"No connection has this name. Add it to `connections`, or take one of: {', '.join(known)}"
    return [
        InvalidSetting(at=f"workstreams.{name}.connection", value=connection, fix=fix)
        for name, connection in chosen.items()
        if connection not in known
    ]


def dbt_project(folder: str) -> str:
    """A folder inside the repository with a dbt project in it, in the one spelling that names its image."""
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("Give a folder inside the repository, relative to Pulumi.yaml: only that gets into the image")
    if not (REPOSITORY / path).is_dir():
        found = [project.relative_to(REPOSITORY).as_posix() for project in dbt_projects(REPOSITORY)]
        raise ValueError(f"There is no such folder beside Pulumi.yaml. dbt projects there: {', '.join(found) or 'none'}")
    if not path.parts:
        raise ValueError("Give the project a folder of its own: beside Pulumi.yaml lies the platform, which is no part of an image")
    if not any((REPOSITORY / path).iterdir()):
        raise ValueError("The folder is empty. If it is a submodule of Git: git submodule update --init --recursive")
    if not (REPOSITORY / path / "dbt_project.yml").is_file():
        raise ValueError("The folder holds no dbt_project.yml. Name the folder of a dbt project, or make one with `dbt init`")
    if not PROJECT_FOLDER.fullmatch(str(path)):
        raise ValueError("An image is called after it: rename what has other characters than letters, digits and _.- in its name")
    for package in local_packages(REPOSITORY / path):
        _is_part(package)
    check_lock(REPOSITORY / path)
    return str(path)


def _is_part(package: Path) -> None:
    """A package beside a project that the image can hold too."""
    if not package.is_relative_to(REPOSITORY) or package == REPOSITORY:
        raise ValueError(f"Its packages name {package}, which is no folder inside the repository: copy that beside the project")
    if not (package / "dbt_project.yml").is_file():
        raise ValueError(
            f"Its packages name {package.relative_to(REPOSITORY).as_posix()}, and no dbt_project.yml is there. "
            "Correct `local:` in its packages.yml (every path begins at the project), or add the package"
        )


def shell_script(path: str) -> str:
    """A script where the pipeline sees that it changed, and that Airflow has to restart (`.gitlab/ci/rules.yml`)."""
    if not re.fullmatch(r"dags/[\w.-]+\.sh", path):
        raise ValueError("The pipeline deploys a changed one from there only: put it directly into dags/, as dags/startup.sh")
    if not (REPOSITORY / path).is_file():
        raise ValueError("There is no such file. Name a shell script in dags/, or leave it out")
    if not (REPOSITORY / path).read_text(encoding="utf-8").startswith("#!"):
        raise ValueError("The file is no script: begin it with #!/bin/sh")
    return path


def cron(expression: str) -> str:
    """Five fields or an Airflow preset, and a date that exists."""
    if expression in AIRFLOW_PRESETS:
        return expression
    if len(expression.split()) != 5 or not croniter.is_valid(expression):
        raise ValueError(
            "Write five cron fields (minute hour day month weekday), for instance '0 5 * * *', "
            f"or one of {', '.join(sorted(AIRFLOW_PRESETS))}, or null to start it by hand"
        )
    if any(re.match(r"[rh](?![a-z])", part, re.IGNORECASE) for field in expression.split() for part in field.split(",")):
        raise ValueError("`R` and `H` mean a time at random, another one each time that Airflow reads it. Write numbers")
    try:
        croniter(expression, datetime(2024, 1, 1)).get_next()  # noqa: DTZ001 (any date will do)
    except CroniterBadDateError:
        raise ValueError("There is no such date, so it would never run. Correct the day or the month") from None
    return expression


def timezone(name: str) -> str:
    """A zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("Unknown time zone. Use an IANA name, for instance Europe/Amsterdam or UTC") from None
    return name


def clock(timezone: str, schedule: str | None) -> str:
    """A zone in which Airflow makes the schedule's intervals right: its arithmetic (3.3.1, `CronMixin`) knows whole hours only."""
    if schedule is None or (" " not in schedule and not schedule.startswith("@")):
        return timezone
    now = datetime.now(UTC)
    offsets = [ZoneInfo(timezone).utcoffset(now + timedelta(days=day)) or timedelta() for day in range(366)]
    if any(before != after and abs(after - before) != timedelta(hours=1) for before, after in pairwise(offsets)):
        raise ValueError("Its clocks change by other than an hour, which Airflow gets wrong. Use UTC, or a zone nearby")
    return timezone


def fargate_memory(memory: int, cpu: int | None) -> int:
    """Memory that Fargate offers with these CPU units."""
    if cpu is not None and memory not in (choices := FARGATE_MEMORY[cpu]):
        offered = ", ".join(map(str, choices[:-1])) + f" or {choices[-1]}"
        if isinstance(choices, range):
            offered = f"{choices[0]} to {choices[-1]} MiB in steps of {choices.step}"
        raise ValueError(f"Fargate has no such pair: with cpu {cpu} choose {offered}")
    return memory


def spot_is_retried(retries: int, capacity: str | None) -> int:
    """AWS ends Spot tasks for reasons of its own."""
    if capacity == "spot" and retries == 0:
        raise ValueError("AWS may end a task on Spot at any time: allow at least 1 retry, or set capacity to onDemand")
    return retries


def tag_agrees(environment: str | None, tag: object) -> None:
    """The policy pack goes by the tag: production must not be without its rules, nor development be held to them."""
    if environment and tag and (environment == "development") != (tag in DISPOSABLE_TAGS):
        right = " or ".join(DISPOSABLE_TAGS) if environment == "development" else "production"
        fix = f"The tag `environment` of aws:defaultTags is {tag!r}, and the policies go by it: make it {right}, or change this key"
        raise InvalidSettingsError([InvalidSetting(at="environment", value=environment, fix=fix)])


def production_names_its_account(environment: str | None, account_ids: list[str]) -> list[str]:
    """A wrong profile in a shell must not turn a test account into production, or production into a test."""
    if environment == "production" and not account_ids:
        raise ValueError("Production needs its account's number here, in quotes")
    return account_ids


def boundary_is_in_the_account(boundary: str | None, account_ids: list[str] | None) -> str | None:
    """A boundary of another account is none: IAM refuses the first role, after minutes."""
    if boundary and account_ids and boundary.split(":")[4] not in account_ids:
        raise ValueError(
            f"Not of {', '.join(account_ids)}, which aws:allowedAccountIds names. Take the one that bootstrap/ made there"
        )
    return boundary


def production_is_encrypted(environment: str | None, protocol: str) -> None:
    """No query and no row crosses a network in the clear."""
    if environment == "production" and protocol != "https":
        raise InvalidSettingsError([InvalidSetting(at="warehouse.protocol", value=protocol, fix="Production must use https")])


def production_has_readers(environment: str | None, *, given: bool) -> None:
    """Alerts that nobody gets are none."""
    if environment == "production" and not given:
        fix = "Production needs at least one address, or nobody learns that a run failed"
        raise InvalidSettingsError([InvalidSetting(at="alerts.emails", value=[], fix=fix)])


def decrypted(value: object) -> object:
    """A secret as it is; of one that a stack file has encrypted, whose value only Pulumi knows, that there is one."""
    return ENCRYPTED if isinstance(value, dict) and value.keys() == {"secure"} else value


def https_address(url: SecretStr) -> SecretStr:
    """An address that SNS may post to: nothing of an alert goes over a network in the clear."""
    if not re.fullmatch(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?", url.get_secret_value()):
        raise ValueError("Give an https address with a host name, and without a user")
    return url


def one_channel_each(channels: Mapping[str, tuple[str, str]]) -> list[InvalidSetting]:
    """AWS's provider finds a channel by its team alone, and fails if there are two (hashicorp/terraform-provider-aws,
    `findTeamsChannelConfigurationByTeamID`).

    Args:
        channels: Team and channel by the place that names them.
    """
    invalid, known = [], {}
    for place, (team, channel) in channels.items():
        first = known.setdefault(team, channel)
        if first != channel:
            fix = f"The provider can connect one channel of a team: take {first}, or a channel of another team"
            invalid.append(InvalidSetting(at=f"{place}.channel", value=channel, fix=fix))
    return invalid


def receivers_fit(receivers: Mapping[str, Collection[str]], names: Collection[str]) -> list[InvalidSetting]:
    """Receivers are those of workstreams that exist, and each of these has one set of them.

    Args:
        receivers: Workstreams by the name of their receivers.
        names: Of all workstreams.
    """
    invalid, owners = [], {}
    for receiver, workstreams in receivers.items():
        for workstream in workstreams:
            if workstream not in names:
                fix = f"There is no workstream {workstream}. Workstreams: {possible(workstream, names)}"
            elif owners.setdefault(workstream, receiver) != receiver:
                fix = f"{workstream} has the receivers {owners[workstream]} already. Name it in one place"
            else:
                continue
            invalid.append(InvalidSetting(at=f"alerts.receivers.{receiver}.workstreams", value=workstream, fix=fix))
    return invalid


def builds_have_names(builds: Mapping[str, tuple[str, object]]) -> list[InvalidSetting]:
    """By workstream, the name of its image and what it is made of: two things of one name would push each other's image away."""
    invalid, made = [], {}
    for name, (called, what) in builds.items():
        first, other = made.setdefault(called, (name, what))
        if other != what:
            same = "Give both the same `ref` and `requirements`, or name the folder otherwise"
            fix = f"Of {first} an image {called!r} is made from other files. {same}"
            invalid.append(InvalidSetting(at=f"workstreams.{name}.project", value=str(what), fix=fix))
    return invalid


def asset_uri(uri: str) -> str:
    """An address that Airflow takes as an asset of somebody else's (Airflow, "Asset definitions": URI)."""
    scheme, separator, rest = uri.partition("://")
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme) or not re.fullmatch(r"[!-~]+", rest):
        raise ValueError("Give the name of a workstream, or the URI of an asset: s3://bucket/key, or x-ingest://orders")
    if scheme == "airflow" or "@" in rest.partition("/")[0]:
        raise ValueError("Airflow keeps the scheme `airflow` for itself, and takes no user in a URI. Take x-ingest://orders")
    return uri


def followed_exist(
    upstreams: Mapping[str, tuple[str, list[str]]], names: Collection[str], elsewhere: Collection[str] = ()
) -> list[InvalidSetting]:
    """A workstream can start only after one that exists, and that does not wait for it, directly or by way of others.

    Args:
        upstreams: By workstream: the key that names those that it waits for, and these.
        names: Of all workstreams.
        elsewhere: Those of these that other stacks on the same platform have.
    """
    follows = {name: followed for name, (_, followed) in upstreams.items()}
    invalid = []
    for name, (key, all_followed) in upstreams.items():
        for followed in all_followed:
            if followed == name:
                fix = "It would wait for itself for ever. Give it a cron expression, or the name of another workstream"
            elif followed in elsewhere:
                continue
            elif followed not in names:
                fix = f"No workstream has this name, and it is no cron expression. Workstreams: {possible(followed, names)}"
            elif circle := _way(followed, name, follows):
                fix = f"{' and '.join(circle)} would wait for each other for ever. Give one of them a cron expression"
            else:
                continue
            invalid.append(InvalidSetting(at=f"workstreams.{name}.{key}", value=followed, fix=fix))
    return invalid


def _way(start: str, end: str, follows: Mapping[str, list[str]]) -> list[str]:
    """From a workstream to one that it waits for, by way of others; nothing if there is no way."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        for following in follows.get(way[-1], []):
            if following == end:
                return [*way, end]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []
