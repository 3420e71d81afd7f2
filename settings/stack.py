"""Stack configuration: every value that a user may set, typed and validated before the first resource exists."""

import contextlib
import difflib
import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.alias_generators import to_camel

from settings import environment_class, errors, rules, teams
from settings.errors import InvalidSetting, InvalidSettingsError, SettingsError
from settings.project import NAMESPACE
from settings.sections.airflow import AirflowSettings
from settings.sections.alerts import AlertSettings
from settings.sections.artifacts import ArtifactSettings
from settings.sections.image import ImageSettings
from settings.sections.merge_requests import MergeRequestSettings
from settings.sections.network import NetworkSettings
from settings.sections.section import AccountId, Section
from settings.sections.tags import DefaultTags
from settings.sections.team import GuestSettings, TeamName, TeamSettings, names_of_teams
from settings.sections.warehouse import ConnectionName, ConnectionSettings, WarehouseSettings
from settings.sections.workstream import Build, WorkstreamName, WorkstreamSettings

ACCOUNT_IDS = "aws:allowedAccountIds"
DEFAULT_TAGS = "aws:defaultTags"
ALERTS = f"{NAMESPACE}:alerts"
"""The settings of the AWS provider that we have a rule for."""

PLATFORMS = ("airflow", "artifacts", "network", "teams")
"""Sections about what a team's stack finds on its platform."""

LIKENESS = 0.9
"""From which on a namespace is ours, misspelt (`dbt_platform`), and not somebody else's (`data-platform`)."""


class Settings(Section):
    """The whole configuration of a stack."""

    # A rule sees the fields above its own: what is compared comes after what it is compared with.
    model_config = ConfigDict(alias_generator=lambda field: f"{NAMESPACE}:{to_camel(field)}")

    environment: Literal["development", "production"] = Field(
        description="`development` saves money and deletes its data with the stack; `production` protects data and survives the "
        "loss of an availability zone."
    )
    default_tags: DefaultTags = Field(default=DefaultTags(), alias=DEFAULT_TAGS)
    allowed_account_ids: list[AccountId] = Field(
        default=[],
        alias=ACCOUNT_IDS,
        description="AWS accounts that the stack may be deployed to. With any other account's credentials nothing is changed.",
    )
    permissions_boundary: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:policy/[\w+=,.@/-]+$",
        description="ARN of the policy that caps every role of the stack: in the output `workloadBoundaries` of `bootstrap/`. "
        "GitLab's jobs may make no role without it.",
    )
    team: TeamSettings | None = Field(
        default=None, description="Only in the stack of a team that stands on another stack's platform (docs/teams.md)."
    )
    teams: dict[TeamName, GuestSettings] = Field(
        default={},
        description="Teams that have their workstreams in stacks of their own on this platform, by name (docs/teams.md): "
        "lower-case letters, 12 at most. What is called like a team, or `<team>-...`, is that team's.",
    )
    network: NetworkSettings = NetworkSettings()
    warehouse: WarehouseSettings
    connections: dict[ConnectionName, ConnectionSettings] = Field(
        default={},
        description="Further log-ins at the same Snowflake account, by name, each with a secret of its own: lower-case letters, "
        "digits and inner hyphens, 2 to 30 characters. A workstream names the one that it takes (`connection`).",
    )
    airflow: AirflowSettings = AirflowSettings()
    image: ImageSettings = ImageSettings()
    alerts: AlertSettings = AlertSettings()
    artifacts: ArtifactSettings = ArtifactSettings()
    merge_requests: MergeRequestSettings = MergeRequestSettings()
    workstreams: dict[WorkstreamName, WorkstreamSettings] = Field(
        min_length=1, description="What to run, by name: lower-case letters, digits and inner hyphens, 2 to 30 characters."
    )

    @classmethod
    def load(cls) -> Self:
        """Read the stack's configuration, while Pulumi runs the program.

        Raises:
            pulumi.RunError: with all its problems; Pulumi prints it without a traceback.
        """
        import pulumi  # noqa: PLC0415 - who only reads a stack file has no SDK
        from pulumi.runtime import config  # noqa: PLC0415

        if (project := pulumi.get_project()) != NAMESPACE:
            raise pulumi.RunError(
                f"Pulumi.yaml names the project {project!r}: call it {NAMESPACE} again, because the pipeline's roles, made by "
                "bootstrap/, are allowed no names that begin otherwise. Several platforms are several stacks."
            )
        # `pulumi.Config` reads keys one by one, and can't tell which exist that should not.
        try:
            settings = cls.read(pulumi.get_stack(), {**config.get_config_env(), **config.CONFIG.get()})
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from None
        if settings.alerts.has_urls and not config.is_config_secret(ALERTS):
            raise pulumi.RunError(
                f"{ALERTS} has the address of a receiver in clear text: who reads the stack's file could send to it. Take it out "
                f"and encrypt it: pulumi config set --secret --path '{ALERTS}.urls.NAME' URL"
            )
        return settings

    @classmethod
    def read(cls, stack: str, values: Mapping[str, Any]) -> Self:
        """Read what the file of a stack has. Raises SettingsError with all its problems."""
        if problem := rules.misnamed(stack):
            raise SettingsError(f"The stack {stack!r} can't have this name: {problem}.")
        try:
            settings = cls.model_validate({key: _value(value) for key, value in values.items() if _meant_for_us(key)})
        except ValidationError as error:
            found = errors.describe(error, cls.model_json_schema())
            count = "a problem" if len(found) == 1 else f"{len(found)} problems"
            text = "\n\n".join(found)
            raise SettingsError(f"The configuration of stack {stack!r} has {count}:\n\n{text}\n") from None
        if settings.team and stack != (name := f"{settings.team.platform}-{settings.team.name}"):
            raise SettingsError(
                f"The stack {stack!r} is that of the team {settings.team.name} on {settings.team.platform}: call it {name!r}, "
                "because what others may do with its things goes by these names."
            )
        return settings

    @field_validator("default_tags")
    @classmethod
    def _of_the_environment(cls, default: DefaultTags, info: ValidationInfo) -> DefaultTags:
        rules.tag_agrees(info.data.get("environment"), default.tags.get("environment"))
        return default

    @field_validator("allowed_account_ids")
    @classmethod
    def _production_names_its_account(cls, account_ids: list[str], info: ValidationInfo) -> list[str]:
        return rules.production_names_its_account(info.data.get("environment"), account_ids)

    @field_validator("permissions_boundary")
    @classmethod
    def _of_an_allowed_account(cls, boundary: str | None, info: ValidationInfo) -> str | None:
        return rules.boundary_is_in_the_account(boundary, info.data.get("allowed_account_ids"))

    @field_validator("teams")
    @classmethod
    def _teams_are_apart(cls, guests: dict[str, GuestSettings]) -> dict[str, GuestSettings]:
        if invalid := teams.teams_are_apart(names_of_teams(guests)):
            raise InvalidSettingsError(invalid)
        return guests

    @field_validator("warehouse")
    @classmethod
    def _encrypted(cls, warehouse: WarehouseSettings, info: ValidationInfo) -> WarehouseSettings:
        rules.production_is_encrypted(info.data.get("environment"), warehouse.protocol)
        return warehouse

    @field_validator("warehouse")
    @classmethod
    def _reachable(cls, warehouse: WarehouseSettings, info: ValidationInfo) -> WarehouseSettings:
        network = info.data.get("network")
        rules.warehouse_is_private(network and network.egress, warehouse.host, warehouse.port)
        return warehouse

    @field_validator("airflow")
    @classmethod
    def _as_private_as_the_network(cls, airflow: AirflowSettings, info: ValidationInfo) -> AirflowSettings:
        network = info.data.get("network")
        rules.webserver_is_private(network and network.egress, airflow.webserver)
        invalid = environment_class.fleet_fits(airflow.environment_class, airflow.fleet)
        invalid += environment_class.runs_fit(airflow.environment_class, airflow.fleet["max_workers"], airflow.runs)
        if invalid:
            raise InvalidSettingsError(invalid)
        return airflow

    @field_validator("alerts")
    @classmethod
    def _read_by_someone(cls, alerts: AlertSettings, info: ValidationInfo) -> AlertSettings:
        rules.production_has_readers(info.data.get("environment"), given=alerts.reach_somebody)
        return alerts

    @field_validator("workstreams")
    @classmethod
    def _fit_together(cls, workstreams: dict[str, WorkstreamSettings], info: ValidationInfo) -> dict[str, WorkstreamSettings]:
        airflow = info.data.get("airflow")
        upstreams = {name: workstream.upstreams for name, workstream in workstreams.items()}
        guests = names_of_teams(info.data.get("teams", {}))
        followed = {each for _, names in upstreams.values() for each in names} - workstreams.keys()
        if team := info.data.get("team"):  # what is not the team's own, the platform's stack knows (components/platform.py)
            elsewhere = {name for name in followed if teams.team_of(name, {team.name: ()}) is None}
            invalid = []
        else:
            elsewhere = {name for name in followed if teams.team_of(name, guests)}
            invalid = environment_class.class_holds(airflow and airflow.environment_class, len(workstreams))
            invalid += teams.workstreams_are_the_platforms(workstreams, guests)
        invalid += rules.followed_exist(upstreams, workstreams, elsewhere)
        if "connections" in info.data:
            chosen = {name: workstream.connection for name, workstream in workstreams.items()}
            invalid += rules.connections_exist(chosen, [rules.DEFAULT_CONNECTION, *info.data["connections"]])
        if "alerts" in info.data:
            receivers = info.data["alerts"].receivers
            invalid += rules.receivers_fit({name: each.workstreams for name, each in receivers.items()}, workstreams)
        invalid += rules.builds_have_names({name: (each.build.name, each.build) for name, each in workstreams.items()})
        if invalid:
            raise InvalidSettingsError(invalid)
        return workstreams

    @model_validator(mode="after")
    def _leave_the_platform_alone(self) -> Self:
        if self.team:
            given = [name for name in PLATFORMS if name in self.model_fields_set]
            given += ["alerts.monthlyBudgetUsd"] if self.alerts.monthly_budget_usd is not None else []
            fix = f"It is the platform's, whose stack is {self.team.platform}. Take it out"
            if given:
                raise InvalidSettingsError([InvalidSetting(at=name, value="...", fix=fix) for name in given])
        return self

    @property
    def guests(self) -> dict[str, list[str]]:
        """By team: its workstreams that are not called after it."""
        return names_of_teams(self.teams)

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
    def logins(self) -> dict[str, WarehouseSettings]:
        """Where and as whom dbt connects, by the name of the connection: each of them at the stack's account."""
        own = set(ConnectionSettings.model_fields)
        others = {
            name: self.warehouse.model_copy(update=connection.model_dump(include=own))
            for name, connection in self.connections.items()
        }
        return {rules.DEFAULT_CONNECTION: self.warehouse, **others}

    def login_of(self, workstream: WorkstreamSettings) -> WarehouseSettings:
        """Where and as whom a workstream connects: its connection, and what it has of its own."""
        own = workstream.model_dump(include={"role", "warehouse", "database"}, exclude_none=True)
        return self.logins[workstream.connection].model_copy(update=own)

    def project_state(self, name: str) -> str:
        """Folder of what the workstreams of this one's project know of each other's builds; empty: none of them has `onlyNew`.

        Those share it that build the same project for the same target into the same database, whatever their schemas are.
        """
        shared = self._built[name]
        if not any(each.only_new and self._built[other] == shared for other, each in self.workstreams.items()):
            return ""
        whose = f"{self.team.name}/" if self.team else ""
        return f"_projects/{whose}{shared[0].strip('/').replace('/', '-')}-{hashlib.sha256(repr(shared).encode()).hexdigest()[:8]}"

    @cached_property
    def _built(self) -> dict[str, tuple[str, str, str]]:
        """Project, target and database of each workstream."""

        def built(workstream: WorkstreamSettings) -> tuple[str, str, str]:
            build = workstream.build
            project = f"{build.source.git}/{build.source.path}" if build.source else build.project
            return project, workstream.target or self.environment, self.login_of(workstream).database.upper()

        return {name: built(workstream) for name, workstream in self.workstreams.items()}

    @property
    def builds(self) -> list[Build]:
        """Every dbt project that some workstream runs, for each architecture that one runs it on: one image each."""
        return sorted({workstream.build for workstream in self.workstreams.values()})


def _meant_for_us(key: str) -> bool:
    namespace = key.partition(":")[0].lower()
    return key in (ACCOUNT_IDS, DEFAULT_TAGS) or bool(difflib.get_close_matches(namespace, [NAMESPACE], cutoff=LIKENESS))


def _value(text: Any) -> Any:
    """Pulumi hands over objects and lists as JSON, and anything else as the text of the stack file, whose values have any type."""
    if not isinstance(text, str):
        return text
    with contextlib.suppress(json.JSONDecodeError):  # what somebody set as text; that it should not be one is said with its key
        return json.loads(text) if text.startswith(("{", "[")) else text
    return text
