"""Reads and checks what the platform wrote about each workstream: the files `config/<workstream>.json` beside this one.

Standard library and Airflow only, because MWAA gives DAG files nothing else.
"""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pendulum
from airflow.sdk import CronDataIntervalTimetable
from airflow.sdk.exceptions import AirflowTimetableInvalid

SCHEMA_VERSION = 1
"""Rises when a reader of the former version would misread a file."""

Kind = Literal["text", "number", "flag", "texts", "schedule", "maybe"]

KEYS: dict[str, Kind] = {
    "schemaVersion": "number",
    "workstream": "text",
    "dagId": "text",
    "description": "text",
    "owner": "text",
    "tags": "texts",
    "schedule": "schedule",
    "timezone": "text",
    "poolSlots": "number",
    "failedModelTasks": "number",
    "retries": "number",
    "timeoutMinutes": "number",
    "region": "text",
    "cluster": "text",
    "capacityProvider": "text",
    "taskDefinition": "text",
    "container": "text",
    "subnets": "texts",
    "securityGroups": "texts",
    "logGroup": "text",
    "logStreamPrefix": "text",
    "artifactsBucket": "text",
    "artifactsPrefix": "text",
    "alertTopic": "text",
    "select": "texts",
    "exclude": "texts",
    "selector": "maybe",
    "commands": "texts",
    "fullRefresh": "flag",
    "freshness": "flag",
}
"""Every key that is read; all are required, so that what a DAG does never depends on a default in two places.

Other keys are ignored: S3 may show a new file before the DAG files that know it.
"""

FORMS: dict[Kind, str] = {
    "text": "a text that is not empty",
    "number": "a whole number, 0 or more",
    "flag": "true or false",
    "texts": "a list of texts",
    "maybe": "a text that is not empty, or null",
    "schedule": 'a cron expression, {"asset": "<workstream>"}, or null for manual runs only',
}


class ConfigurationError(ValueError):
    """A file can't become a DAG; the message names the file, each wrong key, its value and the fix."""


@dataclass(frozen=True, kw_only=True)
class Workstream:
    """One workstream as its DAG needs it: names and ARNs, never a secret."""

    name: str
    dag_id: str
    description: str
    owner: str
    tags: list[str]
    schedule: str | None
    """Cron expression in `timezone`; None without a clock."""
    after: str | None
    """Workstream whose refreshed marts start this one."""
    timezone: str
    pool_slots: int
    """Slots of Airflow's default pool that a run takes, so that only as many run at once as the warehouse bears."""
    failed_model_tasks: int
    """Failed models at most that a failed run shows as tasks of their own; 0: none."""
    retries: int
    timeout_minutes: int
    """Time that dbt itself may take; the container enforces it."""
    region: str
    cluster: str
    capacity_provider: str
    """`FARGATE` or `FARGATE_SPOT`."""
    task_definition: str
    """ARN with revision, so that a run never mixes two releases."""
    container: str
    subnets: list[str]
    security_groups: list[str]
    log_group: str
    log_stream_prefix: str
    """Prefix and container name, as awslogs names its streams: `dbt/dbt`."""
    artifacts_bucket: str
    artifacts_prefix: str
    alert_topic: str
    select: list[str]
    exclude: list[str]
    selector: str | None
    """Of the project's `selectors.yml`, in place of `select` and `exclude`."""
    commands: list[str]
    """dbt commands, one after the other."""
    full_refresh: bool
    freshness: bool


def read(folder: Path) -> tuple[list[Workstream], list[ConfigurationError]]:
    """Everything in the folder: the workstreams that can become DAGs, and an error for each file that can't."""
    workstreams: dict[str, Workstream] = {}
    errors: list[ConfigurationError] = []
    for path in sorted(folder.glob("*.json")):
        try:
            workstream = read_file(path)
            if workstream.dag_id in workstreams:
                twin = workstreams[workstream.dag_id].name
                raise _error(path, [f"dagId: {workstream.dag_id!r} is also the DAG of {twin!r}: give each workstream its own"])
            workstreams[workstream.dag_id] = workstream
        except ConfigurationError as error:
            errors.append(error)
    return list(workstreams.values()), errors


def read_file(path: Path) -> Workstream:
    """One file. Raises ConfigurationError with all that is wrong in it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _error(path, [f"is not readable as JSON ({error}): deploy it again with `pulumi up`"]) from error
    if not isinstance(content, dict):
        raise _error(path, [f"holds {type(content).__name__}, not an object: deploy it again with `pulumi up`"])
    version = content.get("schemaVersion")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        needed = f"it needs platform version {_platform_version(path.parent.parent)}: deploy with that version"
        raise _error(path, [f"schemaVersion: {version} is newer than the {SCHEMA_VERSION} that these DAG files read; {needed}"])
    if problems := _problems(content, path.stem):
        raise _error(path, problems)
    return _workstream(content)


def _platform_version(dag_folder: Path) -> str:
    """Of whoever deployed last, also when only the DAG files were put back."""
    file = dag_folder / "platform-version.txt"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else "(not named)"


def _problems(content: dict[str, Any], name: str) -> list[str]:
    problems: list[str] = []
    for key, kind in KEYS.items():
        if key not in content:
            near = difflib.get_close_matches(key, content.keys() - KEYS, n=1)
            problems.append(f"{key}: is missing" + (f": is it {near[0]!r}?" if near else "") + f": expected {FORMS[kind]}")
        elif not _has_form(content[key], kind):
            problems.append(f"{key}: {content[key]!r} should be {FORMS[kind]}")
    return problems or _contradictions(content, name)


def _has_form(value: object, kind: Kind) -> bool:
    match kind:
        case "text":
            return isinstance(value, str) and value.strip() != ""
        case "number":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "maybe":
            return value is None or _has_form(value, "text")
        case "flag":
            return isinstance(value, bool)
        case "texts":
            return isinstance(value, list) and all(isinstance(item, str) and item for item in value)
        case "schedule":
            asset = isinstance(value, dict) and value.keys() == {"asset"} and _has_form(value["asset"], "text")
            return value is None or asset or _has_form(value, "text")


def _contradictions(content: dict[str, Any], name: str) -> list[str]:
    """What is wrong although every value has the right form."""
    problems: list[str] = []
    if content["workstream"] != name:
        problems.append(f"workstream: {content['workstream']!r} should be {name!r}, as the file is named")
    if content["timeoutMinutes"] == 0:
        problems.append("timeoutMinutes: 0 leaves no time to run: give at least 1")
    if content["poolSlots"] == 0:
        problems.append("poolSlots: 0 would let any number of workstreams run at once: give at least 1")
    problems += [f"{key}: is empty: name at least one" for key in ("subnets", "securityGroups", "commands") if not content[key]]
    try:
        timezone = pendulum.timezone(content["timezone"])
    except (KeyError, ValueError):
        return [*problems, f"timezone: {content['timezone']!r} is unknown: use an IANA name such as 'Europe/Amsterdam'"]
    if isinstance(content["schedule"], str):
        try:
            CronDataIntervalTimetable(content["schedule"], timezone=timezone).validate()
        except AirflowTimetableInvalid as error:
            problems.append(f"schedule: {content['schedule']!r} is no cron expression ({error}): use e.g. '0 5 * * *'")
    return problems


def _workstream(content: dict[str, Any]) -> Workstream:
    schedule = content["schedule"]
    return Workstream(
        name=content["workstream"],
        dag_id=content["dagId"],
        description=content["description"],
        owner=content["owner"],
        tags=content["tags"],
        schedule=schedule if isinstance(schedule, str) else None,
        after=schedule["asset"] if isinstance(schedule, dict) else None,
        timezone=content["timezone"],
        pool_slots=content["poolSlots"],
        failed_model_tasks=content["failedModelTasks"],
        retries=content["retries"],
        timeout_minutes=content["timeoutMinutes"],
        region=content["region"],
        cluster=content["cluster"],
        capacity_provider=content["capacityProvider"],
        task_definition=content["taskDefinition"],
        container=content["container"],
        subnets=content["subnets"],
        security_groups=content["securityGroups"],
        log_group=content["logGroup"],
        log_stream_prefix=content["logStreamPrefix"],
        artifacts_bucket=content["artifactsBucket"],
        artifacts_prefix=content["artifactsPrefix"],
        alert_topic=content["alertTopic"],
        select=content["select"],
        exclude=content["exclude"],
        selector=content["selector"],
        commands=content["commands"],
        full_refresh=content["fullRefresh"],
        freshness=content["freshness"],
    )


def _error(path: Path, problems: list[str]) -> ConfigurationError:
    return ConfigurationError("\n".join(f"config/{path.name}: {problem}" for problem in problems))
