"""Reads and checks what the platform wrote about each workstream: the files `config/<workstream>.json` beside this one.

Of packages only those that Airflow itself brings (pydantic, pendulum), because MWAA gives DAG files nothing else.
"""

import difflib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pendulum
from airflow.sdk import CronDataIntervalTimetable
from airflow.sdk.exceptions import AirflowTimetableInvalid
from dbt_teams import foreign, teams
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

SCHEMA_VERSION = 1
"""Rises when a reader of the former version would misread a file."""

Text = Annotated[str, StringConstraints(pattern=r"\S"), Field(description="a text that is not empty")]
Texts = Annotated[list[Text], Field(description="a list of texts")]
Number = Annotated[int, Field(ge=0, description="a whole number, 0 or more")]
Flag = Annotated[bool, Field(description="true or false")]


class ConfigurationError(ValueError):
    """A file can't become a DAG; the message names the file, each wrong key, its value and the fix."""


class Start(BaseModel):
    """The one workstream that starts another, which has no clock."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    asset: Text


class Several(BaseModel):
    """Several that start a workstream, with or without a clock beside them."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    cron: Text | None
    mode: Literal["all", "any"]
    """Start when each of them has news, or when one has."""
    upstreams: Texts
    """Names of workstreams, and URIs of assets from outside."""


class Workstream(BaseModel):
    """One workstream as its DAG needs it: names and ARNs, never a secret.

    Every key is required, so that what a DAG does never depends on a default in two places. Other keys are ignored: S3 may show a
    new file before the DAG files that know it.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", alias_generator=to_camel)

    schema_version: Annotated[Literal[1], Field(description=f"{SCHEMA_VERSION}")]
    name: Text = Field(alias="workstream")
    dag_id: Text
    description: Text
    owner: Text
    tags: Texts
    start: Annotated[
        Text | Start | Several | None,
        Field(
            alias="schedule",
            union_mode="left_to_right",
            description='a cron expression, {"asset": "<workstream>"}, {"cron": ..., "mode": "all", "upstreams": [...]}, '
            "or null for manual runs only",
        ),
    ]
    timezone: Text
    pool_slots: Number
    """Slots of Airflow's default pool that a run takes, so that only as many run at once as the warehouse bears."""
    failed_model_tasks: Number
    """Failed models at most that a failed run shows as tasks of their own; 0: none."""
    retries: Number
    timeout_minutes: Number
    """Time that dbt itself may take; the container enforces it."""
    region: Text
    cluster: Text
    capacity_provider: Text
    """`FARGATE` or `FARGATE_SPOT`."""
    task_definition: Text
    """ARN with revision, so that a run never mixes two releases."""
    commit_page: Annotated[Text | None, Field(description="an address, or null")]
    """Where a browser shows the commit of the files that run."""
    console_link: Annotated[Text | None, Field(description="an address with {page}, or null")]
    """What leads to a page of AWS's console; None: its own address."""
    container: Text
    subnets: Texts
    security_groups: Texts
    log_group: Text
    log_stream_prefix: Text
    """Prefix and container name, as awslogs names its streams: `dbt/dbt`."""
    artifacts_bucket: Text
    artifacts_prefix: Text
    alert_topic: Text
    """Of the workstream's receivers."""
    chat_topic: Annotated[Text | None, Field(description="an ARN, or null")]
    """The same messages for chat applications; None: its receivers have none."""
    platform_topic: Text
    """Of the stack's receivers, for what belongs to no workstream any more."""
    platform_chat_topic: Annotated[Text | None, Field(description="an ARN, or null")]
    secret: Annotated[Text | None, Field(description="an ARN, or null")]
    """The Snowflake credentials', whose age Airflow may ask for, never their value; None: there are none."""
    select: Texts
    exclude: Texts
    selector: Annotated[Text | None, Field(description="a text that is not empty, or null")]
    """Of the project's `selectors.yml`, in place of `select` and `exclude`."""
    commands: Texts
    """dbt commands, one after the other."""
    full_refresh: Flag
    only_new: Flag
    """Leave out what has nothing new to work on."""
    freshness: Flag

    @property
    def schedule(self) -> str | None:
        """Cron expression in `timezone`; None without a clock."""
        return self.start.cron if isinstance(self.start, Several) else self.start if isinstance(self.start, str) else None

    @property
    def upstreams(self) -> list[str]:
        """Workstreams whose refreshed marts start this one, and URIs of assets from outside."""
        if isinstance(self.start, Several):
            return self.start.upstreams
        return [self.start.asset] if isinstance(self.start, Start) else []

    @property
    def any_upstream(self) -> bool:
        """One of them is enough."""
        return isinstance(self.start, Several) and self.start.mode == "any"

    @field_validator("timeout_minutes")
    @classmethod
    def _leaves_time(cls, minutes: int) -> int:
        return _refused("leaves no time to run: give at least 1") if minutes == 0 else minutes

    @field_validator("pool_slots")
    @classmethod
    def _holds_back(cls, slots: int) -> int:
        return _refused("would let any number of workstreams run at once: give at least 1") if slots == 0 else slots

    @field_validator("subnets", "security_groups", "commands")
    @classmethod
    def _names_one(cls, ids: list[str]) -> list[str]:
        return ids or _refused("is empty: name at least one")

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            pendulum.timezone(name)
        except (KeyError, ValueError):
            return _refused("is unknown: use an IANA name such as 'Europe/Amsterdam'")
        return name

    @field_validator("start")
    @classmethod
    def _is_cron(cls, start: str | Start | Several | None) -> str | Start | Several | None:
        if isinstance(start, Several) and not start.upstreams:
            _refused("names nobody: name at least one in `upstreams`")
        if cron := start.cron if isinstance(start, Several) else start if isinstance(start, str) else None:
            try:
                CronDataIntervalTimetable(cron, timezone="UTC").validate()
            except AirflowTimetableInvalid as error:
                return _refused(f"is no cron expression ({error}): use e.g. '0 5 * * *'")
        return start

    @classmethod
    def of(cls, path: Path, content: dict[str, Any]) -> Self:
        """One file's content. Raises ConfigurationError with all that is wrong in it."""
        try:
            workstream = cls.model_validate(content)
        except ValidationError as error:
            problems = dict.fromkeys(_problem(details, content) for details in error.errors(include_url=False))
            raise _error(path, list(problems)) from error
        if workstream.name != path.stem:
            raise _error(path, [f"workstream: {workstream.name!r} should be {path.stem!r}, as the file is named"])
        return workstream


FORMS: dict[str, str] = {field.alias or name: field.description or "" for name, field in Workstream.model_fields.items()}
"""What each key should be, by its name in the file."""


def read(folder: Path) -> tuple[list[Workstream], list[ConfigurationError]]:
    """Everything in the folder: the workstreams that can become DAGs, and an error for each file that can't."""
    workstreams: dict[str, Workstream] = {}
    errors: list[ConfigurationError] = []
    guests = teams(folder.parent)
    for path in sorted(folder.glob("*.json")):
        try:
            workstream = read_file(path)
            if problems := foreign(workstream.name, workstream.model_dump(by_alias=True), guests):
                raise _error(path, problems)
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
    return Workstream.of(path, content)


def _platform_version(dag_folder: Path) -> str:
    """Of whoever deployed last, also when only the DAG files were put back."""
    file = dag_folder / "platform-version.txt"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else "(not named)"


def _refused(reason: str) -> Any:
    raise PydanticCustomError("refused", "{reason}", {"reason": reason})


def _problem(details: ErrorDetails, content: dict[str, Any]) -> str:
    key = str(details["loc"][0])
    if details["type"] == "missing" and len(details["loc"]) == 1:
        near = difflib.get_close_matches(key, content.keys() - FORMS, n=1)
        return f"{key}: is missing" + (f": is it {near[0]!r}?" if near else "") + f": expected {FORMS[key]}"
    if details["type"] == "refused":
        return f"{key}: {content[key]!r} {details['msg']}"
    return f"{key}: {content[key]!r} should be {FORMS[key]}"


def _error(path: Path, problems: list[str]) -> ConfigurationError:
    return ConfigurationError("\n".join(f"config/{path.name}: {problem}" for problem in problems))
