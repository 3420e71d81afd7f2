"""The actions of AWS that the pipeline's roles and the platform's own are made of."""

LOOK = (
    "airflow:GetEnvironment",
    "airflow:ListTagsForResource",
    "budgets:ListTagsForResource",
    "budgets:ViewBudget",
    "chatbot:Describe*",
    "chatbot:Get*",
    "chatbot:List*",
    "cloudwatch:Describe*",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListTagsForResource",
    "ec2:Describe*",
    "ecr:BatchGetImage",
    "ecr:Describe*",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListImages",
    "ecr:ListTagsForResource",
    "ecs:Describe*",
    "ecs:ListTagsForResource",
    "events:Describe*",
    "events:List*",
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
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListTagsForResource",
)
"""How things of the account are set up; never what is in them."""

LOOK_CLOSER = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListTagsForResource",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
)
"""The same of what a policy can show much by: what a bucket's objects are called, what a role may do. Of this platform's alone."""

CHANGE = (
    "airflow:CreateEnvironment",
    "airflow:DeleteEnvironment",
    "airflow:InvokeRestApi",
    "airflow:TagResource",
    "airflow:UntagResource",
    "airflow:UpdateEnvironment",
    "budgets:ModifyBudget",
    "budgets:TagResource",
    "budgets:UntagResource",
    "chatbot:DeleteMicrosoftTeamsChannelConfiguration",
    "chatbot:DeleteSlackChannelConfiguration",
    "chatbot:UpdateMicrosoftTeamsChannelConfiguration",
    "chatbot:UpdateSlackChannelConfiguration",
    "cloudwatch:Delete*",
    "cloudwatch:PutDashboard",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
    "ecr:*LayerUpload",
    "ecr:BatchDeleteImage",
    "ecr:CreateRepository",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:Put*",
    "ecr:SetRepositoryPolicy",
    "ecr:TagResource",
    "ecr:UntagResource",
    "ecr:UploadLayerPart",
    "ecs:CreateCluster",
    "ecs:DeleteCluster",
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
    "kms:DeleteAlias",
    "kms:UpdateAlias",
    "logs:CreateLog*",
    "logs:DeleteLogGroup",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
    "s3:CreateBucket",
    "s3:Delete*",
    "s3:Get*",
    "s3:List*",
    "s3:Put*",
    "s3:TagResource",
    "s3:UntagResource",
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
    "sns:UntagResource",
)
"""What the program's resources that bear the stack's name are made, changed and deleted with. It reads no secret's value; but
who may make or update a secret may also write one.
AWS's provider tags buckets with S3's own TagResource (terraform-provider-aws#45251, since 6.23)."""

MAKE_NETWORK = (
    "ec2:AllocateAddress",
    "ec2:CreateFlowLogs",
    "ec2:CreateInternetGateway",
    "ec2:CreateNatGateway",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
)
"""What makes a part of a VPC that bears tags from the beginning."""

OPEN_NETWORK = ("ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress")
"""The same for a rule of a security group."""

CHANGE_NETWORK = (
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:CreateNetworkInterface",
    "ec2:CreateRoute",
    "ec2:CreateTags",
    "ec2:DeleteFlowLogs",
    "ec2:DeleteInternetGateway",
    "ec2:DeleteNatGateway",
    "ec2:DeleteRoute",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteTags",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcEndpoints",
    "ec2:DetachInternetGateway",
    "ec2:DisassociateAddress",
    "ec2:DisassociateRouteTable",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:ReleaseAddress",
    "ec2:ReplaceRoute",
    "ec2:ReplaceRouteTableAssociation",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
)
"""What changes or deletes one, or makes a part of it that bears none."""

CHANGE_WITH_OTHERS = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateVpcEndpoint",
    "ec2:DisassociateAddress",
    "ec2:ModifySecurityGroupRules",
)
"""Of these what also needs a thing of AWS's own."""

CHANGE_KEY = (
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""Of an image: the stack's own, or another's that is promoted."""

UNTOLD = ("ecs:DeregisterTaskDefinition", "sns:Unsubscribe")
"""AWS can limit these to nothing at all (Service Authorization Reference, "Amazon ECS", "Amazon SNS")."""

CHANGE_ZONES = (
    "route53:AssociateVPCWithHostedZone",
    "route53:ChangeTagsForResource",
    "route53:CreateHostedZone",
    "route53:DeleteHostedZone",
    "route53:DisassociateVPCFromHostedZone",
    "route53:UpdateHostedZoneComment",
)
"""With egress `privateLink`: the private DNS zone of Snowflake's names. AWS deletes a zone only without records."""

MAKE_CHATS = (
    "chatbot:CreateMicrosoftTeamsChannelConfiguration",
    "chatbot:CreateSlackChannelConfiguration",
    "chatbot:TagResource",
    "chatbot:UntagResource",
)
"""AWS limits these to nothing, and Q has endpoints in few regions (Service Authorization Reference, "AWS Chatbot").
Whom it may talk to is decided once, by who authorises a workspace or team in AWS's console: no role of the pipeline may do that."""

CHANGE_ROLES = ("iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole")
GIVE_RIGHTS = ("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
"""Allowed only for roles with the workloads' boundary: otherwise a pipeline could make itself an administrator."""

SERVICE_ROLES = {"airflow.amazonaws.com": "AWSServiceRoleForAmazonMWAA", "ecs.amazonaws.com": "AWSServiceRoleForECS"}
"""MWAA and ECS make their own role in an account that has never used them."""

ROLE_USERS = (
    "airflow-env.amazonaws.com",
    "airflow.amazonaws.com",
    "chatbot.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "events.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""Services that the program gives a role."""

WORK = (
    "airflow:PublishMetrics",
    "ecs:DescribeTasks",
    "ecs:RunTask",
    "ecs:StopTask",
    "ecs:TagResource",
    "logs:Create*",
    "logs:Get*",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject*",
    "s3:Get*",
    "s3:List*",
    "s3:PutObject*",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:Get*",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
)
"""All that dbt tasks, Airflow and flow logs may ever need of what bears the stack's name; their own policies give each a small
part of it."""

WORK_UNNAMED = (
    "cloudwatch:PutMetricData",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "ecs:ListTasks",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "logs:Describe*",
    "s3:GetAccountPublicAccessBlock",
)
"""The same of what has no name, or one that AWS makes up."""

IAM_WRITES = ("Add", "Attach", "Create", "Delete", "Detach", "PassRole", "Put", "Remove", "Set", "Tag", "Untag", "Update")

NEVER = (
    "account:*",
    "iam:*AccessKey*",
    "iam:*Group*",
    "iam:*LoginProfile*",
    "iam:*Provider*",
    "iam:*User*",
    "organizations:*",
    "sts:AssumeRole",
)
"""No policy gives the pipeline's roles these. A role that names one of them as trusted would need no policy of theirs to be assumed
(STS API Reference, AssumeRole)."""
