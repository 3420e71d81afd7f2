"""What the pipeline's roles may do, and the platform's own at most.

A stack's names begin with `dbt-platform-<stack>` (`pulumi:autonaming` in Pulumi.yaml, and components/names.py), and its roles
have that as their path: so one stack's rights do not reach another stack of the account. What has no such name, its tags tell
apart (`unnamed.py`).
"""

from collections.abc import Sequence

import pulumi

from bootstrap import actions
from components.account import Account
from components.iam_policy import Statement
from components.names import Names
from settings.project import NAMESPACE
from settings.rules import PRIVATE_HOST

ROLE_PATH = "/ci/dbt-platform/"
"""IAM path of what the bootstrap makes; no pattern of the platform's own roles matches it."""

CI_BOUNDARY = "pipeline-boundary"

STATE_FOLDERS = ("backups", "history", "journal", "locks/organization")
"""Folders in `.pulumi/` with one per project and stack in them (Pulumi, `pkg/backend/diy`)."""


def workload_boundary(stack: str) -> str:
    """Name of the policy that caps every role of a stack."""
    return f"workload-boundary-{stack}"


def reading(account: Account, state_bucket: pulumi.Input[str], state_key: pulumi.Input[str]) -> list[Statement]:
    """What a preview needs: the state, and how things are set up now.

    It reads DAG files and the manifests of the last runs, which hold code and no data, and one secret: the Snowflake user
    that builds merge requests.
    """
    every = _names("*").platform
    buckets = f"arn:{account.partition}:s3:::{every}"
    objects = [f"{buckets}-platform-dags-*/*", f"{buckets}-platform-artifacts-*/*/state/*"]
    closer = [f"{buckets}-*", account.arn("secretsmanager", f"secret:{every}/*"), _own_roles(account, "*")]
    secret = account.arn("secretsmanager", "secret:dbt-platform/merge-requests-*")
    return [
        Statement(actions=["s3:GetObject", "s3:ListBucket"], resources=_bucket(state_bucket)),
        Statement(actions=["kms:Decrypt"], resources=[state_key]),
        # Most of these describe the account and know no resource; none shows data.
        Statement(actions=actions.LOOK, resources=["*"]),
        Statement(actions=actions.LOOK_CLOSER, resources=closer),
        Statement(actions=["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion"], resources=objects),
        key_for(account, "s3", ["kms:Decrypt"]),
        Statement(actions=["secretsmanager:GetSecretValue"], resources=[secret]),
    ]


def deploying(account: Account, stack: str, state_bucket: pulumi.Input[str], state_key: pulumi.Input[str]) -> list[Statement]:
    """What `pulumi up`, `pulumi destroy` and a smoke run of one stack need, on top of reading and of what has no name."""
    here = {"StringEquals": {"aws:RequestedRegion": account.region}}
    images = f"arn:{account.partition}:ecr:*:*:repository/{_names('*').platform}-*"
    snowflake = {"ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": f"*{PRIVATE_HOST}*"}}
    return [
        Statement(actions=["s3:DeleteObject", "s3:PutObject"], resources=state_files(stack, state_bucket)),
        Statement(actions=["kms:Encrypt", "kms:GenerateDataKey"], resources=[state_key]),
        # A key's alias is made with a right to the key as well.
        Statement(actions=actions.CHANGE, resources=[*_own(account, stack), account.arn("kms", "key/*")]),
        Statement(actions=actions.PULL, resources=[images]),
        Statement(actions=actions.UNTOLD, resources=["*"], conditions=here),
        Statement(actions=actions.MAKE_CHATS, resources=["*"]),
        # Route 53 has no region and asks for no tags, and a zone's id is AWS's own; but records have names.
        Statement(actions=actions.CHANGE_ZONES, resources=["*"]),
        Statement(actions=["route53:ChangeResourceRecordSets"], resources=["*"], conditions=snowflake),
        key_for(account, "s3", ["kms:GenerateDataKey"]),
        *_encrypting(account),
        *roles(account, stack, [_own_roles(account, stack)]),
        *(
            Statement(
                actions=["iam:CreateServiceLinkedRole"],
                resources=[account.role_arn(f"aws-service-role/{service}/{name}")],
                conditions={"StringEquals": {"iam:AWSServiceName": service}},
            )
            for service, name in actions.SERVICE_ROLES.items()
        ),
    ]


def ceiling(account: Account, state_bucket: pulumi.Input[str], state_key: pulumi.Input[str], issuer: str) -> list[Statement]:
    """Boundary of the pipeline's own roles: what no policy that is ever attached to them can give.

    Only an administrator changes what the bootstrap made; nobody's pipeline makes users, keys or trust in another issuer; and
    none becomes another role, such as one that it has made and that may read what it may not.
    """
    own = [
        account.role_arn(f"{ROLE_PATH.strip('/')}/*"),
        policy_arn(account, "*"),
        f"arn:{account.partition}:iam::{account.id}:oidc-provider/{issuer}",
    ]
    return [
        # A boundary gives nothing, it only cuts off: what follows is what it is for.
        Statement(actions=["*"], resources=["*"]),
        Statement(effect="Deny", actions=actions.NEVER, resources=["*"]),
        Statement(effect="Deny", actions=[f"iam:{verb}*" for verb in actions.IAM_WRITES], resources=own),
        Statement(effect="Deny", actions=["kms:Disable*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"], resources=[state_key]),
        Statement(
            effect="Deny", actions=["s3:DeleteBucket*", "s3:DeleteObjectVersion", "s3:PutBucket*"], resources=_bucket(state_bucket)
        ),
    ]


def workload_ceiling(account: Account, stack: str) -> list[Statement]:
    """Boundary of every role that the program makes for a stack: tasks, Airflow, flow logs."""
    tasks = account.arn("ecs", f"task/{_names(stack).platform}/*")
    # MWAA's Celery queues live in an account of AWS.
    queues = f"arn:{account.partition}:sqs:{account.region}:*:airflow-celery-*"
    return [
        Statement(actions=actions.WORK, resources=[*_own(account, stack), tasks, queues]),
        Statement(actions=actions.WORK_UNNAMED, resources=["*"]),
        Statement(
            actions=["iam:PassRole"],
            resources=[_own_roles(account, stack)],
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]


def policy_arn(account: Account, name: str) -> str:
    """ARN of a policy that the bootstrap made."""
    return f"arn:{account.partition}:iam::{account.id}:policy{ROLE_PATH}{name}"


def _names(stack: str) -> Names:
    """No other stack's name goes on with a hyphen or a slash (`StackName`), but those of its teams (`team.py`)."""
    return Names(f"{NAMESPACE}-{stack}")


def _own(account: Account, stack: str) -> list[str]:
    """All that bears a stack's name, but its roles."""
    own, arn = _names(stack), account.arn
    name = own.platform
    return [
        arn("airflow", f"environment/{name}"),
        arn("airflow", f"role/{name}/*"),
        f"arn:{account.partition}:budgets::{account.id}:budget/{name}",
        f"arn:{account.partition}:chatbot::{account.id}:chat-configuration/*/{own.chat('*')}",
        arn("cloudwatch", f"alarm:{own.alarm('*')}"),
        f"arn:{account.partition}:cloudwatch::{account.id}:dashboard/{name}",
        arn("ecr", f"repository/{own.repository('*')}"),
        arn("ecs", f"cluster/{name}"),
        arn("ecs", f"task-definition/{own.task_family('*')}"),
        arn("events", f"rule/{name}-*"),
        arn("kms", own.key_alias),
        *(arn("logs", f"log-group:{group}") for group in own.log_groups),
        f"arn:{account.partition}:s3:::{name}-*",
        arn("secretsmanager", f"secret:{own.secret('*')}"),
        arn("sns", f"{name}-*"),
    ]


def _own_roles(account: Account, stack: str) -> str:
    return account.role_arn(_names(stack).roles())


def roles(account: Account, stack: str, arns: Sequence[str]) -> list[Statement]:
    """To make, change and hand on the roles of a stack, which its boundary caps."""
    boundary = policy_arn(account, workload_boundary(stack))
    return [
        Statement(actions=actions.CHANGE_ROLES, resources=arns),
        Statement(actions=actions.GIVE_RIGHTS, resources=arns, conditions={"StringEquals": {"iam:PermissionsBoundary": boundary}}),
        Statement(
            actions=["iam:PassRole"], resources=arns, conditions={"StringEquals": {"iam:PassedToService": actions.ROLE_USERS}}
        ),
    ]


def _encrypting(account: Account) -> list[Statement]:
    """What the services do with the key in the name of whoever makes a thing that it encrypts; nothing that a job could ask of
    the key itself.
    """
    return [
        *encrypting_own(account),
        # Amazon MWAA, "Accessing an Amazon MWAA environment": of whoever makes or changes an environment.
        key_for(account, "airflow", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]),
    ]


def encrypting_own(account: Account) -> list[Statement]:
    """The same for what a team's stack has too: a repository, and secrets."""
    return [
        key_for(account, "ecr", ["kms:RetireGrant"]),
        # AWS Secrets Manager, "Secret encryption and decryption". Who may not read a secret still can't read it.
        key_for(account, "secretsmanager", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]),
    ]


def state_files(stack: str, bucket: pulumi.Input[str]) -> list[pulumi.Input[str]]:
    """Of one stack, which Pulumi writes."""
    own = f"{NAMESPACE}/{stack}"
    files = [f"stacks/{own}.*", *(f"{folder}/{own}/*" for folder in STATE_FOLDERS)]
    return [pulumi.Output.concat(bucket, "/.pulumi/", file) for file in files]


def _bucket(arn: pulumi.Input[str]) -> list[pulumi.Input[str]]:
    return [arn, pulumi.Output.concat(arn, "/*")]


def key_for(account: Account, service: str, doing: Sequence[str]) -> Statement:
    """Use of a key, whose id is not known here, for the data of one service."""
    return Statement(
        actions=doing,
        resources=[account.arn("kms", "key/*")],
        conditions={"StringEquals": {"kms:ViaService": account.service(service)}},
    )
