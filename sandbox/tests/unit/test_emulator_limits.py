"""Calls at run time that AWS refuses, and neighbours of theirs that it takes: the emulator's rules, without the emulator."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.emulator import calls, limits

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
]


@pytest.mark.parametrize(("service", "operation", "parameters", "reason"), CASES)
def test_what_aws_refuses_at_run_time_is_refused(service, operation, parameters, reason):
    """A task that passes here would be turned away in AWS, in the middle of a run."""
    found = limits.problem(service, operation, parameters)

    assert bool(found) == bool(reason)
    assert reason in " ".join(found or ())


def test_a_call_is_read_in_every_protocol():
    """What is not read is not checked."""
    form = {
        "Action": "Publish",
        "TopicArn": TOPIC,
        "Message": "m",
        "MessageAttributes.entry.1.Name": "run",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "1",
    }
    tags = {"Action": "TagRole", "RoleName": "r", "Tags.member.1.Key": "a", "Tags.member.1.Value": "", "Tags.member.2.Key": "b"}
    duration = {"Action": "AssumeRole", "RoleArn": ROLE, "RoleSessionName": "s", "DurationSeconds": "900"}
    target = {"x-amz-target": "AmazonEC2ContainerServiceV20141113.RunTask"}

    attributes = {"run": {"DataType": "String", "StringValue": "1"}}
    assert calls.read("sns", "/", {}, urlencode(form).encode()) == (
        "Publish",
        {"TopicArn": TOPIC, "Message": "m", "MessageAttributes": attributes},
    )
    assert calls.read("iam", "/", {}, urlencode(tags).encode()) == (
        "TagRole",
        {"RoleName": "r", "Tags": [{"Key": "a", "Value": ""}, {"Key": "b"}]},
    )
    assert calls.read("sts", "/", {}, urlencode(duration).encode()) == (
        "AssumeRole",
        {"RoleArn": ROLE, "RoleSessionName": "s", "DurationSeconds": 900},
    )
    assert calls.read("ecs", "/", target, json.dumps(RUN).encode()) == ("RunTask", RUN)
    assert calls.read("ecs", "/", {}, b"not a call") is None
