"""Texts and numbers that AWS limits and botocore's models do not: one table, and what reads it."""

import datetime
import json
from collections.abc import Iterator
from typing import Any

from sandbox import rules
from sandbox.grammars import containers
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.values import UNKNOWN, Asset, Properties
from sandbox.rules import Limit, Read


def problems(kind: ResourceType, inputs: Properties) -> Iterator[Problem]:
    """Everything in the inputs that the table refuses; unknown values pass."""
    return refused(LIMITS.get(kind.token.removeprefix("aws:"), {}), kind, inputs)


def refused(table: rules.Table, kind: ResourceType, inputs: Properties) -> Iterator[Problem]:
    """The same, by another table."""
    read = {
        name: parsed(value) if name in kind.properties and kind.properties[name].json else value for name, value in inputs.items()
    }
    return rules.problems(table, read, unsaid=_unsaid)


def parsed(value: Any) -> Any:
    """A JSON text's value; what is none is another rule's."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return UNKNOWN


def leaves(value: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    """Every known value in a property: its path, its path in the table (`rules[].id`), and itself; structures too."""
    return rules.leaves(value, path, path, _unsaid)


def _unsaid(value: Any) -> bool:
    return value is None or value == UNKNOWN or isinstance(value, Asset)


GROUP_TEXT = Limit(page="EC2 API Reference, CreateSecurityGroup", pattern=r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*", low=1, high=255)
RULE_TEXT = Limit(page="EC2 API Reference, IpRange: Description", pattern=r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*", high=255)
PORT = Limit(page="EC2 API Reference, IpPermission", low=-1, high=65535)
RULE = {
    "description": RULE_TEXT,
    "fromPort": PORT,
    "toPort": PORT,
    "ipProtocol": Limit(
        page="EC2 API Reference, IpPermission: IpProtocol",
        pattern=r"(?i:tcp|udp|icmp|icmpv6|all)|-1|\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]",
    ),
}

ROLE_ARN = Limit(page="IAM User Guide, IAM identifiers", pattern=r"arn:aws(-[a-z-]+)?:iam::\d{12}:role/[\w+=,.@/-]+")
POLICY_ARN = Limit(page="IAM User Guide, IAM identifiers", pattern=r"arn:aws(-[a-z-]+)?:iam::(\d{12}|aws):policy/[\w+=,.@/-]+")
KEY = Limit(
    page="KMS Developer Guide, Key identifiers (KeyId)",
    pattern=r"(arn:aws(-[a-z-]+)?:kms:[a-z0-9-]+:\d{12}:(key/[A-Za-z0-9-]+|alias/[A-Za-z0-9/_-]+))"
    r"|[A-Za-z0-9-]+|alias/[A-Za-z0-9/_-]+",
)
KEY_ARN = Limit(
    page="KMS Developer Guide, Key identifiers (KeyId)", pattern=r"arn:aws(-[a-z-]+)?:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+"
)
TOPIC_ARN = Limit(
    page="SNS Developer Guide, topic ARNs", pattern=r"arn:aws(-[a-z-]+)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"
)
ACTION_ARN = Limit(
    page="CloudWatch API Reference, PutMetricAlarm: AlarmActions",
    pattern=r"arn:aws(-[a-z-]+)?:(sns|lambda|ssm|ssm-incidents|automate|autoscaling|swf|aiops):[a-z0-9-]*:[^\s:]*:\S+",
)
ANY_ARN = r"arn:aws(-[a-z-]+)?:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+"
LIFECYCLE_PAGE = "S3 API Reference, PutBucketLifecycleConfiguration"
MIDNIGHT = (
    Limit(page=f"{LIFECYCLE_PAGE}: midnight in UTC", pattern=r"\d{4}-\d\d-\d\d(T00:00:00(\.0+)?(Z|\+00:00)?)?"),
    Read(page=LIFECYCLE_PAGE, read=lambda text: datetime.date.fromisoformat(text[:10])),
)
DAYS = Limit(page=LIFECYCLE_PAGE, low=1)
EMAIL = Limit(page="Budgets API Reference, Subscriber", pattern=r"[^@\s]+@[^@\s]+\.[^@\s.]+", high=50)
WEB_SERVERS = Limit(page="MWAA API Reference, CreateEnvironment", low=1, high=5)

LIMITS: dict[str, rules.Table] = {
    "budgets/budget:Budget": {
        "notifications": Limit(page="Budgets API Reference, CreateBudget: five notifications", high=5),
        "notifications[].comparisonOperator": Limit(
            page="Budgets API Reference, Notification", among=("GREATER_THAN", "LESS_THAN", "EQUAL_TO")
        ),
        "notifications[].notificationType": Limit(page="Budgets API Reference, Notification", among=("ACTUAL", "FORECASTED")),
        "notifications[].thresholdType": Limit(page="Budgets API Reference, Notification", among=("PERCENTAGE", "ABSOLUTE_VALUE")),
        "notifications[].threshold": Limit(page="Budgets API Reference, Notification", low=0, high=40_000_000_000),
        "notifications[].subscriberEmailAddresses": Limit(
            page="Budgets API Reference, CreateBudget: ten e-mail subscribers", high=10
        ),
        "notifications[].subscriberEmailAddresses[]": EMAIL,
        "notifications[].subscriberSnsTopicArns": Limit(page="Budgets API Reference, CreateBudget: one SNS subscriber", high=1),
        "notifications[].subscriberSnsTopicArns[]": TOPIC_ARN,
        "filterExpression.ands": Limit(page="Cost Explorer API Reference, Expression: And of two or more", low=2),
    },
    "cloudwatch/dashboard:Dashboard": {
        "dashboardName": Limit(page="CloudWatch API Reference, PutDashboard", pattern="[A-Za-z0-9_-]{1,255}"),
    },
    "cloudwatch/eventTarget:EventTarget": {
        "arn": Limit(page="EventBridge API Reference, Target", pattern=ANY_ARN),
        "roleArn": ROLE_ARN,
        "inputTransformer.inputTemplate": Limit(page="EventBridge API Reference, InputTransformer", low=1, high=8192),
    },
    "cloudwatch/logGroup:LogGroup": {
        "name": Limit(page="CloudWatch Logs API Reference, CreateLogGroup: aws/ is reserved", pattern="(?!(?i:aws/)).*"),
        "kmsKeyId": KEY_ARN,
    },
    "cloudwatch/metricAlarm:MetricAlarm": {
        "name": Limit(page="CloudWatch API Reference, PutMetricAlarm: no control characters", pattern=r"[^\x00-\x1f\x7f]+"),
        **{f"{kind}[]": ACTION_ARN for kind in ("alarmActions", "okActions", "insufficientDataActions")},
        "dimensions": Limit(page="CloudWatch API Reference, PutMetricAlarm", high=30),
    },
    "ec2/eip:Eip": {"domain": Limit(page="EC2 API Reference, AllocateAddress", among=("vpc",))},
    "ec2/flowLog:FlowLog": {
        "iamRoleArn": ROLE_ARN,
        "logDestination": Limit(page="EC2 API Reference, CreateFlowLogs", pattern=ANY_ARN.replace(r"(\d{12}|aws)?", r"(\d{12})?")),
    },
    "ec2/securityGroup:SecurityGroup": {
        "name": Limit(
            page="EC2 API Reference, CreateSecurityGroup", pattern=r"(?!default$)[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*", high=255
        ),
        "description": GROUP_TEXT,
    },
    "ec2/vpc:Vpc": {
        "instanceTenancy": Limit(page="EC2 API Reference, CreateVpc: host is for instances", among=("default", "dedicated")),
    },
    "ecr/repository:Repository": {"encryptionConfigurations[].kmsKey": KEY},
    "ecs/cluster:Cluster": {
        "settings[].value": Limit(page="ECS API Reference, ClusterSetting", among=("enabled", "enhanced", "disabled")),
    },
    "ecs/clusterCapacityProviders:ClusterCapacityProviders": {
        "clusterName": Limit(page="ECS API Reference, CreateCluster", pattern="[A-Za-z0-9_-]{1,255}"),
        "defaultCapacityProviderStrategies": Limit(page="ECS API Reference, CapacityProviderStrategyItem", high=20),
    },
    "ecs/taskDefinition:TaskDefinition": {**containers.LIMITS, "executionRoleArn": ROLE_ARN, "taskRoleArn": ROLE_ARN},
    "iam/openIdConnectProvider:OpenIdConnectProvider": {
        "clientIdLists": Limit(page="IAM API Reference, CreateOpenIDConnectProvider", high=100),
        "url": Limit(page="IAM API Reference, CreateOpenIDConnectProvider: no port number", pattern=r"https://[^:?#\s]+"),
    },
    "iam/role:Role": {"permissionsBoundary": POLICY_ARN},
    "iam/rolePolicyAttachment:RolePolicyAttachment": {"policyArn": POLICY_ARN},
    "kms/alias:Alias": {
        "name": Limit(page="KMS API Reference, CreateAlias", pattern="alias/[a-zA-Z0-9/_-]+"),
        "targetKeyId": Limit(
            page="KMS API Reference, CreateAlias: a key, no alias", pattern=f"(?!alias/)[A-Za-z0-9-]+|{KEY_ARN.pattern}"
        ),
    },
    "mwaa/environment:Environment": {
        "environmentClass": Limit(
            page="MWAA User Guide, environment class",
            among=tuple(f"mw1.{size}" for size in ("micro", "small", "medium", "large", "xlarge", "2xlarge")),
        ),
        "airflowVersion": Limit(
            page="MWAA User Guide, Apache Airflow versions",
            pattern=r"2\.7\.2|2\.8\.1|2\.9\.2|2\.10\.[13]|2\.11\.\d|3\.\d+\.\d+",
        ),
        "maxWebservers": WEB_SERVERS,
        "minWebservers": WEB_SERVERS,
        "schedulers": Limit(page="MWAA API Reference, CreateEnvironment", low=1, high=5),
        "maxWorkers": Limit(page="MWAA User Guide, service quotas: 25 workers", low=1, high=25),
        "minWorkers": Limit(page="MWAA User Guide, service quotas: 25 workers", low=1, high=25),
        "weeklyMaintenanceWindowStart": Limit(
            page="MWAA API Reference, CreateEnvironment", pattern=r"(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):(00|30)"
        ),
        "dagS3Path": Limit(page="MWAA User Guide, DAG folder: relative to the bucket", pattern=r"(?!/|s3://).+"),
        **{
            f"{what}S3Path": Limit(page="MWAA User Guide: relative to the bucket", pattern="(?!/|s3://).+")
            for what in ("requirements", "plugins", "startupScript")
        },
    },
    "route53/zone:Zone": {
        "name": Limit(
            page="Route 53 Developer Guide, DNS domain name format", pattern=r"([^.\s]{1,63}\.)*[^.\s]{1,63}\.?", low=1, high=255
        ),
        "comment": Limit(page="Route 53 API Reference, HostedZoneConfig", high=256),
    },
    "route53/record:Record": {
        "name": Limit(
            page="Route 53 Developer Guide, DNS domain name format", pattern=r"([^.\s]{1,63}\.)*[^.\s]{1,63}\.?", high=255
        ),
    },
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "rules": Limit(page=LIFECYCLE_PAGE, low=1, high=1000),
        "rules[].id": Limit(page=LIFECYCLE_PAGE, low=1, high=255),
        "rules[].abortIncompleteMultipartUpload.daysAfterInitiation": DAYS,
        "rules[].expiration.days": DAYS,
        "rules[].noncurrentVersionExpiration.noncurrentDays": DAYS,
        "rules[].noncurrentVersionExpiration.newerNoncurrentVersions": Limit(page=LIFECYCLE_PAGE, low=1, high=100),
        "rules[].noncurrentVersionTransitions[].newerNoncurrentVersions": Limit(page=LIFECYCLE_PAGE, low=1, high=100),
        "rules[].noncurrentVersionTransitions[].noncurrentDays": Limit(page=LIFECYCLE_PAGE, low=0),
        "rules[].transitions[].days": Limit(page=LIFECYCLE_PAGE, low=0),
        "rules[].expiration.date": MIDNIGHT,
        "rules[].transitions[].date": MIDNIGHT,
        "rules[].filter.tag.key": Limit(page="S3 User Guide, object tags", low=1, high=128),
        "rules[].filter.tag.value": Limit(page="S3 User Guide, object tags", high=256),
        **{
            f"rules[].filter.{place}objectSize{which}Than": Limit(page="S3 API Reference, LifecycleRuleFilter", low=0)
            for place in ("", "and.")
            for which in ("Greater", "Less")
        },
        "rules[].filter.prefix": Limit(page="S3 User Guide, object keys", octets=1024),
    },
    "s3/bucketObjectv2:BucketObjectv2": {
        "key": Limit(page="S3 User Guide, Naming Amazon S3 objects: 1,024 bytes", octets=1024),
        "kmsKeyId": KEY_ARN,
        "storageClass": Limit(
            page="S3 User Guide, storage classes",
            among=(
                "STANDARD",
                "REDUCED_REDUNDANCY",
                "STANDARD_IA",
                "ONEZONE_IA",
                "INTELLIGENT_TIERING",
                "GLACIER",
                "DEEP_ARCHIVE",
                "GLACIER_IR",
            ),
        ),
    },
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "rules": Limit(page="S3 API Reference, PutBucketEncryption: one rule", low=1, high=1),
        "rules[].applyServerSideEncryptionByDefault.sseAlgorithm": Limit(
            page="S3 API Reference, ServerSideEncryptionByDefault", among=("AES256", "aws:kms", "aws:kms:dsse")
        ),
        "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId": KEY,
    },
    "secretsmanager/secret:Secret": {"kmsKeyId": KEY},
    "secretsmanager/secretPolicy:SecretPolicy": {
        "secretArn": Limit(
            page="Secrets Manager API Reference, PutResourcePolicy",
            pattern=r"arn:aws(-[a-z-]+)?:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+",
        ),
    },
    "sns/topic:Topic": {
        "displayName": Limit(page="SNS API Reference, CreateTopic: DisplayName", high=100),
        "kmsMasterKeyId": KEY,
    },
    "sns/topicPolicy:TopicPolicy": {"arn": TOPIC_ARN},
    "sns/topicSubscription:TopicSubscription": {"topic": TOPIC_ARN},
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": RULE,
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": RULE,
}
"""Type -> place in its inputs -> limit."""
