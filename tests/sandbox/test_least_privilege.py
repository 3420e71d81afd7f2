"""What each role of the deployed platform may do, tried with its own credentials where IAM is enforced.

Every refusal has a twin that is allowed: a role that may do nothing would pass a test of refusals alone.
"""
# A table: each row is one call, made with boto3's client of the role (first argument) on what there is (second).

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.demo import client
from sandbox.network import wait_until
from sandbox.stack import Stack

REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
"""What S3, the JSON services and SNS call it."""

FOREIGN = f"foreign-{secrets.token_hex(4)}"
"""Name of everything in the account that is not this stack's: secret, role, task definition, cluster, topic, log group."""


@dataclass(frozen=True, kw_only=True)
class Things:
    """What the roles are tried on."""

    stack: Stack
    sales: dict[str, Any]
    """`config/sales.json`: what Airflow knows of a workstream."""
    dags: str
    artifacts: str
    secret: str
    repository: str
    flow_logs: str
    foreign_role: str
    foreign_topic: str
    credentials: dict[str, dict[str, str]]
    """Of each role, as boto3 takes them."""

    def client(self, role: str, service: str) -> Any:
        return boto3.client(
            service,  # pyright: ignore[reportArgumentType, reportCallIssue]
            endpoint_url=self.stack.state.emulator_url,
            region_name=self.stack.state.region,
            config=Config(retries={"max_attempts": 0}),
            **self.credentials[role],
        )

    def run_task(self, ecs: Any, **other: Any) -> str:
        """RunTask as Airflow calls it, but for `other`; returns the task's ARN."""
        network = {"subnets": self.sales["subnets"], "securityGroups": self.sales["securityGroups"]}
        arguments = {
            "cluster": self.sales["cluster"],
            "taskDefinition": self.sales["taskDefinition"],
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": network},
            "tags": [{"key": "workstream", "value": "sales"}],
        }
        return ecs.run_task(**{**arguments, **other})["tasks"][0]["taskArn"]

    def run_and_stop(self, ecs: Any) -> None:
        task = {"cluster": self.sales["cluster"], "task": self.run_task(ecs)}
        ecs.stop_task(**task, reason="test")
        assert wait_until(lambda: self.status(ecs, task) == "STOPPED", 120)

    def status(self, ecs: Any, task: dict[str, str]) -> str:
        return ecs.describe_tasks(cluster=task["cluster"], tasks=[task["task"]])["tasks"][0]["lastStatus"]


@pytest.fixture(scope="module")
def things(platform: Stack) -> Iterator[Things]:
    outputs, s3 = platform.outputs(), client(platform, "s3")
    sales = json.loads(s3.get_object(Bucket=outputs["dagBucket"], Key="dags/config/sales.json")["Body"].read())
    definition = client(platform, "ecs").describe_task_definition(taskDefinition=sales["taskDefinition"])["taskDefinition"]
    [flow_log] = client(platform, "ec2").describe_flow_logs()["FlowLogs"]
    airflow = client(platform, "mwaa").get_environment(Name=outputs["airflowEnvironment"])["Environment"]
    roles = {
        "task": definition["taskRoleArn"],
        "execution": definition["executionRoleArn"],
        "airflow": airflow["ExecutionRoleArn"],
        "flow logs": flow_log["DeliverLogsPermissionArn"],
    }
    with ExitStack() as cleanup:
        for workstream in ("sales", "finance"):
            item = {"Bucket": outputs["artifactsBucket"], "Key": f"{workstream}/test"}
            s3.put_object(**item, Body=b"{}")
            cleanup.callback(s3.delete_object, **item)
        stream = {"logGroupName": sales["logGroup"], "logStreamName": FOREIGN}
        client(platform, "logs").create_log_stream(**stream)
        cleanup.callback(client(platform, "logs").delete_log_stream, **stream)
        foreign_role, foreign_topic = _foreign(platform, definition, cleanup)
        yield Things(
            stack=platform,
            sales=sales,
            dags=outputs["dagBucket"],
            artifacts=outputs["artifactsBucket"],
            secret=outputs["secretArn"],
            repository=outputs["repositoryUrl"].partition("/")[2],
            flow_logs=flow_log["LogGroupName"],
            foreign_role=foreign_role,
            foreign_topic=foreign_topic,
            credentials={purpose: _assume(platform, arn) for purpose, arn in roles.items()},
        )


def _foreign(platform: Stack, definition: dict[str, Any], cleanup: ExitStack) -> tuple[str, str]:
    """Makes one of each; returns the ARNs of role and topic. The task definition has our roles: the refusal is about itself."""
    ecs, iam, sns, logs, vault = (client(platform, name) for name in ("ecs", "iam", "sns", "logs", "secretsmanager"))
    same = ("networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn")
    container = {"name": "dbt", "image": definition["containerDefinitions"][0]["image"]}
    registered = ecs.register_task_definition(
        family=FOREIGN, containerDefinitions=[container], **{key: definition[key] for key in same}
    )
    cleanup.callback(ecs.deregister_task_definition, taskDefinition=registered["taskDefinition"]["taskDefinitionArn"])
    ecs.create_cluster(clusterName=FOREIGN)
    cleanup.callback(ecs.delete_cluster, cluster=FOREIGN)
    role = iam.create_role(RoleName=FOREIGN, AssumeRolePolicyDocument=_trust({"Service": "ecs-tasks.amazonaws.com"}))["Role"]["Arn"]
    cleanup.callback(iam.delete_role, RoleName=FOREIGN)
    topic = sns.create_topic(Name=FOREIGN)["TopicArn"]
    cleanup.callback(sns.delete_topic, TopicArn=topic)
    logs.create_log_group(logGroupName=FOREIGN)
    cleanup.callback(logs.delete_log_group, logGroupName=FOREIGN)
    vault.create_secret(Name=FOREIGN, SecretString="{}")
    cleanup.callback(vault.delete_secret, SecretId=FOREIGN, ForceDeleteWithoutRecovery=True)
    return role, topic


def _trust(principal: dict[str, str]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _assume(platform: Stack, role: str) -> dict[str, str]:
    """Credentials of a role, which trusts only AWS's services: for a moment it trusts the account too."""
    iam, name = client(platform, "iam"), role.rpartition("/")[2]
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=_trust({"AWS": f"arn:aws:iam::{platform.state.account}:root"}))
    try:
        made = client(platform, "sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))
    names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey", "aws_session_token": "SessionToken"}
    return {argument: made[field] for argument, field in names.items()}


def _stream() -> str:
    return f"test/{secrets.token_hex(8)}"


Call = Callable[[Any, Things], Any]

ALLOWED: dict[str, tuple[str, str, Call]] = {
    "task: reads its artifacts": ("task", "s3", lambda s3, on: s3.get_object(Bucket=on.artifacts, Key="sales/test")),
    "task: writes its artifacts": ("task", "s3", lambda s3, on: s3.put_object(Bucket=on.artifacts, Key="sales/test", Body=b"")),
    "task: lists its artifacts": ("task", "s3", lambda s3, on: s3.list_objects_v2(Bucket=on.artifacts, Prefix="sales/runs/")),
    "execution: reads the Snowflake secret": (
        "execution",
        "secretsmanager",
        lambda vault, on: vault.get_secret_value(SecretId=on.secret),
    ),
    "execution: pulls the image": (
        "execution",
        "ecr",
        lambda ecr, on: ecr.batch_get_image(repositoryName=on.repository, imageIds=[{"imageTag": "none"}]),
    ),
    "execution: writes the task's log": (
        "execution",
        "logs",
        lambda logs, on: logs.create_log_stream(logGroupName=on.sales["logGroup"], logStreamName=_stream()),
    ),
    "airflow: runs, watches and stops our tasks": ("airflow", "ecs", lambda ecs, on: on.run_and_stop(ecs)),
    "airflow: reads DAGs": ("airflow", "s3", lambda s3, on: s3.get_object(Bucket=on.dags, Key="dags/config/sales.json")),
    "airflow: reads a workstream's log": (
        "airflow",
        "logs",
        lambda logs, on: logs.get_log_events(logGroupName=on.sales["logGroup"], logStreamName=FOREIGN),
    ),
    "airflow: alerts": ("airflow", "sns", lambda sns, on: sns.publish(TopicArn=on.sales["alertTopic"], Message="test")),
    "flow logs: writes its log": (
        "flow logs",
        "logs",
        lambda logs, on: logs.create_log_stream(logGroupName=on.flow_logs, logStreamName=_stream()),
    ),
}
"""Role, service and call."""

REFUSED: dict[str, tuple[str, str, str, Call]] = {
    "task: another workstream's artifacts": (
        "task",
        "s3",
        "s3:GetObject",
        lambda s3, on: s3.get_object(Bucket=on.artifacts, Key="finance/test"),
    ),
    "task: writing into another workstream's artifacts": (
        "task",
        "s3",
        "s3:PutObject",
        lambda s3, on: s3.put_object(Bucket=on.artifacts, Key="finance/test", Body=b""),
    ),
    "task: listing another workstream's artifacts": (
        "task",
        "s3",
        "s3:ListBucket",
        lambda s3, on: s3.list_objects_v2(Bucket=on.artifacts, Prefix="finance/runs/"),
    ),
    "task: the DAGs": ("task", "s3", "s3:PutObject", lambda s3, on: s3.put_object(Bucket=on.dags, Key="dags/evil.py", Body=b"")),
    "task: the Snowflake secret": (
        "task",
        "secretsmanager",
        "secretsmanager:GetSecretValue",
        lambda vault, on: vault.get_secret_value(SecretId=on.secret),
    ),
    "task: running tasks": ("task", "ecs", "ecs:RunTask", lambda ecs, on: on.run_task(ecs)),
    "execution: artifacts": (
        "execution",
        "s3",
        "s3:PutObject",
        lambda s3, on: s3.put_object(Bucket=on.artifacts, Key="sales/test", Body=b""),
    ),
    "execution: another secret": (
        "execution",
        "secretsmanager",
        "secretsmanager:GetSecretValue",
        lambda vault, _: vault.get_secret_value(SecretId=FOREIGN),
    ),
    "execution: another workstream's log": (
        "execution",
        "logs",
        "logs:CreateLogStream",
        lambda logs, on: logs.create_log_stream(
            logGroupName=on.sales["logGroup"].replace("sales", "finance"), logStreamName=_stream()
        ),
    ),
    "execution: running tasks": ("execution", "ecs", "ecs:RunTask", lambda ecs, on: on.run_task(ecs)),
    "airflow: a foreign task definition": (
        "airflow",
        "ecs",
        "ecs:RunTask",
        lambda ecs, on: on.run_task(ecs, taskDefinition=FOREIGN),
    ),
    "airflow: a foreign cluster": ("airflow", "ecs", "ecs:RunTask", lambda ecs, on: on.run_task(ecs, cluster=FOREIGN)),
    "airflow: passing a foreign role": (
        "airflow",
        "ecs",
        "iam:PassRole",
        lambda ecs, on: on.run_task(ecs, overrides={"taskRoleArn": on.foreign_role}),
    ),
    "airflow: the Snowflake secret": (
        "airflow",
        "secretsmanager",
        "secretsmanager:GetSecretValue",
        lambda vault, on: vault.get_secret_value(SecretId=on.secret),
    ),
    "airflow: changing its own DAGs": (
        "airflow",
        "s3",
        "s3:PutObject",
        lambda s3, on: s3.put_object(Bucket=on.dags, Key="dags/evil.py", Body=b""),
    ),
    "airflow: artifacts": (
        "airflow",
        "s3",
        "s3:GetObject",
        lambda s3, on: s3.get_object(Bucket=on.artifacts, Key="sales/test"),
    ),
    "airflow: a foreign topic": (
        "airflow",
        "sns",
        "SNS:Publish",
        lambda sns, on: sns.publish(TopicArn=on.foreign_topic, Message="test"),
    ),
    "airflow: a foreign log": (
        "airflow",
        "logs",
        "logs:GetLogEvents",
        lambda logs, _: logs.get_log_events(logGroupName=FOREIGN, logStreamName="none"),
    ),
    "flow logs: a foreign log": (
        "flow logs",
        "logs",
        "logs:CreateLogStream",
        lambda logs, _: logs.create_log_stream(logGroupName=FOREIGN, logStreamName=_stream()),
    ),
    "flow logs: artifacts": (
        "flow logs",
        "s3",
        "s3:GetObject",
        lambda s3, on: s3.get_object(Bucket=on.artifacts, Key="sales/test"),
    ),
    "flow logs: running tasks": ("flow logs", "ecs", "ecs:RunTask", lambda ecs, on: on.run_task(ecs)),
}
"""Role, service, the action that the refusal names, and call."""


@pytest.mark.parametrize(("role", "service", "call"), ALLOWED.values(), ids=ALLOWED.keys())
def test_a_role_may_do_its_work(things: Things, role: str, service: str, call: Call):
    """A permission that is missing shows in AWS only, as a run that fails at night."""
    call(things.client(role, service), things)


@pytest.mark.parametrize(("role", "service", "action", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_a_role_may_do_nothing_else(things: Things, role: str, service: str, action: str, call: Call):
    """A dbt package, or a DAG, that was tampered with gets no further than its own data."""
    with pytest.raises(ClientError) as refused:
        call(things.client(role, service), things)

    assert refused.value.response["Error"]["Code"] in REFUSALS, refused.value
    assert f"not authorized to perform: {action}".lower() in str(refused.value).lower()
