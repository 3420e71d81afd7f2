"""Requests for resources of AWS, each with a part of the reason for which AWS refuses it: data for the tests of the rules."""

import json
from typing import Any

from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.session import Session
from sandbox.providers.protocol import InvalidInputs, Operation

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/dbt"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}

GUID = "11111111-2222-3333-4444-555555555555"

BUDGET = "budgets/budget:Budget"
SLACK = "chatbot/slackChannelConfiguration:SlackChannelConfiguration"
TEAMS = "chatbot/teamsChannelConfiguration:TeamsChannelConfiguration"
ALARM = "cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "cloudwatch/dashboard:Dashboard"
RULE = "cloudwatch/eventRule:EventRule"
TARGET = "cloudwatch/eventTarget:EventTarget"
LOG_GROUP = "cloudwatch/logGroup:LogGroup"
ENDPOINT = "ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "ec2/flowLog:FlowLog"
GROUP = "ec2/securityGroup:SecurityGroup"
INGRESS = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
VPC = "ec2/vpc:Vpc"
SUBNET = "ec2/subnet:Subnet"
EIP = "ec2/eip:Eip"
NAT = "ec2/natGateway:NatGateway"
RECORD = "route53/record:Record"
BUCKET = "s3/bucket:Bucket"
BUCKET_LOGGING = "s3/bucketLogging:BucketLogging"
OWNERSHIP = "s3/bucketOwnershipControls:BucketOwnershipControls"
ACCESS_BLOCK = "s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
EGRESS = "vpc/securityGroupEgressRule:SecurityGroupEgressRule"
REPOSITORY = "ecr/repository:Repository"
IMAGE_LIFECYCLE = "ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "ecr/repositoryPolicy:RepositoryPolicy"
CLUSTER = "ecs/cluster:Cluster"
CAPACITY = "ecs/clusterCapacityProviders:ClusterCapacityProviders"
TASK = "ecs/taskDefinition:TaskDefinition"
ROLE_TYPE = "iam/role:Role"
ROLE_POLICY = "iam/rolePolicy:RolePolicy"
POLICY = "iam/policy:Policy"
ATTACHMENT = "iam/rolePolicyAttachment:RolePolicyAttachment"
ROUTE = "ec2/route:Route"
KEY_TYPE = "kms/key:Key"
ALIAS = "kms/alias:Alias"
ISSUER_TYPE = "iam/openIdConnectProvider:OpenIdConnectProvider"
MWAA = "mwaa/environment:Environment"
ZONE = "route53/zone:Zone"
BUCKET_POLICY = "s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OBJECT = "s3/bucketObjectv2:BucketObjectv2"
VERSIONING = "s3/bucketVersioning:BucketVersioning"
SECRET = "secretsmanager/secret:Secret"
SECRET_POLICY = "secretsmanager/secretPolicy:SecretPolicy"
TOPIC_TYPE = "sns/topic:Topic"
TOPIC_POLICY = "sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "sns/topicSubscription:TopicSubscription"

Case = tuple[str, dict[str, Any], str]
"""Type, inputs, a part of the reason; the reason is empty where AWS takes the request."""


def document(*statements: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", **more, "Statement": list(statements)})


def allow(**statement: Any) -> dict[str, Any]:
    return {"Effect": "Allow", **statement}


def identity(reason: str, **statement: Any) -> Case:
    given = {"Action": "s3:GetObject", "Resource": "*", **statement}
    return ROLE_POLICY, {"role": "dbt", "policy": document(allow(**given))}, reason


def role_policy(reason: str, policy: Any) -> Case:
    return ROLE_POLICY, {"role": "dbt", "policy": policy if isinstance(policy, str) else json.dumps(policy)}, reason


def trust(reason: str, **statement: Any) -> Case:
    given = {"Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, **statement}
    return ROLE_TYPE, {"assumeRolePolicy": document(allow(**given))}, reason


def bucket(reason: str, **statement: Any) -> Case:
    given = {"Action": "s3:GetObject", "Principal": ROOT, "Resource": "arn:aws:s3:::dags/*", **statement}
    return BUCKET_POLICY, {"bucket": "dags", "policy": document(allow(**given))}, reason


def key(reason: str, **statement: Any) -> Case:
    return KEY_TYPE, {"policy": document(allow(**{"Action": "kms:*", "Principal": ROOT, "Resource": "*", **statement}))}, reason


def topic(reason: str, **statement: Any) -> Case:
    given = {"Action": "sns:Publish", "Principal": ROOT, "Resource": TOPIC, **statement}
    return TOPIC_POLICY, {"arn": TOPIC, "policy": document(allow(**given))}, reason


def secret(reason: str, **statement: Any) -> Case:
    arn = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:login-a1b2c3"
    given = {"Action": "secretsmanager:GetSecretValue", "Principal": ROOT, "Resource": "*", **statement}
    return SECRET_POLICY, {"secretArn": arn, "policy": document(allow(**given)), "blockPublicPolicy": True}, reason


def repository(reason: str, **statement: Any) -> Case:
    given = {"Action": "ecr:BatchGetImage", "Principal": ROOT, **statement}
    return REPOSITORY_POLICY, {"repository": "dbt", "policy": document(allow(**given))}, reason


def container(reason: str, task: dict[str, Any] | None = None, **change: Any) -> Case:
    return containers(reason, {**CONTAINER, **change}, **(task or {}))


def containers(reason: str, *given: dict[str, Any], **task: Any) -> Case:
    return TASK, {**TASK_INPUTS, "containerDefinitions": json.dumps(given), **task}, reason


LOGGING = {"awslogs-group": "/dbt", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "dbt"}
CONTAINER: dict[str, Any] = {"name": "dbt", "image": "dbt@sha256:0", "essential": True}
TASK_INPUTS = {
    "family": "dbt",
    "cpu": "512",
    "memory": "1024",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "executionRoleArn": ROLE,
}


def logging(reason: str, **options: str) -> Case:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return container(reason, logConfiguration={"logDriver": "awslogs", "options": {**LOGGING, **named}})


def image_rules(reason: str, *rules: Any) -> Case:
    return IMAGE_LIFECYCLE, {"repository": "dbt", "policy": json.dumps({"rules": rules})}, reason


def image_rule(priority: int = 1, action: str = "expire", **selection: Any) -> dict[str, Any]:
    given = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14, **selection}
    kept = {name: value for name, value in given.items() if value is not None}
    return {"rulePriority": priority, "selection": kept, "action": {"type": action}}


def object_rule(reason: str, **parts: Any) -> Case:
    return LIFECYCLE, {"bucket": "dags", "rules": [{"id": "old", "status": "Enabled", "filter": {"prefix": ""}, **parts}]}, reason


def transitions(*pairs: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"days": days, "storageClass": storage} for days, storage in pairs]


def pattern(reason: str, **fields: Any) -> Case:
    return RULE, {"eventPattern": json.dumps(fields)}, reason


def schedule(reason: str, expression: str) -> Case:
    return RULE, {"scheduleExpression": expression}, reason


def target(reason: str, template: str) -> Case:
    transformer = {"inputPaths": {"task": "$.detail.taskArn"}, "inputTemplate": template}
    return TARGET, {"rule": "r", "arn": TOPIC, "inputTransformer": transformer}, reason


def alarm(reason: str, **change: Any) -> Case:
    given = {
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 1,
        "metricName": "QueuedTasks",
        "namespace": "AmazonMWAA",
        "period": 60,
        "statistic": "Maximum",
        "threshold": 0.5,
    }
    return ALARM, {**given, **change}, reason


def dashboard(reason: str, *widgets: Any, name: str = "page", **body: Any) -> Case:
    return DASHBOARD, {"dashboardName": name, "dashboardBody": json.dumps({"widgets": list(widgets), **body})}, reason


def widget(kind: Any = "text", properties: Any = None, **place: Any) -> dict[str, Any]:
    return {"type": kind, "properties": {"markdown": "#"} if properties is None else properties, **place}


def line(reason: str, **properties: Any) -> Case:
    return dashboard(reason, widget("metric", {"metrics": [["A", "B"]], "region": "eu-west-1", **properties}))


def budget(reason: str, notifications: list[dict[str, Any]] | None = None, **change: Any) -> Case:
    given = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "100", "limitUnit": "USD"}
    return BUDGET, {**given, **change, **({"notifications": notifications} if notifications else {})}, reason


def notification(**change: Any) -> dict[str, Any]:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "ACTUAL",
        "threshold": 80,
        "thresholdType": "PERCENTAGE",
        "subscriberEmailAddresses": ["data@example.com"],
        **change,
    }


def environment(reason: str, **change: Any) -> Case:
    network = {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
    given = {"executionRoleArn": ROLE, "sourceBucketArn": "arn:aws:s3:::dags", "dagS3Path": "dags"}
    return MWAA, {**given, "networkConfiguration": network, **change}, reason


def rule(reason: str, **change: Any) -> Case:
    given = {"securityGroupId": "sg-1", "cidrIpv4": "10.0.0.0/8", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    return INGRESS, {name: value for name, value in {**given, **change}.items() if value is not None}, reason


def egress(reason: str, **change: Any) -> Case:
    return EGRESS, rule(reason, **change)[1], reason


def route(reason: str, network: str) -> Case:
    return ROUTE, {"routeTableId": "rtb-1", "destinationCidrBlock": network, "gatewayId": "igw-1"}, reason


def flow_log(reason: str, **change: Any) -> Case:
    given = {
        "vpcId": "vpc-1",
        "trafficType": "ALL",
        "logDestination": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:flow",
        "iamRoleArn": ROLE,
    }
    return FLOW_LOG, {name: value for name, value in {**given, **change}.items() if value is not None}, reason


def endpoint(reason: str, service: str, **more: Any) -> Case:
    return ENDPOINT, {"vpcId": "vpc-1", "serviceName": f"com.amazonaws.{service}", **more}, reason


def subscription(reason: str, protocol: str, address: str, **more: Any) -> Case:
    return SUBSCRIPTION, {"topic": TOPIC, "protocol": protocol, "endpoint": address, **more}, reason


def encryption(reason: str, *defaults: dict[str, Any]) -> Case:
    return ENCRYPTION, {"bucket": "dags", "rules": [{"applyServerSideEncryptionByDefault": each} for each in defaults]}, reason


def shared_issuer(reason: str, issuer: str, **condition: Any) -> Case:
    federated = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    return trust(reason, Principal=federated, Action="sts:AssumeRoleWithWebIdentity", Condition=condition)


def slack(reason: str, **change: Any) -> Case:
    common = {"configurationName": "dbt-sales", "iamRoleArn": ROLE, "slackTeamId": "T07EA123LEP", "slackChannelId": "C07EZ1ABC23"}
    return SLACK, {**common, **change}, reason


def teams(reason: str, **change: Any) -> Case:
    common = {"configurationName": "dbt-sales", "iamRoleArn": ROLE, "tenantId": GUID, "teamId": GUID}
    return TEAMS, {**common, "channelId": "19%3ab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2", **change}, reason


def refusal(session: Session, token: str, inputs: dict[str, Any]) -> str:
    """What the stand-in has against the inputs; empty when nothing. What is None the program has not given."""
    handler = TableResource(CATALOGUE[f"aws:{token}"], lambda: session)
    given = {name: value for name, value in inputs.items() if value is not None}
    try:
        handler.check(Operation(urn="urn", name="sales", seed=b"seed"), {}, given)
    except InvalidInputs as refused:
        return str(refused)
    return ""


def misjudged(session: Session, cases: list[Case]) -> list[tuple[str, dict[str, Any], str, str]]:
    """Those that are refused though AWS takes them, or taken though it does not, or refused for another reason."""
    judged = [(token, inputs, reason, refusal(session, token, inputs)) for token, inputs, reason in cases]
    return [case for case in judged if bool(case[2]) != bool(case[3]) or case[2] not in case[3]]
