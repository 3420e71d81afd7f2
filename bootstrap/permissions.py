"""What the pipeline's roles may do.

Names that the statements rely on: the platform's program gives its buckets, roles and topics names that begin with the
component's (`platform-dags-1a2b3c4`), and the rest the prefix `dbt-platform-<stack>`.
"""

from collections.abc import Sequence

import pulumi

from components.account import Account
from components.policy import Statement

LOOK = (
    "airflow:GetEnvironment",
    "airflow:ListTagsForResource",
    "budgets:ListTagsForResource",
    "budgets:ViewBudget",
    "cloudwatch:Describe*",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListTagsForResource",
    "ec2:Describe*",
    "ecr:Describe*",
    "ecr:GetAuthorizationToken",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListTagsForResource",
    "ecs:Describe*",
    "ecs:ListTagsForResource",
    "events:Describe*",
    "events:List*",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListResourceTags",
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "route53:GetChange",
    "route53:GetHostedZone",
    "route53:ListResourceRecordSets",
    "route53:ListTagsForResource",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
)
"""How things are set up; never what is in them."""

CHANGE = (
    "airflow:CreateEnvironment",
    "airflow:DeleteEnvironment",
    "airflow:InvokeRestApi",
    "airflow:TagResource",
    "airflow:UntagResource",
    "airflow:UpdateEnvironment",
    "cloudwatch:Delete*",
    "cloudwatch:PutDashboard",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
    "ec2:AllocateAddress",
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:AuthorizeSecurityGroup*",
    "ec2:Create*",
    "ec2:Delete*",
    "ec2:Detach*",
    "ec2:Disassociate*",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpc*",
    "ec2:ReleaseAddress",
    "ec2:Replace*",
    "ec2:RevokeSecurityGroup*",
    "ecr:*LayerUpload",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchDeleteImage",
    "ecr:BatchGetImage",
    "ecr:CreateRepository",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:GetDownloadUrlForLayer",
    "ecr:Put*",
    "ecr:SetRepositoryPolicy",
    "ecr:TagResource",
    "ecr:UntagResource",
    "ecr:UploadLayerPart",
    "ecs:CreateCluster",
    "ecs:DeleteCluster",
    "ecs:DeregisterTaskDefinition",
    "ecs:PutClusterCapacityProviders",
    "ecs:RegisterTaskDefinition",
    "ecs:TagResource",
    "ecs:UntagResource",
    "ecs:UpdateCluster*",
    "events:DeleteRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "events:TagResource",
    "events:UntagResource",
    "kms:CreateAlias",
    "kms:CreateKey",
    "kms:DeleteAlias",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
    "logs:CreateLog*",
    "logs:DeleteLogGroup",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:DeleteSecret",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
    "sns:CreateTopic",
    "sns:DeleteTopic",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
    "sns:TagResource",
    "sns:Unsubscribe",
    "sns:UntagResource",
)
"""What the program's resources are made, changed and deleted with; it never reads a secret's value nor writes one."""

CHANGE_ZONES = (
    "route53:AssociateVPCWithHostedZone",
    "route53:ChangeResourceRecordSets",
    "route53:ChangeTagsForResource",
    "route53:CreateHostedZone",
    "route53:DeleteHostedZone",
    "route53:DisassociateVPCFromHostedZone",
    "route53:UpdateHostedZoneComment",
)
"""With egress `privateLink`: the private DNS zone of Snowflake's names."""

CHANGE_ROLES = ("iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole")
GIVE_RIGHTS = ("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
"""Allowed only for roles with the workloads' boundary: otherwise a pipeline could make itself an administrator."""

SERVICE_ROLES = {"airflow.amazonaws.com": "AWSServiceRoleForAmazonMWAA", "ecs.amazonaws.com": "AWSServiceRoleForECS"}
"""MWAA and ECS make their own role in an account that has never used them."""

ROLE_USERS = (
    "airflow-env.amazonaws.com",
    "airflow.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "events.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""Services that the program gives a role."""

WORK = (
    "airflow:PublishMetrics",
    "cloudwatch:PutMetricData",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:TagResource",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "logs:Create*",
    "logs:Describe*",
    "logs:Get*",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject*",
    "s3:Get*",
    "s3:List*",
    "s3:PutObject*",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:Get*",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)
"""All that dbt tasks, Airflow and flow logs may ever need; their own policies give each a small part of it."""

IAM_WRITES = ("Add", "Attach", "Create", "Delete", "Detach", "PassRole", "Put", "Remove", "Set", "Tag", "Untag", "Update")

ROLE_PATH = "/ci/dbt-platform/"
"""IAM path of what the bootstrap makes; no pattern of the platform's own roles matches it."""

CI_BOUNDARY = "pipeline-boundary"
WORKLOAD_BOUNDARY = "workload-boundary"


def reading(account: Account, state_bucket: pulumi.Input[str], state_key: pulumi.Input[str]) -> list[Statement]:
    """What a preview needs: the state, and how things are set up now.

    It reads DAG files and the manifests of the last runs, which hold code and no data, and one secret: the Snowflake user
    that builds merge requests.
    """
    objects = [f"arn:{account.partition}:s3:::platform-dags-*/*", f"arn:{account.partition}:s3:::platform-artifacts-*/*/state/*"]
    secret = account.arn("secretsmanager", "secret:dbt-platform/merge-requests-*")
    return [
        Statement(actions=["s3:GetObject", "s3:ListBucket"], resources=_bucket(state_bucket)),
        Statement(actions=["kms:Decrypt"], resources=[state_key]),
        # Most of these describe the account and know no resource; none shows data.
        Statement(actions=LOOK, resources=["*"]),
        Statement(actions=["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion"], resources=objects),
        _key_for(account, "s3", ["kms:Decrypt"]),
        Statement(actions=["secretsmanager:GetSecretValue"], resources=[secret]),
    ]


def deploying(account: Account, state_bucket: pulumi.Input[str], state_key: pulumi.Input[str]) -> list[Statement]:
    """What `pulumi up`, `pulumi destroy` and a smoke run need, on top of reading."""
    buckets = f"arn:{account.partition}:s3:::platform-*"
    return [
        Statement(actions=["s3:DeleteObject", "s3:PutObject"], resources=[pulumi.Output.concat(state_bucket, "/.pulumi/*")]),
        Statement(actions=["kms:Encrypt", "kms:GenerateDataKey"], resources=[state_key]),
        # The ids of a VPC's parts, keys and subscriptions are AWS' own: no pattern could name ours. The region can.
        Statement(actions=CHANGE, resources=["*"], conditions={"StringEquals": {"aws:RequestedRegion": account.region}}),
        # Route 53 has no region, and a zone's id is AWS's own.
        Statement(actions=CHANGE_ZONES, resources=["*"]),
        Statement(
            actions=["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"],
            resources=[f"arn:{account.partition}:budgets::{account.id}:budget/*"],
        ),
        Statement(actions=["s3:CreateBucket", "s3:Delete*", "s3:Get*", "s3:List*", "s3:Put*"], resources=[buckets, f"{buckets}/*"]),
        _key_for(account, "s3", ["kms:GenerateDataKey"]),
        *_encrypting(account),
        *_roles(account),
    ]


def ceiling(account: Account, state_bucket: pulumi.Input[str], state_key: pulumi.Input[str], issuer: str) -> list[Statement]:
    """Boundary of the pipeline's own roles: what no policy that is ever attached to them can give.

    Only an administrator changes what the bootstrap made; nobody's pipeline makes users, keys or trust in another issuer.
    """
    own = [
        account.role_arn(f"{ROLE_PATH.strip('/')}/*"),
        policy_arn(account, "*"),
        f"arn:{account.partition}:iam::{account.id}:oidc-provider/{issuer}",
    ]
    never = ["account:*", "organizations:*", "iam:*AccessKey*", "iam:*Group*", "iam:*Provider*", "iam:*User*", "iam:*LoginProfile*"]
    return [
        # A boundary gives nothing, it only cuts off: what follows is what it is for.
        Statement(actions=["*"], resources=["*"]),
        Statement(effect="Deny", actions=never, resources=["*"]),
        Statement(effect="Deny", actions=[f"iam:{verb}*" for verb in IAM_WRITES], resources=own),
        Statement(effect="Deny", actions=["kms:Disable*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"], resources=[state_key]),
        Statement(
            effect="Deny", actions=["s3:DeleteBucket*", "s3:DeleteObjectVersion", "s3:PutBucket*"], resources=_bucket(state_bucket)
        ),
    ]


def workload_ceiling(account: Account, state_bucket: pulumi.Input[str]) -> list[Statement]:
    """Boundary of every role that the program makes: tasks, Airflow, flow logs."""
    return [
        Statement(actions=WORK, resources=["*"]),
        Statement(
            actions=["iam:PassRole"],
            resources=_platform_roles(account),
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        Statement(effect="Deny", actions=["s3:*"], resources=_bucket(state_bucket)),
    ]


def policy_arn(account: Account, name: str) -> str:
    """ARN of a policy that the bootstrap made."""
    return f"arn:{account.partition}:iam::{account.id}:policy{ROLE_PATH}{name}"


def _roles(account: Account) -> list[Statement]:
    roles = _platform_roles(account)
    boundary = policy_arn(account, WORKLOAD_BOUNDARY)
    return [
        Statement(actions=CHANGE_ROLES, resources=roles),
        Statement(actions=GIVE_RIGHTS, resources=roles, conditions={"StringEquals": {"iam:PermissionsBoundary": boundary}}),
        Statement(actions=["iam:PassRole"], resources=roles, conditions={"StringEquals": {"iam:PassedToService": ROLE_USERS}}),
        *(
            Statement(
                actions=["iam:CreateServiceLinkedRole"],
                resources=[account.role_arn(f"aws-service-role/{service}/{name}")],
                conditions={"StringEquals": {"iam:AWSServiceName": service}},
            )
            for service, name in SERVICE_ROLES.items()
        ),
    ]


def _encrypting(account: Account) -> list[Statement]:
    """What the services do with the key in the name of whoever makes a thing that it encrypts; nothing that a job could ask of
    the key itself.
    """
    return [
        # ECR and MWAA take grants for themselves (Amazon ECR, "Encryption at rest"; Amazon MWAA, "Using customer managed keys").
        Statement(
            actions=["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            resources=[account.arn("kms", "key/*")],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        _key_for(account, "ecr", ["kms:RetireGrant"]),
        # Amazon MWAA, "Accessing an Amazon MWAA environment": of whoever makes or changes an environment.
        _key_for(account, "airflow", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]),
        # AWS Secrets Manager, "Secret encryption and decryption". Who may not read a secret still can't read it.
        _key_for(account, "secretsmanager", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]),
    ]


def _platform_roles(account: Account) -> list[str]:
    return [account.role_arn("platform-*"), account.role_arn("dbt-platform-*/*")]


def _bucket(arn: pulumi.Input[str]) -> list[pulumi.Input[str]]:
    return [arn, pulumi.Output.concat(arn, "/*")]


def _key_for(account: Account, service: str, actions: Sequence[str]) -> Statement:
    """Use of a key, whose id is not known here, for the data of one service."""
    return Statement(
        actions=actions,
        resources=[account.arn("kms", "key/*")],
        conditions={"StringEquals": {"kms:ViaService": account.service(service)}},
    )
