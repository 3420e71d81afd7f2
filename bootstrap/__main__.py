"""Once per AWS account, by an administrator: where the state is kept, and whom the account trusts."""

import pulumi

from bootstrap.configuration import Settings
from bootstrap.roles import PipelineRoles, PipelineRolesArgs
from bootstrap.state import State, StateArgs
from bootstrap.variables import variables
from components.account import Account

settings = Settings.load()
account = Account.current()
state = State("state", StateArgs(account=account))
roles = PipelineRoles(
    "gitlab", PipelineRolesArgs(account=account, gitlab=settings.gitlab, environments=settings.environments, state=state)
)

pulumi.export("variables", variables(account, state, roles))
pulumi.export("secretsProvider", pulumi.Output.concat("awskms:///", state.key_arn, "?region=", account.region))
pulumi.export("workloadBoundaries", roles.workload_boundary_arns)
