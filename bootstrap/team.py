"""What the pipeline's role of a team's stack may do, and the roles that it makes at most (docs/teams.md).

Everything of a team bears its name, or that of one of its workstreams, on a platform that it can't change: there is nothing here
that has no name, as a VPC's parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from bootstrap import actions, permissions, unnamed
from bootstrap.configuration import platform_and_team
from components.account import Account
from components.iam_policy import Statement
from components.names import EXECUTION_ROLES, TASK_ROLES, Names
from settings.project import NAMESPACE


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team's stack `<platform>-<team>`."""

    account: Account
    stack: str
    workstreams: Sequence[str]
    """Those that are not called after it."""

    @property
    def names(self) -> Names:
        platform, team = platform_and_team(self.stack)
        return Names(f"{NAMESPACE}-{platform}", team)

    @property
    def own(self) -> list[str]:
        """Names of its workstreams, as patterns (`settings.teams.team_of`)."""
        return [self.names.team, f"{self.names.team}-*", *self.workstreams]

    def deploying(self, state_bucket: pulumi.Input[str], state_key: pulumi.Input[str]) -> list[Statement]:
        """What `pulumi up` and `pulumi destroy` of its stack need, on top of reading. No rights of Airflow's: there
        they are for all DAGs or none (Amazon MWAA, "Accessing an Amazon MWAA environment").
        """
        account, images = self.account, f"arn:{self.account.partition}:ecr:*:*:repository/{NAMESPACE}-*"
        return [
            Statement(actions=["s3:DeleteObject", "s3:PutObject"], resources=permissions.state_files(self.stack, state_bucket)),
            Statement(actions=["kms:Encrypt", "kms:GenerateDataKey"], resources=[state_key]),
            Statement(actions=actions.CHANGE, resources=self._things),
            # A file goes with all its versions (terraform-provider-aws, `aws_s3_object`).
            Statement(
                actions=["s3:ListBucketVersions"],
                resources=[self._dag_bucket],
                conditions={"StringLike": {"s3:prefix": self._dag_files}},
            ),
            Statement(actions=actions.PULL, resources=[images]),
            # AWS limits it to nothing. The other such action, ecs:DeregisterTaskDefinition, would end others' runs: a team's stack
            # leaves its definitions (components/workstream.py).
            Statement(
                actions=["sns:Unsubscribe"], resources=["*"], conditions={"StringEquals": {"aws:RequestedRegion": account.region}}
            ),
            Statement(actions=actions.MAKE_CHATS, resources=["*"]),
            permissions.key_for(account, "s3", ["kms:GenerateDataKey"]),
            *permissions.encrypting_own(account),
            unnamed.grants(account),
            *permissions.roles(account, self.stack, [account.role_arn(self.names.roles(path)) for path in self._paths]),
        ]

    def workload_ceiling(self) -> list[Statement]:
        """Boundary of every role that the program makes for it: its tasks reach its own artifacts, logs and secrets."""
        bucket = f"arn:{self.account.partition}:s3:::{self.names.platform}-platform-artifacts-*"
        folders = [f"{name}/*" for name in [*self.own, f"_projects/{self.names.team}"]]
        return [
            Statement(actions=actions.WORK, resources=[*(f"{bucket}/{folder}" for folder in folders), *self._logs, self._secrets]),
            Statement(actions=["s3:ListBucket"], resources=[bucket], conditions={"StringLike": {"s3:prefix": folders}}),
            Statement(actions=actions.WORK_UNNAMED, resources=["*"]),
        ]

    @property
    def _paths(self) -> tuple[str, ...]:
        return EXECUTION_ROLES, TASK_ROLES, "alerts/"

    @property
    def _logs(self) -> list[str]:
        groups = [self.names.workstream_logs(name) for name in self.own]
        return [self.account.arn("logs", f"log-group:{group}{end}") for group in groups for end in ("", ":*")]

    @property
    def _dag_bucket(self) -> str:
        return f"arn:{self.account.partition}:s3:::{self.names.platform}-platform-dags-*"

    @property
    def _dag_files(self) -> list[str]:
        return [f"dags/config/{name}.json" for name in self.own]

    @property
    def _secrets(self) -> str:
        return self.account.arn("secretsmanager", f"secret:{self.names.secret('*')}")

    @property
    def _things(self) -> list[str]:
        """All that it makes, but its roles."""
        account, names = self.account, self.names
        return [
            *(account.arn("ecs", f"task-definition/{names.task_family(name)}:*") for name in self.own),
            *(f"{self._dag_bucket}/{file}" for file in self._dag_files),
            *self._logs,
            self._secrets,
            account.arn("ecr", f"repository/{names.repository('*')}"),
            account.arn("sns", f"{names.stack}-*"),
            f"arn:{account.partition}:chatbot::{account.id}:chat-configuration/*/{names.chat('*')}",
        ]
