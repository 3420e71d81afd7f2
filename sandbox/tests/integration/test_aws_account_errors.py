"""Calls that AWS refuses by what the account holds, for every error that an operation declares, and neighbours that it takes.

Written from the API references' lists of errors, operation by operation, before the emulator was asked.
"""

import base64
import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing.account import REGION, Account, policy, trust

NONE = "00000000-0000-0000-0000-000000000000"
VERSION = "0" * 32
IMAGE = "sha256:" + "0" * 64
NOW = datetime.now(UTC)
FARGATE = {
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": "<role>",
}
CONTAINER = {"name": "dbt", "image": "dbt:1", "essential": True}

Case = tuple[str, str, dict[str, Any], str]
"""Service, operation, parameters, AWS's code or a part of its words; these are empty where AWS takes the call."""


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUSTED = trust("ecs-tasks.amazonaws.com")
ROOT_ONLY = {"AWS": "arn:aws:iam::<account>:root"}


def furnish(account: Account) -> dict[str, str]:
    """What the calls name; with a `-` before it, one that can be used up."""
    facts: dict[str, Any] = {"account": account.id}
    for fill in (_network, _tasks, _secrets, _bucket, _images, _keys, _roles, _rest):
        fill(account, facts)
    return facts


def _network(account: Account, facts: dict[str, str]) -> None:
    ec2 = account.client("ec2")
    for name, network in (("vpc", "10.1.0.0/16"), ("other", "10.2.0.0/16")):
        facts[name] = ec2.create_vpc(CidrBlock=network)["Vpc"]["VpcId"]
        made = ec2.create_subnet(VpcId=facts[name], CidrBlock=network.replace("0.0/16", "0.0/24"))
        facts[f"{name} subnet"] = made["Subnet"]["SubnetId"]
        facts[f"{name} group"] = ec2.create_security_group(GroupName="g", Description="g", VpcId=facts[name])["GroupId"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [facts["vpc"]]}])["SecurityGroups"]
    facts["default group"] = next(each["GroupId"] for each in groups if each["GroupName"] == "default")


def _tasks(account: Account, facts: dict[str, str]) -> None:
    ecs = account.client("ecs")
    facts["role"] = account.role(policy())
    ecs.create_cluster(clusterName="dbt")
    ecs.create_cluster(clusterName="empty")
    task: dict[str, Any] = filled({**FARGATE, "containerDefinitions": [CONTAINER]}, facts)
    ecs.register_task_definition(family="dbt", **task)
    ecs.register_task_definition(family="old", **task)
    ecs.deregister_task_definition(taskDefinition="old:1")


def _secrets(account: Account, facts: dict[str, str]) -> None:
    client = account.client("secretsmanager")
    for name in ("login", "gone", "finally"):
        facts[name] = client.create_secret(Name=name, SecretString="a")["ARN"]
    facts["first"] = client.describe_secret(SecretId="login")["VersionIdsToStages"].popitem()[0]
    facts["second"] = client.put_secret_value(SecretId="login", SecretString="b")["VersionId"]
    client.create_secret(Name="empty")
    client.delete_secret(SecretId="gone", RecoveryWindowInDays=7)
    client.delete_secret(SecretId="finally", RecoveryWindowInDays=7)


def _bucket(account: Account, facts: dict[str, str]) -> None:
    s3 = account.client("s3")
    where = {"LocationConstraint": REGION}
    for name in ("bucket", "plain", "deleted", "vacant"):
        facts[name] = f"{name}-{secrets.token_hex(6)}"
        s3.create_bucket(Bucket=facts[name], CreateBucketConfiguration=where)
    for name in ("bucket", "deleted"):
        s3.put_bucket_versioning(Bucket=facts[name], VersioningConfiguration={"Status": "Enabled"})
    facts["etag"] = s3.put_object(Bucket=facts["bucket"], Key="k", Body=b"x")["ETag"]
    s3.put_object(Bucket=facts["plain"], Key="k", Body=b"x")
    s3.put_object(Bucket=facts["bucket"], Key="cold", Body=b"x", StorageClass="GLACIER")
    s3.put_object(Bucket=facts["deleted"], Key="k", Body=b"x")
    facts["marker"] = s3.delete_object(Bucket=facts["deleted"], Key="k")["VersionId"]
    facts["upload"] = s3.create_multipart_upload(Bucket=facts["bucket"], Key="m")["UploadId"]


def _images(account: Account, facts: dict[str, str]) -> None:
    ecr = account.client("ecr")
    config = json.dumps({"architecture": "amd64", "os": "linux"}).encode()
    for name, kind in (("images", "IMMUTABLE"), ("mutable", "MUTABLE"), ("vacant", "MUTABLE")):
        ecr.create_repository(repositoryName=name, imageTagMutability=kind)
    facts["layer upload"] = ecr.initiate_layer_upload(repositoryName="images")["uploadId"]
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    for name in ("images", "mutable"):
        upload = ecr.initiate_layer_upload(repositoryName=name)["uploadId"]
        last = len(config) - 1
        ecr.upload_layer_part(repositoryName=name, uploadId=upload, partFirstByte=0, partLastByte=last, layerPartBlob=config)
        ecr.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[digest])
        facts["manifest"] = manifest(digest, len(config))
        ecr.put_image(repositoryName=name, imageManifest=facts["manifest"], imageTag="v1")
    facts["other manifest"] = facts["manifest"].replace('"layers"', '"annotations": {"a": "b"}, "layers"')
    facts["manifest digest"] = f"sha256:{hashlib.sha256(facts['manifest'].encode()).hexdigest()}"


def manifest(digest: str, size: int) -> str:
    kind = "application/vnd.oci.image.config.v1+json"
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": kind, "digest": digest, "size": size},
            "layers": [],
        }
    )


def _keys(account: Account, facts: dict[str, Any]) -> None:
    kms = account.client("kms")
    for name in ("key", "key two", "disabled", "pending", "kept"):
        facts[name] = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=facts["disabled"])
    kms.schedule_key_deletion(KeyId=facts["pending"], PendingWindowInDays=7)
    for name, usage in (("signing", "SIGN_VERIFY"), ("rsa", "ENCRYPT_DECRYPT")):
        facts[name] = kms.create_key(KeyUsage=usage, KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/taken", TargetKeyId=facts["key"])
    facts["cipher"] = kms.encrypt(KeyId=facts["key"], Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]


def _roles(account: Account, facts: dict[str, str]) -> None:
    iam = account.client("iam")
    for name in ("inline", "attached", "profiled", "bare"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUSTED)
    iam.put_role_policy(RoleName="inline", PolicyName="p", PolicyDocument=policy())
    facts["managed"] = iam.create_policy(PolicyName="managed", PolicyDocument=policy())["Policy"]["Arn"]
    facts["versioned"] = iam.create_policy(PolicyName="versioned", PolicyDocument=policy())["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=facts["versioned"], PolicyDocument=policy())
    iam.attach_role_policy(RoleName="attached", PolicyArn=facts["managed"])
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="profiled")
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    iam.create_open_id_connect_provider(Url="https://gitlab.example.com", ClientIDList=["a"])
    trusting = document(Principal={"AWS": f"arn:aws:iam::{account.id}:root"}, Action="sts:AssumeRole")
    facts["trusting"] = iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=trusting)["Role"]["Arn"]
    issuer = {"Federated": f"arn:aws:iam::{account.id}:oidc-provider/gitlab.example.com"}
    condition = {"StringEquals": {"gitlab.example.com:sub": "project"}}
    trusted = document(Principal=issuer, Action="sts:AssumeRoleWithWebIdentity", Condition=condition)
    facts["federated"] = iam.create_role(RoleName="federated", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]


def _rest(account: Account, facts: dict[str, str]) -> None:
    sns, logs, events = account.client("sns"), account.client("logs"), account.client("events")
    facts["topic"] = sns.create_topic(Name="alerts")["TopicArn"]
    subscribed = sns.subscribe(TopicArn=facts["topic"], Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{account.id}:q")
    facts["subscription"] = subscribed["SubscriptionArn"]
    logs.create_log_group(logGroupName="/dbt")
    logs.create_log_stream(logGroupName="/dbt", logStreamName="s")
    facts["query"] = logs.start_query(logGroupName="/dbt", startTime=1, endTime=2, queryString="fields @message")["queryId"]
    events.put_rule(Name="used", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="used", Targets=[{"Id": f"t{each}", "Arn": facts["topic"]} for each in range(5)])
    events.put_rule(Name="unused", ScheduleExpression="rate(1 hour)")
    alarm = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    account.client("cloudwatch").put_metric_alarm(AlarmName="alarm", ComparisonOperator="GreaterThanThreshold", **alarm)


def token(**claims: Any) -> str:
    """One of an OIDC provider, with a signature that nobody verifies."""
    given = {"iss": "https://gitlab.example.com", "aud": "a", "sub": "project", "exp": 4102444800, "iat": 1700000000, **claims}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "RS256"}, given)]
    return ".".join([*parts, "c2lnbmF0dXJl"])


def call(service: str, operation: str, reason: str, **parameters: Any) -> Case:
    return service, operation, parameters, reason


def run(reason: str, **more: Any) -> Case:
    network = {"subnets": ["<vpc subnet>"], "securityGroups": ["<vpc group>"]}
    given = {"cluster": "dbt", "taskDefinition": "dbt", "networkConfiguration": {"awsvpcConfiguration": network}, **more}
    return "ecs", "run_task", {name: value for name, value in given.items() if value is not None}, reason


def placed(reason: str, **network: Any) -> Case:
    return run(reason, networkConfiguration={"awsvpcConfiguration": network})


def define(reason: str, container: dict[str, Any] | None = None, **task: Any) -> Case:
    given = {"family": "new", **FARGATE, "containerDefinitions": [{**CONTAINER, **(container or {})}], **task}
    return "ecs", "register_task_definition", {name: value for name, value in given.items() if value is not None}, reason


def secret(reason: str, operation: str, name: str = "login", **more: Any) -> Case:
    return "secretsmanager", operation, {"SecretId": name, **more}, reason


def s3(reason: str, operation: str, bucket: str = "<bucket>", key: str | None = "k", **more: Any) -> Case:
    return "s3", operation, {"Bucket": bucket, **({"Key": key} if key else {}), **more}, reason


def ecr(reason: str, operation: str, repository: str = "images", **more: Any) -> Case:
    return "ecr", operation, {"repositoryName": repository, **more}, reason


def kms(reason: str, operation: str, key: str | None = "<key>", **more: Any) -> Case:
    return "kms", operation, {**({"KeyId": key} if key else {}), **more}, reason


def iam(reason: str, operation: str, role: str | None = "bare", **more: Any) -> Case:
    return "iam", operation, {**({"RoleName": role} if role else {}), **more}, reason


def logs(reason: str, operation: str, group: str | None = "/dbt", **more: Any) -> Case:
    return "logs", operation, {**({"logGroupName": group} if group else {}), **more}, reason


def sns(reason: str, operation: str, **more: Any) -> Case:
    return "sns", operation, more, reason


def alarm(reason: str, **change: Any) -> Case:
    given = {
        "AlarmName": "a", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "m",
        "Namespace": "n", "Period": 60, "Statistic": "Sum", "Threshold": 1.0, **change,
    }  # fmt: skip
    return "cloudwatch", "put_metric_alarm", {name: value for name, value in given.items() if value is not None}, reason


def queried(reason: str, *queries: dict[str, Any], **more: Any) -> Case:
    given = {"StartTime": NOW - timedelta(hours=1), "EndTime": NOW, "MetricDataQueries": list(queries), **more}
    return "cloudwatch", "get_metric_data", given, reason


def metric(name: str = "m1", stat: str = "Sum", **more: Any) -> dict[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": stat}, **more}


def events(reason: str, operation: str, **more: Any) -> Case:
    return "events", operation, more, reason


def ec2(reason: str, operation: str, **more: Any) -> Case:
    return "ec2", operation, more, reason


def web(reason: str, given: str, role: str = "<federated>") -> Case:
    return "sts", "assume_role_with_web_identity", {"RoleArn": role, "RoleSessionName": "ci", "WebIdentityToken": given}, reason


PUBLIC = document(Principal="*", Action="secretsmanager:GetSecretValue", Resource="*")
OF_ALL = document(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::<bucket>/*")
ELSEWHERE = document(Principal=ROOT_ONLY, Action="s3:GetObject", Resource="arn:aws:s3:::another-bucket/*")
RULE = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}}

REFUSED: list[Case] = [
    # ECS
    call("ecs", "delete_cluster", "ClusterNotFoundException", cluster="absent"),
    run("TaskDefinition not found", taskDefinition="absent"),
    run("TaskDefinition is inactive", taskDefinition="old:1"),
    run("is not a container in the TaskDefinition", overrides={"containerOverrides": [{"name": "other"}]}),
    run("Network Configuration must be provided", networkConfiguration=None),
    placed("The subnet ID 'subnet-0123456789abcdef0' does not exist", subnets=["subnet-0123456789abcdef0"]),
    placed("does not exist", subnets=["<vpc subnet>"], securityGroups=["sg-0123456789abcdef0"]),
    placed("InvalidParameterException", subnets=["<vpc subnet>", "<other subnet>"]),
    placed("InvalidParameterException", subnets=["<vpc subnet>"], securityGroups=["<other group>"]),
    run("PlatformUnknownException", platformVersion="9.9.9"),
    run("InvalidParameterException", launchType="EC2"),
    run("InvalidParameterException", enableExecuteCommand=True),
    run("InvalidParameterException", launchType=None, capacityProviderStrategy=[{"capacityProvider": "absent"}]),
    run("No Fargate configuration exists", overrides={"cpu": "256", "memory": "8192"}),
    call("ecs", "stop_task", "The referenced task was not found", cluster="dbt", task=VERSION),
    call("ecs", "stop_task", "ClusterNotFoundException", cluster="absent", task=VERSION),
    call("ecs", "describe_task_definition", "Unable to describe task definition", taskDefinition="absent"),
    call("ecs", "deregister_task_definition", "ClientException", taskDefinition="absent:1"),
    call("ecs", "deregister_task_definition", "ClientException", taskDefinition="dbt"),
    call("ecs", "list_tasks", "ServiceNotFoundException", cluster="dbt", serviceName="absent"),
    call("ecs", "list_tasks", "InvalidParameterException", cluster="dbt", nextToken="abc"),
    call("ecs", "list_task_definitions", "InvalidParameterException", nextToken="abc"),
    call("ecs", "execute_command", "ClusterNotFoundException", cluster="absent", task=VERSION, command="sh", interactive=True),
    call("ecs", "execute_command", "InvalidParameterException", cluster="dbt", task=VERSION, command="sh", interactive=True),
    call(
        "ecs",
        "put_cluster_capacity_providers",
        "InvalidParameterException",
        cluster="empty",
        capacityProviders=["absent"],
        defaultCapacityProviderStrategy=[],
    ),
    call(
        "ecs",
        "put_cluster_capacity_providers",
        "InvalidParameterException",
        cluster="empty",
        capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT"}],
    ),
    define("No Fargate configuration exists", memory="8192"),
    define("network mode", networkMode="bridge"),
    define("ClientException", executionRoleArn=None, container={"secrets": [{"name": "A", "valueFrom": "<login>"}]}),
    define("essential", {"essential": False}),
    define("ClientException", {"portMappings": [{"containerPort": 80, "hostPort": 81}]}),
    define("ClientException", {"memory": 1024}),
    define("ClientException", {"cpu": 512}),
    define("ClientException", {"dependsOn": [{"containerName": "absent", "condition": "START"}]}),
    define("Unknown volume", {"mountPoints": [{"sourceVolume": "absent", "containerPath": "/a"}]}),
    define("ClientException", {"privileged": True}),
    define("ClientException", {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/dbt"}}}),
    define("ClientException", {"logConfiguration": {"logDriver": "syslog"}}),
    define("ClientException", containerDefinitions=[CONTAINER, CONTAINER]),
    define("ClientException", {"name": "a b"}),
    define("ClientException", {"image": "a b"}),
    define("ClientException", {"stopTimeout": 121}),
    define("ClientException", {"secrets": [{"name": "A", "valueFrom": ""}]}),
    # Secrets Manager
    secret("ResourceNotFoundException", "get_secret_value", "absent"),
    secret("ResourceNotFoundException", "get_secret_value", VersionId=NONE),
    secret("InvalidRequestException", "get_secret_value", VersionId="<first>", VersionStage="AWSCURRENT"),
    secret("ResourceNotFoundException", "get_secret_value", "empty"),
    secret("ResourceNotFoundException", "describe_secret", "absent"),
    secret("ResourceNotFoundException", "delete_secret", "absent"),
    secret("InvalidRequestException", "delete_secret", "gone"),
    secret("ResourceNotFoundException", "restore_secret", "absent"),
    secret("InvalidRequestException", "update_secret", "gone", SecretString="c"),
    secret("ResourceNotFoundException", "update_secret", "absent", SecretString="c"),
    secret("InvalidRequestException", "tag_resource", "gone", Tags=[{"Key": "a", "Value": "b"}]),
    secret("InvalidRequestException", "update_secret_version_stage", "gone", VersionStage="A", MoveToVersionId="<first>"),
    secret(
        "ResourceNotFoundException",
        "update_secret_version_stage",
        VersionStage="AWSCURRENT",
        MoveToVersionId=NONE,
        RemoveFromVersionId="<second>",
    ),
    secret("InvalidParameterException", "update_secret_version_stage", VersionStage="AWSCURRENT", MoveToVersionId="<first>"),
    secret("InvalidParameterException", "update_secret_version_stage", VersionStage="AWSCURRENT", RemoveFromVersionId="<second>"),
    secret(
        "InvalidParameterException",
        "update_secret_version_stage",
        VersionStage="AWSCURRENT",
        MoveToVersionId="<first>",
        RemoveFromVersionId="<first>",
    ),
    secret("MalformedPolicyDocumentException", "put_resource_policy", ResourcePolicy="{"),
    secret("PublicPolicyException", "put_resource_policy", ResourcePolicy=PUBLIC, BlockPublicPolicy=True),
    secret("ResourceNotFoundException", "put_resource_policy", "absent", ResourcePolicy=PUBLIC),
    secret("InvalidRequestException", "rotate_secret"),
    call("secretsmanager", "list_secrets", "InvalidNextTokenException", NextToken="abc"),
    secret("ResourceNotFoundException", "list_secret_version_ids", "absent"),
    call("secretsmanager", "create_secret", "InvalidRequestException", Name="gone", SecretString="a"),
    call("secretsmanager", "create_secret", "ResourceExistsException", Name="login", SecretString="a"),
    # S3
    s3("NoSuchKey", "get_object", key="absent"),
    s3("NoSuchBucket", "get_object", "absent-bucket-of-nobody"),
    s3("404", "head_object", key="absent"),
    s3("BucketNotEmpty", "delete_bucket", key=None),
    s3("BucketNotEmpty", "delete_bucket", "<deleted>", key=None),
    s3("NoSuchBucket", "delete_bucket", "absent-bucket-of-nobody", key=None),
    s3("AccessControlListNotSupported", "put_object", ACL="public-read"),
    s3("Acc", "put_bucket_acl", key=None, ACL="public-read"),
    s3("NoSuchKey", "copy_object", CopySource="<bucket>/absent"),
    s3("PreconditionFailed", "copy_object", key="copy", CopySource="<bucket>/k", CopySourceIfMatch='"abc"'),
    s3("PreconditionFailed", "copy_object", key="copy", CopySource="<bucket>/k", CopySourceIfNoneMatch="<etag>"),
    s3("InvalidObjectState", "copy_object", key="copy", CopySource="<bucket>/cold"),
    s3("304", "get_object", IfNoneMatch="<etag>"),
    s3("412", "head_object", IfMatch='"abc"'),
    s3("PreconditionFailed", "get_object", IfUnmodifiedSince=datetime(2020, 1, 1, tzinfo=UTC)),
    s3("InvalidPartNumber", "get_object", PartNumber=2),
    s3("InvalidArgument", "list_objects_v2", key=None, ContinuationToken="abc"),
    s3("InvalidArgument", "list_object_versions", key=None, VersionIdMarker="<marker>"),
    s3("NoSuchUpload", "list_parts", UploadId="u"),
    s3("NoSuchUpload", "abort_multipart_upload", UploadId="u"),
    s3("NoSuchUpload", "complete_multipart_upload", UploadId="u", MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "a"}]}),
    s3("NoSuchKey", "get_object", "<deleted>"),
    s3("MethodNotAllowed", "get_object", "<deleted>", VersionId="<marker>"),
    s3("PreconditionFailed", "delete_object", "<plain>", IfMatch='"abc"'),
    s3("BadDigest", "put_object", Body=b"x", ChecksumCRC32="AAAAAA=="),
    s3("InvalidRequest", "put_object", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=NOW + timedelta(days=1)),
    s3("NoSuchBucketPolicy", "get_bucket_policy", key=None),
    s3("NoSuchLifecycleConfiguration", "get_bucket_lifecycle_configuration", key=None),
    s3("NoSuchTagSet", "get_bucket_tagging", key=None),
    s3("NoSuchCORSConfiguration", "get_bucket_cors", key=None),
    s3("NoSuchWebsiteConfiguration", "get_bucket_website", key=None),
    s3("ReplicationConfigurationNotFoundError", "get_bucket_replication", key=None),
    s3("ObjectLockConfigurationNotFoundError", "get_object_lock_configuration", key=None),
    s3("MalformedPolicy", "put_bucket_policy", key=None, Policy="x"),
    s3("MalformedPolicy", "put_bucket_policy", key=None, Policy=ELSEWHERE),
    s3("AccessDenied", "put_bucket_policy", key=None, Policy=OF_ALL),
    s3(
        "InvalidArgument",
        "put_bucket_lifecycle_configuration",
        key=None,
        LifecycleConfiguration={"Rules": [{**RULE, "Expiration": {"Days": 1}}] * 2},
    ),
    s3(
        "InvalidArgument",
        "put_bucket_lifecycle_configuration",
        key=None,
        LifecycleConfiguration={"Rules": [{**RULE, "Expiration": {"Days": 0}}]},
    ),
    s3("MalformedXML", "put_bucket_lifecycle_configuration", key=None, LifecycleConfiguration={"Rules": []}),
    s3("InvalidRequest", "put_bucket_lifecycle_configuration", key=None, LifecycleConfiguration={"Rules": [RULE]}),
    s3(
        "IllegalLocationConstraint",
        "create_bucket",
        "dbt-of-frankfurt",
        key=None,
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    ),
    s3("IllegalLocationConstraint", "create_bucket", "dbt-of-nowhere", key=None),
    s3(
        "InvalidTargetBucketForLogging",
        "put_bucket_logging",
        key=None,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "absent-bucket-of-nobody", "TargetPrefix": "a"}},
    ),
    s3("InvalidObjectState", "get_object", key="cold"),
    s3("AccessDenied", "get_object", ExpectedBucketOwner="111111111111"),
    s3("403", "head_bucket", key=None, ExpectedBucketOwner="111111111111"),
    s3("NoSuchKey", "put_object_tagging", key="absent", Tagging={"TagSet": []}),
    s3(
        "InvalidArgument",
        "put_bucket_notification_configuration",
        key=None,
        NotificationConfiguration={"TopicConfigurations": [{"TopicArn": "<topic>x", "Events": ["s3:ObjectCreated:*"]}]},
    ),
    s3("NoSuchVersion", "delete_object_tagging", VersionId="v" * 32),
    # CloudWatch
    call("cloudwatch", "set_alarm_state", "ResourceNotFound", AlarmName="absent", StateValue="OK", StateReason="r"),
    call(
        "cloudwatch",
        "set_alarm_state",
        "InvalidFormat",
        AlarmName="alarm",
        StateValue="OK",
        StateReason="r",
        StateReasonData="{",
    ),
    call("cloudwatch", "get_dashboard", "ResourceNotFound", DashboardName="absent"),
    call("cloudwatch", "delete_dashboards", "ResourceNotFound", DashboardNames=["absent"]),
    call("cloudwatch", "put_dashboard", "InvalidParameterInput", DashboardName="d", DashboardBody="{"),
    call(
        "cloudwatch",
        "put_dashboard",
        "InvalidParameterInput",
        DashboardName="d",
        DashboardBody=json.dumps({"widgets": [{"type": "pie", "properties": {}}]}),
    ),
    call(
        "cloudwatch", "tag_resource", "ResourceNotFound", ResourceARN="arn:aws:cloudwatch:eu-west-1:<account>:alarm:absent", Tags=[]
    ),
    alarm("Validation", ExtendedStatistic="p90"),
    alarm("Validation", MetricName=None),
    alarm("Validation", EvaluationPeriods=3000, Period=60),
    alarm("Validation", DatapointsToAlarm=2),
    alarm("p101", Statistic=None, ExtendedStatistic="p101"),
    alarm("Validation", TreatMissingData="ok"),
    alarm("Validation", Threshold=None),
    alarm("Validation", AlarmActions=["alerts"]),
    alarm("Validation", Statistic=None),
    alarm(
        "Validation",
        MetricName=None,
        Namespace=None,
        Period=None,
        Statistic=None,
        Metrics=[metric("m1", ReturnData=True), metric("m2", ReturnData=True)],
    ),
    alarm(
        "Validation",
        MetricName=None,
        Namespace=None,
        Period=None,
        Statistic=None,
        Metrics=[{"Id": "e1", "Expression": "m9 * 2", "ReturnData": True}],
    ),
    alarm("Validation", Metrics=[metric()]),
    queried("Validation", metric(), StartTime=NOW, EndTime=NOW - timedelta(hours=1)),
    queried("Validation", {"Id": "e1", "Expression": "m9 * 2"}),
    queried("Validation", metric(), {"Id": "e1", "Expression": "m1 * ("}),
    queried("Validation", metric(stat="Avg")),
    # Logs
    logs("ResourceAlreadyExistsException", "create_log_group"),
    logs("ResourceAlreadyExistsException", "create_log_stream", logStreamName="s"),
    logs("ResourceNotFoundException", "create_log_stream", "absent", logStreamName="s"),
    logs("ResourceNotFoundException", "put_log_events", logStreamName="absent", logEvents=[{"timestamp": 1, "message": "m"}]),
    logs("ResourceNotFoundException", "delete_log_group", "absent"),
    logs("ResourceNotFoundException", "delete_log_stream", logStreamName="absent"),
    logs("ResourceNotFoundException", "filter_log_events", "absent"),
    logs("InvalidParameterException", "filter_log_events", filterPattern='{ $.a = "b" '),
    logs("InvalidParameterException", "filter_log_events", nextToken="abc"),
    logs("ResourceNotFoundException", "get_log_events", logStreamName="absent"),
    logs("InvalidParameterException", "get_log_events", logStreamName="s", nextToken="abc"),
    logs("ResourceNotFoundException", "start_query", "absent", startTime=1, endTime=2, queryString="fields @message"),
    logs("MalformedQueryException", "start_query", startTime=1, endTime=2, queryString="dance with me"),
    call("logs", "get_query_results", "ResourceNotFoundException", queryId=NONE),
    logs("ResourceNotFoundException", "put_retention_policy", "absent", retentionInDays=7),
    logs("ResourceNotFoundException", "associate_kms_key", "absent", kmsKeyId="<key>"),
    logs("InvalidParameterException", "associate_kms_key", kmsKeyId="<key>"),
    logs("InvalidParameterException", "create_log_group", "/keyed", kmsKeyId="alias/taken"),
    call(
        "logs",
        "tag_resource",
        "ResourceNotFoundException",
        resourceArn="arn:aws:logs:eu-west-1:<account>:log-group:absent",
        tags={"a": "b"},
    ),
    logs("ResourceNotFoundException", "describe_log_streams", "absent"),
    call("logs", "describe_log_groups", "InvalidParameterException", logGroupNamePrefix="a", logGroupNamePattern="b"),
    logs(
        "InvalidParameterException",
        "put_metric_filter",
        filterName="f",
        filterPattern="{ $.a = ",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    ),
    logs("ResourceNotFoundException", "delete_metric_filter", filterName="absent"),
    # SNS
    sns("NotFound", "publish", TopicArn="<topic>x", Message="m"),
    sns("InvalidParameter", "publish", TopicArn="arn:aws:sns:us-east-1:<account>:alerts", Message="m"),
    sns("NotFound", "subscribe", TopicArn="<topic>x", Protocol="email", Endpoint="a@example.com"),
    sns(
        "InvalidParameter",
        "subscribe",
        TopicArn="<topic>",
        Protocol="email",
        Endpoint="a@example.com",
        Attributes={"RawMessageDelivery": "true"},
    ),
    sns(
        "InvalidParameter",
        "subscribe",
        TopicArn="<topic>",
        Protocol="email",
        Endpoint="a@example.com",
        Attributes={"FilterPolicy": "{"},
    ),
    sns("NotFound", "get_topic_attributes", TopicArn="<topic>x"),
    sns("NotFound", "set_topic_attributes", TopicArn="<topic>x", AttributeName="DisplayName", AttributeValue="a"),
    sns("InvalidParameter", "set_topic_attributes", TopicArn="<topic>", AttributeName="Policy", AttributeValue="{"),
    sns("InvalidParameter", "set_topic_attributes", TopicArn="<topic>", AttributeName="DisplayName", AttributeValue="a" * 101),
    sns("InvalidParameter", "set_topic_attributes", TopicArn="<topic>", AttributeName="DeliveryPolicy", AttributeValue="{"),
    sns("NotFound", "list_subscriptions_by_topic", TopicArn="<topic>x"),
    sns("InvalidParameter", "confirm_subscription", TopicArn="<topic>", Token="abc"),
    sns("InvalidParameter", "unsubscribe", SubscriptionArn="abc"),
    sns(
        "NotFound",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>0",
        AttributeName="RawMessageDelivery",
        AttributeValue="true",
    ),
    sns(
        "InvalidParameter",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>",
        AttributeName="FilterPolicy",
        AttributeValue="{",
    ),
    sns(
        "InvalidParameter",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>",
        AttributeName="RawMessageDelivery",
        AttributeValue="yes",
    ),
    sns("InvalidParameter", "create_topic", Name="dbt", Attributes={"FifoTopic": "true"}),
    sns("InvalidParameter", "create_topic", Name="dbt.fifo"),
    sns("ResourceNotFound", "tag_resource", ResourceArn="<topic>x", Tags=[{"Key": "a", "Value": "b"}]),
    sns("TagLimitExceeded", "tag_resource", ResourceArn="<topic>", Tags=[{"Key": f"k{each}", "Value": "b"} for each in range(51)]),
    # MWAA
    call("mwaa", "get_environment", "ResourceNotFoundException", Name="absent"),
    call("mwaa", "delete_environment", "ResourceNotFoundException", Name="absent"),
    call("mwaa", "update_environment", "ResourceNotFoundException", Name="absent", MaxWorkers=2),
    call("mwaa", "create_web_login_token", "ResourceNotFoundException", Name="absent"),
    call("mwaa", "create_cli_token", "ResourceNotFoundException", Name="absent"),
    call(
        "mwaa",
        "list_tags_for_resource",
        "ResourceNotFoundException",
        ResourceArn="arn:aws:airflow:eu-west-1:<account>:environment/absent",
    ),
    # STS
    call("sts", "assume_role", "AccessDenied", RoleArn="<role>", RoleSessionName="run"),
    call("sts", "assume_role", "MalformedPolicyDocument", RoleArn="<trusting>", RoleSessionName="run", Policy='{"a": 1}'),
    call("sts", "assume_role", "AccessDenied", RoleArn="arn:aws:iam::111111111111:role/theirs", RoleSessionName="run"),
    web("InvalidIdentityToken", "this is no token"),
    web("InvalidIdentityToken", token(iss="https://other.example.com")),
    web("ExpiredTokenException", token(exp=1700000001)),
    web("InvalidIdentityToken", token(aud="other")),
    web("AccessDenied", token(sub="other")),
    web("AccessDenied", token(), "<federated>x"),
    # ECR
    ecr("RepositoryNotFoundException", "describe_images", "absent"),
    ecr("ImageNotFoundException", "describe_images", imageIds=[{"imageTag": "absent"}]),
    ecr("ImageTagAlreadyExistsException", "put_image", imageManifest="<other manifest>", imageTag="v1"),
    ecr("ImageTagAlreadyExistsException", "put_image", imageManifest="<manifest>", imageTag="v1"),
    ecr("ImageAlreadyExistsException", "put_image", "mutable", imageManifest="<manifest>", imageTag="v1"),
    ecr("LayersNotFoundException", "put_image", imageManifest=manifest(IMAGE, 10), imageTag="v2"),
    ecr("ImageDigestDoesNotMatchException", "put_image", imageManifest="<manifest>", imageTag="v2", imageDigest=IMAGE),
    ecr("InvalidParameterException", "put_image", imageManifest="{", imageTag="v2"),
    ecr("RepositoryNotEmptyException", "delete_repository"),
    ecr("RepositoryNotFoundException", "delete_repository", "absent"),
    ecr("RepositoryAlreadyExistsException", "create_repository"),
    ecr("UploadNotFoundException", "complete_layer_upload", uploadId=NONE, layerDigests=[IMAGE]),
    ecr("EmptyUploadException", "complete_layer_upload", uploadId="<layer upload>", layerDigests=[IMAGE]),
    ecr(
        "InvalidLayerPartException",
        "upload_layer_part",
        uploadId="<layer upload>",
        partFirstByte=5,
        partLastByte=5,
        layerPartBlob=b"x",
    ),
    ecr("LayersNotFoundException", "get_download_url_for_layer", layerDigest=IMAGE),
    ecr("LifecyclePolicyNotFoundException", "get_lifecycle_policy"),
    ecr("LifecyclePolicyNotFoundException", "delete_lifecycle_policy"),
    ecr("RepositoryPolicyNotFoundException", "get_repository_policy"),
    ecr("RepositoryPolicyNotFoundException", "delete_repository_policy"),
    ecr("InvalidParameterException", "put_lifecycle_policy", lifecyclePolicyText="{}" + " " * 100),
    ecr("InvalidParameterException", "set_repository_policy", policyText="{"),
    ecr("RepositoryNotFoundException", "list_images", "absent"),
    ecr("RepositoryNotFoundException", "batch_get_image", "absent", imageIds=[{"imageTag": "v1"}]),
    ecr("InvalidParameterException", "create_repository", "UPPER"),
    # KMS
    kms("NotFoundException", "encrypt", NONE, Plaintext=b"x"),
    kms("NotFoundException", "encrypt", "alias/absent", Plaintext=b"x"),
    kms("DisabledException", "encrypt", "<disabled>", Plaintext=b"x"),
    kms("KMSInvalidStateException", "encrypt", "<pending>", Plaintext=b"x"),
    kms("InvalidKeyUsageException", "encrypt", "<signing>", Plaintext=b"x"),
    kms("InvalidCiphertextException", "decrypt", None, CiphertextBlob=b"x" * 64),
    kms("InvalidCiphertextException", "decrypt", None, CiphertextBlob="<cipher>", EncryptionContext={"a": "c"}),
    kms("IncorrectKeyException", "decrypt", "<key two>", CiphertextBlob="<cipher>", EncryptionContext={"a": "b"}),
    kms("KMSInvalidStateException", "generate_data_key", "<pending>", KeySpec="AES_256"),
    kms("DisabledException", "generate_data_key", "<disabled>", KeySpec="AES_256"),
    kms("InvalidKeyUsageException", "generate_data_key", "<rsa>", KeySpec="AES_256"),
    kms("InvalidKeyUsageException", "sign", Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256"),
    kms("KMSInvalidStateException", "cancel_key_deletion"),
    kms("KMSInvalidStateException", "enable_key", "<pending>"),
    kms("KMSInvalidStateException", "disable_key", "<pending>"),
    kms("KMSInvalidStateException", "enable_key_rotation", "<pending>"),
    kms("UnsupportedOperationException", "enable_key_rotation", "<rsa>"),
    kms("UnsupportedOperationException", "get_public_key"),
    kms("MalformedPolicyDocumentException", "put_key_policy", Policy="{"),
    kms(
        "MalformedPolicyDocumentException",
        "put_key_policy",
        Policy=document(Principal=ROOT_ONLY, Action="kms:Decrypt", Resource="*"),
    ),
    kms("NotFoundException", "describe_key", NONE),
    call("kms", "create_alias", "AlreadyExistsException", AliasName="alias/taken", TargetKeyId="<key two>"),
    call("kms", "update_alias", "NotFoundException", AliasName="alias/absent", TargetKeyId="<key>"),
    call("kms", "delete_alias", "NotFoundException", AliasName="alias/absent"),
    kms("TagException", "tag_resource", Tags=[{"TagKey": "aws:a", "TagValue": "b"}]),
    call("kms", "create_key", "MalformedPolicyDocumentException", Policy="{"),
    # IAM
    iam("DeleteConflict", "delete_role", "inline"),
    iam("DeleteConflict", "delete_role", "attached"),
    iam("DeleteConflict", "delete_role", "profiled"),
    iam("NoSuchEntity", "delete_role", "absent"),
    iam("DeleteConflict", "delete_policy", None, PolicyArn="<managed>"),
    iam("DeleteConflict", "delete_policy", None, PolicyArn="<versioned>"),
    iam("DeleteConflict", "delete_policy_version", None, PolicyArn="<managed>", VersionId="v1"),
    iam("LimitExceeded", "create_policy_version", None, PolicyArn="<versioned>", PolicyDocument=policy()),
    iam("MalformedPolicyDocument", "put_role_policy", PolicyName="p", PolicyDocument='{"a": 1}'),
    iam(
        "MalformedPolicyDocument",
        "create_policy",
        None,
        PolicyName="p",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}',
    ),
    iam("MalformedPolicyDocument", "update_assume_role_policy", PolicyDocument=policy()),
    iam("NoSuchEntity", "attach_role_policy", PolicyArn="arn:aws:iam::<account>:policy/absent"),
    iam("NoSuchEntity", "detach_role_policy", PolicyArn="<managed>"),
    iam("NoSuchEntity", "get_role_policy", PolicyName="absent"),
    iam("NoSuchEntity", "delete_role_policy", PolicyName="absent"),
    iam("EntityAlreadyExists", "create_open_id_connect_provider", None, Url="https://gitlab.example.com", ClientIDList=["b"]),
    iam("InvalidInput", "create_service_linked_role", None, AWSServiceName="ecs.amazonaws.com"),
    iam("InvalidInput", "create_service_linked_role", None, AWSServiceName="absent.amazonaws.com"),
    iam("UnmodifiableEntity", "put_role_policy", "AWSServiceRoleForECS", PolicyName="p", PolicyDocument=policy()),
    iam("UnmodifiableEntity", "delete_role", "AWSServiceRoleForECS"),
    iam(
        "PolicyNotAttachable", "attach_role_policy", PolicyArn="arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"
    ),
    iam("NoSuchEntity", "put_role_permissions_boundary", PermissionsBoundary="arn:aws:iam::<account>:policy/absent"),
    iam(
        "LimitExceeded",
        "create_policy",
        None,
        PolicyName="p",
        PolicyDocument=policy(("s3:GetObject", [f"arn:aws:s3:::{'b' * 60}{each}" for each in range(90)])),
    ),
    # EventBridge
    events("ResourceNotFoundException", "put_rule", Name="r", EventPattern='{"source": ["a"]}', EventBusName="absent"),
    events("ResourceNotFoundException", "put_targets", Rule="absent", Targets=[{"Id": "a", "Arn": "<topic>"}]),
    events("LimitExceededException", "put_targets", Rule="used", Targets=[{"Id": "t9", "Arn": "<topic>"}]),
    events("ValidationException", "put_rule", Name="r", ScheduleExpression="rate(1 hours)"),
    events("ValidationException", "put_rule", Name="r", ScheduleExpression="every day"),
    events("InvalidEventPatternException", "put_rule", Name="r", EventPattern='{"source": "a"}'),
    events("ResourceNotFoundException", "describe_rule", Name="absent"),
    events("ResourceNotFoundException", "enable_rule", Name="absent"),
    events("ResourceNotFoundException", "remove_targets", Rule="absent", Ids=["a"]),
    events("ResourceNotFoundException", "list_targets_by_rule", Rule="absent"),
    events(
        "ValidationException",
        "put_targets",
        Rule="unused",
        Targets=[{"Id": "a", "Arn": "<topic>", "Input": "{}", "InputPath": "$.a"}],
    ),
    events("ValidationException", "put_targets", Rule="unused", Targets=[{"Id": "a", "Arn": "<topic>", "Input": "{"}]),
    events("ValidationException", "put_targets", Rule="unused", Targets=[{"Id": "a", "Arn": "alerts"}]),
    events("ResourceNotFoundException", "tag_resource", ResourceARN="arn:aws:events:eu-west-1:<account>:rule/absent", Tags=[]),
    # EC2
    ec2(
        "InvalidParameterCombination",
        "modify_vpc_attribute",
        VpcId="<vpc>",
        EnableDnsHostnames={"Value": True},
        EnableDnsSupport={"Value": True},
    ),
    ec2("InvalidVpcID.NotFound", "modify_vpc_attribute", VpcId="vpc-0123456789abcdef0", EnableDnsHostnames={"Value": True}),
    ec2("InvalidSubnetID.NotFound", "describe_subnets", SubnetIds=["subnet-0123456789abcdef0"]),
    ec2("InvalidSubnetID.Malformed", "describe_subnets", SubnetIds=["mine"]),
    ec2("InvalidVpcID.NotFound", "describe_vpcs", VpcIds=["vpc-0123456789abcdef0"]),
    ec2("InvalidParameterValue", "describe_vpcs", Filters=[{"Name": "colour", "Values": ["a"]}]),
    ec2("InvalidGroup.NotFound", "describe_security_groups", GroupIds=["sg-0a1b2c3d4e5f60718"]),
    ec2("InvalidGroupId.Malformed", "describe_security_groups", GroupIds=["mine"]),
    ec2("NatGatewayNotFound", "describe_nat_gateways", NatGatewayIds=["nat-0123456789abcdef0"]),
    ec2("InvalidAllocationID.NotFound", "describe_addresses", AllocationIds=["eipalloc-0123456789abcdef0"]),
    ec2("InvalidVpcEndpointId.NotFound", "describe_vpc_endpoints", VpcEndpointIds=["vpce-0123456789abcdef0"]),
    ec2("DryRunOperation", "create_vpc", CidrBlock="10.3.0.0/16", DryRun=True),
    ec2("DependencyViolation", "delete_vpc", VpcId="<vpc>"),
    ec2("InvalidSubnetID.NotFound", "delete_subnet", SubnetId="subnet-0123456789abcdef0"),
    ec2(
        "InvalidSubnetID.NotFound",
        "modify_subnet_attribute",
        SubnetId="subnet-0123456789abcdef0",
        MapPublicIpOnLaunch={"Value": True},
    ),
    ec2("CannotDelete", "delete_security_group", GroupId="<default group>"),
    ec2(
        "InvalidPermission.NotFound",
        "revoke_security_group_ingress",
        GroupId="<vpc group>",
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    ),
    ec2("InvalidVpcEndpointId.NotFound", "modify_vpc_endpoint", VpcEndpointId="vpce-0123456789abcdef0", ResetPolicy=True),
    ec2("InvalidServiceName", "describe_vpc_endpoint_services", ServiceNames=["com.amazonaws.eu-west-1.absent"]),
    ec2("InvalidVpcID.NotFound", "create_tags", Resources=["vpc-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "b"}]),
    ec2("InvalidParameterValue", "create_tags", Resources=["<vpc>"], Tags=[{"Key": "aws:a", "Value": "b"}]),
    ec2("TagLimitExceeded", "create_tags", Resources=["<vpc>"], Tags=[{"Key": f"k{each}", "Value": "b"} for each in range(51)]),
    ec2("InvalidRouteTableID.NotFound", "describe_route_tables", RouteTableIds=["rtb-0123456789abcdef0"]),
    ec2("InvalidInternetGatewayID.NotFound", "describe_internet_gateways", InternetGatewayIds=["igw-0123456789abcdef0"]),
]

TAKEN: list[Case] = [
    run(""),
    run("", launchType="FARGATE", platformVersion="1.4.0", count=2),
    run("", launchType="FARGATE", platformVersion="LATEST", overrides={"cpu": "512", "memory": "1024"}),
    run("", overrides={"containerOverrides": [{"name": "dbt", "memory": 256, "environment": [{"name": "A", "value": "b"}]}]}),
    call("ecs", "describe_tasks", "", cluster="dbt", tasks=[VERSION]),
    call("ecs", "list_tasks", "", cluster="dbt", family="dbt", desiredStatus="RUNNING"),
    call("ecs", "describe_clusters", "", clusters=["absent"]),
    call("ecs", "describe_task_definition", "", taskDefinition="old:1"),
    call(
        "ecs",
        "put_cluster_capacity_providers",
        "",
        cluster="empty",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    ),
    define("", {"portMappings": [{"containerPort": 80}]}),
    define("", {"memory": 512, "cpu": 256}),
    define(
        "",
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/dbt", "awslogs-region": REGION, "awslogs-stream-prefix": "a"},
            }
        },
    ),
    call("ecs", "delete_cluster", "", cluster="empty"),
    secret("", "get_secret_value", VersionStage="AWSPREVIOUS"),
    secret("", "get_secret_value", VersionId="<second>", VersionStage="AWSCURRENT"),
    secret("", "describe_secret", "gone"),
    secret("", "restore_secret", "gone"),
    secret("", "delete_secret", "finally", ForceDeleteWithoutRecovery=True),
    secret("", "delete_secret", "absent", ForceDeleteWithoutRecovery=True),
    secret("", "put_secret_value", "empty", SecretString="x"),
    secret("", "update_secret_version_stage", VersionStage="AWSCURRENT", MoveToVersionId="<first>", RemoveFromVersionId="<second>"),
    secret("", "update_secret_version_stage", VersionStage="mine", MoveToVersionId="<first>"),
    secret(
        "",
        "put_resource_policy",
        ResourcePolicy=document(Principal=ROOT_ONLY, Action="secretsmanager:GetSecretValue", Resource="*"),
        BlockPublicPolicy=True,
    ),
    call("secretsmanager", "batch_get_secret_value", "", SecretIdList=["login", "absent"]),
    call("secretsmanager", "list_secrets", "", MaxResults=5),
    s3("", "put_object", ACL="bucket-owner-full-control"),
    s3("", "put_object", "<plain>", key="c", Body=b"x", ChecksumAlgorithm="CRC32"),
    s3("", "get_object", "<plain>", Range="bytes=0-0"),
    s3("", "get_object", "<plain>", PartNumber=1),
    s3("", "get_object", "<plain>", IfNoneMatch='"abc"'),
    s3("", "get_object", "<plain>", ExpectedBucketOwner="<account>"),
    s3("", "copy_object", key="copy", CopySource="<bucket>/k", MetadataDirective="REPLACE", Metadata={"a": "b"}),
    s3("", "delete_object", "<deleted>", key="absent"),
    s3("", "delete_object", "<plain>", IfMatch="*"),
    s3("", "list_objects_v2", key=None, Prefix="none/", MaxKeys=1),
    s3("", "list_object_versions", key=None, KeyMarker="k", VersionIdMarker="<marker>"),
    s3(
        "",
        "put_bucket_policy",
        key=None,
        Policy=document(Principal=ROOT_ONLY, Action="s3:GetObject", Resource="arn:aws:s3:::<bucket>/*"),
    ),
    s3("", "put_bucket_lifecycle_configuration", key=None, LifecycleConfiguration={"Rules": [{**RULE, "Expiration": {"Days": 1}}]}),
    s3("", "get_public_access_block", key=None),
    s3("", "delete_bucket", "<vacant>", key=None),
    s3("", "abort_multipart_upload", key="m", UploadId="<upload>"),
    call("cloudwatch", "set_alarm_state", "", AlarmName="alarm", StateValue="OK", StateReason="r", StateReasonData="{}"),
    call(
        "cloudwatch",
        "put_dashboard",
        "",
        DashboardName="d",
        DashboardBody=json.dumps({"widgets": [{"type": "text", "width": 6, "height": 6, "properties": {"markdown": "a"}}]}),
    ),
    alarm(""),
    alarm("", EvaluationPeriods=24, Period=3600, DatapointsToAlarm=1, TreatMissingData="notBreaching"),
    alarm("", EvaluationPeriods=7, Period=86400),
    alarm("", Statistic=None, ExtendedStatistic="p99.9"),
    alarm(
        "",
        MetricName=None,
        Namespace=None,
        Period=None,
        Statistic=None,
        Metrics=[metric("m1", ReturnData=False), {"Id": "e1", "Expression": "FILL(m1, 0)", "ReturnData": True}],
    ),
    alarm("", AlarmName="b", ComparisonOperator="LessThanThreshold", AlarmActions=["<topic>"], OKActions=["<topic>"]),
    queried("", metric(stat="p90"), {"Id": "e1", "Expression": "m1 * 2"}),
    queried("", metric(ReturnData=False), {"Id": "e1", "Expression": "SUM(METRICS())"}),
    logs("", "put_log_events", logStreamName="s", logEvents=[{"timestamp": int(NOW.timestamp() * 1000), "message": "m"}]),
    logs("", "filter_log_events", filterPattern='{ $.a = "b" }'),
    logs("", "filter_log_events", filterPattern="ERROR ?WARN"),
    logs(
        "",
        "start_query",
        startTime=1,
        endTime=2,
        queryString="fields @timestamp, @message | filter @message like /ERROR/ | sort @timestamp desc | limit 20",
    ),
    call("logs", "get_query_results", "", queryId="<query>"),
    logs("", "put_retention_policy", retentionInDays=7),
    call("logs", "describe_log_groups", "", logGroupNamePrefix="absent"),
    sns("", "publish", TopicArn="<topic>", Message="m", Subject="dbt"),
    sns("", "create_topic", Name="dbt.fifo", Attributes={"FifoTopic": "true"}),
    sns("", "set_topic_attributes", TopicArn="<topic>", AttributeName="DisplayName", AttributeValue="dbt"),
    sns(
        "",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>",
        AttributeName="FilterPolicy",
        AttributeValue='{"a": ["b"]}',
    ),
    sns(
        "",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>",
        AttributeName="RawMessageDelivery",
        AttributeValue="true",
    ),
    sns(
        "", "subscribe", TopicArn="<topic>", Protocol="email", Endpoint="a@example.com", Attributes={"FilterPolicy": '{"a": ["b"]}'}
    ),
    call("sts", "assume_role", "", RoleArn="<trusting>", RoleSessionName="run", Policy=policy()),
    web("", token()),
    call("sts", "get_caller_identity", ""),
    ecr("", "put_image", "mutable", imageManifest="<manifest>", imageTag="v2"),
    ecr("", "put_image", "mutable", imageManifest="<other manifest>", imageTag="v1"),
    ecr("", "put_image", imageManifest="<manifest>", imageTag="v2", imageDigest="<manifest digest>"),
    ecr("", "batch_get_image", imageIds=[{"imageTag": "absent"}]),
    ecr("", "batch_delete_image", imageIds=[{"imageTag": "absent"}]),
    ecr("", "batch_check_layer_availability", layerDigests=[IMAGE]),
    ecr("", "upload_layer_part", uploadId="<layer upload>", partFirstByte=0, partLastByte=0, layerPartBlob=b"x"),
    ecr("", "delete_repository", "vacant"),
    ecr("", "delete_repository", "mutable", force=True),
    kms("", "decrypt", None, CiphertextBlob="<cipher>", EncryptionContext={"a": "b"}),
    kms("", "decrypt", CiphertextBlob="<cipher>", EncryptionContext={"a": "b"}),
    kms("", "encrypt", "alias/taken", Plaintext=b"x"),
    kms("", "describe_key", "<pending>"),
    kms("", "cancel_key_deletion", "<pending>"),
    kms("", "enable_key", "<disabled>"),
    kms("", "sign", "<signing>", Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256"),
    kms("", "put_key_policy", "<kept>", Policy=document(Principal=ROOT_ONLY, Action="kms:*", Resource="*")),
    call("kms", "update_alias", "", AliasName="alias/taken", TargetKeyId="<key two>"),
    iam("", "attach_role_policy", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"),
    iam("", "detach_role_policy", "attached", PolicyArn="<managed>"),
    iam("", "delete_role", "attached"),
    iam("", "delete_policy", None, PolicyArn="<managed>"),
    iam("", "delete_policy_version", None, PolicyArn="<versioned>", VersionId="v2"),
    iam("", "update_assume_role_policy", PolicyDocument=TRUSTED),
    events("", "put_rule", Name="r", EventPattern='{"source": ["aws.ecs"]}'),
    events("", "put_rule", Name="r", ScheduleExpression="cron(0 12 * * ? *)"),
    events("", "put_targets", Rule="used", Targets=[{"Id": "t1", "Arn": "<topic>", "Input": "{}"}]),
    events("", "put_events", Entries=[{"Source": "dbt", "DetailType": "run", "Detail": "{"}]),
    events("", "delete_rule", Name="unused"),
    events("", "delete_rule", Name="absent"),
    ec2("", "describe_vpcs", Filters=[{"Name": "tag:Name", "Values": ["a"]}, {"Name": "is-default", "Values": ["false"]}]),
    ec2("", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": ["vpc-0123456789abcdef0"]}]),
    ec2("", "modify_vpc_attribute", VpcId="<vpc>", EnableDnsHostnames={"Value": True}),
    ec2("", "create_tags", Resources=["<vpc>"], Tags=[{"Key": "a", "Value": ""}]),
    ec2("", "delete_security_group", GroupId="<vpc group>"),
    ec2("", "delete_subnet", SubnetId="<vpc subnet>"),
    ec2("", "delete_vpc", VpcId="<vpc>"),
]


NOBODY = {"AWS": "arn:aws:iam::<account>:role/nobody"}
CLUSTER = "arn:aws:ecs:eu-west-1:<account>:cluster/absent"
PORT = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
REFUSED_LATER: list[Case] = [
    run("ClusterNotFoundException", cluster=CLUSTER),
    run(
        "InvalidParameterException",
        launchType=None,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE", "base": 1}, {"capacityProvider": "FARGATE_SPOT", "base": 1}],
    ),
    run("InvalidParameterException", launchType="FARGATE", placementConstraints=[{"type": "distinctInstance"}]),
    run("InvalidParameterException", launchType="FARGATE", placementStrategy=[{"type": "random"}]),
    call("ecs", "stop_task", "InvalidParameterException", cluster="dbt", task="abc"),
    call("ecs", "describe_tasks", "InvalidParameterException", cluster="dbt", tasks=["abc"]),
    define("ClientException", {"environment": [{"name": "A", "value": "b"}], "secrets": [{"name": "A", "valueFrom": "<login>"}]}),
    define("ClientException", {"portMappings": [{"containerPort": 80}, {"containerPort": 80}]}),
    define("ClientException", cpu="100"),
    define("ClientException", memory=None),
    define("ClientException", family="f" * 256),
    define("ClientException", pidMode="host"),
    define("ClientException", ephemeralStorage={"sizeInGiB": 300}),
    define("ClientException", executionRoleArn="arn:aws:iam::<account>:role/nobody"),
    call("ecs", "create_cluster", "InvalidParameterException", clusterName="a b"),
    call("ecs", "create_cluster", "InvalidParameterException", clusterName="new", capacityProviders=["absent"]),
    call(
        "ecs",
        "update_cluster_settings",
        "ClusterNotFoundException",
        cluster="absent",
        settings=[{"name": "containerInsights", "value": "enabled"}],
    ),
    call("ecs", "list_tags_for_resource", "InvalidParameterException", resourceArn="dbt"),
    secret("ResourceNotFoundException", "get_resource_policy", "absent"),
    secret("ResourceNotFoundException", "put_secret_value", "absent", SecretString="a"),
    secret("ResourceNotFoundException", "untag_resource", "absent", TagKeys=["a"]),
    secret(
        "MalformedPolicyDocumentException",
        "put_resource_policy",
        ResourcePolicy=document(Principal=NOBODY, Action="secretsmanager:GetSecretValue", Resource="*"),
    ),
    call("secretsmanager", "create_secret", "InvalidParameterException", Name="both", SecretString="a", SecretBinary=b"a"),
    s3("InvalidRequest", "put_object_retention", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": NOW + timedelta(days=1)}),
    s3("InvalidRequest", "put_object_legal_hold", LegalHold={"Status": "ON"}),
    s3(
        "InvalidRequest",
        "put_bucket_cors",
        key=None,
        CORSConfiguration={"CORSRules": [{"AllowedMethods": ["FETCH"], "AllowedOrigins": ["*"]}]},
    ),
    s3(
        "MalformedXML",
        "put_bucket_encryption",
        key=None,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}]},
    ),
    s3(
        "InvalidArgument",
        "put_bucket_encryption",
        key=None,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "<key>"}}]
        },
    ),
    s3("InvalidTag", "put_bucket_tagging", key=None, Tagging={"TagSet": [{"Key": "a", "Value": "b"}] * 2}),
    s3("InvalidTag", "put_bucket_tagging", key=None, Tagging={"TagSet": [{"Key": "aws:a", "Value": "b"}]}),
    s3(
        "NoSuchBucket",
        "put_public_access_block",
        "absent-bucket-of-nobody",
        key=None,
        PublicAccessBlockConfiguration={"BlockPublicAcls": True},
    ),
    s3(
        "InvalidArgument",
        "upload_part_copy",
        "<bucket>",
        key="m",
        UploadId="<upload>",
        PartNumber=1,
        CopySource="<bucket>/k",
        CopySourceRange="bytes=5-9",
    ),
    s3("NoSuchBucket", "put_object", "absent-bucket-of-nobody", Body=b"x"),
    s3("NoSuchBucket", "delete_objects", "absent-bucket-of-nobody", key=None, Delete={"Objects": [{"Key": "k"}]}),
    s3("NoSuchKey", "get_object_tagging", key="absent"),
    s3("NoSuchKey", "get_object_attributes", key="absent", ObjectAttributes=["ETag"]),
    s3(
        "InvalidRequest",
        "put_bucket_replication",
        "<plain>",
        key=None,
        ReplicationConfiguration={
            "Role": "<role>",
            "Rules": [{"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::<bucket>"}}],
        },
    ),
    s3(
        "InvalidBucketState",
        "put_object_lock_configuration",
        "<plain>",
        key=None,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"},
    ),
    s3(
        "InvalidArgument",
        "put_bucket_lifecycle_configuration",
        key=None,
        LifecycleConfiguration={"Rules": [{**RULE, "Transitions": [{"Days": 10, "StorageClass": "STANDARD_IA"}]}]},
    ),
    s3(
        "InvalidArgument",
        "put_bucket_lifecycle_configuration",
        key=None,
        LifecycleConfiguration={"Rules": [{**RULE, "ID": "a" * 256, "Expiration": {"Days": 1}}]},
    ),
    s3(
        "MalformedPolicy",
        "put_bucket_policy",
        key=None,
        Policy=document(Principal=NOBODY, Action="s3:GetObject", Resource="arn:aws:s3:::<bucket>/*"),
    ),
    alarm(
        "Validation",
        MetricName=None,
        Namespace=None,
        Period=None,
        Statistic=None,
        Threshold=None,
        ThresholdMetricId="e9",
        Metrics=[metric("m1", ReturnData=True)],
    ),
    alarm("Validation", ComparisonOperator="LessThanLowerThreshold"),
    call("cloudwatch", "put_composite_alarm", "Validation", AlarmName="c", AlarmRule="ALARM("),
    call("cloudwatch", "put_dashboard", "InvalidParameter", DashboardName="a b", DashboardBody='{"widgets": []}'),
    call(
        "cloudwatch",
        "get_metric_statistics",
        "InvalidParameterValue",
        Namespace="n",
        MetricName="m",
        Period=60,
        StartTime=NOW - timedelta(hours=1),
        EndTime=NOW,
        ExtendedStatistics=["p200"],
    ),
    call(
        "cloudwatch",
        "list_tags_for_resource",
        "ResourceNotFound",
        ResourceARN="arn:aws:cloudwatch:eu-west-1:<account>:alarm:absent",
    ),
    logs("ResourceNotFoundException", "put_log_events", "absent", logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}]),
    logs(
        "ResourceNotFoundException",
        "put_subscription_filter",
        "absent",
        filterName="f",
        filterPattern="",
        destinationArn="arn:aws:lambda:eu-west-1:<account>:function:f",
    ),
    logs("ResourceNotFoundException", "describe_metric_filters", "absent"),
    logs("ResourceNotFoundException", "delete_retention_policy", "absent"),
    call("logs", "stop_query", "ResourceNotFoundException", queryId=NONE),
    call(
        "logs",
        "start_query",
        "ResourceNotFoundException",
        logGroupNames=["/dbt", "absent"],
        startTime=1,
        endTime=2,
        queryString="fields @message",
    ),
    logs("MalformedQueryException", "start_query", startTime=1, endTime=2, queryString="fields @message | order by x"),
    call("logs", "put_resource_policy", "InvalidParameterException", policyName="p", policyDocument="{"),
    logs("InvalidParameterException", "associate_kms_key", kmsKeyId="<disabled>"),
    sns("NotFound", "publish_batch", TopicArn="<topic>x", PublishBatchRequestEntries=[{"Id": "a", "Message": "m"}]),
    sns("InvalidParameter", "create_topic", Name="t", Attributes={"Colour": "red"}),
    sns(
        "InvalidParameter",
        "subscribe",
        TopicArn="<topic>",
        Protocol="email",
        Endpoint="a@example.com",
        Attributes={"Colour": "red"},
    ),
    sns(
        "InvalidParameter",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>",
        AttributeName="FilterPolicyScope",
        AttributeValue="All",
    ),
    sns(
        "InvalidParameter",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>",
        AttributeName="FilterPolicy",
        AttributeValue=json.dumps({f"k{each}": ["a"] for each in range(6)}),
    ),
    sns(
        "InvalidParameter",
        "set_subscription_attributes",
        SubscriptionArn="<subscription>",
        AttributeName="FilterPolicy",
        AttributeValue='{"a": "b"}',
    ),
    sns("InvalidParameter", "set_topic_attributes", TopicArn="<topic>", AttributeName="SignatureVersion", AttributeValue="3"),
    sns("InvalidParameter", "set_topic_attributes", TopicArn="<topic>", AttributeName="TracingConfig", AttributeValue="On"),
    sns(
        "InvalidParameter",
        "set_topic_attributes",
        TopicArn="<topic>",
        AttributeName="Policy",
        AttributeValue=document(Principal=NOBODY, Sid="a", Action="sns:Publish", Resource="<topic>"),
    ),
    sns("NotFound", "get_subscription_attributes", SubscriptionArn="<subscription>0"),
    sns("InvalidParameter", "delete_topic", TopicArn="alerts"),
    sns("ResourceNotFound", "list_tags_for_resource", ResourceArn="<topic>x"),
    call(
        "mwaa",
        "tag_resource",
        "ResourceNotFoundException",
        ResourceArn="arn:aws:airflow:eu-west-1:<account>:environment/absent",
        Tags={"a": "b"},
    ),
    ecr("RepositoryNotFoundException", "batch_delete_image", "absent", imageIds=[{"imageTag": "a"}]),
    ecr("RepositoryNotFoundException", "put_image_tag_mutability", "absent", imageTagMutability="IMMUTABLE"),
    call(
        "ecr",
        "put_lifecycle_policy",
        "RepositoryNotFoundException",
        repositoryName="absent",
        lifecyclePolicyText=json.dumps(
            {
                "rules": [
                    {
                        "rulePriority": 1,
                        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10},
                        "action": {"type": "expire"},
                    }
                ]
            }
        ),
    ),
    call("ecr", "describe_repositories", "RepositoryNotFoundException", repositoryNames=["absent"]),
    ecr("InvalidTagParameterException", "create_repository", "tagged", tags=[{"Key": "aws:a", "Value": "b"}]),
    ecr("TooManyTagsException", "create_repository", "tagged", tags=[{"Key": f"k{each}", "Value": "b"} for each in range(51)]),
    ecr("ImageNotFoundException", "describe_images", imageIds=[{"imageDigest": IMAGE}]),
    ecr("InvalidParameterException", "create_repository", "a//b"),
    ecr("InvalidParameterException", "set_repository_policy", policyText=document(Principal=NOBODY, Action="ecr:BatchGetImage")),
    kms("NotFoundException", "list_grants", NONE),
    kms("NotFoundException", "revoke_grant", GrantId="a" * 64),
    kms("KMSInvalidStateException", "update_key_description", "<pending>", Description="a"),
    kms("KMSInvalidStateException", "get_key_rotation_status", "<pending>"),
    kms("TagException", "tag_resource", Tags=[{"TagKey": "a", "TagValue": "b"}] * 2),
    kms(
        "KMSInvalidSignatureException",
        "verify",
        "<signing>",
        Message=b"x",
        Signature=b"y" * 256,
        SigningAlgorithm="RSASSA_PSS_SHA_256",
    ),
    kms("InvalidKeyUsageException", "sign", "<signing>", Message=b"x", SigningAlgorithm="ECDSA_SHA_256"),
    call("kms", "create_key", "ValidationException", KeyUsage="SIGN_VERIFY", KeySpec="SYMMETRIC_DEFAULT"),
    kms("NotFoundException", "get_key_policy", NONE),
    kms(
        "MalformedPolicyDocumentException",
        "put_key_policy",
        Policy=document(Principal={"AWS": [ROOT_ONLY["AWS"], NOBODY["AWS"]]}, Action="kms:*", Resource="*"),
    ),
    iam("DeleteConflict", "delete_instance_profile", None, InstanceProfileName="p"),
    iam("LimitExceeded", "add_role_to_instance_profile", InstanceProfileName="p"),
    iam(
        "NoSuchEntity",
        "delete_open_id_connect_provider",
        None,
        OpenIDConnectProviderArn="arn:aws:iam::<account>:oidc-provider/absent.example.com",
    ),
    iam("NoSuchEntity", "get_policy_version", None, PolicyArn="<managed>", VersionId="v9"),
    iam("NoSuchEntity", "update_assume_role_policy", "absent", PolicyDocument=TRUSTED),
    iam("NoSuchEntity", "tag_role", "absent", Tags=[{"Key": "a", "Value": "b"}]),
    iam("wants 0 to 50", "tag_role", Tags=[{"Key": f"k{each}", "Value": "b"} for each in range(51)]),
    iam("EntityAlreadyExists", "create_policy", None, PolicyName="managed", PolicyDocument=policy()),
    iam(
        "MalformedPolicyDocument",
        "put_role_policy",
        PolicyName="p",
        PolicyDocument=document(Principal="*", Action="s3:*", Resource="*"),
    ),
    iam(
        "MalformedPolicyDocument",
        "create_role",
        "new",
        AssumeRolePolicyDocument=document(Principal=NOBODY, Action="sts:AssumeRole"),
    ),
    iam(
        "LimitExceeded",
        "put_role_policy",
        PolicyName="p",
        PolicyDocument=policy(("s3:GetObject", [f"arn:aws:s3:::{'b' * 60}{each}" for each in range(140)])),
    ),
    events("ResourceAlreadyExistsException", "create_event_bus", Name="default"),
    events("ResourceNotFoundException", "describe_event_bus", Name="absent"),
    events("ResourceNotFoundException", "list_rules", EventBusName="absent"),
    events(
        "ValidationException",
        "put_targets",
        Rule="unused",
        Targets=[
            {
                "Id": "a",
                "Arn": CLUSTER,
                "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:eu-west-1:<account>:task-definition/dbt:1"},
            }
        ],
    ),
    events("InvalidEventPatternException", "test_event_pattern", EventPattern='{"source": "a"}', Event="{}"),
    ec2("InvalidGroup.Duplicate", "create_security_group", GroupName="g", Description="g", VpcId="<vpc>"),
    ec2(
        "InvalidParameterValue",
        "authorize_security_group_ingress",
        GroupId="<vpc group>",
        IpPermissions=[{**PORT, "IpRanges": [{"CidrIp": "10.0.0.0/33"}]}],
    ),
    ec2(
        "InvalidParameterValue",
        "authorize_security_group_ingress",
        GroupId="<vpc group>",
        IpPermissions=[{**PORT, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    ),
    ec2(
        "RulesPerSecurityGroupLimitExceeded",
        "authorize_security_group_ingress",
        GroupId="<vpc group>",
        IpPermissions=[{**PORT, "IpRanges": [{"CidrIp": f"10.0.{each}.0/24"} for each in range(61)]}],
    ),
    ec2(
        "InvalidGroup.NotFound",
        "authorize_security_group_ingress",
        GroupId="<vpc group>",
        IpPermissions=[{**PORT, "UserIdGroupPairs": [{"GroupId": "sg-0a1b2c3d4e5f60718"}]}],
    ),
    ec2("InvalidRouteTableID.NotFound", "delete_route_table", RouteTableId="rtb-0123456789abcdef0"),
    ec2("InvalidAssociationID.NotFound", "disassociate_route_table", AssociationId="rtbassoc-0123456789abcdef0"),
    ec2("InvalidAllocationID.NotFound", "release_address", AllocationId="eipalloc-0123456789abcdef0"),
    ec2("InvalidInternetGatewayID.NotFound", "delete_internet_gateway", InternetGatewayId="igw-0123456789abcdef0"),
    ec2("InvalidVpcID.NotFound", "describe_vpc_attribute", VpcId="vpc-0123456789abcdef0", Attribute="enableDnsSupport"),
    ec2("InvalidParameterValue", "describe_availability_zones", ZoneNames=["eu-west-1q"]),
    ec2("InvalidNetworkInterfaceID.NotFound", "describe_network_interfaces", NetworkInterfaceIds=["eni-0123456789abcdef0"]),
    ec2("InvalidParameterValue", "create_subnet", VpcId="<vpc>", CidrBlock="10.1.7.0/24", AvailabilityZone="eu-west-1q"),
    ec2("InvalidParameterValue", "describe_subnets", Filters=[{"Name": "vpc", "Values": ["a"]}]),
    ec2("InvalidPrefixListID.NotFound", "get_managed_prefix_list_entries", PrefixListId="pl-0123456789abcdef0"),
]
TAKEN_LATER: list[Case] = [
    run("", launchType=None, capacityProviderStrategy=None, propagateTags="TASK_DEFINITION", tags=[{"key": "a", "value": "b"}]),
    run("", cluster="arn:aws:ecs:eu-west-1:<account>:cluster/dbt", taskDefinition="dbt:1"),
    call("ecs", "list_tasks", "", cluster="dbt", startedBy="run"),
    define("", {"environment": [{"name": "A", "value": ""}], "stopTimeout": 120, "readonlyRootFilesystem": True}),
    define("", cpu="1 vCPU", memory="2 GB"),
    define("", ephemeralStorage={"sizeInGiB": 30}),
    call("ecs", "create_cluster", "", clusterName="dbt"),
    call("ecs", "update_cluster_settings", "", cluster="dbt", settings=[{"name": "containerInsights", "value": "enabled"}]),
    secret("", "put_secret_value", SecretString="c", VersionStages=["MINE"]),
    secret("", "tag_resource", Tags=[{"Key": "a", "Value": ""}]),
    call("secretsmanager", "create_secret", "", Name="a/b_c+d=e.f@g-h", Description="x"),
    call("secretsmanager", "list_secrets", "", Filters=[{"Key": "name", "Values": ["login"]}]),
    s3("", "put_bucket_cors", key=None, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}),
    s3(
        "",
        "put_bucket_encryption",
        key=None,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "<key>"},
                    "BucketKeyEnabled": True,
                }
            ]
        },
    ),
    s3("", "put_bucket_tagging", key=None, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
    s3("", "put_object", key="a b/ä+%", Body=b"x", Metadata={"a": "b"}, ContentType="text/plain", CacheControl="no-store"),
    s3("", "upload_part_copy", key="m", UploadId="<upload>", PartNumber=1, CopySource="<bucket>/k"),
    s3("", "get_bucket_request_payment", key=None),
    s3("", "get_object", "<plain>", ResponseContentType="text/plain"),
    s3("", "list_objects_v2", key=None, Delimiter="/", StartAfter="a"),
    s3(
        "",
        "put_bucket_lifecycle_configuration",
        key=None,
        LifecycleConfiguration={
            "Rules": [
                {
                    **RULE,
                    "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
    ),
    s3(
        "",
        "put_bucket_policy",
        key=None,
        Policy=document(
            Effect="Deny",
            Principal="*",
            Action="s3:*",
            Resource=["arn:aws:s3:::<bucket>", "arn:aws:s3:::<bucket>/*"],
            Condition={"Bool": {"aws:SecureTransport": "false"}},
        ),
    ),
    alarm("", Unit="Count", Dimensions=[{"Name": "a", "Value": "b"}], EvaluateLowSampleCountPercentile=None),
    queried("", metric("m1", "Average"), metric("m2", "p99.9"), {"Id": "e1", "Expression": "IF(m1 > 0, m2 / m1, 0)", "Label": "x"}),
    queried("", {"Id": "q1", "Expression": 'SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/ECS", ClusterName)', "Period": 60}),
    queried("", {"Id": "s1", "Expression": "SEARCH('{AmazonMWAA,Environment} MetricName=\"QueuedTasks\"', 'Maximum', 60)"}),
    logs("", "filter_log_events", filterPattern='{ ($.level = "ERROR") && ($.a IS NULL || $.b > 1.5) }', limit=10),
    logs("", "filter_log_events", filterPattern='"exit code"'),
    logs("", "filter_log_events", filterPattern="[ip, user, status=5*]"),
    logs(
        "",
        "start_query",
        startTime=1,
        endTime=2,
        queryString="filter @message like /a|b/\n| stats count(*) as n by bin(5m)\n| sort n desc",
    ),
    logs("", "start_query", startTime=1, endTime=2, queryString='parse @message "* | *" as a, b | display a'),
    sns("", "set_topic_attributes", TopicArn="<topic>", AttributeName="SignatureVersion", AttributeValue="2"),
    sns(
        "",
        "set_topic_attributes",
        TopicArn="<topic>",
        AttributeName="Policy",
        AttributeValue=document(Sid="a", Principal={"Service": "events.amazonaws.com"}, Action="sns:Publish", Resource="<topic>"),
    ),
    sns("", "subscribe", TopicArn="<topic>", Protocol="https", Endpoint="https://example.com/in", ReturnSubscriptionArn=True),
    ecr("", "create_repository", "team/dbt", tags=[{"Key": "a", "Value": "b"}], imageTagMutability="IMMUTABLE"),
    ecr("", "describe_images", filter={"tagStatus": "TAGGED"}, maxResults=10),
    kms("", "update_key_description", Description="a"),
    kms("", "get_key_rotation_status"),
    kms("", "generate_data_key", NumberOfBytes=32),
    iam("", "tag_role", Tags=[{"Key": "a", "Value": "b"}]),
    iam(
        "",
        "put_role_policy",
        PolicyName="p",
        PolicyDocument=document(
            Action=["s3:GetObject", "logs:*"], Resource="*", Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}}
        ),
    ),
    iam("", "create_role", "new", AssumeRolePolicyDocument=document(Principal={"AWS": "<role>"}, Action="sts:AssumeRole")),
    iam("", "create_service_linked_role", None, AWSServiceName="airflow.amazonaws.com"),
    events(
        "",
        "put_rule",
        Name="x",
        EventPattern=json.dumps(
            {"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"], "stopCode": [{"anything-but": "UserInitiated"}]}}
        ),
    ),
    events(
        "",
        "put_targets",
        Rule="used",
        Targets=[
            {"Id": "t1", "Arn": "<topic>", "InputTransformer": {"InputPathsMap": {"a": "$.detail"}, "InputTemplate": '"<a>"'}}
        ],
    ),
    events("", "remove_targets", Rule="used", Ids=["absent"]),
    ec2(
        "",
        "authorize_security_group_ingress",
        GroupId="<vpc group>",
        IpPermissions=[{**PORT, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "in"}]}],
    ),
    ec2(
        "", "revoke_security_group_ingress", GroupId="<vpc group>", IpPermissions=[{**PORT, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    ),
    ec2("", "describe_nat_gateways", Filters=[{"Name": "vpc-id", "Values": ["<vpc>"]}, {"Name": "state", "Values": ["available"]}]),
    ec2("", "describe_vpc_endpoints", Filters=[{"Name": "vpc-id", "Values": ["<vpc>"]}, {"Name": "service-name", "Values": ["a"]}]),
    ec2("", "describe_network_interfaces", Filters=[{"Name": "group-id", "Values": ["<vpc group>"]}]),
    ec2("", "describe_vpc_endpoint_services", ServiceNames=["com.amazonaws.eu-west-1.s3"]),
    ec2("", "describe_availability_zones", Filters=[{"Name": "state", "Values": ["available"]}]),
    ec2("", "delete_vpc_endpoints", VpcEndpointIds=["vpce-0123456789abcdef0"]),
]
"""A second list, of which the emulator knew 59 % before it was asked."""


LATEST: list[Case] = [
    run(
        "InvalidParameterException",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["<vpc subnet>"], "securityGroups": ["mine"]}},
    ),
    run("No Fargate configuration exists", overrides={"memory": "16384"}),
    run("ClientException", taskDefinition="dbt:99"),
    call("ecs", "list_tasks", "InvalidParameterException", cluster="dbt", startedBy="a", family="dbt"),
    call("ecs", "describe_task_definition", "ClientException", taskDefinition="dbt:99"),
    define("ClientException", {"environment": [{"value": "a"}]}),
    define(
        "ClientException",
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/dbt", "awslogs-region": REGION, "awslogs-stream-prefix": "a", "awslogs-colour": "x"},
            }
        },
    ),
    define("ClientException", {"memoryReservation": 1024}),
    define("ClientException", taskRoleArn="arn:aws:iam::<account>:role/nobody"),
    define("ClientException", tags=[{"key": "aws:a", "value": "b"}]),
    secret("ResourceNotFoundException", "rotate_secret", "absent"),
    secret("ResourceNotFoundException", "get_secret_value", VersionStage="AWSPENDING"),
    secret(
        "InvalidRequestException",
        "put_resource_policy",
        "gone",
        ResourcePolicy=document(Principal=ROOT_ONLY, Action="secretsmanager:GetSecretValue", Resource="*"),
    ),
    secret("InvalidParameterException", "tag_resource", Tags=[{"Key": "aws:a", "Value": "b"}]),
    s3("PreconditionFailed", "put_object", IfNoneMatch="*"),
    s3("NoSuchKey", "delete_object", key="absent", IfMatch='"abc"'),
    s3("InvalidRange", "get_object", "<plain>", Range="bytes=50-60"),
    s3("NoSuchVersion", "get_object", VersionId="v" * 32),
    s3("NoSuchBucket", "list_objects_v2", "absent-bucket-of-nobody", key=None),
    s3("MalformedXML", "put_bucket_versioning", key=None, VersioningConfiguration={"Status": "On"}),
    s3(
        "InvalidArgument",
        "put_bucket_lifecycle_configuration",
        key=None,
        LifecycleConfiguration={"Rules": [{**RULE, "NoncurrentVersionExpiration": {"NoncurrentDays": 0}}]},
    ),
    s3(
        "InvalidArgument",
        "put_bucket_notification_configuration",
        key=None,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": "queue", "Events": ["s3:ObjectCreated:*"]}]},
    ),
    s3(
        "MalformedPolicy",
        "put_bucket_policy",
        key=None,
        Policy=document(Principal=ROOT_ONLY, Action="s3:Dance", Resource="arn:aws:s3:::<bucket>/*"),
    ),
    alarm("Validation", Period=90),
    alarm("Validation", OKActions=["nobody"]),
    queried("Validation", metric("m1"), metric("m1")),
    call(
        "cloudwatch",
        "put_metric_data",
        "InvalidParameterCombination",
        Namespace="n",
        MetricData=[{"MetricName": "m", "Value": 1.0, "StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}}],
    ),
    logs("InvalidParameterException", "put_retention_policy", retentionInDays=8),
    logs("InvalidParameterException", "filter_log_events", filterPattern='"unclosed'),
    logs("MalformedQueryException", "start_query", startTime=1, endTime=2, queryString="stats count(*) by"),
    logs("ResourceNotFoundException", "delete_subscription_filter", filterName="absent"),
    sns("InvalidParameter", "publish", TopicArn="<topic>", Message="m", Subject="ü"),
    sns("InvalidParameter", "subscribe", TopicArn="<topic>", Protocol="lambda", Endpoint="f"),
    sns("InvalidParameter", "set_topic_attributes", TopicArn="<topic>", AttributeName="FifoTopic", AttributeValue="true"),
    call(
        "sts",
        "assume_role",
        "MalformedPolicyDocument",
        RoleArn="<trusting>",
        RoleSessionName="run",
        Policy=document(Action="dance:*", Resource="*"),
    ),
    ecr("RepositoryNotFoundException", "initiate_layer_upload", "absent"),
    kms("DisabledException", "encrypt", "<disabled>", Plaintext=b"x"),
    kms("KMSInvalidStateException", "create_grant", "<pending>", GranteePrincipal="<role>", Operations=["Decrypt"]),
    kms("NotFoundException", "schedule_key_deletion", NONE),
    iam("NoSuchEntity", "attach_role_policy", "absent", PolicyArn="<managed>"),
    iam(
        "MalformedPolicyDocument",
        "create_policy",
        None,
        PolicyName="q",
        PolicyDocument=document(Action="s3:GetObject", Resource="bucket"),
    ),
    iam("ValidationError", "create_role", "a b", AssumeRolePolicyDocument=TRUSTED),
    iam("InvalidInput", "create_open_id_connect_provider", None, Url="http://gitlab.example.org", ClientIDList=["a"]),
    events("ValidationException", "put_rule", Name="a b", ScheduleExpression="rate(1 hour)"),
    events("ValidationException", "put_rule", Name="r", ScheduleExpression="cron(0 25 * * ? *)"),
    events("ResourceNotFoundException", "disable_rule", Name="absent"),
    ec2("InvalidSubnetID.NotFound", "create_nat_gateway", SubnetId="subnet-0123456789abcdef0", ConnectivityType="private"),
    ec2("InvalidParameterValue", "describe_security_groups", Filters=[{"Name": "sg", "Values": ["a"]}]),
    ec2("InvalidVpcID.Malformed", "describe_vpcs", VpcIds=["mine"]),
    ec2("NatGatewayNotFound", "delete_nat_gateway", NatGatewayId="nat-0123456789abcdef0"),
    ec2("InvalidInternetGatewayID.NotFound", "detach_internet_gateway", InternetGatewayId="igw-0123456789abcdef0", VpcId="<vpc>"),
    ec2(
        "InvalidPermission.Duplicate",
        "authorize_security_group_egress",
        GroupId="<vpc group>",
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    ),
]
"""A third, known to 83 %."""


@pytest.fixture(scope="module")
def facts(cloud: Account) -> dict[str, Any]:
    return furnish(cloud)


def filled(value: Any, facts: dict[str, Any]) -> Any:
    """With `<name>` replaced by what that is in this account."""
    match value:
        case dict():
            return {name: filled(part, facts) for name, part in value.items()}
        case list():
            return [filled(part, facts) for part in value]
        case str() if value[1:-1] in facts:
            return facts[value[1:-1]]
        case str():
            for name, fact in facts.items():
                value = value.replace(f"<{name}>", fact) if isinstance(fact, str) else value
    return value


def wrong(account: Account, facts: dict[str, Any], cases: list[Case]) -> list[tuple[str, str, dict[str, Any], str, str]]:
    """The calls whose answer is not what the case says, each with what was answered."""
    found = []
    for service, operation, parameters, reason in cases:
        try:
            getattr(account.client(service), operation)(**filled(parameters, facts))
            said = ""
        except ClientError as error:
            said = str(error)
        if bool(said) != bool(reason) or reason not in said:
            found.append((service, operation, parameters, reason, said))
    return found


def test_each_error_that_an_operation_declares_is_met(cloud: Account, facts: dict[str, Any]):
    """Code that handles an error which the sandbox never gives is tried in AWS for the first time."""
    assert wrong(cloud, facts, REFUSED + REFUSED_LATER + LATEST) == []


def test_what_stands_beside_them_is_taken(cloud: Account, facts: dict[str, Any]):
    """A sandbox that refuses what AWS takes costs hours of looking for a mistake that is none."""
    assert wrong(cloud, facts, TAKEN_LATER + TAKEN) == []
