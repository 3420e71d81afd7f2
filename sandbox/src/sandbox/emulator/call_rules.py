"""What a call's parameters must be that only a page says, as data; what takes more than a rule is said in `limits/`."""

import json

from sandbox.grammars import containers
from sandbox.grammars.dashboards import STATISTIC
from sandbox.rules import Choice, Distinct, Entries, Fits, Has, Json, Limit, Needs, Read, Table
from sandbox.subscribers import ENDPOINTS

TOPIC_ARN = r"arn:aws(-[a-z-]+)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"
RUN = "ECS API Reference, RunTask"
UP_TO_100 = Limit(page="ECS API Reference: maxResults", low=1, high=100)
FARGATE = ("FARGATE", "FARGATE_SPOT")
STARTED_BY = Limit(
    page="ECS API Reference, RunTask and ListTasks: startedBy, at most 128 letters, numbers, hyphens, slashes and underscores",
    pattern="[A-Za-z0-9_/-]{0,128}",
)
TAG_KEY = Limit(page="Tagging AWS Resources User Guide: the prefix aws: is reserved", pattern="(?!(?i:aws:)).*")
KMS_TAGS = "KMS API Reference, TagResource: TagException"
IMAGE_TAGS = Limit(page="ECR User Guide, Tag restrictions", high=50, code="TooManyTagsException")
IMAGE_TAG = Limit(page=TAG_KEY.page, pattern=TAG_KEY.pattern, code="InvalidTagParameterException")
TASK = Limit(page="ECS API Reference: taskId length should be one of [32,36]", pattern="arn:.+|[0-9a-f]{32}|[0-9a-f-]{36}")
KEY = Limit(page="S3 User Guide, Naming Amazon S3 objects: Your key is too long", octets=1024, code="KeyTooLongError")
BUCKET = Limit(
    page="S3 User Guide, Bucket naming rules: The specified bucket is not valid.",
    pattern=r"(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    code="InvalidBucketName",
)
DAYS = Limit(page="S3 API Reference, LifecycleExpiration: 'Days' must be a positive integer", low=1)
PART = Limit(page="S3 API Reference, UploadPart: Part number must be an integer between 1 and 10000, inclusive", low=1, high=10_000)
ENCRYPTION = Fits(
    page="S3 API Reference, PutObject: InvalidArgument",
    name="ServerSideEncryption",
    among=(None, "AES256"),
    other="SSEKMSKeyId",
    rule=Limit(page="needs aws:kms", high=0),
)
PUT: Table = {
    "": (
        ENCRYPTION,
        Choice(page="S3 API Reference, PutObject", names=("ServerSideEncryption", "SSECustomerAlgorithm")),
        Needs(page="S3 API Reference, PutObject", name="ObjectLockMode", others=("ObjectLockRetainUntilDate",)),
        Needs(page="S3 API Reference, PutObject", name="ObjectLockRetainUntilDate", others=("ObjectLockMode",)),
    ),
    "Key": KEY,
    "ContentMD5": Limit(
        page="S3 API Reference, Error responses: The Content-MD5 you specified is not valid.",
        pattern="[A-Za-z0-9+/]{22}==",
        code="InvalidDigest",
    ),
    "WebsiteRedirectLocation": Limit(
        page="S3 User Guide, Configuring a webpage redirect: it begins with /, http:// or https://",
        pattern=r"(/|https?://).*",
        high=2048,
    ),
}
ACTION = Limit(page="CloudWatch API Reference, PutMetricAlarm: actions are ARNs", pattern=r"arn:aws(-[a-z-]+)?:[a-z-]+:.+")
PERIOD = Limit(page="CloudWatch API Reference, GetMetricStatistics", among=(1, 5, 10, 20, 30), multiple=60)
STATISTICS = "CloudWatch User Guide, CloudWatch statistics definitions"
DATUM = "CloudWatch API Reference, MetricDatum"
DIMENSION = "CloudWatch API Reference, Dimension"
ATTRIBUTE = "SNS Developer Guide, Amazon SNS message attributes"
MESSAGE_ATTRIBUTES = Entries(
    names=Limit(page=f"{ATTRIBUTE}: names", pattern=r"(?!(?i:aws\.|amazon\.))(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)"),
    values={
        "": (
            Choice(
                page=f"{ATTRIBUTE}: must contain non-empty message attribute value", names=("StringValue", "BinaryValue"), least=1
            ),
            Fits(
                page=ATTRIBUTE,
                name="DataType",
                among=("Number",),
                other="StringValue",
                rule=Limit(page=ATTRIBUTE, pattern=r"[+-]?\d*\.?\d+([eE][+-]?\d+)?"),
            ),
            Fits(
                page=ATTRIBUTE, name="DataType", among=("Binary",), other="StringValue", rule=Limit(page="use BinaryValue", high=0)
            ),
            Fits(
                page=ATTRIBUTE, name="DataType", among=("String",), other="BinaryValue", rule=Limit(page="use StringValue", high=0)
            ),
        ),
        "DataType": Limit(
            page=f"{ATTRIBUTE}: the supported type prefixes are Binary, Number, and String",
            pattern=r"(String|Number|Binary)(\..+)?",
        ),
    },
    code="ParameterValueInvalid",
)
TOPIC_ATTRIBUTES = (
    "ArchivePolicy|ContentBasedDeduplication|DeliveryPolicy|DisplayName|FifoThroughputScope|KmsMasterKeyId|MaximumMessageSize|Policy"
    "|SignatureVersion|TracingConfig|(Application|Firehose|HTTP|Lambda|SQS)(Success|Failure)Feedback.+"
)
SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy",
    "SubscriptionRoleArn",
)  # fmt: skip
LOGS_TARGET = Choice(page="CloudWatch Logs API Reference", names=("logGroupName", "logGroupIdentifier"), least=1)
WEIGHTED = "Route 53 API Reference, ResourceRecordSet"
ROUTING = ("Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer", "CidrRoutingConfig", "GeoProximityLocation")
RECORD = "ChangeBatch.Changes[].ResourceRecordSet"
SESSION_TAG = "IAM User Guide, Passing session tags in AWS STS"
ASSUME: Table = {
    "RoleArn": Limit(page="STS API Reference, AssumeRole: RoleArn", pattern=r"arn:aws(-[a-z-]+)?:iam::\d{12}:role/[\w+=,.@/-]+"),
    "Policy": (
        Json(page="STS API Reference, AssumeRole: Policy", code="MalformedPolicyDocument"),
        Limit(page="STS API Reference, AssumeRole: Policy", high=2048),
    ),
    "PolicyArns": Limit(page="STS API Reference, AssumeRole: PolicyArns", high=10),
    "Tags": Distinct(page=f"{SESSION_TAG}: duplicate tag keys", by="Key", fold=str.lower),
    "Tags[].Key": TAG_KEY,
    "": Needs(page=f"{SESSION_TAG}: transitive keys are tags of the call", name="TransitiveTagKeys", others=("Tags",)),
}

OF_ALL: dict[str, Table] = {
    "cloudwatch": {"Tags[].Key": TAG_KEY},
    "ec2": {"Tags[].Key": TAG_KEY, "TagSpecifications[].Tags[].Key": TAG_KEY},
    "ecr": {"tags": IMAGE_TAGS, "tags[].Key": IMAGE_TAG},
    "ecs": {"tags[].key": TAG_KEY},
    "events": {"Tags[].Key": TAG_KEY},
    "iam": {"Tags[].Key": TAG_KEY},
    "kms": {
        "Tags": Distinct(page=KMS_TAGS, by="TagKey", code="TagException"),
        "Tags[].TagKey": Limit(page=KMS_TAGS, pattern=TAG_KEY.pattern, code="TagException"),
    },
    "logs": {"tags": Entries(names=TAG_KEY, values={})},
    "mwaa": {"Tags": Entries(names=TAG_KEY, values={})},
    "secretsmanager": {"Tags[].Key": TAG_KEY},
    "sns": {
        "SubscriptionArn": Limit(page="SNS Developer Guide, subscription ARNs", pattern=f"{TOPIC_ARN}:[0-9a-f-]+"),
        "Tags[].Key": TAG_KEY,
        "TopicArn": Limit(page="SNS Developer Guide, topic ARNs", pattern=TOPIC_ARN),
    },
}
"""Service -> place in the parameters of all its operations -> rule."""

RULES: dict[tuple[str, str], Table] = {
    ("cloudwatch", "GetMetricData"): {
        "MetricDataQueries": (
            Limit(page="CloudWatch API Reference, GetMetricData", low=1, high=500),
            Distinct(page="CloudWatch API Reference, MetricDataQuery: Id", by="Id"),
        ),
        "MetricDataQueries[].Id": Limit(page="CloudWatch API Reference, MetricDataQuery", pattern="[a-z][a-zA-Z0-9_]{0,254}"),
        "MetricDataQueries[]": Choice(
            page="CloudWatch API Reference, MetricDataQuery", names=("Expression", "MetricStat"), least=1
        ),
        "MetricDataQueries[].MetricStat.Period": PERIOD,
        "MetricDataQueries[].MetricStat.Stat": Limit(
            page="CloudWatch User Guide, statistics definitions", pattern=STATISTIC.pattern
        ),
    },
    ("cloudwatch", "GetMetricStatistics"): {
        "": Choice(page="CloudWatch API Reference, GetMetricStatistics", names=("Statistics", "ExtendedStatistics"), least=1),
        "ExtendedStatistics[]": Limit(page=STATISTICS, pattern=STATISTIC.pattern, code="InvalidParameterValue"),
        "Period": PERIOD,
    },
    ("cloudwatch", "PutMetricAlarm"): {
        "": Choice(
            page="CloudWatch API Reference, PutMetricAlarm: either Metrics or a metric", names=("MetricName", "Metrics"), least=1
        ),
        "AlarmActions[]": ACTION,
        "ExtendedStatistic": Limit(page=STATISTICS, pattern=STATISTIC.pattern),
        "InsufficientDataActions[]": ACTION,
        "OKActions[]": ACTION,
        "TreatMissingData": Limit(
            page="CloudWatch API Reference, PutMetricAlarm", among=("breaching", "notBreaching", "ignore", "missing")
        ),
        "Period": Limit(page="CloudWatch API Reference, PutMetricAlarm", among=(10, 20, 30), multiple=60),
    },
    ("cloudwatch", "PutMetricData"): {
        "": Choice(page="CloudWatch API Reference, PutMetricData", names=("MetricData", "EntityMetricData"), least=1, most=2),
        "Namespace": Limit(page="CloudWatch API Reference, PutMetricData: the value AWS/ is invalid", pattern=r"(?!AWS/|:)[ -~]+"),
        "MetricData": Limit(page="CloudWatch API Reference, PutMetricData", low=1, high=1000),
        "MetricData[]": Choice(
            page=DATUM, names=("Value", "Values", "StatisticValues"), least=1, code="InvalidParameterCombination"
        ),
        "MetricData[].Dimensions": (Limit(page=DATUM, high=30), Distinct(page=DIMENSION, by="Name")),
        "MetricData[].Dimensions[].Name": Limit(page=DIMENSION, pattern=r"(?!:)[ -~]*[!-~][ -~]*"),
        "MetricData[].Dimensions[].Value": Limit(page=DIMENSION, pattern=r"[ -~]*[!-~][ -~]*"),
        "MetricData[].Values": Limit(page=DATUM, low=1, high=150),
        "MetricData[].MetricName": Limit(page=f"{DATUM}: no control characters", pattern="[ -~]+"),
        "MetricData[].StorageResolution": Limit(page=DATUM, among=(1, 60)),
    },
    ("cloudwatch", "PutDashboard"): {
        "DashboardName": Limit(
            page="CloudWatch API Reference, PutDashboard", pattern="[A-Za-z0-9_-]{1,255}", code="InvalidParameterInput"
        ),
    },
    ("cloudwatch", "SetAlarmState"): {
        "StateReasonData": Json(page="CloudWatch API Reference, SetAlarmState: InvalidFormat", code="InvalidFormat"),
    },
    ("ec2", "ModifyVpcAttribute"): {
        "": Choice(
            page="EC2 API Reference, ModifyVpcAttribute: one attribute at a time",
            names=("EnableDnsHostnames", "EnableDnsSupport", "EnableNetworkAddressUsageMetrics"),
            code="InvalidParameterCombination",
        ),
    },
    ("ecr", "DescribeImages"): {
        "": (
            Choice(page="ECR API Reference, DescribeImages", names=("imageIds", "maxResults")),
            Choice(page="ECR API Reference, DescribeImages", names=("imageIds", "nextToken")),
        ),
    },
    ("ecr", "PutImage"): {
        "imageTag": Limit(page="OCI Distribution Specification, Pulling manifests: tags", pattern=r"\w[\w.-]{0,127}"),
    },
    ("ecs", "CreateCluster"): {
        "capacityProviders[]": Limit(page="ECS API Reference, CreateCluster: on Fargate", among=FARGATE),
        "clusterName": Limit(page="ECS API Reference, CreateCluster: clusterName", pattern="[A-Za-z0-9_-]{1,255}"),
    },
    ("ecs", "DescribeClusters"): {"clusters": Limit(page="ECS API Reference, DescribeClusters", high=100)},
    ("ecs", "DescribeTasks"): {
        "tasks": Limit(
            page="ECS API Reference, DescribeTasks: Tasks cannot be empty, nor have more than 100 elements", low=1, high=100
        ),
        "tasks[]": TASK,
    },
    ("ecs", "DeregisterTaskDefinition"): {
        "taskDefinition": Limit(page="ECS API Reference, DeregisterTaskDefinition: Invalid revision number", pattern=r".+:\d+"),
    },
    ("ecs", "ExecuteCommand"): {"interactive": Limit(page="ECS API Reference, ExecuteCommand: interactive only", among=(True,))},
    ("ecs", "PutClusterCapacityProviders"): {
        "capacityProviders[]": Limit(page="ECS API Reference, PutClusterCapacityProviders: on Fargate", among=FARGATE),
    },
    ("ecs", "RegisterTaskDefinition"): {
        **containers.LIMITS,
        "family": Limit(page="ECS API Reference, RegisterTaskDefinition: family", pattern="[A-Za-z0-9_-]{1,255}"),
    },
    ("ecs", "ListTagsForResource"): {
        "resourceArn": Limit(page="ECS API Reference, ListTagsForResource", pattern="arn:aws.*:ecs:.+")
    },
    ("ecs", "ListClusters"): {"maxResults": UP_TO_100},
    ("ecs", "ListTaskDefinitionFamilies"): {"maxResults": UP_TO_100},
    ("ecs", "ListTaskDefinitions"): {"maxResults": UP_TO_100},
    ("ecs", "ListTasks"): {
        "maxResults": UP_TO_100,
        "startedBy": STARTED_BY,
    },
    ("ecs", "RunTask"): {
        "": Choice(
            page=f"{RUN}: Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
            names=("launchType", "capacityProviderStrategy"),
        ),
        "capacityProviderStrategy": Limit(page=RUN, high=20),
        "capacityProviderStrategy[].weight": Limit(page="ECS API Reference, CapacityProviderStrategyItem", low=0, high=1000),
        "clientToken": Limit(page=RUN, pattern="[!-~]{1,64}"),
        "count": Limit(page=f"{RUN}: count", low=1, high=10),
        "group": Limit(page=f"{RUN}: Group name", high=255),
        "networkConfiguration.awsvpcConfiguration.securityGroups": Limit(page="ECS API Reference, AwsVpcConfiguration", high=5),
        "networkConfiguration.awsvpcConfiguration.subnets": Limit(
            page="ECS API Reference, AwsVpcConfiguration: subnets can not be empty.", low=1, high=16
        ),
        "overrides.containerOverrides[]": Has(page="ECS API Reference, ContainerOverride", names=("name",)),
        "overrides.containerOverrides[].environment[]": Has(page="ECS API Reference, KeyValuePair", names=("name",)),
        "overrides.containerOverrides[].memory": Limit(page="ECS API Reference, ContainerOverride", low=4),
        "overrides.cpu": Limit(page="ECS API Reference, TaskOverride", pattern=r"\d+|\d*\.?\d+ ?(?i:vcpu)"),
        "overrides.ephemeralStorage.sizeInGiB": Limit(page="ECS API Reference, EphemeralStorage", low=21, high=200),
        "overrides.memory": Limit(page="ECS API Reference, TaskOverride", pattern=r"\d+|\d*\.?\d+ ?(?i:gb)"),
        "placementConstraints": Limit(page=f"{RUN}: not on Fargate", high=0),
        "placementStrategy": Limit(page=f"{RUN}: not on Fargate", high=0),
        "platformVersion": Limit(page="ECS API Reference, RunTask: platformVersion", pattern=r"LATEST|\d+\.\d+\.\d+"),
        "startedBy": STARTED_BY,
        "tags": Distinct(page="ECS API Reference, Tag", by="key"),
        "taskDefinition": Limit(page=f"{RUN}: TaskDefinition can not be blank.", low=1),
    },
    ("ecs", "StopTask"): {
        "reason": Limit(page="ECS API Reference, StopTask: reason, at most 1024 characters", high=1024),
        "task": TASK,
    },
    ("events", "PutTargets"): {
        "Targets[]": Choice(page="EventBridge API Reference, Target", names=("Input", "InputPath", "InputTransformer")),
        "Targets[].Input": Read(page="EventBridge API Reference, Target: Input must be JSON", read=json.loads),
    },
    ("events", "PutRule"): {
        "": Choice(page="EventBridge API Reference, PutRule", names=("EventPattern", "ScheduleExpression"), least=1, most=2),
        "EventPattern": Json(page="EventBridge API Reference, PutRule: Event pattern is not valid."),
    },
    ("iam", "CreateOpenIDConnectProvider"): {
        "Url": Limit(
            page="IAM API Reference, CreateOpenIDConnectProvider: it begins with https://, no port", pattern=r"https://[^:?#\s]+"
        ),
    },
    ("iam", "CreateRole"): {
        "AssumeRolePolicyDocument": Json(
            page="IAM API Reference, CreateRole: This policy contains invalid Json", code="MalformedPolicyDocument"
        ),
        "Tags": Distinct(page="IAM API Reference, CreateRole: Duplicate tag keys found.", by="Key", fold=str.lower),
    },
    ("iam", "PutRolePolicy"): {
        "PolicyDocument": Json(page="IAM API Reference, PutRolePolicy: Syntax errors in policy.", code="MalformedPolicyDocument")
    },
    ("kms", "CreateKey"): {
        "": Fits(
            page="KMS API Reference, CreateKey: KeyUsage",
            name="KeyUsage",
            among=("SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"),
            other="KeySpec",
            rule=Limit(page="not compatible with KeyUsage", pattern="(?!SYMMETRIC_DEFAULT).*"),
        ),
    },
    ("kms", "GenerateDataKey"): {
        "": Choice(page="KMS API Reference, GenerateDataKey", names=("KeySpec", "NumberOfBytes"), least=1),
    },
    ("kms", "Decrypt"): {
        "": Choice(page="KMS API Reference, Decrypt", names=("CiphertextBlob", "DryRun"), least=1, most=2),
    },
    ("kms", "ScheduleKeyDeletion"): {"PendingWindowInDays": Limit(page="KMS API Reference, ScheduleKeyDeletion", low=7, high=30)},
    ("logs", "CreateLogGroup"): {
        "logGroupName": Limit(page="CloudWatch Logs API Reference, CreateLogGroup: aws/ is reserved", pattern="(?!(?i:aws/)).*"),
    },
    ("logs", "DescribeLogStreams"): {
        "": (
            LOGS_TARGET,
            Fits(
                page="CloudWatch Logs API Reference, DescribeLogStreams",
                name="orderBy",
                among=("LastEventTime",),
                other="logStreamNamePrefix",
                rule=Limit(page="Cannot order by LastEventTime with a logStreamNamePrefix.", high=0),
            ),
        ),
    },
    ("logs", "FilterLogEvents"): {
        "": (
            LOGS_TARGET,
            Choice(page="CloudWatch Logs API Reference, FilterLogEvents", names=("logStreamNames", "logStreamNamePrefix")),
        ),
    },
    ("logs", "GetLogEvents"): {"": LOGS_TARGET},
    ("logs", "PutRetentionPolicy"): {
        "retentionInDays": Limit(
            page="CloudWatch Logs API Reference, PutRetentionPolicy",
            among=(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
        ),
    },
    ("logs", "PutResourcePolicy"): {
        "policyDocument": Json(page="CloudWatch Logs API Reference, PutResourcePolicy", code="InvalidParameterException"),
    },
    ("mwaa", "InvokeRestApi"): {"Path": Limit(page="MWAA API Reference, InvokeRestApi: Path, for example /dags", pattern="/.*")},
    ("route53", "ChangeResourceRecordSets"): {
        f"{RECORD}": (
            Choice(page=f"{WEIGHTED}: one routing policy", names=ROUTING),
            *(Needs(page=WEIGHTED, name=name, others=("SetIdentifier",)) for name in ROUTING),
            Fits(
                page="Route 53 Developer Guide, CNAME record type",
                name="Type",
                among=("CNAME", "SOA"),
                other="ResourceRecords",
                rule=Limit(page="RRSet of type CNAME has more than one value", high=1),
            ),
            Choice(page=f"{WEIGHTED}: an alias has no TTL", names=("AliasTarget", "TTL")),
        ),
        f"{RECORD}.Name": Limit(
            page="Route 53 Developer Guide, DNS domain name format", pattern=r"([^.\s]{1,63}\.)*[^.\s]{1,63}\.?", low=1, high=255
        ),
        f"{RECORD}.ResourceRecords": Distinct(
            page="Route 53 API Reference: Duplicate Resource Record", by="Value", code="InvalidChangeBatch"
        ),
    },
    ("s3", "CompleteMultipartUpload"): {
        "Key": KEY,
        "MultipartUpload.Parts": Limit(
            page="S3 API Reference, CompleteMultipartUpload: MalformedXML", low=1, high=10_000, code="MalformedXML"
        ),
        "MultipartUpload.Parts[].PartNumber": PART,
    },
    ("s3", "CopyObject"): {**PUT, "CopySource": Limit(page="S3 API Reference, CopyObject: CopySource", pattern="/?[^/]+/.+")},
    ("s3", "CreateBucket"): {"Bucket": BUCKET},
    ("s3", "CreateMultipartUpload"): PUT,
    ("s3", "DeleteObject"): {"Key": KEY},
    ("s3", "DeleteObjects"): {
        "Delete.Objects": Limit(
            page="S3 API Reference, DeleteObjects: The XML you provided was not well-formed or did not validate",
            low=1,
            high=1000,
            code="MalformedXML",
        ),
    },
    ("s3", "GetObject"): {"Key": KEY, "PartNumber": PART},
    ("s3", "HeadObject"): {"Key": KEY, "PartNumber": PART},
    ("s3", "ListObjectVersions"): {
        "": Needs(
            page="S3 API Reference, ListObjectVersions: A version-id marker cannot be specified without a key marker.",
            name="VersionIdMarker",
            others=("KeyMarker",),
        ),
    },
    ("s3", "ListObjectsV2"): {
        "MaxKeys": Limit(page="S3 API Reference, ListObjectsV2: Argument maxKeys must be an integer", low=0, high=2147483647),
    },
    ("s3", "PutObject"): PUT,
    ("s3", "PutBucketCors"): {
        "CORSConfiguration.CORSRules[].AllowedMethods[]": Limit(
            page="S3 API Reference, PutBucketCors: Found unsupported HTTP method in CORS config",
            among=("DELETE", "GET", "HEAD", "POST", "PUT"),
            code="InvalidRequest",
        ),
    },
    ("s3", "PutBucketEncryption"): {
        "ServerSideEncryptionConfiguration.Rules[].ApplyServerSideEncryptionByDefault": Fits(
            page="S3 API Reference, ServerSideEncryptionByDefault",
            name="SSEAlgorithm",
            among=("AES256",),
            other="KMSMasterKeyID",
            rule=Limit(page="is not applicable if the default sse algorithm is not aws:kms", high=0),
        ),
    },
    ("s3", "PutBucketLifecycleConfiguration"): {
        "LifecycleConfiguration.Rules[].Expiration.Days": DAYS,
        "LifecycleConfiguration.Rules[].ID": Limit(page="S3 API Reference, LifecycleRule", high=255),
        "LifecycleConfiguration.Rules[].NoncurrentVersionExpiration.NoncurrentDays": DAYS,
    },
    ("s3", "PutObjectTagging"): {
        "Tagging.TagSet": Distinct(
            page="S3 User Guide: Cannot provide multiple Tags with the same key", by="Key", code="InvalidTag"
        ),
    },
    ("s3", "PutBucketTagging"): {
        "Tagging.TagSet": Distinct(
            page="S3 User Guide: Cannot provide multiple Tags with the same key", by="Key", code="InvalidTag"
        ),
        "Tagging.TagSet[].Key": Limit(page=TAG_KEY.page, pattern=TAG_KEY.pattern, code="InvalidTag"),
    },
    ("s3", "UploadPart"): {"Key": KEY, "PartNumber": PART},
    ("secretsmanager", "BatchGetSecretValue"): {
        "": Choice(page="Secrets Manager API Reference, BatchGetSecretValue", names=("SecretIdList", "Filters"), least=1),
    },
    ("secretsmanager", "CreateSecret"): {
        "Name": Limit(page="Secrets Manager API Reference, CreateSecret: Invalid name", pattern=r"[A-Za-z0-9/_+=.@-]+"),
        "Tags": Distinct(page="Secrets Manager API Reference, CreateSecret", by="Key"),
    },
    ("secretsmanager", "DeleteSecret"): {
        "": Choice(
            page="Secrets Manager API Reference, DeleteSecret", names=("ForceDeleteWithoutRecovery", "RecoveryWindowInDays")
        ),
        "RecoveryWindowInDays": Limit(page="Secrets Manager API Reference, DeleteSecret", low=7, high=30),
    },
    ("sns", "CreateTopic"): {
        "Attributes": Entries(
            names=Limit(page="SNS API Reference, CreateTopic: Attributes", pattern=f"{TOPIC_ATTRIBUTES}|FifoTopic"), values={}
        ),
        "Name": Limit(page="SNS API Reference, CreateTopic: Topic Name", pattern=r"[A-Za-z0-9_-]{1,256}(\.fifo)?"),
    },
    ("sns", "Publish"): {
        "MessageAttributes": MESSAGE_ATTRIBUTES,
        "": Choice(page="SNS API Reference, Publish", names=("TopicArn", "TargetArn", "PhoneNumber"), least=1),
        "MessageGroupId": Limit(page="SNS API Reference, Publish: MessageGroupId", pattern="[!-~]{1,128}"),
        "MessageStructure": Limit(page="SNS API Reference, Publish: MessageStructure", among=("json",)),
        "PhoneNumber": Limit(page="SNS API Reference, Publish: PhoneNumber, in E.164", pattern=r"\+?[0-9() .-]{1,20}"),
    },
    ("sns", "PublishBatch"): {
        "PublishBatchRequestEntries": (
            Limit(page="SNS API Reference, PublishBatch: the batch request is empty", low=1, code="EmptyBatchRequest"),
            Limit(page="SNS API Reference, PublishBatch: too many entries", high=10, code="TooManyEntriesInBatchRequest"),
            Distinct(page="SNS API Reference, PublishBatch: BatchEntryIdsNotDistinct", by="Id", code="BatchEntryIdsNotDistinct"),
        ),
        "PublishBatchRequestEntries[].Id": Limit(
            page="SNS API Reference, PublishBatchRequestEntry", pattern="[A-Za-z0-9_-]{1,80}", code="InvalidBatchEntryId"
        ),
        "PublishBatchRequestEntries[].MessageAttributes": MESSAGE_ATTRIBUTES,
    },
    ("sns", "Subscribe"): {
        "Attributes": Entries(
            names=Limit(page="SNS API Reference, Subscribe: Attributes", among=SUBSCRIPTION_ATTRIBUTES), values={}
        ),
        "Protocol": Limit(page="SNS API Reference, Subscribe: does not support this protocol string", among=tuple(ENDPOINTS)),
        "": (
            Has(page="SNS API Reference, Subscribe: Endpoint", names=("Endpoint",)),
            *(
                Fits(
                    page="SNS API Reference, Subscribe",
                    name="Protocol",
                    among=(protocol,),
                    other="Endpoint",
                    rule=Limit(page="Invalid parameter: Endpoint", pattern=pattern),
                )
                for protocol, pattern in ENDPOINTS.items()
            ),
        ),
    },
    ("sns", "TagResource"): {
        "Tags": Limit(page="SNS API Reference, TagResource: TagLimitExceeded", high=50, code="TagLimitExceeded"),
    },
    ("sns", "SetTopicAttributes"): {
        "AttributeName": Limit(
            page="SNS API Reference, SetTopicAttributes: AttributeName",
            pattern=TOPIC_ATTRIBUTES,
        ),
    },
    ("sns", "SetSubscriptionAttributes"): {
        "AttributeName": Limit(
            page="SNS API Reference, SetSubscriptionAttributes: AttributeName",
            among=SUBSCRIPTION_ATTRIBUTES,
        ),
    },
    ("sts", "AssumeRole"): ASSUME,
    ("sts", "AssumeRoleWithWebIdentity"): {name: ASSUME[name] for name in ("Policy", "PolicyArns", "RoleArn")},
}
"""Service and operation -> place in its parameters -> rule."""
