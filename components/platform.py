"""What workstreams run on: made by the stack itself, or by the platform's stack for that of a team (docs/teams.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from components.account import Account
from components.bucket import Bucket
from components.encryption import Key
from settings import rules, teams
from settings.errors import InvalidSettingsError
from settings.project import NAMESPACE, REPOSITORY
from settings.sections.team import TeamSettings, WhoseNames, names_of_teams
from settings.stack import Settings

PASSED_ON = {
    "region", "private_subnet_ids", "dag_bucket", "artifacts_bucket", "cluster_arn", "airflow_environment", "airflow_url",
    "airflow_log_groups", "dashboard_url",
}  # fmt: skip

VERSION = 1
"""Of the contract: rises when a reader of the former one would misread it, or lack something."""


class Contract(BaseModel):
    """All that a team's stack takes from its platform's. A newer platform may tell more."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")

    version: int
    account: str
    region: str
    environment: str
    egress: str
    """`network.egress`: a warehouse must be reachable that way."""
    key_arn: str
    private_subnet_ids: list[str]
    task_security_group_id: str
    cluster_arn: str
    dag_bucket: str
    artifacts_bucket: str
    pool_slots: int
    failed_model_tasks: int
    console_link: str | None = None
    airflow_environment: str
    airflow_url: str
    airflow_log_groups: dict[str, str]
    dashboard_url: str
    workstreams: list[str]
    """The platform's own."""
    teams: dict[str, list[str]]
    """By team: its workstreams that are not called after it."""

    @property
    def outputs(self) -> dict[str, pulumi.Input[Any]]:
        """What a team's stack tells of its platform under the same names, so that whoever looks after one stack finds all of it."""
        return self.model_dump(by_alias=True, include=PASSED_ON)

    @classmethod
    def of(cls, team: TeamSettings) -> "Contract":
        """What the platform's stack told when it was deployed last.

        Raises:
            RunError: there is no such stack, it is older than this program, or newer.
        """
        where = f"{NAMESPACE}:team.platformStack = {team.platform_stack!r}"
        try:
            # Not a resource (`pulumi.StackReference`): what it tells is checked before anything is registered.
            found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": team.platform_stack}).value
        except Exception as error:  # noqa: BLE001 - the SDK has no class for what the engine answers
            raise pulumi.RunError(f"{where}\n  The platform's stack can't be read: {error}") from None
        told = (found or {}).get("outputs", {}).get(teams.OUTPUT)
        if not told:
            raise pulumi.RunError(
                f"{where}\n  It has no output {teams.OUTPUT!r}: add {team.name} to {NAMESPACE}:teams in "
                f"Pulumi.{team.platform}.yaml and deploy that stack first."
            )
        older = f"{where}\n  That stack was deployed by an older version of this platform: deploy it with this one first."
        if told["version"] > VERSION:
            raise pulumi.RunError(
                f"{where}\n  That stack was deployed by a newer version of this platform: deploy this one from there too."
            )
        if told["version"] < VERSION:
            raise pulumi.RunError(older)
        try:
            contract = cls.model_validate(told)
        except ValidationError as error:
            lacking = ", ".join(str(each["loc"][0]) for each in error.errors())
            raise pulumi.RunError(f"{older} It does not tell {lacking}.") from None
        return contract._planned(where, team) if pulumi.runtime.is_dry_run() else contract

    def _planned(self, where: str, team: TeamSettings) -> "Contract":
        """With the names in the platform's own file: a merge request may change both files, and is previewed before either is
        deployed.
        """
        file = REPOSITORY / f"Pulumi.{team.platform}.yaml"
        if (names := WhoseNames.of(file)) is None:
            return self
        planned = self.model_copy(update={"workstreams": list(names.workstreams), "teams": names_of_teams(names.teams)})
        if planned != self:
            pulumi.log.warn(f"{where}\n  {file.name} has other teams or workstreams than are deployed: deploy that stack first.")
        return planned

    def require(self, settings: Settings, team: TeamSettings, account: Account) -> None:
        """That this stack fits on it. Raises RunError with all that does not."""
        here = f"The platform's stack {team.platform} says"
        own = {"account": account.id, "region": account.region, "environment": settings.environment}
        problems = [
            f"{key} = {value!r}\n  {here} {getattr(self, key)!r}: a team's stack has the same."
            for key, value in own.items()
            if value != getattr(self, key)
        ]
        if team.name not in self.teams:
            problems.append(f"{NAMESPACE}:team.name = {team.name!r}\n  {here} that its teams are: {', '.join(self.teams)}.")
        problems += [
            f"{NAMESPACE}:workstreams.{name}\n  Not a name of the team {team.name}: call it {team.name}-{name}; or name it in "
            f"{NAMESPACE}:teams.{team.name}.workstreams of Pulumi.{team.platform}.yaml and deploy that stack first."
            for name in settings.workstreams
            if teams.team_of(name, self.teams) != team.name
        ]
        problems += [
            f"{NAMESPACE}:workstreams.{name}.{key} = {followed!r}\n  No workstream of the platform has this name: "
            f"{rules.possible(followed, self.workstreams)}."
            for name, (key, all_followed) in {name: each.upstreams for name, each in settings.workstreams.items()}.items()
            for followed in all_followed
            if followed not in {*settings.workstreams, *self.workstreams} and teams.team_of(followed, self.teams) is None
        ]
        try:
            rules.warehouse_is_private(self.egress, settings.warehouse.host, settings.warehouse.port)
        except InvalidSettingsError as error:
            problems.append(f"{NAMESPACE}:{error}.")
        if problems:
            raise pulumi.RunError("This stack does not fit on its platform:\n\n" + "\n\n".join(problems) + "\n")


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What each workstream is told of the platform."""

    account: Account
    key: Key
    private_subnet_ids: Sequence[pulumi.Input[str]]
    task_security_group_id: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    dag_bucket: pulumi.Input[str]
    artifacts: Bucket
    pool_slots: int
    failed_model_tasks: int
    console_link: str | None

    @classmethod
    def of_another_stack(cls, contract: Contract, account: Account) -> "Platform":
        """That of the platform's stack."""
        return cls(
            account=account,
            key=Key(account=account, arn=contract.key_arn),
            private_subnet_ids=contract.private_subnet_ids,
            task_security_group_id=contract.task_security_group_id,
            cluster_arn=contract.cluster_arn,
            dag_bucket=contract.dag_bucket,
            artifacts=Bucket(contract.artifacts_bucket, f"arn:{account.partition}:s3:::{contract.artifacts_bucket}"),
            pool_slots=contract.pool_slots,
            failed_model_tasks=contract.failed_model_tasks,
            console_link=contract.console_link,
        )

    def contract(self, settings: Settings, outputs: Mapping[str, pulumi.Input[Any]]) -> dict[str, pulumi.Input[Any]]:
        """For the stacks of teams.

        Args:
            settings: The platform's.
            outputs: Of the platform's stack.
        """
        own: dict[str, pulumi.Input[Any]] = {
            "version": VERSION,
            "account": self.account.id,
            "environment": settings.environment,
            "egress": settings.network.egress,
            "keyArn": self.key.arn,
            "taskSecurityGroupId": self.task_security_group_id,
            "poolSlots": self.pool_slots,
            "failedModelTasks": self.failed_model_tasks,
            "consoleLink": self.console_link,
            "workstreams": list(settings.workstreams),
            "teams": settings.guests,
        }
        fields = [field.alias or name for name, field in Contract.model_fields.items()]
        return {**{key: outputs[key] for key in fields if key not in own}, **own}
