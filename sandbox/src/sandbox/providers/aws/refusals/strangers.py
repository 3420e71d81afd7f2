"""Properties that the sandbox does not model: what they must be, and which may stand beside which.

A program that gives one is refused anyhow; where AWS, or the real provider before it, would refuse it too, the reason is theirs.
"""

import base64
import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from sandbox import networks
from sandbox.grammars import messages, policies
from sandbox.providers.aws import session
from sandbox.providers.aws.naming import SUFFIX, prefix_of
from sandbox.providers.aws.refusals.limits import ANY_ARN, POLICY_ARN, ROLE_ARN, RULE, leaves, refused
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.values import Properties
from sandbox.rules import ANYTHING, Checked, Choice, Distinct, Fits, Has, Json, Limit, Needs, Read, Rule, Table

PROVIDER = "terraform-provider-aws, ConflictsWith"
REGION = Limit(page="AWS General Reference, Regions", pattern=r"[a-z]{2}(-[a-z]+)+-\d+")
SUBSCRIPTION_PAGE = "SNS API Reference, SetSubscriptionAttributes"
TOPIC_PAGE = "SNS API Reference, CreateTopic"
TARGET_PAGE = "EventBridge API Reference, Target"
FARGATE_PAGE = "ECS Developer Guide, Fargate task definition differences"
ALL_PORTS = Fits(
    page="EC2 API Reference, IpPermission",
    name="protocol",
    among=("-1", "all"),
    other="toPort",
    rule=Limit(page="terraform-provider-aws, security_group: all protocols have no ports", among=(0, -1)),
)

ROUTE_TARGETS = (
    "gatewayId", "natGatewayId", "vpcPeeringConnectionId", "transitGatewayId", "networkInterfaceId", "vpcEndpointId",
    "egressOnlyGatewayId", "carrierGatewayId", "localGatewayId", "coreNetworkArn",
)  # fmt: skip

COST_FILTERS = (
    "AZ", "BillingEntity", "CostCategory", "InstanceType", "InvoicingEntity", "LegalEntityName", "LinkedAccount", "Operation",
    "PurchaseType", "Region", "Service", "TagKeyValue", "UsageType", "UsageTypeGroup",
)  # fmt: skip

RECORD_TYPES = (
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT",
)  # fmt: skip

EXTENDED = r"IQM|p(100|\d{1,2}(\.\d{1,10})?)|(TM|TC|TS|WM|PR)\([^)]*\)|(tm|tc|ts|wm)\d{1,2}(\.\d+)?"
STATISTIC = f"Average|Maximum|Minimum|SampleCount|Sum|{EXTENDED}"

GRAMMAR = "IAM User Guide, Grammar of the IAM JSON policy language"
OWNER = Limit(page="S3 API Reference, ExpectedBucketOwner: an account", pattern=r"\d{12}")

OBJECT_ACTIONS = (
    "abortIncompleteMultipartUploadDays", "expiration", "noncurrentVersionExpiration", "noncurrentVersionTransitions",
    "transitions",
)  # fmt: skip

NAMES: tuple[Rule, ...] = (
    Choice(page=PROVIDER, names=("name", "namePrefix")),
    Choice(page=PROVIDER, names=("bucket", "bucketPrefix")),
)
"""Of every type."""

TOGETHER: dict[str, tuple[Rule, ...]] = {
    "budgets/budget:Budget": (
        Choice(page="Budgets API Reference, CreateBudget", names=("filterExpression", "costFilters")),
        Choice(page="Budgets API Reference, CreateBudget", names=("limitAmount", "plannedLimits", "autoAdjustData")),
    ),
    "cloudwatch/eventRule:EventRule": (Choice(page=PROVIDER, names=("isEnabled", "state")),),
    "cloudwatch/eventTarget:EventTarget": (Choice(page=TARGET_PAGE, names=("input", "inputPath", "inputTransformer")),),
    "cloudwatch/metricAlarm:MetricAlarm": (
        Choice(page="CloudWatch API Reference, PutMetricAlarm", names=("statistic", "extendedStatistic", "metricQueries")),
        Choice(page="CloudWatch API Reference, PutMetricAlarm", names=("metricName", "metricQueries")),
        Choice(page="CloudWatch API Reference, PutMetricAlarm", names=("threshold", "thresholdMetricId")),
        Needs(page="CloudWatch API Reference, PutMetricAlarm", name="thresholdMetricId", others=("metricQueries",)),
    ),
    "ec2/eip:Eip": (Choice(page="EC2 API Reference, AssociateAddress", names=("instance", "networkInterface")),),
    "ec2/flowLog:FlowLog": (
        Choice(
            page="EC2 API Reference, CreateFlowLogs: ResourceType",
            names=("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId", "regionalNatGatewayId"),
        ),
    ),
    "ec2/route:Route": (
        Choice(
            page="EC2 API Reference, CreateRoute",
            names=("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
            least=1,
        ),
        Choice(
            page="EC2 API Reference, CreateRoute",
            names=ROUTE_TARGETS,
        ),
        Fits(
            page="Amazon VPC User Guide, NAT64: 64:ff9b::/96",
            name="natGatewayId",
            among=ANYTHING,
            other="destinationIpv6CidrBlock",
            rule=Limit(page="EC2 API Reference, CreateRoute", among=("64:ff9b::/96",)),
        ),
    ),
    "ec2/subnet:Subnet": (
        Choice(page="EC2 API Reference, CreateSubnet", names=("availabilityZone", "availabilityZoneId")),
        Needs(page="EC2 API Reference, CreateSubnet", name="assignIpv6AddressOnCreation", others=("ipv6CidrBlock",)),
        Needs(page="EC2 API Reference, CreateSubnet", name="ipv6Native", others=("ipv6CidrBlock",)),
        Needs(page=PROVIDER, name="customerOwnedIpv4Pool", others=("mapCustomerOwnedIpOnLaunch", "outpostArn")),
        Needs(page=PROVIDER, name="mapCustomerOwnedIpOnLaunch", others=("customerOwnedIpv4Pool", "outpostArn")),
    ),
    "ec2/vpc:Vpc": (
        Needs(page="EC2 API Reference, CreateVpc", name="ipv6CidrBlock", others=("ipv6IpamPoolId",)),
        Needs(page=PROVIDER, name="ipv6CidrBlockNetworkBorderGroup", others=("assignGeneratedIpv6CidrBlock",)),
        Needs(page="EC2 API Reference, CreateVpc", name="ipv6NetmaskLength", others=("ipv6IpamPoolId",)),
        Choice(page="EC2 API Reference, CreateVpc", names=("assignGeneratedIpv6CidrBlock", "ipv6IpamPoolId")),
        Choice(page="EC2 API Reference, CreateVpc", names=("cidrBlock", "ipv4NetmaskLength")),
        Needs(page="EC2 API Reference, CreateVpc", name="ipv4NetmaskLength", others=("ipv4IpamPoolId",)),
    ),
    "ec2/natGateway:NatGateway": (
        Choice(page=PROVIDER, names=("secondaryPrivateIpAddressCount", "secondaryPrivateIpAddresses")),
        Fits(
            page="EC2 API Reference, CreateNatGateway",
            name="connectivityType",
            among=("public", None),
            other="secondaryPrivateIpAddressCount",
            rule=Limit(page="EC2 API Reference, CreateNatGateway: of private ones only", high=0),
        ),
    ),
    "kms/key:Key": (
        Needs(page="KMS API Reference, CreateKey: XksKeyId", name="xksKeyId", others=("customKeyStoreId",)),
        Choice(page="KMS API Reference, CreateKey: MultiRegion", names=("customKeyStoreId", "multiRegion")),
    ),
    "route53/record:Record": (
        Choice(page="Route 53 API Reference, ResourceRecordSet", names=("aliases", "records"), least=1),
        Choice(page="Route 53 API Reference, ResourceRecordSet", names=("aliases", "ttl")),
        Needs(page="Route 53 API Reference, ResourceRecordSet", name="records", others=("ttl",)),
        Fits(
            page="RFC 1034, 3.6.2",
            name="type",
            among=("CNAME",),
            other="records",
            rule=Limit(page="Route 53 Developer Guide, CNAME record type: one value", high=1),
        ),
    ),
    "route53/zone:Zone": (Choice(page="Route 53 API Reference, CreateHostedZone", names=("vpcs", "delegationSetId")),),
    "s3/bucket:Bucket": (Choice(page=PROVIDER, names=("acl", "grants")),),
    "s3/bucketObjectv2:BucketObjectv2": (
        Choice(page=PROVIDER, names=("content", "contentBase64", "source")),
        Choice(page=PROVIDER, names=("etag", "kmsKeyId")),
        Needs(page="S3 API Reference, PutObject", name="objectLockMode", others=("objectLockRetainUntilDate",)),
        Needs(page="S3 API Reference, PutObject", name="objectLockRetainUntilDate", others=("objectLockMode",)),
    ),
    "sns/topic:Topic": (
        Needs(page=TOPIC_PAGE, name="contentBasedDeduplication", others=("fifoTopic",)),
        Needs(page=TOPIC_PAGE, name="fifoThroughputScope", others=("fifoTopic",)),
        Needs(page=TOPIC_PAGE, name="archivePolicy", others=("fifoTopic",)),
        Fits(
            page=TOPIC_PAGE,
            name="fifoTopic",
            among=(False, None),
            other="name",
            rule=Limit(page=f"{TOPIC_PAGE}: .fifo is of FIFO topics", pattern=r"(?!.*\.fifo$).*"),
        ),
        Fits(page=TOPIC_PAGE, name="fifoTopic", among=(True,), other="name", rule=Limit(page=TOPIC_PAGE, pattern=r".+\.fifo")),
    ),
    "sns/topicSubscription:TopicSubscription": (
        Needs(page=SUBSCRIPTION_PAGE, name="filterPolicyScope", others=("filterPolicy",)),
        Fits(
            page=SUBSCRIPTION_PAGE,
            name="protocol",
            among=("firehose",),
            other="subscriptionRoleArn",
            rule=Limit(page=SUBSCRIPTION_PAGE, pattern=r"arn:aws(-[a-z-]+)?:iam::\d{12}:role/.+"),
        ),
    ),
}
"""Type -> rules of its properties together."""

_INFREQUENT = Fits(
    page="S3 User Guide, Lifecycle transition considerations",
    name="storageClass",
    among=("STANDARD_IA", "ONEZONE_IA"),
    other="days",
    rule=Limit(page="S3 User Guide, Lifecycle transition considerations", low=30),
)


def _adjusts(value: Any) -> str | None:
    historical = value.get("autoAdjustType") == "HISTORICAL"
    return None if historical == bool(value.get("historicalOptions")) else "HISTORICAL and historicalOptions need each other"


def _one_format(value: Any) -> str | None:
    return "exactly one of partitionedPrefix, simplePrefix" if isinstance(value, dict) and len(value) != 1 else None


def _border_group(name: str) -> str:
    """A region's own one has its name; others are of local zones."""
    return name if re.search(r"-\d-[a-z]", name) else session.region(name)


PEERS = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups", "self")


def _reversed(rule: Any) -> str | None:
    first, last = rule.get("fromPort"), rule.get("toPort")
    if rule.get("protocol") in ("tcp", "udp", "6", "17") and isinstance(first, int) and isinstance(last, int) and first > last:
        return f"InvalidParameterValue: toPort {last} is less than fromPort {first}"
    return None


_RULES: Table = {
    f"{way}[].{name}": rule
    for way in ("ingress", "egress")
    for name, rule in (("fromPort", RULE["fromPort"]), ("toPort", RULE["toPort"]), ("protocol", RULE["ipProtocol"]))
} | {
    f"{way}[]{part}": rule
    for way in ("ingress", "egress")
    for part, rule in (
        (
            "",
            (
                ALL_PORTS,
                Choice(page="EC2 API Reference, IpPermission: a peer", names=PEERS, least=1, most=len(PEERS)),
                Checked(page="EC2 API Reference, IpPermission", check=_reversed),
            ),
        ),
        (".description", RULE["description"]),
        (".cidrBlocks[]", Checked(page="EC2 API Reference, IpRange", check=networks.ipv4_cidr)),
        (".ipv6CidrBlocks[]", Checked(page="EC2 API Reference, Ipv6Range", check=networks.ipv6_cidr)),
    )
}

LIMITS: dict[str, Table] = {
    "budgets/budget:Budget": {
        "autoAdjustData": Checked(page="Budgets API Reference, AutoAdjustData", check=_adjusts),
        "costFilters[].name": Limit(page="AWS Cost Management User Guide, Budget filters", among=COST_FILTERS),
        **{
            place: Limit(page="terraform-provider-aws, budget", pattern=r"\d{4}-\d\d-\d\d_\d\d:\d\d")
            for place in ("plannedLimits[].startTime", "timePeriodStart", "timePeriodEnd")
        },
    },
    "cloudwatch/eventTarget:EventTarget": {
        "ecsTarget": Has(page="EventBridge API Reference, EcsParameters", names=("taskDefinitionArn",)),
        "ecsTarget.launchType": Limit(page="EventBridge API Reference, EcsParameters", among=("EC2", "FARGATE", "EXTERNAL")),
        "input": Json(page=TARGET_PAGE, kind=object),
        "inputPath": Limit(page=TARGET_PAGE, pattern=r"\$.*", high=256),
        "deadLetterConfig.arn": Limit(page="EventBridge API Reference, DeadLetterConfig", pattern=r"arn:aws(-[a-z-]+)?:sqs:.+"),
    },
    "cloudwatch/metricAlarm:MetricAlarm": {
        "evaluateLowSampleCountPercentiles": Limit(page="CloudWatch API Reference, PutMetricAlarm", among=("evaluate", "ignore")),
        "extendedStatistic": Limit(
            page="CloudWatch API Reference, PutMetricAlarm",
            pattern=EXTENDED,
        ),
        "metricQueries": Limit(page="CloudWatch API Reference, PutMetricAlarm: Metrics", high=20),
        "metricQueries[].metric.stat": Limit(page="CloudWatch User Guide, statistics", pattern=STATISTIC),
        "metricQueries[].metric.period": Limit(page="CloudWatch API Reference, MetricStat", among=(1, 5, 10, 20, 30), multiple=60),
        "metricQueries[].period": Limit(page="CloudWatch API Reference, MetricDataQuery", among=(1, 5, 10, 20, 30), multiple=60),
        "metricQueries[]": Choice(page="CloudWatch API Reference, MetricDataQuery", names=("expression", "metric"), least=1),
        "metricQueries[].id": Limit(page="CloudWatch API Reference, MetricDataQuery", pattern=r"[a-z][a-zA-Z0-9_]{0,254}"),
    },
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": _RULES,
    "ec2/eip:Eip": {"networkBorderGroup": Read(page="EC2 API Reference, AllocateAddress", read=_border_group)},
    "ec2/routeTable:RouteTable": {
        "routes[].cidrBlock": Checked(page="EC2 API Reference, CreateRoute", check=networks.ipv4_cidr),
        "routes[].ipv6CidrBlock": Checked(page="EC2 API Reference, CreateRoute", check=networks.ipv6_cidr),
        "routes[]": (
            Choice(page="EC2 API Reference, CreateRoute", names=("cidrBlock", "ipv6CidrBlock", "destinationPrefixListId"), least=1),
            Choice(page="EC2 API Reference, CreateRoute", names=(*ROUTE_TARGETS, "odbNetworkArn"), least=1),
        ),
    },
    "ec2/securityGroup:SecurityGroup": {
        "namePrefix": Limit(page="EC2 API Reference, CreateSecurityGroup", pattern=r"(?!(?i:sg-)).*"),
        **_RULES,
    },
    "ec2/subnet:Subnet": {
        "ipv6CidrBlock": Limit(page="EC2 API Reference, CreateSubnet: /44 to /64 by fours", pattern=r".*/(44|48|52|56|60|64)"),
        "privateDnsHostnameTypeOnLaunch": Limit(
            page="EC2 API Reference, ModifySubnetAttribute", among=("ip-name", "resource-name")
        ),
    },
    "ecr/repository:Repository": {
        "imageTagMutabilityExclusionFilters[].filter": Limit(
            page="ECR API Reference, ImageTagMutabilityExclusionFilter: two wildcards at most",
            pattern=r"[^*]*(\*[^*]*){0,2}",
            high=128,
        ),
        "imageScanningConfiguration": Has(page="terraform-provider-aws, ecr_repository", names=("scanOnPush",)),
    },
    "ecs/cluster:Cluster": {
        "serviceConnectDefaults.namespace": Limit(page="terraform-provider-aws, ecs_cluster: an ARN", pattern=ANY_ARN),
        "settings[]": Has(page="ECS API Reference, ClusterSetting", names=("name", "value")),
    },
    "ecs/taskDefinition:TaskDefinition": {
        "placementConstraints": Limit(page=FARGATE_PAGE, high=0),
        "pidMode": Limit(page=FARGATE_PAGE, among=("task",)),
        "ipcMode": Limit(page=FARGATE_PAGE, high=0),
        "volumes[]": Choice(
            page="ECS API Reference, Volume", names=("hostPath", "dockerVolumeConfiguration", "efsVolumeConfiguration")
        ),
        "volumes[].hostPath": Limit(page=f"{FARGATE_PAGE}: no path of the host", high=0),
        "volumes[].efsVolumeConfiguration.fileSystemId": Limit(
            page="ECS API Reference, EFSVolumeConfiguration", pattern="fs-[0-9a-f]+"
        ),
        "volumes[].efsVolumeConfiguration.transitEncryptionPort": Limit(
            page="ECS API Reference, EFSVolumeConfiguration", low=1, high=65535
        ),
    },
    "iam/role:Role": {
        "managedPolicyArns[]": POLICY_ARN,
        "inlinePolicies[].policy": Checked(page=GRAMMAR, check=policies.problem_of(policies.IDENTITY)),
        "inlinePolicies[].name": Limit(page="IAM API Reference, PutRolePolicy", pattern=r"[\w+=,.@-]{1,128}"),
    },
    "kms/alias:Alias": {"namePrefix": Limit(page="KMS API Reference, CreateAlias", pattern="alias/(?!aws/)[a-zA-Z0-9/_-]*")},
    "mwaa/environment:Environment": {
        "workerReplacementStrategy": Limit(page="MWAA API Reference, UpdateEnvironment", among=("FORCED", "GRACEFUL")),
    },
    "route53/record:Record": {
        "records": Limit(page="Route 53 Developer Guide, Quotas: values of a record", high=400),
        "ttl": Limit(page="Route 53 API Reference, ResourceRecordSet", low=0, high=2147483647),
        "type": Limit(
            page="Route 53 API Reference, ResourceRecordSet",
            among=RECORD_TYPES,
        ),
        "weightedRoutingPolicies[].weight": Limit(page="Route 53 API Reference, ResourceRecordSet", low=0, high=255),
    },
    "s3/bucketLogging:BucketLogging": {
        "targetObjectKeyFormat": Checked(page="S3 API Reference, TargetObjectKeyFormat", check=_one_format),
    },
    "s3/bucket:Bucket": {
        "accelerationStatus": Limit(page="S3 API Reference, AccelerateConfiguration", among=("Enabled", "Suspended")),
        "corsRules[].allowedMethods[]": Limit(page="S3 API Reference, CORSRule", among=("GET", "PUT", "HEAD", "POST", "DELETE")),
        "lifecycleRules[].transitions[]": _INFREQUENT,
        "lifecycleRules[].id": Limit(page="S3 API Reference, LifecycleRule", high=255),
        "lifecycleRules[]": Choice(page="S3 API Reference, LifecycleRule: an action", names=OBJECT_ACTIONS, least=1, most=5),
        "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault": Fits(
            page="S3 API Reference, ServerSideEncryptionByDefault",
            name="sseAlgorithm",
            among=("AES256",),
            other="kmsMasterKeyId",
            rule=Limit(page="S3 API Reference, ServerSideEncryptionByDefault: no key", high=0),
        ),
        "objectLockConfiguration.rule.defaultRetention": Choice(
            page="S3 API Reference, DefaultRetention", names=("days", "years"), least=1
        ),
        "policy": Checked(page=GRAMMAR, check=policies.problem_of(policies.BUCKET)),
        "requestPayer": Limit(page="S3 API Reference, RequestPaymentConfiguration", among=("Requester", "BucketOwner")),
        "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault.sseAlgorithm": Limit(
            page="S3 API Reference, ServerSideEncryptionByDefault", among=("AES256", "aws:kms", "aws:kms:dsse")
        ),
        "website": (
            Choice(page=PROVIDER, names=("redirectAllRequestsTo", "indexDocument"), least=1),
            Choice(page=PROVIDER, names=("redirectAllRequestsTo", "errorDocument")),
        ),
    },
    "s3/bucketObjectv2:BucketObjectv2": {
        "contentBase64": Read(page="RFC 4648", read=lambda text: base64.b64decode(text, validate=True)),
        "checksumAlgorithm": Limit(page="S3 API Reference, PutObject", among=("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")),
        "websiteRedirect": Limit(page="S3 User Guide, Configuring a webpage redirect", pattern=r"(/|https?://).*", high=2048),
    },
    "secretsmanager/secret:Secret": {
        "replicas": Distinct(page="Secrets Manager API Reference, ReplicateSecretToRegions", by="region"),
        "policy": Checked(page=GRAMMAR, check=policies.problem_of(policies.SECRET)),
        "replicas[]": Has(page="Secrets Manager API Reference, ReplicaRegionType", names=("region",)),
        "replicas[].region": Read(page="AWS General Reference, Regions", read=session.region),
    },
    "sns/topic:Topic": {
        "deliveryPolicy": Checked(page=TOPIC_PAGE, check=messages.delivery),
        "archivePolicy": Checked(page=TOPIC_PAGE, check=messages.archive),
        "policy": Checked(page=GRAMMAR, check=policies.problem_of(policies.TOPIC)),
        "tracingConfig": Limit(page=TOPIC_PAGE, among=("Active", "PassThrough")),
        "signatureVersion": Limit(page=TOPIC_PAGE, among=(1, 2)),
        "fifoThroughputScope": Limit(page=TOPIC_PAGE, among=("Topic", "MessageGroup")),
    },
    "sns/topicSubscription:TopicSubscription": {
        "filterPolicy": Checked(page=SUBSCRIPTION_PAGE, check=messages.filtering),
        "redrivePolicy": Checked(page=SUBSCRIPTION_PAGE, check=messages.redrive),
        "deliveryPolicy": Checked(page=SUBSCRIPTION_PAGE, check=messages.delivery),
        "filterPolicyScope": Limit(page=SUBSCRIPTION_PAGE, among=("MessageAttributes", "MessageBody")),
    },
}
"""Type -> place in its inputs -> rule."""


BY_NAME: tuple[tuple[str, Rule], ...] = (
    ("accountId|expectedBucketOwner", OWNER),
    ("region", Read(page="AWS General Reference, Regions", read=session.region)),
    (r".*[rR]oleArn", ROLE_ARN),
    (r"(?!.*[rR]oleArn).*[a-z]Arns?(\[\])?|arn", Limit(page="AWS General Reference, Amazon Resource Names", pattern=ANY_ARN)),
    (r"(.*\.)?(privateIp|ipv4)", Read(page="EC2 API Reference, PrivateIpAddress", read=ipaddress.IPv4Address)),
    (r"(.*[.a-z])?[iI]pv6CidrBlock", Read(page="Amazon VPC User Guide, IP addressing", read=ipaddress.IPv6Network)),
    (r".*SampleRate", Limit(page=f"{TOPIC_PAGE}: percent", low=0, high=100)),
)
"""How the places of what is not modelled are called -> what such things are everywhere in AWS."""


def problems(kind: ResourceType, inputs: Properties) -> Iterator[Problem]:
    """Everything in the inputs that the tables refuse; unknown values pass."""
    bare = kind.token.removeprefix("aws:")
    yield from refused(LIMITS.get(bare, {}), kind, inputs)
    yield from refused({"": NAMES + TOGETHER.get(bare, ())}, kind, inputs)
    for name in [name for name in inputs if name not in (*kind.properties, "tags", "tagsAll")]:
        yield from (found for part in leaves(inputs[name], name) for found in _by_name(*part))
    prefix = kind.name and inputs.get(prefix_of(kind.name))
    if kind.name and isinstance(prefix, str) and len(prefix) > kind.name.longest - SUFFIX:
        yield prefix_of(kind.name), f"{len(prefix)} characters: with what follows AWS allows {kind.name.longest - SUFFIX}"


def _by_name(path: str, place: str, value: Any) -> Iterator[Problem]:
    for called, rule in BY_NAME:
        if (
            isinstance(value, str | int)
            and not isinstance(value, bool)
            and re.fullmatch(called, place)
            and (reason := rule.problem(value))
        ):
            yield path, reason
