"""The roles of a deployed stack with their credentials, and what to try them on: its own things and foreign ones."""

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from sandbox.demo.demo import client
from sandbox.demo.stack import Stack
from sandbox.network import wait_until

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
    finance_secret: str
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


@contextmanager
def furnished(platform: Stack) -> Iterator[Things]:
    """A deployed stack with what the roles need besides, and with what is none of theirs; all of it is gone afterwards."""
    outputs, s3 = platform.outputs(), client(platform, "s3")
    sales = json.loads(s3.get_object(Bucket=outputs["dagBucket"], Key="dags/config/sales.json")["Body"].read())
    definition = _definition(platform, sales["taskDefinition"])
    [flow_log] = client(platform, "ec2").describe_flow_logs()["FlowLogs"]
    airflow = client(platform, "mwaa").get_environment(Name=outputs["airflowEnvironment"])["Environment"]
    roles = {
        "task": definition["taskRoleArn"],
        "execution": definition["executionRoleArn"],
        "finance's execution": _definition(platform, outputs["workstreams"]["finance"]["taskDefinitionArn"])["executionRoleArn"],
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
            finance_secret=outputs["connections"]["finance"]["secretArn"],
            repository=outputs["repositoryUrl"].partition("/")[2],
            flow_logs=flow_log["LogGroupName"],
            foreign_role=foreign_role,
            foreign_topic=foreign_topic,
            credentials={purpose: _assume(platform, arn) for purpose, arn in roles.items()},
        )


def _definition(platform: Stack, arn: str) -> dict[str, Any]:
    return client(platform, "ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]


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
