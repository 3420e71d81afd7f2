"""The only place of exceptions: which wildcards a policy may have, and which resource is exempt from which control."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from .documents import Statement
from .resource import Resource


@dataclass(frozen=True, kw_only=True)
class Wildcard:
    """Actions that may be allowed on more than named resources."""

    actions: tuple[str, ...]
    resource: str = "*"
    only_with: str | None = None
    """Condition key that the statement must have."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """Resources that a control leaves alone."""

    control: str
    type: str
    name: str = "*"
    """Pattern of the resource's Pulumi name."""
    environments: tuple[str, ...] = ()
    """Values of the tag `environment`; none: everywhere."""
    reason: str


WILDCARDS = (
    Wildcard(
        actions=("ecr:GetAuthorizationToken",),
        reason="A token is for a registry, not for a repository: AWS defines no resource type for it (Service Authorization "
        'Reference, "Amazon ECR").',
    ),
    Wildcard(
        actions=("cloudwatch:PutMetricData",),
        reason='Metrics have no ARN (Service Authorization Reference, "Amazon CloudWatch").',
    ),
    Wildcard(
        actions=("logs:DescribeLogGroups",),
        reason="It lists the account's log groups; AWS defines no resource type for it (Service Authorization Reference, \"Amazon "
        'CloudWatch Logs"), and MWAA asks for it (Amazon MWAA, "Amazon MWAA execution role").',
    ),
    Wildcard(
        actions=("s3:GetAccountPublicAccessBlock",),
        reason='It reads a setting of the account (Service Authorization Reference, "Amazon S3"); MWAA creates no environment '
        'without it (Amazon MWAA, "Amazon MWAA execution role").',
    ),
    Wildcard(
        actions=("s3:GetBucket*", "s3:GetObject*", "s3:List*"),
        resource="arn:*:s3:::*platform-dags*",
        reason="MWAA asks for these patterns on the bucket of the DAGs, and tells nobody which of them it calls (Amazon MWAA, "
        '"Amazon MWAA execution role").',
    ),
    Wildcard(
        actions=("ecs:ListTasks",),
        only_with="ecs:cluster",
        reason="Its only resource type is the container instance, which Fargate does not have; the condition limits it to a "
        'cluster (Service Authorization Reference, "Amazon ECS").',
    ),
    Wildcard(
        actions=(
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ),
        resource="arn:*:sqs:*:*:airflow-celery-*",
        reason="The queues of MWAA's workers are in an account of AWS that nobody is told (Amazon MWAA, \"Amazon MWAA execution "
        'role").',
    ),
)

EXEMPTIONS = (
    Exemption(
        control="secretsmanager-rotation",
        type="aws:secretsmanager/secret:Secret",
        name="snowflake*",
        reason="Secrets Manager can rotate only what a Lambda function of ours could change, and that function would need a "
        "Snowflake user who may alter users. The key pair is rotated by a person with `ops credentials`, with no pause: Snowflake "
        "accepts two keys at a time.",
    ),
    Exemption(
        control="iam-trust-limited",
        type="aws:iam/role:Role",
        name="alerts-chat",
        reason="No page of AWS says that Amazon Q Developer tells a role's trust policy for which account it comes. Who has this "
        "role may do nothing: it has no policy.",
    ),
    Exemption(
        control="mwaa-private",
        type="aws:mwaa/environment:Environment",
        environments=("development",),
        reason="Development has no VPN. The page still asks for an IAM identity with airflow:CreateWebLoginToken.",
    ),
)


def may_be_wide(action: str, resource: str, statement: Statement) -> bool:
    """Whether a statement may allow this action on this resource, which ends in or consists of a wildcard."""
    return any(
        action in wildcard.actions
        and fnmatchcase(resource, wildcard.resource)
        and (wildcard.only_with is None or wildcard.only_with in statement.condition_keys)
        for wildcard in WILDCARDS
    )


def is_exempt(control: str, resource: Resource) -> bool:
    """Whether a control leaves a resource alone."""
    return any(
        control == exemption.control
        and resource.type == exemption.type
        and fnmatchcase(resource.name, exemption.name)
        and (not exemption.environments or resource.tags.get("environment") in exemption.environments)
        for exemption in EXEMPTIONS
    )
