"""`ops doctor`: each thing that a run can lack is found, named and mended by what it says."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.unit.ops.test_cli import FINANCE, aws, ops, ops_with_two  # noqa: F401  (fixtures)

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/dbt@sha256:0"
ECS = "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition"
ECR = "AmazonEC2ContainerRegistry_V20150921.DescribeImages"
SECRET = "secretsmanager.DescribeSecret"
LOGS = "Logs_20140328.DescribeLogGroups"


@pytest.fixture
def healthy(aws: Any) -> Any:  # noqa: F811
    """An account that lacks nothing."""
    task = {"status": "ACTIVE", "containerDefinitions": [{"image": IMAGE}]}
    aws.answers |= {
        ECS: lambda _: {"taskDefinition": task},
        ECR: lambda _: {"imageDetails": [{}]},
        SECRET: lambda _: {"VersionIdsToStages": {"1": ["AWSCURRENT"]}},
        LOGS: lambda _: {"logGroups": [{"logGroupName": f"/dbt/{name}"} for name in ("sales", "finance")]},
    }
    return aws


def test_a_healthy_stack_passes(ops, healthy):  # noqa: F811
    result = ops("doctor")

    assert result.exit_code == 0
    assert "failed" not in result.output
    assert not any(operation.endswith(("GetSecretValue", "PutSecretValue")) for operation, _ in healthy.requests)


def task(status: str) -> Any:
    return lambda _: {"taskDefinition": {"status": status, "containerDefinitions": [{"image": IMAGE}]}}


def refused(code: str) -> Any:
    return lambda _: (400, {"__type": code, "message": "no"})


REFUSED = {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": "no such package"}

BROKEN = {
    "empty secret": (SECRET, lambda _: {}, "Snowflake credentials", "ops credentials put"),
    "deleted secret": (
        SECRET,
        lambda _: {"DeletedDate": 1, "VersionIdsToStages": {"1": ["AWSCURRENT"]}},
        "Snowflake credentials",
        "restore-secret",
    ),
    "no right to look": (SECRET, refused("AccessDeniedException"), "Snowflake credentials", "Use a role that may"),
    "creating": (
        "GET /environments/dbt-platform-dev",
        lambda _: {"Environment": {"Status": "CREATING"}},
        "Airflow",
        "20 to 30 minutes",
    ),
    "rolled back": (
        "GET /environments/dbt-platform-dev",
        lambda _: {"Environment": {"Status": "AVAILABLE", "LastUpdate": {"Status": "FAILED", "Error": REFUSED}}},
        "Airflow: last update",
        "Mend what it names",
    ),
    "failed for good": (
        "GET /environments/dbt-platform-dev",
        lambda _: {"Environment": {"Status": "CREATE_FAILED", "LastUpdate": {"Status": "FAILED", "Error": REFUSED}}},
        "Airflow",
        "INCORRECT_CONFIGURATION: no such package",
    ),
    "deregistered": (ECS, task("INACTIVE"), "sales: task definition", "pulumi up --refresh"),
    "image expired": (ECR, refused("ImageNotFoundException"), "finance: image", "`ops rollback finance`"),
    "no log group": (LOGS, lambda _: {"logGroups": []}, "sales: log group", "pulumi up --refresh"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_missing_is_named_with_its_fix(ops, healthy, name):  # noqa: F811
    """Without it the operator finds one missing thing per failed run."""
    operation, answer, check, fix = BROKEN[name]
    healthy.answers[operation] = answer

    result = ops("doctor", "--json")

    failed = {finding["check"]: finding["fix"] for finding in json.loads(result.stdout) if not finding["ok"]}
    assert result.exit_code == 1
    assert fix in failed[check]


OWN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/slack-a1b2c3"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((400, {"__type": "ResourceNotFoundException", "message": "no"}), "there is no such secret"),
        ({"DeletedDate": 1, "VersionIdsToStages": {"1": ["AWSCURRENT"]}}, "it waits for its deletion"),
        ({}, "it has no value"),
        ({"VersionIdsToStages": {"1": ["AWSCURRENT"]}}, ""),
    ],
)
def test_a_secret_that_a_workstream_names_is_looked_at(ops, healthy, answer, problem):  # noqa: F811
    """No task starts without its value, and AWS says so at night only."""
    given = [{"name": name, "valueFrom": value} for name, value in {"TOKEN": f"{OWN}:token::", "WHOLE": OWN}.items()]
    healthy.answers |= {
        ECS: lambda _: {"taskDefinition": {"status": "ACTIVE", "containerDefinitions": [{"image": IMAGE, "secrets": given}]}},
        SECRET: lambda body: answer if body["SecretId"] == OWN else {"VersionIdsToStages": {"1": ["AWSCURRENT"]}},
    }

    found = [each for each in json.loads(ops("doctor", "--json").stdout) if "secret team/slack-a1b2c3" in each["check"]]

    assert [each["ok"] for each in found] == [not problem] * 2
    assert {each["detail"] for each in found} == {problem or "has a value"}
    assert not problem or "takes TOKEN, WHOLE from it" in found[0]["fix"]


def test_the_secret_of_each_connection_is_looked_at(ops_with_two, healthy):  # noqa: F811
    """The one that was added last is the one that is still empty."""
    healthy.answers[SECRET] = lambda body: (
        {} if body["SecretId"] == FINANCE["secretArn"] else {"VersionIdsToStages": {"1": ["AWSCURRENT"]}}
    )

    result = ops_with_two("doctor", "--json")

    assert [finding["check"] for finding in json.loads(result.stdout) if not finding["ok"]] == ["Snowflake credentials of finance"]


@pytest.mark.parametrize(
    ("call", "answer", "check"),
    [
        ("GET /importErrors", {"import_errors": [{"filename": "a.py", "stack_trace": "boom"}]}, "Airflow: DAG files"),
        ("GET /monitor/health", {"triggerer": {"status": "unhealthy"}}, "Airflow: its parts"),
        ("GET /dags/dbt_sales", {"is_paused": True, "is_stale": False}, "sales: DAG"),
        ("GET /dags/dbt_sales", {"is_paused": False, "is_stale": True}, "sales: DAG"),
    ],
    ids=["import error", "no triggerer", "paused", "not loaded"],
)
def test_what_airflow_says_is_heeded(ops, healthy, call, answer, check):  # noqa: F811
    """A DAG that is not there, or asleep, fails nothing: it just never runs."""
    healthy.rest[call] = lambda _: answer

    result = ops("doctor", "--json")

    assert [finding["check"] for finding in json.loads(result.stdout) if not finding["ok"]] == [check]


@pytest.mark.parametrize(("days", "good"), [(30, True), (14, False)])
def test_credentials_that_end_soon_are_found_before_a_run_does(ops, healthy, days, good):  # noqa: F811
    """What `credentials put` was told is what `doctor` says."""
    expires = datetime.now(UTC).date() + timedelta(days=days)
    assert ops("credentials", "put", "--generate", "--expires", str(expires)).exit_code == 0
    [version] = [body["ClientRequestToken"] for operation, body in healthy.requests if operation.endswith("PutSecretValue")]
    healthy.answers[SECRET] = lambda _: {"VersionIdsToStages": {version: ["AWSCURRENT"]}}

    [found] = [each for each in json.loads(ops("doctor", "--json").stdout) if each["check"] == "Snowflake credentials"]

    assert 32 <= len(version) <= 64, "API reference, PutSecretValue"
    assert found["ok"] == good
    assert f"good until {expires}" in found["detail"]
    assert good or "ops credentials put" in found["fix"]


def test_credentials_without_an_end_have_an_age(ops, healthy):  # noqa: F811
    """A key of three years ago is one to change, whether it ends or not."""
    healthy.answers[SECRET] = lambda _: {"VersionIdsToStages": {"put-20260101-expires-unknown-0123456789abcdef": ["AWSCURRENT"]}}

    [found] = [each for each in json.loads(ops("doctor", "--json").stdout) if each["check"] == "Snowflake credentials"]

    days = (datetime.now(UTC).date() - date(2026, 1, 1)).days
    assert found["detail"] == f"the secret has a value, put {days} days ago"
