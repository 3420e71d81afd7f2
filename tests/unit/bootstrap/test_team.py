"""What the pipeline's role of a team's stack may do on a platform that it shares with others."""

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from bootstrap.configuration import Settings
from tests.iam import allows
from tests.unit.bootstrap.test_permissions import (
    ENVIRONMENTS,
    GITLAB,
    HERE_ARN,
    IAM,
    NAMESPACE,
    POLICY,
    ROLE_POLICY,
    STATE,
    VPC_PARTS,
    deployed,
    may,
    rights,
)  # fmt: skip
from tests.unit.recorder import Stack, set_configuration

TEAM = {"branch": "marketing", "workstreams": ["crm"]}
DEPLOY = "deploy-dev-marketing"
BOUNDARY = f"{IAM}:policy/ci/dbt-platform/workload-boundary-dev-marketing"
DAGS, ARTIFACTS = (f"arn:aws:s3:::dbt-platform-dev-platform-{kind}-1a2b3c4" for kind in ("dags", "artifacts"))


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[Stack]:
    with deployed({**ENVIRONMENTS, "dev-marketing": TEAM, "dev-logistics": {"branch": "logistics"}}) as stack:
        yield stack


def at(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{HERE_ARN}:{resource}"


OWN = [
    ("ecr:PutImage", at("ecr", "repository/dbt-platform-dev-marketing-dbt")),
    ("ecs:RegisterTaskDefinition", at("ecs", "task-definition/dbt-platform-dev-marketing-daily:*")),
    ("ecs:RegisterTaskDefinition", at("ecs", "task-definition/dbt-platform-dev-crm:*")),
    ("ecs:TagResource", at("ecs", "task-definition/dbt-platform-dev-crm:3")),
    ("logs:CreateLogGroup", at("logs", "log-group:/dbt-platform-dev/workstreams/marketing-daily")),
    ("logs:DeleteLogGroup", at("logs", "log-group:/dbt-platform-dev/workstreams/crm:*")),
    ("s3:PutObject", f"{DAGS}/dags/config/marketing-daily.json"),
    ("s3:DeleteObjectVersion", f"{DAGS}/dags/config/crm.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/stacks/dbt-platform/dev-marketing.json"),
    ("s3:GetObject", f"{STATE}/.pulumi/stacks/dbt-platform/dev.json"),
    ("s3:DeleteObject", f"{STATE}/.pulumi/locks/organization/dbt-platform/dev-marketing/1.json"),
    ("secretsmanager:CreateSecret", at("secretsmanager", "secret:dbt-platform-dev/marketing/snowflake-1a2b3c")),
    ("sns:CreateTopic", at("sns", "dbt-platform-dev-marketing-alerts-1a2b3c4")),
    ("iam:DeleteRole", f"{IAM}:role/dbt-platform-dev/workstreams/task/marketing/crm-task-1a2b"),
    ("iam:TagRole", f"{IAM}:role/dbt-platform-dev/workstreams/execution/marketing/crm-execution-1a2b"),
]

OTHERS = [
    ("airflow:InvokeRestApi", at("airflow", "role/dbt-platform-dev/User")),
    ("airflow:UpdateEnvironment", at("airflow", "environment/dbt-platform-dev")),
    ("cloudwatch:DeleteAlarms", at("cloudwatch", "alarm:dbt-platform-dev-airflow-queue")),
    ("ecr:PutImage", at("ecr", "repository/dbt-platform-dev-dbt")),
    ("ecr:PutImage", at("ecr", "repository/dbt-platform-dev-logistics-dbt")),
    ("ecs:DeleteCluster", at("ecs", "cluster/dbt-platform-dev")),
    ("ecs:DeregisterTaskDefinition", "*"),
    ("ecs:RegisterTaskDefinition", at("ecs", "task-definition/dbt-platform-dev-sales:*")),
    ("ecs:RegisterTaskDefinition", at("ecs", "task-definition/dbt-platform-dev-crm-eu:*")),
    ("ecs:RegisterTaskDefinition", at("ecs", "task-definition/dbt-platform-dev-logistics-daily:*")),
    ("events:DeleteRule", at("events", "rule/dbt-platform-dev-platform-task-failures-1a2b")),
    ("iam:DeleteRole", f"{IAM}:role/dbt-platform-dev/airflow/platform-airflow-1a2b"),
    ("iam:DeleteRole", f"{IAM}:role/dbt-platform-dev/workstreams/task/sales-task-1a2b"),
    ("iam:DeleteRole", f"{IAM}:role/dbt-platform-dev/workstreams/task/logistics/daily-task-1a2b"),
    ("kms:DeleteAlias", at("kms", "alias/dbt-platform-dev")),
    ("kms:CreateKey", "*"),
    ("logs:DeleteLogGroup", at("logs", "log-group:/dbt-platform-dev/workstreams/sales")),
    ("logs:DeleteLogGroup", at("logs", "log-group:/dbt-platform-dev/network/flow-logs")),
    ("s3:PutObject", f"{DAGS}/dags/dbt_operator.py"),
    ("s3:PutObject", f"{DAGS}/dags/config/sales.json"),
    ("s3:PutObject", f"{DAGS}/dags/config/logistics-daily.json"),
    ("s3:PutObject", f"{DAGS}/requirements.txt"),
    ("s3:PutBucketPolicy", DAGS),
    ("s3:DeleteObject", f"{ARTIFACTS}/sales/state/manifest.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/stacks/dbt-platform/dev.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/stacks/dbt-platform/dev-logistics.json"),
    ("secretsmanager:DeleteSecret", at("secretsmanager", "secret:dbt-platform-dev/snowflake-1a2b3c")),
    ("secretsmanager:DeleteSecret", at("secretsmanager", "secret:dbt-platform-dev/logistics/snowflake-1a2b3c")),
    ("sns:DeleteTopic", at("sns", "dbt-platform-dev-alerts-1a2b3c4")),
    *((f"ec2:{action}", at("ec2", part)) for action, part in VPC_PARTS.items()),
]


@pytest.mark.parametrize(("action", "resource"), OWN)
def test_a_team_changes_its_own(bootstrap: Stack, action: str, resource: str):
    """A right too few stops an `up` in the middle; the platform's role has it as well, or nobody could help."""
    assert may(bootstrap, DEPLOY, action, resource)
    assert not may(bootstrap, "deploy-dev-logistics", action, resource) or action == "s3:GetObject"


@pytest.mark.parametrize(("action", "resource"), OTHERS)
def test_a_team_changes_nothing_of_the_platforms_or_of_another_teams(bootstrap: Stack, action: str, resource: str):
    """Its people decide what is merged to its branch, and nobody else looks."""
    tags = {f"aws__ResourceTag/{name}": value for name, value in ENVIRONMENTS["dev"]["tags"].items()}

    assert not may(bootstrap, DEPLOY, action, resource, **tags)


def test_a_team_sees_the_versions_of_its_own_dag_files_alone(bootstrap: Stack):
    """AWS's provider deletes a file with its versions, which it asks the bucket for."""
    for name, allowed in {"marketing": True, "marketing-daily": True, "crm": True, "sales": False}.items():
        assert may(bootstrap, DEPLOY, "s3:ListBucketVersions", DAGS, s3__prefix=f"dags/config/{name}.json") is allowed
    assert not may(bootstrap, DEPLOY, "s3:ListBucketVersions", DAGS)


def test_a_team_gives_rights_only_to_its_own_roles_and_under_its_boundary(bootstrap: Stack):
    """A role below Airflow's path, or one without the boundary, would have what the team has not."""
    own, foreign = (f"{IAM}:role/dbt-platform-dev/workstreams/task/{whose}x-task" for whose in ("marketing/", ""))
    boundary = {"iam__PermissionsBoundary": BOUNDARY}

    assert may(bootstrap, DEPLOY, "iam:CreateRole", own, **boundary)
    assert not may(bootstrap, DEPLOY, "iam:CreateRole", own)
    assert not may(bootstrap, DEPLOY, "iam:CreateRole", own, iam__PermissionsBoundary=BOUNDARY.removesuffix("-marketing"))
    assert not may(bootstrap, DEPLOY, "iam:CreateRole", foreign, **boundary)


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:PutObject", f"{ARTIFACTS}/crm/runs/1/1/summary.json", True),
        ("s3:PutObject", f"{ARTIFACTS}/marketing-daily/latest/summary.json", True),
        ("s3:PutObject", f"{ARTIFACTS}/_projects/marketing/dbt_project-1a2b/state.json", True),
        ("s3:GetObject", f"{ARTIFACTS}/sales/state/manifest.json", False),
        ("s3:PutObject", f"{ARTIFACTS}/_projects/dbt_project-1a2b/state.json", False),
        ("s3:PutObject", f"{DAGS}/dags/config/crm.json", False),
        ("logs:PutLogEvents", at("logs", "log-group:/dbt-platform-dev/workstreams/crm:log-stream:1"), True),
        ("logs:PutLogEvents", at("logs", "log-group:/dbt-platform-dev/workstreams/sales:log-stream:1"), False),
        ("secretsmanager:GetSecretValue", at("secretsmanager", "secret:dbt-platform-dev/marketing/snowflake-1a2b3c"), True),
        ("secretsmanager:GetSecretValue", at("secretsmanager", "secret:dbt-platform-dev/snowflake-1a2b3c"), False),
        ("ecs:RunTask", at("ecs", "task-definition/dbt-platform-dev-sales:7"), False),
        ("iam:PassRole", f"{IAM}:role/dbt-platform-dev/workstreams/task/sales-task", False),
    ],
)
def test_a_teams_tasks_reach_its_own_data_at_most(bootstrap: Stack, action: str, resource: str, allowed: bool):
    """Whatever a merged change gives them: dbt's code, and its macros, are the team's."""
    ceiling = bootstrap.statements(POLICY, "workload-boundary-dev-marketing")

    assert allows(ceiling, action, resource) is allowed


def test_a_teams_tasks_list_their_own_folders(bootstrap: Stack):
    ceiling = bootstrap.statements(POLICY, "workload-boundary-dev-marketing")

    assert allows(ceiling, "s3:ListBucket", ARTIFACTS, {"s3:prefix": "crm/state/"})
    assert not allows(ceiling, "s3:ListBucket", ARTIFACTS, {"s3:prefix": "sales/state/"})


def test_a_teams_policies_have_room_in_a_role(bootstrap: Stack):
    """IAM takes 10,240 characters within a role (IAM, "IAM and AWS STS quotas"), and 6,144 in a policy of the account."""
    assert len(bootstrap.all(ROLE_POLICY)[DEPLOY]["policy"]) < 8_000
    assert len(bootstrap.all(POLICY)["workload-boundary-dev-marketing"]["policy"]) < 5_000
    assert len(rights(bootstrap, DEPLOY)) > 5


@pytest.mark.parametrize(
    ("environments", "fix"),
    [
        ({"test-marketing": TEAM}, "test-marketing is a team's stack on test, which is not here"),
        ({"dev": {"branch": "main"}}, "environments.dev.tags is missing"),
        ({"dev": {**ENVIRONMENTS["dev"], "workstreams": ["crm"]}}, "dev is no team's stack"),
        ({"dev-platform": TEAM}, "The platform's own things are called so"),
        ({"dev-mark-eting": TEAM}, "environments"),
    ],
)
def test_a_team_without_a_platform_is_refused(environments: dict[str, Any], fix: str):
    """A role for names that mean somebody else's things would be one too many."""
    given = {f"{NAMESPACE}:gitlab": GITLAB, f"{NAMESPACE}:environments": {"dev": ENVIRONMENTS["dev"], **environments}}
    set_configuration(given)

    with pytest.raises(pulumi.RunError) as caught:
        Settings.load()

    assert fix in str(caught.value)
