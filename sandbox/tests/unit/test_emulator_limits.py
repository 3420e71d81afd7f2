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


def call(service: str, operation: str, reason: str, **parameters: Any) -> Case:
    return service, operation, parameters, reason


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
    ("ecs", "ListTasks", {**TASKS, "maxResults": 101}, "1 to 100"),
    ("ecs", "ListTasks", {**TASKS, "desiredStatus": "FAILED"}, "not one of"),
    ("ecs", "DescribeTasks", {**TASKS, "tasks": ["0" * 32] * 100}, ""),
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


BY_OPERATION: list[Case] = [
    run("AWS wants 1 to 10", count=0),
    run("AWS wants 1 to 10", count=11),
    run("AWS wants 1 to 16 items", networkConfiguration={"awsvpcConfiguration": {"subnets": []}}),
    run(
        "networkConfiguration.awsvpcConfiguration.subnets: is",
        networkConfiguration={"awsvpcConfiguration": {"securityGroups": ["sg-1"]}},
    ),
    run("AWS wants 1 to 16 items", networkConfiguration={"awsvpcConfiguration": {"subnets": [f"s{n}" for n in range(17)]}}),
    run(
        "AWS wants - to 5 items",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["s"], "securityGroups": [f"s{n}" for n in range(6)]}},
    ),
    run("'NO' is not one of", networkConfiguration={"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "NO"}}),
    run("does not match", clientToken="t" * 65),
    run(
        "at most one of launchType, capacityProviderStrategy can",
        launchType="FARGATE",
        capacityProviderStrategy=[{"capacityProvider": "FARGATE"}],
    ),
    run("1001 is not between 0 and 1000", capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1001}]),
    run("AWS wants - to 20 items", capacityProviderStrategy=[{"capacityProvider": f"p{n}"} for n in range(21)]),
    run("'ALL' is not one of", propagateTags="ALL"),
    run("has 129 characters, AWS wants 1 to 128", tags=[{"key": "a" * 129, "value": "b"}]),
    run("'aws:a' does not match", tags=[{"key": "aws:a", "value": "b"}]),
    run("has 51 items, AWS wants 0 to 50", tags=[{"key": f"k{n}", "value": "b"} for n in range(51)]),
    run("'abc' does not match", overrides={"cpu": "abc"}),
    run("name is required", overrides={"containerOverrides": [{"command": ["x"]}]}),
    run(
        "overrides.containerOverrides[0].environment[0].value: 1",
        overrides={"containerOverrides": [{"name": "dbt", "environment": [{"name": "A", "value": 1}]}]},
    ),
    run("AWS wants 21 to 200", overrides={"ephemeralStorage": {"sizeInGiB": 10}}),
    run("AWS wants 21 to 200", overrides={"ephemeralStorage": {"sizeInGiB": 300}}),
    run("platformVersion: 5 is not a text", platformVersion=5),
    run("'yes' is not true or false", enableExecuteCommand="yes"),
    ("ecs", "RunTask", {}, "taskDefinition: is required"),
    run("not on Fargate", placementConstraints=[{"type": "distinctInstance"}] * 11),
    run("not on Fargate", placementStrategy=[{"type": "spread"}] * 6),
    ("ecs", "ListTasks", {"maxResults": 0}, "AWS wants 1 to 100"),
    ("ecs", "ListTasks", {"launchType": "LAMBDA"}, "'LAMBDA' is not one of"),
    ("ecs", "ListTasks", {"startedBy": "a b"}, "'a b' does not match"),
    ("ecs", "DescribeTasks", {"cluster": "c"}, "tasks: is required"),
    ("ecs", "DescribeTasks", {"cluster": "c", "tasks": []}, "AWS wants 1 to 100 items"),
    ("ecs", "DescribeTasks", {"cluster": "c", "tasks": ["a"], "include": ["ALL"]}, "'ALL' is not one of"),
    ("ecs", "ListTaskDefinitions", {"sort": "UP"}, "'UP' is not one of"),
    ("ecs", "ListTaskDefinitions", {"status": "OLD"}, "'OLD' is not one of"),
    ("ecs", "ListTaskDefinitions", {"maxResults": 101}, "AWS wants 1 to 100"),
    ("ecs", "DescribeTaskDefinition", {}, "taskDefinition: is required"),
    ("ecs", "TagResource", {"resourceArn": "a", "tags": [{"key": "a;b", "value": "c"}]}, "'a;b' does not match"),
    ("ecs", "ExecuteCommand", {"task": "t", "command": "sh", "interactive": False}, "False is not one of"),
    ("ecs", "DescribeClusters", {"clusters": ["c"], "include": ["X"]}, "'X' is not one of"),
    ("ecs", "DescribeClusters", {"clusters": [f"c{n}" for n in range(101)]}, "AWS wants - to 100 items"),
    put_value("has 0 characters, AWS wants 1 to 65536", SecretString=""),
    put_value("has 0 items, AWS wants 1 to 20", SecretString="a", VersionStages=[]),
    put_value("has 257 characters, AWS wants 1 to 256", SecretString="a", VersionStages=["s" * 257]),
    put_value("has 65 characters, AWS wants 32 to 64", SecretString="a", ClientRequestToken="t" * 65),
    put_value("has 0 bytes, AWS wants 1 to 65536", SecretBinary=""),
    call("secretsmanager", "GetSecretValue", "1 to 2048", SecretId=""),
    call("secretsmanager", "GetSecretValue", "has 5 characters, AWS wants 32 to 64", SecretId="s", VersionId="short"),
    call("secretsmanager", "GetSecretValue", "has 2049 characters, AWS wants 1 to 2048", SecretId="s" * 2049),
    call("secretsmanager", "DeleteSecret", "AWS wants 7 to 30", SecretId="s", RecoveryWindowInDays=3),
    call(
        "secretsmanager",
        "DeleteSecret",
        "at most one of ForceDeleteWithoutRecovery,",
        SecretId="s",
        RecoveryWindowInDays=7,
        ForceDeleteWithoutRecovery=True,
    ),
    call("secretsmanager", "DeleteSecret", "AWS wants 7 to 30", SecretId="s", RecoveryWindowInDays=31),
    call("secretsmanager", "CreateSecret", "'a b' does not match", Name="a b"),
    call("secretsmanager", "CreateSecret", "has 65537 characters, AWS wants 1 to 65536", Name="s", SecretString="x" * 65537),
    call("secretsmanager", "CreateSecret", "Name: is required", SecretString="x"),
    call("secretsmanager", "UpdateSecretVersionStage", "VersionStage: is required", SecretId="s"),
    call("secretsmanager", "ListSecrets", "101 is not between 1 and 100", MaxResults=101),
    call("secretsmanager", "GetRandomPassword", "5000 is not between 1 and 4096", PasswordLength=5000),
    call("secretsmanager", "BatchGetSecretValue", "has 21 items, AWS wants 1 to 20", SecretIdList=[f"s{n}" for n in range(21)]),
    call("secretsmanager", "BatchGetSecretValue", "exactly one of SecretIdList, Filters can be given, not"),
    call("secretsmanager", "TagResource", "'aws:a' does not match", SecretId="s", Tags=[{"Key": "aws:a", "Value": "b"}]),
    put("InvalidArgument Metadata can only contain ASCII", Metadata={"ä": "b"}),
    put("NotImplemented A header you provided implies", IfMatch="*", IfNoneMatch="*"),
    put("'public' is not one of", ACL="public"),
    put("at most one of ServerSideEncryption,", ServerSideEncryption="aws:kms", SSECustomerAlgorithm="AES256"),
    put("AWS wants - to 0 characters (needs aws:kms)", SSEKMSKeyId="k"),
    put("AWS wants - to 0 characters (needs aws:kms)", SSEKMSKeyId="k", ServerSideEncryption="AES256"),
    put("InvalidTag Cannot provide multiple Tags with the same", Tagging="a=b&a=c"),
    put("InvalidTag The TagKey or the TagValue you have provided", Tagging="k" * 129 + "=b"),
    put("'abc' does not match", ContentMD5="abc"),
    put("ObjectLockMode needs ObjectLockRetainUntilDate", ObjectLockMode="GOVERNANCE"),
    put("'x' does not match", WebsiteRedirectLocation="x"),
    put("'MD4' is not one of", ChecksumAlgorithm="MD4"),
    call("s3", "ListObjectsV2", "'xml' is not one of", Bucket="b", EncodingType="xml"),
    call("s3", "ListObjectsV2", "'many' is not a whole number", Bucket="b", MaxKeys="many"),
    call("s3", "DeleteObjects", "AWS wants 1 to 1000 items", Bucket="b", Delete={"Objects": []}),
    call("s3", "UploadPart", "AWS wants 1 to 10000", Bucket="b", Key="k", PartNumber=0, UploadId="u"),
    call(
        "s3",
        "CompleteMultipartUpload",
        "InvalidPartOrder The list of parts was not in ascending",
        Bucket="b",
        Key="k",
        UploadId="u",
        MultipartUpload={"Parts": [{"PartNumber": 2, "ETag": "a"}, {"PartNumber": 1, "ETag": "b"}]},
    ),
    call(
        "s3",
        "CompleteMultipartUpload",
        "AWS wants 1 to 10000 items",
        Bucket="b",
        Key="k",
        UploadId="u",
        MultipartUpload={"Parts": []},
    ),
    call("s3", "CopyObject", "'nokey' does not match", Bucket="b", Key="k", CopySource="nokey"),
    call("s3", "CopyObject", "'KEEP' is not one of", Bucket="b", Key="k", CopySource="b/o", MetadataDirective="KEEP"),
    call(
        "s3",
        "CopyObject",
        "MetadataTooLarge Your metadata headers exceed the",
        Bucket="b",
        Key="k",
        CopySource="b/o",
        Metadata={"a": "x" * 2100},
        MetadataDirective="REPLACE",
    ),
    call("s3", "GetObject", "AWS wants at most 1024", Bucket="b", Key="k" * 1025),
    call("s3", "HeadObject", "AWS wants at most 1024", Bucket="b", Key="k" * 1025),
    call("s3", "DeleteObject", "AWS wants at most 1024", Bucket="b", Key="k" * 1025),
    call(
        "s3",
        "PutObjectTagging",
        "prefixed with aws:",
        Bucket="b",
        Key="k",
        Tagging={"TagSet": [{"Key": "aws:a", "Value": "b"}]},
    ),
    call("s3", "PutObjectTagging", "is invalid", Bucket="b", Key="k", Tagging={"TagSet": [{"Key": "a!", "Value": "b"}]}),
    call(
        "s3",
        "RestoreObject",
        "'Fast' is not one of",
        Bucket="b",
        Key="k",
        RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Fast"}},
    ),
    call("s3", "GetObject", "AWS wants 1 to 10000", Bucket="b", Key="k", PartNumber=0),
    call("s3", "CreateBucket", "'Abc' does not match", Bucket="Abc"),
    call("s3", "CreateBucket", "'b' does not match", Bucket="b"),
    metrics("'second' is not one of", {**METRIC, "Unit": "second"}),
    metrics("MetricData[0].StorageResolution: 5 is not one of", {**METRIC, "StorageResolution": 5}),
    metrics("has 0 characters, AWS wants 1 to 255", {**METRIC, "MetricName": ""}),
    metrics("has 256 characters, AWS wants 1 to 255", {**METRIC, "MetricName": "m" * 256}),
    metrics("has 0 characters, AWS wants 1 to 255", METRIC, namespace=""),
    metrics("has 256 characters, AWS wants 1 to 255", METRIC, namespace="n" * 256),
    metrics("':dbt' does not match", METRIC, namespace=":dbt"),
    metrics("'AWS/dbt' does not match", METRIC, namespace="AWS/dbt"),
    metrics("has 0 characters, AWS wants 1 to 1024", {**METRIC, "Dimensions": [{"Name": "a", "Value": ""}]}),
    metrics("':a' does not match", {**METRIC, "Dimensions": [{"Name": ":a", "Value": "b"}]}),
    metrics("MetricData[0].Dimensions[0].Value: is required", {**METRIC, "Dimensions": [{"Name": "a"}]}),
    metrics("'ä' does not match", {**METRIC, "Dimensions": [{"Name": "ä", "Value": "b"}]}),
    metrics("has 1025 characters, AWS wants 1 to 1024", {**METRIC, "Dimensions": [{"Name": "a", "Value": "b" * 1025}]}),
    metrics("InvalidParameterValue The parameters Values and Counts", {"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0]}),
    metrics(
        "MetricData[0].StatisticValues.Maximum: is required",
        {"MetricName": "m", "StatisticValues": {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0}},
    ),
    metrics(
        "InvalidParameterValue The parameter StatisticValues",
        {"MetricName": "m", "StatisticValues": {"SampleCount": 0.0, "Sum": 1.0, "Minimum": 5.0, "Maximum": 1.0}},
    ),
    metrics("InvalidParameterValue The value inf for parameter", {**METRIC, "Value": float("inf")}),
    metrics("InvalidParameterValue The value 1e+120 for parameter", {**METRIC, "Value": 1e120}),
    metrics("InvalidParameterValue The value nan for parameter", {"MetricName": "m", "Values": [float("nan")]}),
    metrics("1 to 2 of MetricData, EntityMetricData can be given,"),
    metrics("Name 'a' is given twice", {**METRIC, "Dimensions": [{"Name": "a", "Value": "b"}, {"Name": "a", "Value": "c"}]}),
    call(
        "cloudwatch",
        "GetMetricData",
        "'M1' does not match",
        MetricDataQueries=[{"Id": "M1", "Expression": "1"}],
        StartTime=datetime.now(UTC),
        EndTime=datetime.now(UTC),
    ),
    call(
        "cloudwatch",
        "GetMetricStatistics",
        "45 is neither of 1, 5, 10, 20, 30 nor a multiple of 60",
        Namespace="n",
        MetricName="m",
        StartTime=datetime.now(UTC),
        EndTime=datetime.now(UTC),
        Period=45,
        Statistics=["Sum"],
    ),
    call(
        "cloudwatch",
        "GetMetricStatistics",
        "exactly one of Statistics, ExtendedStatistics can be",
        Namespace="n",
        MetricName="m",
        StartTime=datetime.now(UTC),
        EndTime=datetime.now(UTC),
        Period=60,
    ),
    call(
        "cloudwatch",
        "GetMetricStatistics",
        "InvalidParameterValue The parameter StartTime must be",
        Namespace="n",
        MetricName="m",
        StartTime=datetime.now(UTC),
        EndTime=datetime.now(UTC) - timedelta(days=1),
        Period=60,
        Statistics=["Sum"],
    ),
    call(
        "cloudwatch",
        "GetMetricStatistics",
        "InvalidParameterCombination You have requested up to",
        Namespace="n",
        MetricName="m",
        StartTime=datetime.now(UTC) - timedelta(days=2),
        EndTime=datetime.now(UTC),
        Period=60,
        Statistics=["Sum"],
    ),
    call("cloudwatch", "DescribeAlarms", "101 is not between 1 and 100", MaxRecords=101),
    call("cloudwatch", "DescribeAlarms", "'BAD' is not one of", StateValue="BAD"),
    call("cloudwatch", "SetAlarmState", "StateReason: is required", AlarmName="a", StateValue="OK"),
    call(
        "cloudwatch",
        "PutMetricAlarm",
        "45 is neither of 10, 20, 30 nor a multiple of 60",
        AlarmName="a",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        MetricName="m",
        Namespace="n",
        Period=45,
        Statistic="Sum",
        Threshold=1.0,
    ),
    publish("InvalidParameter Invalid parameter: Subject", Subject=""),
    publish("InvalidParameter Invalid parameter: Subject", Subject=" x"),
    publish("InvalidParameter Invalid parameter: Subject", Subject="s\tx"),
    publish("'Text' does not match", Message="m", MessageAttributes={"a": {"DataType": "Text", "StringValue": "b"}}),
    publish("exactly one of StringValue, BinaryValue can be given,", MessageAttributes={"a": {"DataType": "String"}}),
    publish(
        "exactly one of StringValue, BinaryValue can be given,", MessageAttributes={"a": {"DataType": "String", "StringValue": ""}}
    ),
    publish("MessageAttributes.a.DataType: is required", MessageAttributes={"a": {"StringValue": "x"}}),
    publish("'AWS.a' does not match", MessageAttributes={"AWS.a": {"DataType": "String", "StringValue": "x"}}),
    publish("'x' does not match", MessageAttributes={"a": {"DataType": "Number", "StringValue": "x"}}),
    publish("'a b' does not match", MessageAttributes={"a b": {"DataType": "String", "StringValue": "x"}}),
    publish("'xml' is not one of", MessageStructure="xml"),
    publish("does not match", MessageGroupId="g" * 129),
    publish("Message Structure - JSON message body failed to parse", "[]", MessageStructure="json"),
    publish("Message Structure - No default entry in JSON message", '{"default": 5}', MessageStructure="json"),
    publish(
        "InvalidParameter Invalid parameter: Message too long",
        "x" * 262000,
        MessageAttributes={"a": {"DataType": "String", "StringValue": "x" * 1000}},
    ),
    call("sns", "Publish", "exactly one of TopicArn, TargetArn, PhoneNumber can be", Message="m"),
    call("sns", "Publish", "'alerts' does not match", Message="m", TopicArn="alerts"),
    call(
        "sns",
        "Publish",
        "exactly one of TopicArn, TargetArn, PhoneNumber can be",
        Message="m",
        TopicArn=TOPIC,
        PhoneNumber="+491234",
    ),
    call("sns", "Publish", "'call' does not match", Message="m", PhoneNumber="call"),
    call("sns", "PublishBatch", "EmptyBatchRequest", TopicArn=TOPIC, PublishBatchRequestEntries=[]),
    call(
        "sns",
        "PublishBatch",
        "TooManyEntriesInBatchRequest",
        TopicArn=TOPIC,
        PublishBatchRequestEntries=[{"Id": f"i{n}", "Message": "m"} for n in range(11)],
    ),
    call(
        "sns",
        "PublishBatch",
        "Id 'i' is given twice",
        TopicArn=TOPIC,
        PublishBatchRequestEntries=[{"Id": "i", "Message": "m"}, {"Id": "i", "Message": "m"}],
    ),
    call("sns", "PublishBatch", "'i i' does not match", TopicArn=TOPIC, PublishBatchRequestEntries=[{"Id": "i i", "Message": "m"}]),
    call(
        "sns",
        "PublishBatch",
        "BatchRequestTooLong The length of all the batch",
        TopicArn=TOPIC,
        PublishBatchRequestEntries=[{"Id": f"i{n}", "Message": "x" * 100000} for n in range(3)],
    ),
    call("sns", "Subscribe", "'mail' is not one of", TopicArn=TOPIC, Protocol="mail", Endpoint="a@example.com"),
    call("sns", "Subscribe", "'a' does not match", TopicArn=TOPIC, Protocol="email", Endpoint="a"),
    call("sns", "CreateTopic", "'a b' does not match", Name="a b"),
    call("sns", "CreateTopic", "does not match", Name="a" * 257),
    rest("has 0 characters, AWS wants 1 to 64", Path=""),
    rest("'get' is not one of", Method="get"),
    rest("has 0 characters, AWS wants 1 to 80", Name=""),
    rest("Name: is required", Name=None),
    rest("'limit=5' is not an object", QueryParameters="limit=5"),
    rest("Path: is required", Path=None),
    rest("has 81 characters, AWS wants 1 to 80", Name="d" * 81),
    call("mwaa", "CreateCliToken", "Name: is required"),
    call("mwaa", "CreateWebLoginToken", "'a b' does not match", Name="a b"),
    call("mwaa", "PublishMetrics", "MetricData: is required", EnvironmentName="e"),
    call("mwaa", "ListEnvironments", "26 is not between 1 and 25", MaxResults=26),
    call("mwaa", "UpdateEnvironment", "0 is not between 1 and -", Name="dbt", MaxWorkers=0),
    rest("'dags' does not match", Path="dags"),
    assume("has 1 characters, AWS wants 2 to 64", RoleSessionName="r"),
    assume("RoleSessionName: is required", RoleSessionName=None),
    assume("43201 is not between 900 and 43200", DurationSeconds=43201),
    assume("has 3 characters, AWS wants 20 to 2048", RoleArn="dbt"),
    assume("line 1 column 1 (char 0)", Policy="x" * 2049),
    assume("line 1 column 2 (char 1)", Policy="{"),
    assume("AWS wants - to 10 items", PolicyArns=[{"arn": f"arn:aws:iam::aws:policy/p{n:02}"} for n in range(11)]),
    assume("has 1 characters, AWS wants 2 to 1224", ExternalId="x"),
    assume("'x y' does not match", ExternalId="x y"),
    assume("has 51 items, AWS wants 0 to 50", Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(51)]),
    assume("Key 'a' is given twice", Tags=[{"Key": "a", "Value": "v"}, {"Key": "A", "Value": "v"}]),
    assume("'aws:x' does not match", SourceIdentity="aws:x"),
    assume("has 5 characters, AWS wants 6 to 6", TokenCode="12345", SerialNumber="GAHT12345678"),
    call("sts", "GetFederationToken", "has 1 characters, AWS wants 2 to 32", Name="x"),
    call("sts", "AssumeRoleWithWebIdentity", "WebIdentityToken: is required", RoleArn=ROLE, RoleSessionName="dbt"),
    call(
        "sts",
        "AssumeRoleWithWebIdentity",
        "has 1 characters, AWS wants 4 to 20000",
        RoleArn=ROLE,
        RoleSessionName="dbt",
        WebIdentityToken="x",
    ),
    call("sts", "GetSessionToken", "100 is not between 900 and 129600", DurationSeconds=100),
    assume("TransitiveTagKeys needs Tags", TransitiveTagKeys=["a"]),
    call("logs", "PutLogEvents", "has 0 items, AWS wants 1 to 10000", logGroupName="g", logStreamName="s", logEvents=[]),
    call(
        "logs",
        "PutLogEvents",
        "-1 is not between 0 and -",
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": -1, "message": "m"}],
    ),
    call("logs", "PutLogEvents", "wants 1 to", logGroupName="g", logStreamName="s", logEvents=[{"timestamp": 1, "message": ""}]),
    call(
        "logs",
        "PutLogEvents",
        "has 10001 items, AWS wants 1 to 10000",
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": 1, "message": "m"}] * 10001,
    ),
    call(
        "logs",
        "PutLogEvents",
        "InvalidParameterException The batch of log events in a",
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": 0, "message": "m"}, {"timestamp": 86400001, "message": "m"}],
    ),
    call(
        "logs",
        "PutLogEvents",
        "more than 1048576 bytes",
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": 1, "message": "x" * 1048577}],
    ),
    call("logs", "GetLogEvents", "10001 is not between 1 and 10000", logGroupName="g", logStreamName="s", limit=10001),
    call("logs", "GetLogEvents", "exactly one of logGroupName, logGroupIdentifier can be", logStreamName="s"),
    call(
        "logs",
        "FilterLogEvents",
        "at most one of logStreamNames, logStreamNamePrefix can",
        logGroupName="g",
        logStreamNames=["a"],
        logStreamNamePrefix="b",
    ),
    call("logs", "FilterLogEvents", "has 1025 characters, AWS wants 0 to 1024", logGroupName="g", filterPattern="x" * 1025),
    call("logs", "CreateLogStream", "'a*b' does not match", logGroupName="g", logStreamName="a*b"),
    call(
        "logs",
        "DescribeLogStreams",
        "AWS wants - to 0 characters (Cannot order by",
        logGroupName="g",
        orderBy="LastEventTime",
        logStreamNamePrefix="x",
    ),
    call("logs", "DescribeLogStreams", "51 is not between 1 and 50", logGroupName="g", limit=51),
    call(
        "logs",
        "StartQuery",
        "MalformedQueryException End time should not be before",
        logGroupName="g",
        queryString="fields @message",
        startTime=2,
        endTime=1,
    ),
    call("logs", "StartQuery", "queryString: is required", startTime=1, endTime=2, logGroupName="g"),
    call("logs", "CreateLogGroup", "'aws/x' does not match", logGroupName="aws/x"),
    call("logs", "PutRetentionPolicy", "10 is not one of", logGroupName="g", retentionInDays=10),
    call("events", "PutEvents", "has 0 items, AWS wants 1 to 10", Entries=[]),
    call(
        "events", "PutEvents", "has 11 items, AWS wants 1 to 10", Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}] * 11
    ),
    call("events", "PutRule", "1 to 2 of EventPattern, ScheduleExpression can be", Name="r"),
    call("events", "PutRule", "line 1 column 2 (char 1)", Name="r", EventPattern="{"),
    call("events", "PutTargets", "has 0 items, AWS wants 1 to 100", Rule="r", Targets=[]),
    call("events", "PutTargets", "Targets[0].Arn: is required", Rule="r", Targets=[{"Id": "a"}]),
    call("kms", "Encrypt", "1 to 4096", KeyId="k", Plaintext=""),
    call("kms", "Encrypt", "has 5998 bytes, AWS wants 1 to 4096", KeyId="k", Plaintext="eA==" * 2000),
    call("kms", "Decrypt", "1 to 2 of CiphertextBlob, DryRun can be given, not none"),
    call("kms", "GenerateDataKey", "exactly one of KeySpec, NumberOfBytes can be given, not", KeyId="k"),
    call(
        "kms",
        "GenerateDataKey",
        "exactly one of KeySpec, NumberOfBytes can be given, not",
        KeyId="k",
        KeySpec="AES_256",
        NumberOfBytes=32,
    ),
    call("kms", "GenerateDataKey", "1025 is not between 1 and 1024", KeyId="k", NumberOfBytes=1025),
    call("kms", "ScheduleKeyDeletion", "AWS wants 7 to 30", KeyId="k", PendingWindowInDays=5),
    call("kms", "CreateGrant", "'Read' is not one of", KeyId="k", GranteePrincipal=ROLE, Operations=["Read"]),
    call("kms", "CreateGrant", "Operations: is required", KeyId="k", GranteePrincipal=ROLE),
    call("kms", "EnableKeyRotation", "80 is not between 90 and 2560", KeyId="k", RotationPeriodInDays=80),
    call("kms", "TagResource", "'aws:a' does not match", KeyId="k", Tags=[{"TagKey": "aws:a", "TagValue": "b"}]),
    call("ecr", "BatchGetImage", "imageIds: is required", repositoryName="dbt"),
    call("ecr", "BatchGetImage", "'Dbt' does not match", repositoryName="Dbt", imageIds=[{"imageTag": "x"}]),
    call("ecr", "BatchGetImage", "has 0 items, AWS wants 1 to 100", repositoryName="dbt", imageIds=[]),
    call("ecr", "PutImage", "imageManifest: is required", repositoryName="dbt"),
    call("ecr", "DescribeImages", "1001 is not between 1 and 1000", repositoryName="dbt", maxResults=1001),
    call(
        "ecr",
        "DescribeImages",
        "at most one of imageIds, maxResults can be given, not",
        repositoryName="dbt",
        imageIds=[{"imageTag": "a"}],
        maxResults=5,
    ),
    call(
        "ecr",
        "BatchDeleteImage",
        "has 101 items, AWS wants 1 to 100",
        repositoryName="dbt",
        imageIds=[{"imageTag": f"t{n}"} for n in range(101)],
    ),
    call("ecr", "PutImage", "'a b' does not match", repositoryName="dbt", imageManifest="{}", imageTag="a b"),
    record("-1 is not between 0 and 2147483647", TTL=-1),
    record("2147483648 is not between 0 and 2147483647", TTL=2**31),
    record("'' does not match", Name=""),
    record(
        "AWS wants - to 1 items (RRSet of type CNAME has more",
        Type="CNAME",
        ResourceRecords=[{"Value": "a.example.com"}, {"Value": "b.example.com"}],
    ),
    record("(Value is not a valid IPv4 address) encountered with", ResourceRecords=[{"Value": "10.0.0.256"}]),
    record("has 0 items, AWS wants 1 to any number", ResourceRecords=[]),
    record("(Value should be enclosed in quotation marks, up to 255", Type="TXT", ResourceRecords=[{"Value": "no quotes"}]),
    record("(Value should be [priority] [mail server host name])", Type="MX", ResourceRecords=[{"Value": "mail.example.com"}]),
    record("256 is not between 0 and 255", Weight=256, SetIdentifier="a"),
    record("Weight needs SetIdentifier", Weight=5),
    record("Value '10.0.0.1' is given twice", ResourceRecords=[{"Value": "10.0.0.1"}, {"Value": "10.0.0.1"}]),
    record("'a..example.com' does not match", Name="a..example.com"),
    record("does not match", Name="a" * 64 + ".example.com"),
    record(
        "at most one of AliasTarget, TTL can be given, not",
        TTL=60,
        AliasTarget={"HostedZoneId": "Z", "DNSName": "x", "EvaluateTargetHealth": False},
        ResourceRecords=None,
    ),
    call("iam", "CreateRole", "line 1 column 2 (char 1)", RoleName="r", AssumeRolePolicyDocument="{"),
    call("iam", "CreateRole", "AssumeRolePolicyDocument: is required", RoleName="r"),
    call("iam", "ListRoles", "1001 is not between 1 and 1000", MaxItems=1001),
    run(
        "",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
        launchType="FARGATE",
        clientToken="t" * 64,
        tags=[{"key": "a", "value": "b"}],
        enableECSManagedTags=True,
        propagateTags="TASK_DEFINITION",
        overrides={
            "cpu": "512",
            "memory": "1024",
            "containerOverrides": [{"name": "dbt", "environment": [{"name": "A", "value": "b"}]}],
            "ephemeralStorage": {"sizeInGiB": 21},
        },
    ),
    ("ecs", "ListTasks", {"cluster": "c", "startedBy": "x"}, ""),
    put_value("", SecretBinary="YQ=="),
    put_value("", SecretString="a", VersionStages=["AWSCURRENT"], ClientRequestToken="t" * 32),
    put("", IfMatch='"etag"'),
    put("", ServerSideEncryption="aws:kms", SSEKMSKeyId="k"),
    put("", Metadata={"a": "b"}, Tagging="a=b&c=d"),
    metrics("", {"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0, 2.0]}),
    metrics("", {"MetricName": "m", "StatisticValues": {"SampleCount": 2.0, "Sum": 3.0, "Minimum": 1.0, "Maximum": 2.0}}),
    metrics("", {**METRIC, "StorageResolution": 1, "Unit": "Count/Second"}),
    publish(
        "",
        MessageAttributes={
            "a": {"DataType": "String.Array", "StringValue": "[]"},
            "n": {"DataType": "Number", "StringValue": "1.5"},
        },
    ),
    publish("", Subject="dbt: run of 'finance' failed"),
    rest("", QueryParameters={"limit": "5"}, Body={"conf": {}}, Method="POST"),
    assume("", ExternalId="abc:def/1", Tags=[{"Key": "a", "Value": ""}]),
    (
        "logs",
        "PutLogEvents",
        {
            "logGroupName": "g",
            "logStreamName": "s",
            "logEvents": [{"timestamp": 1, "message": "m"}, {"timestamp": 1, "message": "n"}],
        },
        "",
    ),
    ("logs", "FilterLogEvents", {"logGroupName": "g", "logStreamNamePrefix": "b"}, ""),
    ("events", "PutEvents", {"Entries": [{"Source": "dbt", "DetailType": "b", "Detail": "{}"}]}, ""),
    ("kms", "GenerateDataKey", {"KeyId": "k", "KeySpec": "AES_256"}, ""),
    record("", Type="TXT", ResourceRecords=[{"Value": '"a b"'}]),
    record("", Weight=5, SetIdentifier="a"),
    record("", Type="MX", ResourceRecords=[{"Value": "10 mail.example.com"}]),
    (
        "s3",
        "CompleteMultipartUpload",
        {
            "Bucket": "b",
            "Key": "k",
            "UploadId": "u",
            "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "a"}, {"PartNumber": 3, "ETag": "b"}]},
        },
        "",
    ),
    ("secretsmanager", "DeleteSecret", {"SecretId": "s", "ForceDeleteWithoutRecovery": True}, ""),
    (
        "sns",
        "PublishBatch",
        {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": "a", "Message": "m"}, {"Id": "b", "Message": "m"}]},
        "",
    ),
    ("sns", "Publish", {"PhoneNumber": "+4930123456", "Message": "m"}, ""),
    (
        "cloudwatch",
        "GetMetricStatistics",
        {
            "Namespace": "n",
            "MetricName": "m",
            "StartTime": datetime.now(UTC) - timedelta(hours=1),
            "EndTime": datetime.now(UTC),
            "Period": 60,
            "Statistics": ["Sum"],
        },
        "",
    ),
    ("ecr", "DescribeImages", {"repositoryName": "dbt", "maxResults": 100}, ""),
    run("AWS wants 1 to", taskDefinition=""),
    run("name is required", overrides={"containerOverrides": [{"environment": [{"name": "A", "value": "b"}]}]}),
    run("name is required", overrides={"containerOverrides": [{"name": "dbt", "environment": [{"value": "x"}]}]}),
    run("AWS wants 4 to", overrides={"containerOverrides": [{"name": "dbt", "memory": 2}]}),
    run("platformVersion", platformVersion="latest"),
    run("is given twice", tags=[{"key": "a", "value": "b"}, {"key": "a", "value": "c"}]),
    run(
        "",
        platformVersion="LATEST",
        overrides={"containerOverrides": [{"name": "dbt", "environment": [{"name": "A", "value": ""}]}]},
    ),
    call("ecs", "RegisterTaskDefinition", "family: 'a b'", family="a b", containerDefinitions=[{"name": "a"}]),
    put("prefixed with aws:", Tagging="aws:a=b"),
    call("s3", "PutObjectTagging", "is invalid", **PLACE, Tagging={"TagSet": [{"Key": "a", "Value": "b;c"}]}),
    metrics("does not match", METRIC, namespace="d\x01t"),
    metrics("does not match", {"MetricName": "m\x01", "Value": 1.0}),
    metrics("", {"MetricName": "m", "Value": 0.0}, namespace="dbt/platform"),
    publish("use BinaryValue", MessageAttributes={"a": {"DataType": "Binary", "StringValue": "x"}}),
    publish("not valid for this topic type", MessageDeduplicationId="d"),
    call("sns", "Publish", "required for FIFO topics", TopicArn=f"{TOPIC}.fifo", Message="m"),
    call("sns", "SetTopicAttributes", "AttributeName", TopicArn=TOPIC, AttributeName="Colour", AttributeValue="x"),
    call("sns", "SetSubscriptionAttributes", "not one of", SubscriptionArn=f"{TOPIC}:1", AttributeName="Raw"),
    call("sns", "Subscribe", "Endpoint", TopicArn=TOPIC, Protocol="https", Endpoint="http://example.com"),
    call("sns", "Subscribe", "Endpoint", TopicArn=TOPIC, Protocol="sqs", Endpoint="queue"),
    call("sns", "Subscribe", "Endpoint is required", TopicArn=TOPIC, Protocol="email"),
    call("sns", "Subscribe", "", TopicArn=TOPIC, Protocol="https", Endpoint="https://example.com/in"),
    call("sns", "ListSubscriptionsByTopic", "TopicArn: 'alerts'", TopicArn="alerts"),
    call("sts", "AssumeRole", "RoleArn", RoleArn=ROLE.replace("role", "user"), RoleSessionName="dbt"),
    call("logs", "StartQuery", "Exactly one of", queryString="fields @message", startTime=1, endTime=2),
]
"""A second list, written from the API references before the rules were asked."""


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "reason"),
    [*CASES, *BY_OPERATION],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_aws_refuses_at_run_time_is_refused(service, operation, parameters, reason):
    """A task that passes here would be turned away in AWS, in the middle of a run."""
    found = limits.problem(service, operation, {name: value for name, value in parameters.items() if value is not None})

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
