"""The CI/CD variables to set in the GitLab project."""

import pulumi

from bootstrap.roles import PipelineRoles
from bootstrap.state import State
from components.account import Account

Variable = dict[str, pulumi.Input[str]]


def variables(account: Account, state: State, roles: PipelineRoles) -> list[Variable]:
    """Key, value and environment scope of each; none is a secret."""
    backend = pulumi.Output.concat("s3://", state.bucket.name, "?region=", account.region)
    found: list[Variable] = []
    for stack, deploy_arn in roles.deploy_arns.items():
        for scope, role in ((stack, deploy_arn), (f"preview/{stack}", roles.preview_arn)):
            found.append({"key": "AWS_ROLE_ARN", "value": role, "environmentScope": scope})
            found.append({"key": "AWS_REGION", "value": account.region, "environmentScope": scope})
            found.append({"key": "PULUMI_BACKEND_URL", "value": backend, "environmentScope": scope})
    return found
