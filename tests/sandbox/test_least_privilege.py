"""What each role of the deployed platform may do, tried with its own credentials where IAM is enforced.

Every refusal has a twin that is allowed: a role that may do nothing would pass a test of refusals alone.
"""
# A table: each row is one call, made with boto3's client of the role (first argument) on what there is (second).

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.demo.stack import Stack
from tests.sandbox.role_trials import FOREIGN, Things, furnished

REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
"""What S3, the JSON services and SNS call it."""


@pytest.fixture(scope="module")
def things(platform: Stack) -> Iterator[Things]:
    with furnished(platform) as things:
        yield things


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
    "finance's execution: reads the secret of its own connection": (
        "finance's execution",
        "secretsmanager",
        lambda vault, on: vault.get_secret_value(SecretId=on.finance_secret),
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
    "airflow: asks when the Snowflake credentials end": (
        "airflow",
        "secretsmanager",
        lambda vault, on: vault.describe_secret(SecretId=on.sales["secret"]),
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
    "execution: the secret of another connection": (
        "execution",
        "secretsmanager",
        "secretsmanager:GetSecretValue",
        lambda vault, on: vault.get_secret_value(SecretId=on.finance_secret),
    ),
    "finance's execution: the secret of another connection": (
        "finance's execution",
        "secretsmanager",
        "secretsmanager:GetSecretValue",
        lambda vault, on: vault.get_secret_value(SecretId=on.secret),
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
