"""Every name in AWS that somebody else relies on: a policy, the key, the pipeline's roles, Airflow, an operator's command.

All begin with the platform's own name, so that one stack's rights do not reach another stack of the account. Where a name is no
contract Pulumi makes it up (`pulumi:autonaming` in Pulumi.yaml). `*` in the place of a part gives the pattern for a policy.
"""

from dataclasses import dataclass, replace

import pulumi

from settings.project import NAMESPACE
from settings.rules import DEFAULT_CONNECTION


@dataclass(frozen=True)
class Names:
    """The names of one stack."""

    platform: str
    """`<project>-<stack>`, for instance `dbt-platform-dev`: of the cluster, Airflow's environment, the dashboard and the budget."""
    team: str = ""
    """Whose stack it is, on that platform; empty: the platform's own. A team's workstreams are called like the platform's, so that
    one that moves stays what it is; what serves a whole stack has the team's name in it."""

    def of_team(self, team: str) -> "Names":
        """The names of a team's stack on this platform."""
        return replace(self, team=team)

    @property
    def stack(self) -> str:
        """What Pulumi puts before the names that it makes up."""
        return f"{self.platform}-{self.team}" if self.team else self.platform

    @property
    def _folder(self) -> str:
        return f"{self.team}/" if self.team else ""

    @property
    def key_alias(self) -> str:
        return f"alias/{self.platform}"

    @property
    def container_insights(self) -> str:
        """Log group that ECS itself writes the cluster's metrics to; there is no way to choose another name."""
        return f"/aws/ecs/containerinsights/{self.platform}/performance"

    @property
    def flow_logs(self) -> str:
        return f"/{self.platform}/network/flow-logs"

    def secret(self, name: str) -> str:
        return f"{self.platform}/{self._folder}{name}"

    def credentials(self, connection: str) -> str:
        """Secret of a connection. Its name ends after a slash: AWS takes the end of one such as `snowflake-report` for the six
        characters that it puts behind a name itself (AWS Secrets Manager, "CreateSecret", Name).
        """
        return self.secret("snowflake" if connection == DEFAULT_CONNECTION else f"snowflake/{connection}")

    def repository(self, registry: str) -> str:
        """What is in it is asked by this name before it is declared."""
        return f"{self.stack}-{registry}"

    def alarm(self, name: str) -> str:
        return f"{self.platform}-{name}"

    def chat(self, channel: str) -> str:
        """Configuration of a channel of Slack or Microsoft Teams, by the channel's id."""
        return f"{self.stack}-{channel}"

    def task_family(self, workstream: str) -> str:
        """What Airflow's role may run."""
        return f"{self.platform}-{workstream}"

    def workstream_logs(self, workstream: str) -> str:
        """Log group of a workstream's containers, which Airflow's role may read."""
        return f"/{self.platform}/workstreams/{workstream}"

    def airflow_logs(self, kind: str) -> str:
        """Log group that MWAA itself writes to; there is no way to choose another name."""
        return f"airflow-{self.platform}-{kind}"

    def role_path(self, below: str) -> str:
        """IAM path of roles, by which other policies are scoped: `workstreams/execution/` are those that may read the secrets."""
        return f"/{self.platform}/{below}{self._folder}"

    def roles(self, below: str = "") -> str:
        """The roles below a path, as the end of an ARN."""
        return f"{self.role_path(below).removeprefix('/')}*"

    @property
    def log_groups(self) -> list[str]:
        """All log groups of the stack, as patterns: what the key may encrypt for CloudWatch Logs."""
        return [f"/{self.platform}/*", self.airflow_logs("*"), f"/aws/ecs/containerinsights/{self.platform}/*"]


AIRFLOW_LOGS = ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker")
"""The kinds of log that MWAA writes (Amazon MWAA, "Viewing Airflow logs in Amazon CloudWatch")."""

WORKSTREAMS = "workstreams/"
"""Where the roles of the dbt tasks are in the stack's IAM path; what Airflow's role may pass."""

TASK_ROLES = f"{WORKSTREAMS}task/"

EXECUTION_ROLES = f"{WORKSTREAMS}execution/"
"""The roles that may read the credentials."""


def names() -> Names:
    """The names of the stack that is being deployed."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    team = (pulumi.Config(NAMESPACE).get_object("team") or {}).get("name", "")
    return Names(f"{project}-{stack.removesuffix(f'-{team}') if team else stack}", team)
