"""All controls, one module per AWS service. The engine runs this folder by path, hence the relative imports."""

from pulumi_policy import Policy

from . import ec2, ecr, ecs, iam, kms, logs, mwaa, protection, s3, secretsmanager, sns, tags, vpc_endpoints

POLICIES: list[Policy] = [
    value
    for module in (ec2, vpc_endpoints, ecr, ecs, iam, kms, logs, mwaa, protection, s3, secretsmanager, sns, tags)
    for value in vars(module).values()
    if isinstance(value, Policy)
]
"""In the order in which they are written."""
