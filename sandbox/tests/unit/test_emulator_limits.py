"""Calls at run time that AWS refuses, and neighbours of theirs that it takes: the emulator's rules, without the emulator."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

import pytest
from botocore.serialize import create_serializer

from sandbox.emulator import calls, limits
from sandbox.emulator.request import Request

TASKS = {"cluster": "dbt"}
RUN = {"taskDefinition": "dbt"}
METRIC = {"MetricName": "Rows", "Value": 1.0}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"
ROLE = "arn:aws:iam::123456789012:role/dbt"

Case = tuple[str, str, dict[str, Any], str]
"""Service, operation, parameters, a part of the reason; the reason is empty where AWS takes the call."""


def metrics(reason: str, *data: dict[str, Any], namespace: str = "dbt") -> Case:
    return "cloudwatch", "PutMetricData", {"Namespace": namespace, "MetricData": list(data)}, reason


def dimensions(count: int) -> dict[str, Any]:
    return {**METRIC, "Dimensions": [{"Name": f"d{number}", "Value": "x"} for number in range(count)]}


def publish(reason: str, message: str = "failed", **more: Any) -> Case:
    return "sns", "Publish", {"TopicArn": TOPIC, "Message": message, **more}, reason


def put_value(reason: str, **value: Any) -> Case:
    return "secretsmanager", "PutSecretValue", {"SecretId": "login", **value}, reason


def run(reason: str, **more: Any) -> Case:
    return "ecs", "RunTask", {**RUN, **more}, reason


def assume(reason: str, **more: Any) -> Case:
    return "sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "dbt", **more}, reason


PLACE = {"Bucket": "b", "Key": "k"}


def put(reason: str, **more: Any) -> Case:
    return "s3", "PutObject", {**PLACE, **more}, reason


def rest(reason: str, **change: Any) -> Case:
    given = {"Name": "dbt", "Path": "/dags", "Method": "GET", **change}
    return "mwaa", "InvokeRestApi", {name: value for name, value in given.items() if value is not None}, reason


def record(reason: str, Action: str = "UPSERT", **change: Any) -> Case:  # noqa: N803 - AWS's word
    given = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}], **change}
    kept = {name: value for name, value in given.items() if value is not None}
    changes = [{"Action": Action, "ResourceRecordSet": kept}]
    return "route53", "ChangeResourceRecordSets", {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": changes}}, reason


def command(size: int) -> dict[str, Any]:
    return {"containerOverrides": [{"name": "dbt", "command": ["x" * size]}]}


def at(**ago: float) -> dict[str, Any]:
    return {**METRIC, "Timestamp": datetime.now(UTC) - timedelta(**ago)}


CASES: list[Case] = [
    metrics("", METRIC, dimensions(30), at(days=13)),
    metrics("AWS/", METRIC, namespace="AWS/ECS"),
    metrics("1000", *[METRIC] * 1001),
    metrics("Dimensions", dimensions(31)),
    metrics("Values", {"MetricName": "Rows", "Values": [1.0] * 151}),
    metrics("exactly one", {**METRIC, "Values": [1.0]}),
    metrics("exactly one", {"MetricName": "Rows"}),
    metrics("invalid", {**METRIC, "Value": float("nan")}),
    metrics("two weeks", at(days=15)),
    metrics("two weeks", at(hours=-3)),
    metrics("not one of Seconds", {**METRIC, "Unit": "Rows"}),
    metrics("is required", {"Value": 1.0}),
    publish(""),
    publish("Empty message", ""),
    publish("too long", "x" * 262145),
    publish("", "x" * 262144),
    publish("Subject", Subject="s" * 101),
    publish("Subject", Subject="two\nlines"),
    publish("Subject", Subject="Modèle"),
    publish("", Subject="dbt: finance failed"),
    publish("failed to parse", "failed", MessageStructure="json"),
    publish("No default", '{"email": "a"}', MessageStructure="json"),
    publish("", '{"default": "a"}', MessageStructure="json"),
    put_value("", SecretString="x" * 65536),
    put_value("65536", SecretString="x" * 65537),
    put_value("both", SecretString="a", SecretBinary="YQ=="),
    put_value("must provide", ClientRequestToken="t" * 32),
    put_value("32 to 64", SecretString="a", ClientRequestToken="short"),
    put_value("1 to 20", SecretString="a", VersionStages=[f"s{number}" for number in range(21)]),
    run("", count=10, startedBy="airflow/run-1", overrides=command(7000)),
    run("at most 128", startedBy="r" * 129),
    run("at most 128", startedBy="run: 1"),
    run("8192", overrides=command(8200)),
    run("255", group="g" * 256),
    run("is not a whole number", count="two"),
    run("not one of", launchType="LAMBDA"),
    ("ecs", "ListTasks", {**TASKS, "maxResults": 101}, "between 1 and 100"),
    ("ecs", "ListTasks", {**TASKS, "desiredStatus": "FAILED"}, "not one of"),
    ("ecs", "DescribeTasks", {**TASKS, "tasks": ["a"] * 100}, ""),
    ("ecs", "DescribeTasks", {**TASKS, "tasks": ["a"] * 101}, "100"),
    ("ecs", "StopTask", {**TASKS, "task": "a", "reason": "r" * 1025}, "1024"),
    ("ecs", "StopTask", TASKS, "task: is required"),
    assume("", DurationSeconds=3600),
    assume("does not match", RoleSessionName="run: 1"),
    assume("2 to 64", RoleSessionName="r" * 65),
    assume("between 900", DurationSeconds=60),
    ("logs", "PutLogEvents", {"logGroupName": "g", "logStreamName": "a:b", "logEvents": []}, "does not match"),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": when, "message": "m"} for when in (2, 1)]},
        "chronological",
    ),
    ("events", "PutEvents", {"Entries": [{"Source": "dbt", "DetailType": "run", "Detail": "x" * 262144}]}, "Total size"),
    ("kms", "Encrypt", {"KeyId": "k", "Plaintext": "YQ==", "EncryptionAlgorithm": "ROT13"}, "not one of"),
    rest(""),
    rest("1 to 64", Path="/dags/finance/dagRuns/scheduled__2026-11-29T05:00:00+00:00/taskInstances"),
    rest("not one of GET", Method="HEAD"),
    rest("Method: is required", Method=None),
    rest("is not an object", Body="{}"),
    rest("does not match", Name="1dbt"),
    put(""),
    put("", IfNoneMatch="*"),
    put("functionality", IfNoneMatch='"etag"'),
    put("functionality", IfNoneMatch="*", IfMatch='"etag"'),
    put("too long", Key="ä" * 600),
    put("1 to", Key=""),
    put("maximum allowed", Metadata={"run": "x" * 2048}),
    put("not one of", StorageClass="COLD"),
    put("not one of", ServerSideEncryption="aes"),
    put("greater than 10", Tagging=urlencode({f"t{number}": "x" for number in range(11)})),
    put("", Tagging=urlencode({f"t{number}": "x" for number in range(10)})),
    ("s3", "PutObjectTagging", {**PLACE, "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}] * 2}}, "same key"),
    ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}] * 1000}}, ""),
    ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}] * 1001}}, "not well-formed"),
    ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{}]}}, "Key: is required"),
    ("s3", "ListObjectsV2", {"Bucket": "b", "MaxKeys": -1}, "maxKeys"),
    ("s3", "ListObjectsV2", {"Bucket": "b", "MaxKeys": 5000}, ""),
    ("s3", "UploadPart", {**PLACE, "PartNumber": 10_001, "UploadId": "u"}, "10000"),
    ("s3", "PutBucketVersioning", {"Bucket": "b", "VersioningConfiguration": {"Status": "On"}}, "not one of"),
    record(""),
    record("not one of CREATE", Action="REPLACE"),
    record("TTL", TTL=None),
    record("not one of SOA", Type="ADDRESS"),
    record("exactly one of", ResourceRecords=None),
    record("is not a whole number", TTL="an hour"),
    record("not a valid IPv4", ResourceRecords=[{"Value": "page.example.com"}]),
    record("not a valid IPv6", Type="AAAA", ResourceRecords=[{"Value": "10.0.0.1"}]),
    record("", Type="CNAME", ResourceRecords=[{"Value": "page.example.com"}]),
    ("s3", "CopyObject", {**PLACE, "CopySource": "b/k"}, "to itself"),
    ("s3", "CopyObject", {**PLACE, "CopySource": "b/k", "MetadataDirective": "REPLACE"}, ""),
    ("s3", "CopyObject", {**PLACE, "CopySource": "b/other"}, ""),
    ("kms", "CreateAlias", {"AliasName": "alias/aws/mine", "TargetKeyId": "k"}, "reserved"),
    ("kms", "CreateAlias", {"AliasName": "mine", "TargetKeyId": "k"}, "not valid"),
    ("kms", "CreateAlias", {"AliasName": "alias/mine", "TargetKeyId": "k"}, ""),
    ("ec2", "DescribeSubnets", {"MaxResults": 5000}, "between 5 and 1000"),
    ("ec2", "CreateVpcEndpoint", {"VpcId": "vpc-1", "VpcEndpointType": "Door"}, "not one of"),
    ("ec2", "CreateRoute", {"DestinationCidrBlock": "0.0.0.0/0"}, "RouteTableId: is required"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "reason"), CASES)
def test_what_aws_refuses_at_run_time_is_refused(service, operation, parameters, reason):
    """A task that passes here would be turned away in AWS, in the middle of a run."""
    found = limits.problem(service, operation, parameters)

    assert bool(found) == bool(reason)
    assert reason in " ".join(found or ())


RULE = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}}
RECORD = {"Name": "page.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}

SENT: list[tuple[str, str, dict[str, Any]]] = [
    (
        "sns",
        "Publish",
        {"TopicArn": TOPIC, "Message": "m", "MessageAttributes": {"run": {"DataType": "String", "StringValue": "1"}}},
    ),
    ("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "c"}]}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "run", "DurationSeconds": 900}),
    ("ecs", "RunTask", {"taskDefinition": "dbt", "count": 2}),
    (
        "ec2",
        "CreateVpc",
        {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]},
    ),
    ("ec2", "DescribeSubnets", {"SubnetIds": ["subnet-1", "subnet-2"], "Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]}),
    ("ec2", "ModifyVpcAttribute", {"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": True}}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "a/b c", "Metadata": {"run": "1"}, "IfNoneMatch": "*", "ContentType": "text/plain"}),
    ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "b/other"}),
    ("s3", "UploadPart", {"Bucket": "b", "Key": "k", "PartNumber": 2, "UploadId": "u"}),
    ("s3", "ListBuckets", {}),
    ("s3", "HeadBucket", {"Bucket": "b"}),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "a/", "MaxKeys": 5}),
    ("s3", "ListObjectVersions", {"Bucket": "b", "KeyMarker": "k"}),
    ("s3", "GetObjectTagging", {"Bucket": "b", "Key": "k"}),
    ("s3", "PutObjectTagging", {"Bucket": "b", "Key": "k", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}),
    ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "k", "VersionId": "1"}, {"Key": "l"}], "Quiet": True}}),
    ("s3", "PutBucketLifecycleConfiguration", {"Bucket": "b", "LifecycleConfiguration": {"Rules": [RULE]}}),
    ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": "{}"}),
    ("s3", "PutBucketVersioning", {"Bucket": "b", "VersioningConfiguration": {"Status": "Enabled"}}),
    ("route53", "GetHostedZone", {"Id": "Z1"}),
    (
        "route53",
        "CreateHostedZone",
        {"Name": "example.com", "CallerReference": "c", "VPC": {"VPCRegion": "eu-west-1", "VPCId": "v"}},
    ),
    (
        "route53",
        "ChangeResourceRecordSets",
        {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": RECORD}]}},
    ),
    ("mwaa", "GetEnvironment", {"Name": "dbt"}),
    ("mwaa", "InvokeRestApi", {"Name": "dbt", "Path": "/dags", "Method": "GET", "QueryParameters": {"limit": 5}}),
    ("mwaa", "UpdateEnvironment", {"Name": "dbt", "LoggingConfiguration": {"TaskLogs": {"Enabled": True, "LogLevel": "INFO"}}}),
]


def sent(service: str, operation: str, parameters: dict[str, Any]) -> Request:
    """The request that botocore makes of a call."""
    model = calls.model(service)
    given = create_serializer(model.protocol).serialize_to_request(parameters, model.operation_model(operation))
    path, _, query = given["url_path"].partition("?")
    query = parse_qs(query, keep_blank_values=True) | {name: [str(value)] for name, value in dict(given["query_string"]).items()}
    body = urlencode(given["body"]).encode() if isinstance(given["body"], dict) else given["body"]
    return Request(
        method=given["method"],
        path=unquote(path),
        headers={name.lower(): str(value) for name, value in given["headers"].items()},
        query=query,
        body=body if isinstance(body, bytes) else body.encode(),
    )


@pytest.mark.parametrize(("service", "operation", "parameters"), SENT, ids=lambda value: value if isinstance(value, str) else "")
def test_a_call_is_read_in_every_protocol(service, operation, parameters):
    """What is not read, or read wrong, is not checked."""
    assert calls.read(service, sent(service, operation, parameters)) == (operation, parameters)


@pytest.mark.parametrize(
    ("service", "request_"),
    [
        ("ecs", Request(body=b"not a call")),
        ("ec2", Request(body=b"Action=Dance")),
        ("s3", Request(method="PATCH", path="/b")),
        ("s3", Request(path="/b", query={"delete": [""]}, body=b"<Delete>")),
    ],
)
def test_what_is_no_call_is_left_to_the_service(service, request_):
    assert calls.read(service, request_) is None
