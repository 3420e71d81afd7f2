"""`dbt-platform:workstreams`: one entry each."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from projects.git import fetch
from settings import dbt, rules
from settings.project import REPOSITORY
from settings.sections.git_project import GitProject
from settings.sections.section import NAME, UNQUOTED, Identifier, Section

WorkstreamName = Annotated[str, Field(pattern=NAME, max_length=30)]
"""Becomes part of role names (64 characters with their suffixes), log groups, task definition families and S3 keys."""

Selector = Annotated[
    str, Field(pattern=r"^[^-\s]\S*$", description="A dbt selector without spaces, such as `tag:sales` or `+orders`; no option.")
]
"""A leading dash would be read as an option of the container's command."""


VariableName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Letters, digits and `_`, not starting with a digit."),
    AfterValidator(dbt.variable),
]

Command = Annotated[
    str, AfterValidator(dbt.command), Field(description="A dbt command with its options, such as `run --select tag:sales`.")
]


class SecretSettings(Section):
    """A value in AWS Secrets Manager."""

    secret: Annotated[str, AfterValidator(dbt.secret)] = Field(
        description="Name or ARN of the secret, which must be in the stack's account and region. With `permissionsBoundary` its "
        "name begins with the stack's: `dbt-platform-prod/...`."
    )
    field: str | None = Field(
        default=None, pattern=r"^[^:\s]+$", description="Key of the secret's JSON; left out, the secret's whole text."
    )


Project = Annotated[
    Annotated[Annotated[str, AfterValidator(rules.dbt_project)], Tag("[folder]")] | Annotated[GitProject, Tag("[git]")],
    Discriminator(lambda given: "[folder]" if isinstance(given, str) else "[git]"),
]
"""Tagged, so that a mistake is told of the form that was meant, and not of both."""

GIT_CACHE = REPOSITORY / ".build" / "git"

LONGEST_TRY = 700
"""Minutes. Amazon MWAA gives a task that is not done after 12 hours to another worker (User Guide, "Container, queue, and database
metrics": the visibility timeout). Of these 720 minutes ten are for Fargate (`START_AND_STOP` in dags/dbt_retries.py), ten spare.
"""

AROUND_A_TRY = 12
"""Minutes: Fargate starts and stops the task, and Airflow waits before the next one (`START_AND_STOP` and `RETRY_DELAY` there)."""

Architecture = Literal["x86_64", "arm64"]


class Source(NamedTuple):
    """A commit of a Git repository that holds a dbt project."""

    git: str
    commit: str
    path: str

    def __str__(self) -> str:
        return f"{self.git}@{self.commit} {self.path}"


class Build(NamedTuple):
    """What makes an image: workstreams that agree on it share one."""

    project: str
    """Its folder; or, of one in Git, what its image is called."""
    architecture: Architecture
    source: Source | None = None
    """Where it is fetched from; None: it lies in this repository."""
    requirements: bool = True
    """Whether the Python packages of its `requirements.txt` are part of it."""

    @property
    def name(self) -> str:
        """The project's folder, and the architecture if it is not the usual one."""
        return self.project if self.architecture == "x86_64" else f"{self.project}-{self.architecture}"

    @property
    def folder(self) -> Path:
        """Where the project's files are on this machine. Raises ValueError if they can't be fetched."""
        if self.source is None:
            return REPOSITORY / self.project
        folder = fetch(self.source.git, self.source.commit, GIT_CACHE) / self.source.path
        if not (folder / "dbt_project.yml").is_file():
            raise ValueError(f"{self.source} has no dbt_project.yml: set `path` to the folder in it that has")
        return folder


Upstream = Annotated[
    str,
    AfterValidator(lambda text: text if _is_workstream_name(text) else rules.asset_uri(text)),
    Field(description="A workstream, or the URI of an asset from outside, such as `s3://landing/orders` or `x-ingest://orders`."),
]


class AfterSettings(Section):
    """What starts a workstream besides a clock: `all` or `any` of several."""

    all: list[Upstream] = Field(
        default=[], description="Start when each of these has news since the last start: names of workstreams, URIs of assets."
    )
    any: list[Upstream] = Field(default=[], description="Start whenever one of these has news.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.all) == bool(self.any):
            raise ValueError("Name what it starts after in one of both: `all: [...]`, or `any: [...]`")
        return self

    @property
    def upstreams(self) -> list[str]:
        return self.all or self.any

    @property
    def workstreams(self) -> list[str]:
        return [each for each in self.upstreams if _is_workstream_name(each)]


class WorkstreamSettings(Section):
    """A scheduled dbt project, or a selection of one."""

    project: Project = Field(
        description="Folder of the dbt project, relative to `Pulumi.yaml`, with the packages beside it that its `packages.yml` "
        "names by `local:`; or `{git: https://..., ref: v1.2, path: transform}`."
    )
    requirements: bool = Field(
        default=True,
        description="Install the Python packages of the project's `requirements.txt`, dbt's version among them, together with the "
        "platform's; `false`: the file is left out.",
    )
    schema_: Identifier = Field(alias="schema", description=f"Snowflake schema that the models are built in. {UNQUOTED}")
    connection: str = Field(
        default=rules.DEFAULT_CONNECTION,
        description="Name of the connection in `connections` that it logs in to Snowflake with; `warehouse`: the stack's own.",
    )
    role: Identifier | None = Field(default=None, description="Snowflake role; null: the connection's. Its user needs it.")
    warehouse: Identifier | None = Field(default=None, description="Snowflake virtual warehouse; null: the connection's.")
    database: Identifier | None = Field(default=None, description="Snowflake database; null: the connection's.")
    owner: str = Field(
        pattern=r"^[\w.:/=+@-][\w .:/=+@-]{0,63}$",
        description="Team or person in charge: Airflow's owner and the resources' tag. Up to 64 letters, digits, `_.:/=+@-` and "
        "inner spaces.",
    )
    description: str = Field(
        default="A dbt workstream", pattern=r"\S", max_length=500, description="What it is for, in words; shown in Airflow."
    )
    schedule: str | None = Field(
        default=None,
        description="Cron expression of five fields or an Airflow preset (`@daily`); or the name of another workstream, to start "
        "whenever that one has refreshed its marts; null: started by hand.",
    )
    after: AfterSettings | None = Field(
        default=None,
        description="Several workstreams, or assets from outside, that start it. With a cron expression in `schedule`: the clock "
        "starts it too.",
    )
    timezone: Annotated[str, AfterValidator(rules.timezone)] = Field(
        default="UTC", description="IANA time zone of the schedule, for instance `Europe/Amsterdam`."
    )
    select: list[Selector] = Field(
        default=[],
        description="dbt selectors of what to build; empty: what dbt takes then, which is the whole project, or what the default "
        "selector of its `selectors.yml` says.",
    )
    exclude: list[Selector] = Field(default=[], description="dbt selectors of what to leave out.")
    selector: str | None = Field(
        default=None,
        pattern=r"^[\w.-]+$",
        description="Name of a selector in the project's `selectors.yml`, in place of `select` and `exclude`.",
    )
    commands: list[Command] = Field(
        default=["build"],
        min_length=1,
        max_length=20,
        description="dbt commands, one after the other, as a job of the dbt platform lists them: `seed`, `run --select tag:sales`, "
        "`test`, `run-operation NAME --args '{...}'`, `docs generate`. One without a selection has the workstream's. The "
        "first that fails ends the run, and a retry goes on there.",
    )
    full_refresh: bool = Field(
        default=False, description="Build incremental models and seeds from scratch in each run: `--full-refresh`."
    )
    only_new: bool = Field(
        default=False,
        description="Build only what has something new to work on: a source above it has newer data (as its `freshness` tells), "
        "its code changed, or it did not succeed. A run without news ends after that query and starts nobody who waits for it; "
        "a source that is too old holds back only what depends on it.",
    )
    target: str | None = Field(
        default=None,
        pattern=r"^[\w.-]+$",
        description="Name of dbt's target, which projects compare with (`target.name == 'prod'`); null: the `environment` of the "
        "stack.",
    )
    vars: dict[str, Any] = Field(
        default={}, description="dbt variables, with their types: `--vars`. Those of a run by hand go before them."
    )
    environment: dict[VariableName, str] = Field(
        default={}, description="Variables of the container's environment, for the project's `env_var()`: name to text, no secrets."
    )
    secrets: dict[VariableName, SecretSettings] = Field(
        default={},
        description="Variables of the container's environment whose values come from AWS Secrets Manager when a run starts, and "
        "appear in no log and no artifact. dbt itself shows those named `DBT_ENV_SECRET_...` to no model.",
    )
    refs: dict[str, str] = Field(
        default={},
        description="For `ref('project', 'model')` of a project that several workstreams run: its name, and the workstream whose "
        "tables are meant. Where one runs it, or one that this starts after, nothing need be said.",
    )
    freshness: bool = Field(default=True, description="Check the freshness of the selected sources before the build.")
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = Field(
        default=1024, description="CPU units of the Fargate task; 1024 are one vCPU."
    )
    memory: int = Field(default=2048, description="Memory of the Fargate task in MiB; must go with `cpu`.")
    ephemeral_storage_gib: int = Field(
        default=20, ge=20, le=200, description="Disk of the Fargate task in GiB; 20 are included in its price."
    )
    architecture: Architecture = Field(
        default="x86_64",
        description="Processor of the Fargate task. `arm64` (Graviton) costs about a fifth less; its image is built "
        "on such a machine, or on another one with QEMU.",
    )
    capacity: Literal["onDemand", "spot"] = Field(
        default="onDemand",
        description="`spot` costs up to 70 % less, and AWS may take the task away with two minutes' notice: the next try goes on "
        "where it stopped, so it needs `retries`.",
    )
    threads: int = Field(default=4, ge=1, le=64, description="Number of models that dbt builds at the same time.")
    timeout_minutes: int = Field(
        default=60,
        ge=1,
        le=LONGEST_TRY,
        description="Minutes that dbt may take in one try; then its queries are cancelled. No try may be longer, because MWAA "
        "starts a task a second time after 12 hours, start and stop included.",
    )
    retries: int = Field(
        default=1, ge=0, le=5, description="Number of tries after the first; a retry builds only what did not succeed."
    )

    @field_validator("retries")
    @classmethod
    def _outlive_an_interruption(cls, retries: int, info: ValidationInfo) -> int:
        return rules.spot_is_retried(retries, info.data.get("capacity"))

    @field_validator("selector")
    @classmethod
    def _alone(cls, selector: str | None, info: ValidationInfo) -> str | None:
        return dbt.selector_alone(selector, [*info.data.get("select", []), *info.data.get("exclude", [])])

    @field_validator("secrets")
    @classmethod
    def _in_no_two_places(cls, secrets: dict[str, SecretSettings], info: ValidationInfo) -> dict[str, SecretSettings]:
        if twice := sorted(secrets.keys() & info.data.get("environment", {}).keys()):
            raise ValueError(f"{', '.join(twice)} is in `environment` too. Leave it out there")
        return secrets

    @field_validator("schedule")
    @classmethod
    def _will_fire(cls, schedule: str | None) -> str | None:
        return schedule if schedule is None or _is_workstream_name(schedule) else rules.cron(schedule)

    @field_validator("after")
    @classmethod
    def _beside_a_clock(cls, after: AfterSettings | None, info: ValidationInfo) -> AfterSettings | None:
        schedule = info.data.get("schedule")
        if after and schedule and _is_workstream_name(schedule):
            raise ValueError(f"`schedule` names {schedule} as well. Name it here, and give a cron expression there, or nothing")
        return after

    @field_validator("timezone")
    @classmethod
    def _has_a_clock(cls, timezone: str, info: ValidationInfo) -> str:
        return rules.clock(timezone, info.data.get("schedule"))

    @field_validator("memory")
    @classmethod
    def _goes_with_cpu(cls, memory: int, info: ValidationInfo) -> int:
        return rules.fargate_memory(memory, info.data.get("cpu"))

    @property
    def build(self) -> Build:
        """The image that it runs."""
        if isinstance(self.project, str):
            return Build(self.project, self.architecture, requirements=self.requirements)
        source = Source(self.project.git, str(self.project.pinned), self.project.path)
        return Build(self.project.name, self.architecture, source, self.requirements)

    @property
    def longest_minutes(self) -> int:
        """Minutes that a run may take, with every try."""
        return (1 + self.retries) * (self.timeout_minutes + AROUND_A_TRY)

    @property
    def upstreams(self) -> tuple[str, list[str]]:
        """The workstreams that it waits for, and the key that names them."""
        if self.schedule and _is_workstream_name(self.schedule):
            return "schedule", [self.schedule]
        return "after", self.after.workstreams if self.after else []

    @property
    def start(self) -> str | dict[str, object] | None:
        """What starts it, as its DAG's configuration has it."""
        if self.after:
            mode = "all" if self.after.all else "any"
            return {"cron": self.schedule, "mode": mode, "upstreams": self.after.upstreams}
        return {"asset": self.schedule} if self.schedule and _is_workstream_name(self.schedule) else self.schedule


def _is_workstream_name(text: str) -> bool:
    return re.fullmatch(NAME, text) is not None
