"""The plugin `aws`: a strict stand-in for pulumi-aws over boto3, for the resource types of this platform only."""

from sandbox.providers.aws.configuration import session_for
from sandbox.providers.aws.functions import functions
from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.refusals import cloudformation
from sandbox.providers.aws.services import (
    budgets,
    chatbot,
    cloudwatch,
    ec2_endpoints,
    ec2_network,
    ec2_routes,
    ec2_security,
    ecr,
    ecs_cluster,
    ecs_task,
    events,
    iam,
    iam_account,
    kms,
    logs,
    mwaa,
    route53,
    s3_bucket,
    s3_object,
    s3_settings,
    secretsmanager,
    sns,
)
from sandbox.providers.aws.session import Session
from sandbox.providers.aws.table import ResourceType
from sandbox.providers.protocol import Provider
from sandbox.providers.values import Properties, ProviderError

MODULES = (
    budgets, chatbot, cloudwatch, ec2_endpoints, ec2_network, ec2_routes, ec2_security, ecr, ecs_cluster, ecs_task, events, iam,
    iam_account, kms, logs, mwaa, route53, s3_bucket, s3_object, s3_settings, secretsmanager, sns,
)  # fmt: skip

CATALOGUE: dict[str, ResourceType] = {kind.token: kind for module in MODULES for kind in module.KINDS}
"""Every modelled resource type by its token."""


class AwsProvider(Provider):
    """All tables and functions behind one session, which the configuration makes."""

    def __init__(self) -> None:
        self._session: Session | None = None
        resources = {token: TableResource(kind, self.session) for token, kind in CATALOGUE.items()}
        super().__init__("aws", resources, functions(self.session))

    def configure(self, config: Properties) -> None:
        self._session = session_for(config)

    def reasons(self, token: str, inputs: Properties) -> list[str]:
        return [f"{path}: {reason}" for path, reason in cloudformation.of_strangers(token, inputs)]

    def session(self) -> Session:
        """The session; the engine configures a provider before it asks anything of it."""
        if self._session is None:
            raise ProviderError("The aws provider is not configured")
        return self._session
