"""Stack configuration: every value that a user may set, typed and validated before the first resource exists."""

import json
import re
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self

import pulumi
from pulumi.runtime import config
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from components import problems, rules
from components.base import NAMESPACE

ACCOUNT_IDS = "aws:allowedAccountIds"
"""The one setting of the AWS provider that we have a rule for."""

AccountId = Annotated[str, Field(pattern=r"^\d{12}$", description="An AWS account: twelve digits in quotes.")]

WORKSTREAM_NAME = r"^[a-z][a-z0-9-]*[a-z0-9]$"

WorkstreamName = Annotated[str, Field(pattern=WORKSTREAM_NAME, max_length=30)]
"""Becomes part of role names (64 characters with their suffixes), log groups, task definition families and S3 keys."""

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$", max_length=255)]
"""A Snowflake identifier that needs no quotes (Snowflake, "Identifier requirements")."""

UNQUOTED = "An identifier without quotes: letters, digits, `_` and `$`, not starting with a digit."

Selector = Annotated[
    str, Field(pattern=r"^[^-\s]\S*$", description="A dbt selector without spaces, such as `tag:sales` or `+orders`; no option.")
]
"""A leading dash would be read as an option of the container's command."""

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="An e-mail address.")]

EnvironmentClass = Literal["mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"]


class Section(BaseModel):
    """Immutable, camelCase in YAML, and no key that we do not know."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid", validate_default=True)


class NetworkSettings(Section):
    """The VPC."""

    cidr: IPv4Network = Field(
        default=IPv4Network("10.20.0.0/16"),
        description="Private IPv4 range of the VPC. It must not overlap networks that the VPC will be connected to.",
    )
    availability_zones: int = Field(
        default=2, ge=2, le=3, description="Number of availability zones, 2 or 3. MWAA uses the first two."
    )
    egress: Literal["nat"] = Field(
        default="nat",
        description="The way out of the private subnets: `nat` is one NAT gateway in development, one per zone in production.",
    )

    @field_validator("cidr")
    @classmethod
    def _usable(cls, cidr: IPv4Network) -> IPv4Network:
        return rules.usable_range(cidr)

    @field_validator("availability_zones")
    @classmethod
    def _room_for_all(cls, zones: int, info: ValidationInfo) -> int:
        return rules.zones_fit(zones, info.data.get("cidr"))


class WarehouseSettings(Section):
    """Where and as whom dbt connects to Snowflake."""

    account: str = Field(description="Snowflake account identifier, `ORGANIZATION-ACCOUNT`.")
    user: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.@$-]*$", description="Snowflake service user: letters, digits and `_.@$-`.")
    role: Identifier = Field(description=f"Snowflake role that owns what dbt creates. {UNQUOTED}")
    database: Identifier = Field(description=f"Snowflake database that dbt writes to. {UNQUOTED}")
    warehouse: Identifier = Field(description=f"Snowflake virtual warehouse that runs the queries. {UNQUOTED}")
    authentication: Literal["keyPair"] = Field(
        default="keyPair", description="How dbt logs in: `keyPair` with the private key in Secrets Manager."
    )
    host: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.-]+$",
        description="Host name, without protocol and port, of Snowflake's PrivateLink endpoint or of a proxy; left out, the "
        "account's public name.",
    )
    port: int = Field(default=443, ge=1, le=65535, description="TCP port of the host.")
    protocol: Literal["https", "http"] = Field(
        default="https", description="`http` only for a test double in development: it shows every query to the network."
    )

    @field_validator("account")
    @classmethod
    def _identifier_only(cls, account: str) -> str:
        return rules.account_identifier(account)


class AirflowSettings(Section):
    """Amazon MWAA."""

    version: Literal["3.3.1", "3.2.1", "3.0.6"] = Field(
        default="3.3.1", description="Airflow version. MWAA can't go back to an older one."
    )
    environment_class: EnvironmentClass = Field(
        default="mw1.small",
        description="Size of schedulers, workers and web servers; limits the number of workstreams: "
        + ", ".join(f"{name} {count}" for name, count in rules.DAGS_PER_CLASS.items())
        + ".",
    )
    webserver: Literal["privateOnly", "publicOnly"] = Field(
        default="privateOnly",
        description="Airflow's page is reachable from inside the VPC only, or from the internet. Both ask for an IAM identity.",
    )


class ImageSettings(Section):
    """The container image of the dbt projects."""

    base_image: str = Field(
        default="python:3.12-slim",
        pattern=r"^\S+$",
        description="Base image with Python 3.11 or 3.12 on Debian. Pin a digest to be exact.",
    )


class AlertSettings(Section):
    """Who learns of failures."""

    emails: list[Email] = Field(default=[], description="Addresses that get the alerts, each after confirming the subscription.")


class ArtifactSettings(Section):
    """What the runs leave behind in S3."""

    retention_days: int = Field(default=90, ge=1, le=3650, description="Days after which a run's artifacts are deleted.")


class WorkstreamSettings(Section):
    """A scheduled dbt project, or a selection of one."""

    project: str = Field(description="Folder of the dbt project, relative to `Pulumi.yaml`.")
    schema_: Identifier = Field(alias="schema", description=f"Snowflake schema that the models are built in. {UNQUOTED}")
    owner: str = Field(
        pattern=r"^[\w .:/=+@-]{1,64}$",
        description="Team or person in charge: Airflow's owner and the resources' tag. Up to 64 letters, digits, spaces and "
        "`_.:/=+@-`.",
    )
    description: str = Field(
        default="A dbt workstream", min_length=1, max_length=500, description="What it is for; shown in Airflow."
    )
    schedule: str | None = Field(
        default=None,
        description="Cron expression of five fields or an Airflow preset (`@daily`); or the name of another workstream, to start "
        "whenever that one has refreshed its marts; null: started by hand.",
    )
    timezone: str = Field(default="UTC", description="IANA time zone of the schedule, for instance `Europe/Amsterdam`.")
    select: list[Selector] = Field(default=[], description="dbt selectors of what to build; empty: the whole project.")
    exclude: list[Selector] = Field(default=[], description="dbt selectors of what to leave out.")
    freshness: bool = Field(default=True, description="Check the freshness of the selected sources before the build.")
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = Field(
        default=512, description="CPU units of the Fargate task; 1024 are one vCPU."
    )
    memory: int = Field(default=1024, description="Memory of the Fargate task in MiB; must go with `cpu`.")
    threads: int = Field(default=4, ge=1, le=64, description="Number of models that dbt builds at the same time.")
    timeout_minutes: int = Field(
        default=60, ge=1, le=1440, description="Minutes that dbt may take in one try; then its queries are cancelled."
    )
    retries: int = Field(
        default=1, ge=0, le=5, description="Number of tries after the first; a retry builds only what did not succeed."
    )

    @field_validator("project")
    @classmethod
    def _is_dbt_project(cls, project: str) -> str:
        return rules.dbt_project(project)

    @field_validator("schedule")
    @classmethod
    def _will_fire(cls, schedule: str | None) -> str | None:
        return schedule if schedule is None or _is_workstream_name(schedule) else rules.cron(schedule)

    @field_validator("timezone")
    @classmethod
    def _exists(cls, timezone: str) -> str:
        return rules.timezone(timezone)

    @field_validator("memory")
    @classmethod
    def _goes_with_cpu(cls, memory: int, info: ValidationInfo) -> int:
        return rules.fargate_memory(memory, info.data.get("cpu"))

    @property
    def after(self) -> str | None:
        """Workstream whose marts start this one."""
        return self.schedule if self.schedule and _is_workstream_name(self.schedule) else None


class Settings(Section):
    """The whole configuration of a stack."""

    # A rule sees the fields above its own: what is compared comes after what it is compared with.
    model_config = ConfigDict(alias_generator=lambda field: f"{NAMESPACE}:{to_camel(field)}")

    environment: Literal["development", "production"] = Field(
        description="`development` saves money and deletes its data with the stack; `production` protects data and survives the "
        "loss of an availability zone."
    )
    allowed_account_ids: list[AccountId] = Field(
        default=[],
        alias=ACCOUNT_IDS,
        description="AWS accounts that the stack may be deployed to. With any other account's credentials nothing is changed.",
    )
    network: NetworkSettings = NetworkSettings()
    warehouse: WarehouseSettings
    airflow: AirflowSettings = AirflowSettings()
    image: ImageSettings = ImageSettings()
    alerts: AlertSettings = AlertSettings()
    artifacts: ArtifactSettings = ArtifactSettings()
    workstreams: dict[WorkstreamName, WorkstreamSettings] = Field(
        min_length=1, description="What to run, by name: lower-case letters, digits and inner hyphens, 2 to 30 characters."
    )

    @classmethod
    def load(cls) -> Self:
        """Read the stack's configuration. Raises RunError, which Pulumi prints without a traceback, with all its problems."""
        try:
            return cls.model_validate(_configuration())
        except ValidationError as error:
            found = problems.describe(error, cls.model_json_schema())
            count = "a problem" if len(found) == 1 else f"{len(found)} problems"
            text = "\n\n".join(found)
            raise pulumi.RunError(f"The configuration of stack {pulumi.get_stack()!r} has {count}:\n\n{text}\n") from None

    @field_validator("allowed_account_ids")
    @classmethod
    def _meant(cls, account_ids: list[str], info: ValidationInfo) -> list[str]:
        return rules.production_names_its_account(info.data.get("environment"), account_ids)

    @field_validator("warehouse")
    @classmethod
    def _encrypted(cls, warehouse: WarehouseSettings, info: ValidationInfo) -> WarehouseSettings:
        rules.production_is_encrypted(info.data.get("environment"), warehouse.protocol)
        return warehouse

    @field_validator("alerts")
    @classmethod
    def _read_by_someone(cls, alerts: AlertSettings, info: ValidationInfo) -> AlertSettings:
        rules.production_has_readers(info.data.get("environment"), alerts.emails)
        return alerts

    @field_validator("workstreams")
    @classmethod
    def _fit_together(cls, workstreams: dict[str, WorkstreamSettings], info: ValidationInfo) -> dict[str, WorkstreamSettings]:
        airflow = info.data.get("airflow")
        after = {name: workstream.after for name, workstream in workstreams.items() if workstream.after}
        misfits = rules.class_holds(airflow and airflow.environment_class, len(workstreams))
        misfits += rules.followed_exist(after, workstreams)
        if misfits:
            raise rules.MisfitError(misfits)
        return workstreams

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def disposable(self) -> bool:
        """Destroying the stack may destroy data."""
        return not self.production

    @property
    def log_retention_days(self) -> int:
        """A year in production (FSBP CloudWatch.16)."""
        return 365 if self.production else 30

    @property
    def projects(self) -> list[str]:
        """Every dbt project that some workstream runs: one image each."""
        return sorted({workstream.project for workstream in self.workstreams.values()})


def _is_workstream_name(text: str) -> bool:
    return re.fullmatch(WORKSTREAM_NAME, text) is not None


def _configuration() -> dict[str, Any]:
    """All keys that are ours. `pulumi.Config` reads keys one by one, and can't tell which ones exist that should not."""
    everything = {**config.get_config_env(), **config.CONFIG.get()}
    return {key: _value(text) for key, text in everything.items() if key.startswith(f"{NAMESPACE}:") or key == ACCOUNT_IDS}


def _value(text: str) -> Any:
    """Pulumi hands over objects and lists as JSON, and anything else as the text of the stack file."""
    return json.loads(text) if text.startswith(("{", "[")) else text
