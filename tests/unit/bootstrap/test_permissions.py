"""What the bootstrap makes, under Pulumi's mocks, and what its policies decide."""

import contextlib
import json
import runpy
import warnings
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime.settings import get_root_resource

from bootstrap import permissions
from bootstrap.configuration import LONGEST_STACK_NAME, Settings
from sandbox.providers.aws.provider import CATALOGUE
from settings.project import REPOSITORY
from tests.iam import allows
from tests.unit import recorder
from tests.unit.recorder import ACCOUNT_ID, REGION, Stack, set_configuration, stack_file

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string

NAMESPACE = "dbt-platform-bootstrap"
GITLAB = {"project": "data/platform", "projectId": "42"}
ENVIRONMENTS = {
    "dev": {"branch": "main", "tags": {"project": "dbt-platform", "environment": "development"}},
    "prod": {"tag": "v*", "tags": {"project": "dbt-platform", "environment": "production"}},
}

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY = "aws:iam/policy:Policy"
PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"

IAM = f"arn:aws:iam::{ACCOUNT_ID}"
OWN_ROLE = f"{IAM}:role/ci/dbt-platform/deploy-dev"
TASK_ROLE = f"{IAM}:role/dbt-platform-dev/workstreams/sales-1a2b3c4"
WORKLOAD_BOUNDARY = f"{IAM}:policy/ci/dbt-platform/workload-boundary-dev"
STATE = "arn:aws:s3:::state"
STATE_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/state"
HERE = {"aws:RequestedRegion": REGION}
HERE_ARN = f"{REGION}:{ACCOUNT_ID}"


@contextlib.contextmanager
def deployed(environments: dict[str, Any]) -> Iterator[Stack]:
    """What the whole program registers for some environments in one account."""
    arns = {PROVIDER: f"{IAM}:oidc-provider/gitlab.com", POLICY: f"{IAM}:policy{{path}}{{name}}"}
    set_configuration({f"{NAMESPACE}:gitlab": GITLAB, f"{NAMESPACE}:environments": environments})
    with pytest.MonkeyPatch.context() as patch:
        for kind, arn in arns.items():
            patch.setitem(recorder.ARNS, kind, arn)
        stack = Stack()
        runpy.run_path(str(REPOSITORY / "bootstrap/__main__.py"), run_name="__main__")
        yield stack
        stack.close()


@pytest.fixture(scope="module")
def program() -> Iterator[tuple[Stack, dict[str, Any]]]:
    """What the whole program registers and exports, for two environments in one account."""
    with deployed(ENVIRONMENTS) as stack:
        root = get_root_resource()
        assert isinstance(root, pulumi.runtime.stack.Stack)
        yield stack, stack.value(dict(root.outputs))


@pytest.fixture
def bootstrap(program: tuple[Stack, dict[str, Any]]) -> Stack:
    return program[0]


def rights(bootstrap: Stack, role: str) -> list[dict[str, Any]]:
    """The statements of all policies that a role has: its own, and those of the account that are attached to it."""
    attached = {each["policyArn"] for each in bootstrap.all(ATTACHMENT).values() if each["role"] == role}
    managed = [name for name in bootstrap.all(POLICY) if f"{IAM}:policy/ci/dbt-platform/{name}" in attached]
    own = bootstrap.statements(ROLE_POLICY, role) if role in bootstrap.all(ROLE_POLICY) else []
    assert managed
    return [*own, *(statement for name in managed for statement in bootstrap.statements(POLICY, name))]


def may(bootstrap: Stack, role: str, action: str, resource: str = "*", **context: str) -> bool:
    """What a role's own policy and its boundary let through together."""
    ceiling = bootstrap.statements(POLICY, permissions.CI_BOUNDARY)
    request = (action, resource, HERE | {key.replace("__", ":"): value for key, value in context.items()})
    return allows(rights(bootstrap, role), *request) and allows(ceiling, *request)


@pytest.mark.parametrize("folder", ["bootstrap", "policy"])
def test_no_file_of_a_program_hides_a_package_of_the_repository(folder: str):
    """Pulumi runs a program from its own folder, where Python looks first: a `settings.py` in it is then all of `settings`."""
    files = {path.stem for path in (REPOSITORY / folder).glob("*.py")}
    packages = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")}

    assert "components" in packages
    assert files & packages == set()


@pytest.mark.parametrize("role", ["preview", "deploy-dev", "deploy-prod"])
def test_every_role_of_the_pipeline_is_bounded(bootstrap: Stack, role: str):
    """Without the boundary, one careless policy later makes every merged change an administrator's."""
    assert bootstrap.all(ROLE)[role]["permissionsBoundary"] == f"{IAM}:policy/ci/dbt-platform/pipeline-boundary"
    assert len(bootstrap.all(ROLE)) == 3


@pytest.mark.parametrize(
    "action",
    [
        "ec2:DescribeSecurityGroups",
        "ecs:DescribeTaskDefinition",
        "airflow:GetEnvironment",
        "ecr:ListImages",
        "kms:GetKeyPolicy",
    ],
)
def test_a_preview_sees_how_things_are(bootstrap: Stack, action: str):
    """Drift that a preview can't see is never found."""
    assert may(bootstrap, "preview", action)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:PutObject", f"{STATE}/.pulumi/stacks/dbt-platform/dev.json"),
        ("s3:GetObject", "arn:aws:s3:::dbt-platform-dev-platform-artifacts-1a2b/sales/runs/1/run_results.json"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:snowflake-1a2b"),
        ("iam:CreateRole", TASK_ROLE),
        ("iam:PassRole", TASK_ROLE),
        ("ec2:AuthorizeSecurityGroupIngress", "*"),
        ("ecr:PutImage", "*"),
        ("kms:Encrypt", STATE_KEY),
        ("airflow:InvokeRestApi", "*"),
    ],
)
def test_a_preview_changes_nothing_and_reads_no_data(bootstrap: Stack, action: str, resource: str):
    """Any branch of the project can run a preview, reviewed or not."""
    assert not may(bootstrap, "preview", action, resource, kms__ViaService=f"s3.{REGION}.amazonaws.com")


def test_a_preview_may_log_in_as_the_merge_requests_user(bootstrap: Stack):
    """The slim build of a merge request has a Snowflake user of its own, and no other."""
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:dbt-platform/merge-requests-1a2b"

    assert may(bootstrap, "preview", "secretsmanager:GetSecretValue", secret)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("route53:CreateHostedZone", "*"),
        ("ecr:GetAuthorizationToken", "*"),
        ("ecs:DeregisterTaskDefinition", "*"),
        ("s3:TagResource", "arn:aws:s3:::dbt-platform-dev-platform-dags-1a2b"),
        ("s3:UntagResource", "arn:aws:s3:::dbt-platform-dev-platform-dags-1a2b"),
        ("ecr:BatchGetImage", "arn:aws:ecr:eu-central-1:999999999999:repository/dbt-platform-test-dbt-1a2b"),
    ],
)
def test_a_deployment_makes_what_the_program_declares(bootstrap: Stack, action: str, resource: str):
    """A right too few stops an `up` in the middle."""
    assert may(bootstrap, "deploy-dev", action, resource)


DEVELOPMENT = {"project": "dbt-platform", "environment": "development"}
PRODUCTION = {"project": "dbt-platform", "environment": "production"}

KEY = f"arn:aws:kms:{HERE_ARN}:key/1a2b"
VPC_PARTS = {
    "AuthorizeSecurityGroupIngress": "security-group/sg-1",
    "CreateSubnet": "vpc/vpc-1",
    "CreateTags": "subnet/subnet-1",
    "CreateVpcEndpoint": "vpc/vpc-1",
    "DeleteNatGateway": "natgateway/nat-1",
    "DeleteSecurityGroup": "security-group/sg-1",
    "DeleteVpc": "vpc/vpc-1",
    "DeleteVpcEndpoints": "vpc-endpoint/vpce-1",
    "ReleaseAddress": "elastic-ip/eipalloc-1",
    "ReplaceRoute": "route-table/rtb-1",
}
UNNAMED = [
    *((f"ec2:{action}", f"arn:aws:ec2:{HERE_ARN}:{part}") for action, part in VPC_PARTS.items()),
    *((f"kms:{action}", KEY) for action in ("PutKeyPolicy", "ScheduleKeyDeletion", "UntagResource", "UpdateKeyDescription")),
]


def asked(tags: dict[str, str]) -> dict[str, str]:
    return {f"aws__RequestTag/{name}": value for name, value in tags.items()}


def borne(tags: dict[str, str]) -> dict[str, str]:
    return {f"aws__ResourceTag/{name}": value for name, value in tags.items()}


@pytest.mark.parametrize(("action", "resource"), UNNAMED)
def test_a_deployment_changes_what_bears_its_tags_and_nothing_else_without_a_name(bootstrap: Stack, action: str, resource: str):
    """AWS makes up the ids of a VPC's parts and of keys: a merge to `main` must not delete another's VPC, nor any key."""
    foreign = ({}, PRODUCTION, {"project": "dbt-platform"}, {"environment": "development", "project": "other"})

    assert may(bootstrap, "deploy-dev", action, resource, **borne(DEVELOPMENT))
    for tags in foreign:
        assert not may(bootstrap, "deploy-dev", action, resource, **borne(tags)), tags


@pytest.mark.parametrize(("action", "resource"), [("ec2:CreateVpc", f"arn:aws:ec2:{HERE_ARN}:vpc/*"), ("kms:CreateKey", "*")])
def test_a_deployment_makes_what_bears_its_tags(bootstrap: Stack, action: str, resource: str):
    """What it made without them it could never delete again; with another's, it would be theirs to delete."""
    assert may(bootstrap, "deploy-dev", action, resource, **asked(DEVELOPMENT))
    for tags in ({}, PRODUCTION):
        assert not may(bootstrap, "deploy-dev", action, resource, **asked(tags))


@pytest.mark.parametrize(
    ("action", "resource"),
    [("ec2:CreateTags", f"arn:aws:ec2:{HERE_ARN}:security-group/sg-1"), ("kms:TagResource", KEY)],
)
def test_a_deployment_takes_over_nothing_with_its_tags(bootstrap: Stack, action: str, resource: str):
    """A tag that everybody may put on everything guards nothing. Without tags are a new VPC's default group, and a new key."""
    assert may(bootstrap, "deploy-dev", action, resource, **asked(DEVELOPMENT))
    assert not may(bootstrap, "deploy-dev", action, resource, **asked(DEVELOPMENT), **borne(PRODUCTION))


@pytest.mark.parametrize("part", ["subnet/subnet-1", "vpc/vpc-1", "volume/vol-1", "snapshot/snap-1"])
def test_a_deployment_tags_parts_of_a_network_only_while_it_makes_them(bootstrap: Stack, part: str):
    """Otherwise it would tag another's VPC, and then delete it as its own."""
    request = ("ec2:CreateTags", f"arn:aws:ec2:{HERE_ARN}:{part}")

    assert may(bootstrap, "deploy-dev", *request, **asked(DEVELOPMENT), ec2__CreateAction="CreateSubnet")
    assert not may(bootstrap, "deploy-dev", *request, **asked(DEVELOPMENT))


@pytest.mark.parametrize("action", ["DeleteSnapshot", "DeleteVolume", "TerminateInstances", "DeleteTransitGateway"])
def test_a_deployment_has_no_right_to_what_the_program_does_not_make(bootstrap: Stack, action: str):
    """Not even where somebody gave it the stack's tags."""
    assert not may(bootstrap, "deploy-dev", f"ec2:{action}", **borne(DEVELOPMENT))


def test_a_deployment_writes_snowflakes_names_into_a_zone_and_no_others(bootstrap: Stack):
    """The company's own names may be in a zone of the same account."""
    key, action = "route53__ChangeResourceRecordSetsNormalizedRecordNames", "route53:ChangeResourceRecordSets"

    assert may(bootstrap, "deploy-dev", action, **{key: "org-account.privatelink.snowflakecomputing.com"})
    assert not may(bootstrap, "deploy-dev", action, **{key: "www.example.com"})


def test_a_deployment_becomes_no_role_that_it_made(bootstrap: Stack):
    """One that may read the warehouse's key, as the execution role may, and trusts the pipeline."""
    ceiling = bootstrap.statements(POLICY, permissions.CI_BOUNDARY)

    assert not allows([*ceiling, {"Effect": "Allow", "Action": "*"}], "sts:AssumeRole", TASK_ROLE)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:ListBucket", "arn:aws:s3:::another-bucket"),
        ("s3:GetBucketPolicy", "arn:aws:s3:::another-bucket"),
        ("iam:GetRolePolicy", f"{IAM}:role/another"),
        ("secretsmanager:DescribeSecret", f"arn:aws:secretsmanager:{HERE_ARN}:secret:another-1a2b"),
    ],
)
def test_a_preview_looks_closely_at_the_platform_only(bootstrap: Stack, action: str, resource: str):
    """What another's objects are called, and who may do what there, is nobody's business who may push a branch here."""
    assert not may(bootstrap, "preview", action, resource)
    own = {"another-bucket": "dbt-platform-dev-platform-dags-1a2b", "role/another": "role/dbt-platform-dev/airflow-1a2b"}
    name = next((old for old in own if old in resource), "another")
    assert may(bootstrap, "preview", action, resource.replace(name, own.get(name, "dbt-platform-dev/snowflake")))


@pytest.mark.parametrize(
    ("service", "actions"),
    [
        ("ecr", ["DescribeKey", "CreateGrant", "RetireGrant"]),
        ("secretsmanager", ["GenerateDataKey", "Decrypt", "Encrypt"]),
        ("airflow", ["DescribeKey", "ListGrants", "CreateGrant", "RevokeGrant"]),
        ("airflow", ["Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]),
    ],
)
def test_a_deployment_makes_what_the_platforms_key_encrypts(bootstrap: Stack, service: str, actions: list[str]):
    """These services use the key in the name of whoever makes the repository, secret or environment; and only they may."""
    key = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1a2b"
    through = {"kms__ViaService": f"{service}.{REGION}.amazonaws.com", "kms__GrantIsForAWSResource": "true", **borne(DEVELOPMENT)}

    for action in actions:
        assert may(bootstrap, "deploy-dev", f"kms:{action}", key, **through), action
        assert action == "DescribeKey" or not may(bootstrap, "deploy-dev", f"kms:{action}", key), action


NAMED = [
    ("airflow:DeleteEnvironment", f"arn:aws:airflow:{HERE_ARN}:environment/dbt-platform-STACK"),
    ("airflow:InvokeRestApi", f"arn:aws:airflow:{HERE_ARN}:role/dbt-platform-STACK/Op"),
    ("budgets:ModifyBudget", f"arn:aws:budgets::{ACCOUNT_ID}:budget/dbt-platform-STACK"),
    ("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{HERE_ARN}:alarm:dbt-platform-STACK-airflow-queued"),
    ("cloudwatch:DeleteDashboards", f"arn:aws:cloudwatch::{ACCOUNT_ID}:dashboard/dbt-platform-STACK"),
    ("ecr:CompleteLayerUpload", f"arn:aws:ecr:{HERE_ARN}:repository/dbt-platform-STACK-dbt-1a2b"),
    ("ecs:DeleteCluster", f"arn:aws:ecs:{HERE_ARN}:cluster/dbt-platform-STACK"),
    ("ecs:RegisterTaskDefinition", f"arn:aws:ecs:{HERE_ARN}:task-definition/dbt-platform-STACK-sales:*"),
    ("events:DeleteRule", f"arn:aws:events:{HERE_ARN}:rule/dbt-platform-STACK-platform-task-failures-1a2b"),
    ("iam:DeleteRole", f"{IAM}:role/dbt-platform-STACK/workstreams/task/sales-1a2b"),
    ("kms:DeleteAlias", f"arn:aws:kms:{HERE_ARN}:alias/dbt-platform-STACK"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE_ARN}:log-group:/dbt-platform-STACK/workstreams/sales"),
    ("logs:GetLogEvents", f"arn:aws:logs:{HERE_ARN}:log-group:airflow-dbt-platform-STACK-Task:log-stream:1"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::dbt-platform-STACK-platform-dags-1a2b"),
    ("s3:DeleteObjectVersion", "arn:aws:s3:::dbt-platform-STACK-platform-artifacts-1a2b/sales/state/manifest.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/stacks/dbt-platform/STACK.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/stacks/dbt-platform/STACK.json.bak"),
    ("s3:PutObject", f"{STATE}/.pulumi/stacks/dbt-platform/STACK.json.zst"),
    ("s3:DeleteObject", f"{STATE}/.pulumi/stacks/dbt-platform/STACK.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/history/dbt-platform/STACK/STACK-1.history.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/backups/dbt-platform/STACK/STACK.1.json"),
    ("s3:PutObject", f"{STATE}/.pulumi/journal/dbt-platform/STACK/0000000001.journal.json"),
    ("s3:DeleteObject", f"{STATE}/.pulumi/locks/organization/dbt-platform/STACK/1.json"),
    ("secretsmanager:DeleteSecret", f"arn:aws:secretsmanager:{HERE_ARN}:secret:dbt-platform-STACK/snowflake-1a2b3c"),
    ("sns:DeleteTopic", f"arn:aws:sns:{HERE_ARN}:dbt-platform-STACK-alerts-1a2b"),
]


@pytest.mark.parametrize(("action", "resource"), NAMED)
def test_a_deployment_changes_its_own_stack_and_no_other_of_the_account(bootstrap: Stack, action: str, resource: str):
    """Whoever may push to `main` must not be able to delete production, nor to write its state."""
    assert may(bootstrap, "deploy-dev", action, resource.replace("STACK", "dev"))
    assert may(bootstrap, "deploy-prod", action, resource.replace("STACK", "prod"))
    for other in ("prod", "development"):
        assert not may(bootstrap, "deploy-dev", action, resource.replace("STACK", other))


def test_the_names_that_pulumi_makes_are_those_that_a_role_may_change(production: Stack):
    """One that does not begin with the stack's is refused to its own pipeline; one that is too long, by AWS."""
    naming = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())["config"]["pulumi:autonaming"]["value"]["providers"]["aws"]
    before = len("dbt-platform-") + LONGEST_STACK_NAME + len("--1a2b3c4")

    assert naming == {
        "pattern": "${project}-${stack}-${name}-${hex(7)}",
        "resources": {ROLE: {"mode": "default"}},
    }
    for kind in ("aws:s3/bucket:Bucket", "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"):
        named = CATALOGUE[kind].name
        assert named
        for name in production.all(kind):
            assert before + len(name) <= named.longest, name


def test_a_deployment_stays_in_its_region(bootstrap: Stack):
    """A stack in a region that nobody looks at is what an intruder makes."""
    elsewhere = {"aws__RequestedRegion": "us-east-1", **asked(DEVELOPMENT)}

    assert not may(bootstrap, "deploy-dev", "ec2:CreateVpc", f"arn:aws:ec2:us-east-1:{ACCOUNT_ID}:vpc/*", **elsewhere)
    assert not may(bootstrap, "deploy-dev", "kms:CreateKey", **elsewhere)


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])
def test_a_deployment_gives_rights_to_bounded_roles_only(bootstrap: Stack, action: str):
    """Otherwise a merged task role with every right, passed to ECS, is a pipeline with every right."""
    boundary = {"iam__PermissionsBoundary": WORKLOAD_BOUNDARY}

    assert may(bootstrap, "deploy-dev", action, TASK_ROLE, **boundary)
    assert not may(bootstrap, "deploy-dev", action, TASK_ROLE)
    for other in ("other", "ci/dbt-platform/workload-boundary-prod"):
        assert not may(bootstrap, "deploy-dev", action, TASK_ROLE, iam__PermissionsBoundary=f"{IAM}:policy/{other}")


def test_a_deployment_passes_roles_to_the_platforms_services_only(bootstrap: Stack):
    """A task's role on an EC2 instance or a Lambda function would run code that nobody reviewed."""
    assert may(bootstrap, "deploy-dev", "iam:PassRole", TASK_ROLE, iam__PassedToService="ecs-tasks.amazonaws.com")
    assert not may(bootstrap, "deploy-dev", "iam:PassRole", TASK_ROLE, iam__PassedToService="ec2.amazonaws.com")
    assert not may(bootstrap, "deploy-dev", "iam:PassRole", OWN_ROLE, iam__PassedToService="ecs-tasks.amazonaws.com")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:PutRolePolicy", OWN_ROLE),
        ("iam:DeleteRolePermissionsBoundary", OWN_ROLE),
        ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/ci/dbt-platform/deploy-prod"),
        ("iam:CreatePolicyVersion", WORKLOAD_BOUNDARY),
        ("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/evil.example.com"),
        ("iam:CreateUser", f"{IAM}:user/mallory"),
        ("iam:CreateAccessKey", f"{IAM}:user/mallory"),
        ("kms:ScheduleKeyDeletion", STATE_KEY),
        ("s3:DeleteObjectVersion", f"{STATE}/.pulumi/stacks/dbt-platform/prod.json"),
        ("s3:PutBucketPolicy", STATE),
        ("organizations:LeaveOrganization", "*"),
    ],
)
def test_not_even_an_administrators_policy_lifts_the_ceiling(bootstrap: Stack, action: str, resource: str):
    """What guards the pipeline must not be in the pipeline's hands."""
    ceiling = bootstrap.statements(POLICY, permissions.CI_BOUNDARY)

    assert not allows(ceiling, action, resource)
    assert allows(ceiling, "ec2:CreateVpc"), "a boundary that allows nothing proves nothing"


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:PutObject", "arn:aws:s3:::dbt-platform-dev-platform-artifacts-1a2b/sales/runs/1/manifest.json", True),
        ("s3:GetObject", "arn:aws:s3:::dbt-platform-prod-platform-artifacts-1a2b/sales/runs/1/manifest.json", False),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE_ARN}:secret:dbt-platform-dev/snowflake-1a2b3c", True),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE_ARN}:secret:dbt-platform-prod/snowflake-1a2b3c", False),
        ("ecs:RunTask", f"arn:aws:ecs:{HERE_ARN}:task-definition/dbt-platform-prod-sales:7", False),
        ("sqs:SendMessage", f"arn:aws:sqs:{REGION}:999999999999:airflow-celery-1a2b", True),
        ("s3:GetObject", f"{STATE}/.pulumi/stacks/dbt-platform/prod.json", False),
        ("iam:CreateRole", TASK_ROLE, False),
        ("ec2:RunInstances", "*", False),
    ],
)
def test_what_a_role_of_the_program_can_ever_do(bootstrap: Stack, action: str, resource: str, expected: bool):
    """A task must never read Pulumi's state or another stack's data, nor make anything."""
    assert allows(bootstrap.statements(POLICY, permissions.workload_boundary("dev")), action, resource) == expected


def test_every_role_of_the_platform_fits_under_the_boundary(bootstrap: Stack, production: Stack):
    """A right that the boundary cuts off fails in production and nowhere else."""
    boundary = bootstrap.statements(POLICY, permissions.workload_boundary("dev"))
    granted = {
        action
        for policy in production.all(ROLE_POLICY).values()
        for statement in json.loads(policy["policy"])["Statement"]
        for action in statement["Action"]
        if statement["Effect"] == "Allow"
    }
    covered = {action for statement in boundary if statement["Effect"] == "Allow" for action in statement["Action"]}

    assert len(granted) > 20
    assert {action for action in granted if not allows([{"Effect": "Allow", "Action": list(covered)}], action)} == set()


@pytest.mark.parametrize(("kind", "limit"), [(ROLE_POLICY, 10_240), (POLICY, 6_144)])
def test_policies_are_within_iams_limits(bootstrap: Stack, kind: str, limit: int):
    """AWS refuses a longer one, in the administrator's first minutes with this project (IAM, "IAM quotas")."""
    for name, resource in bootstrap.all(kind).items():
        assert len(json.dumps(json.loads(resource["policy"]), separators=(",", ":"))) <= limit, name


def test_policies_have_no_mistakes_that_a_linter_knows(bootstrap: Stack):
    """An action that does not exist grants nothing, and nobody notices until it is needed."""
    findings = [
        f"{name}: {finding.issue} {finding.detail}"
        for kind in (ROLE_POLICY, POLICY)
        for name, resource in bootstrap.all(kind).items()
        for finding in analyze_policy_string(resource["policy"]).findings
        if finding.issue in ("UNKNOWN_ACTION", "UNKNOWN_PREFIX", "MALFORMED", "INVALID_ARN", "DUPLICATE")
    ]

    assert findings == []


def test_the_state_is_protected_versioned_and_encrypted_with_its_own_key(bootstrap: Stack):
    """A lost state is a platform that nobody can change any more."""
    encryption = bootstrap.only("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    versioning = bootstrap.only("aws:s3/bucketVersioning:BucketVersioning")

    assert encryption["rules"][0]["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == STATE_KEY
    assert versioning["versioningConfiguration"]["status"] == "Enabled"
    assert bootstrap.only("aws:kms/key:Key")["enableKeyRotation"]


def test_it_names_every_variable_that_gitlab_needs(program: tuple[Stack, dict[str, Any]]):
    """The administrator copies these; one that is missing shows up in the first pipeline, as an AWS error."""
    _, outputs = program
    variables = {(each["environmentScope"], each["key"]): each["value"] for each in outputs["variables"]}

    assert variables["dev", "AWS_ROLE_ARN"].endswith("deploy-dev")
    assert variables["prod", "AWS_ROLE_ARN"].endswith("deploy-prod")
    assert variables["preview/prod", "AWS_ROLE_ARN"].endswith("preview")
    assert variables["preview/dev", "PULUMI_BACKEND_URL"] == f"s3://state-id?region={REGION}"
    assert outputs["secretsProvider"] == f"awskms:///{STATE_KEY}?region={REGION}"
    assert outputs["workloadBoundaries"]["dev"] == WORKLOAD_BOUNDARY


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_examples_put_each_stack_into_its_own_account(stack: str):
    """With one bootstrap for both, development's pipeline would reach what of production has neither name nor tags."""
    file = yaml.safe_load((REPOSITORY / f"bootstrap/Pulumi.{stack}-account.yaml").read_text())["config"]

    assert ENVIRONMENTS[stack]["tags"].items() <= stack_file(stack)["aws:defaultTags"]["tags"].items()
    assert file["dbt-platform-bootstrap:environments"] == {stack: ENVIRONMENTS[stack]}
    assert file["aws:allowedAccountIds"] == stack_file(stack)["aws:allowedAccountIds"]


@pytest.mark.parametrize(
    ("gitlab", "environments", "message"),
    [
        ({"project": "platform", "projectId": "42"}, ENVIRONMENTS, "gitlab.project = 'platform'"),
        ({**GITLAB, "url": "gitlab.com"}, ENVIRONMENTS, "gitlab.url = 'gitlab.com'"),
        ({**GITLAB, "url": "https://git.example.com:8443"}, ENVIRONMENTS, "AWS trusts no issuer with a port"),
        ({**GITLAB, "url": "https://example.com/gitlab/"}, ENVIRONMENTS, "without a slash at the end"),
        ({**GITLAB, "projectID": "42"}, ENVIRONMENTS, "Did you mean 'projectId'"),
        (GITLAB, {"dev": {**ENVIRONMENTS["dev"], "tag": "v*"}}, "either `branch` or `tag`"),
        (GITLAB, {"dev": {**ENVIRONMENTS["dev"], "branch": "*"}}, "environments.dev.branch = '*'"),
        (GITLAB, {"dev": {"branch": "main"}}, "environments.dev.tags"),
        (GITLAB, {**ENVIRONMENTS, "test": ENVIRONMENTS["dev"]}, "dev and test `tags` that tell their things apart"),
        (GITLAB, {}, "environments"),
    ],
)
def test_a_wrong_configuration_names_the_key(gitlab: dict[str, str], environments: dict[str, Any], message: str):
    """A mistyped project would give another project's jobs this account; a branch `*` every job of this one."""
    set_configuration({f"{NAMESPACE}:gitlab": gitlab, f"{NAMESPACE}:environments": environments})

    with pytest.raises(pulumi.RunError) as refused:
        Settings.load()

    assert message in str(refused.value)


def test_a_deployment_connects_the_channels_of_its_own_stack_and_authorises_no_workspace(bootstrap: Stack):
    """Whom AWS talks to is a person's decision; and development must not take production's channel away."""
    change, own = "chatbot:UpdateSlackChannelConfiguration", f"arn:aws:chatbot::{ACCOUNT_ID}:chat-configuration/slack-channel/"

    assert may(bootstrap, "deploy-dev", "chatbot:CreateSlackChannelConfiguration")
    assert may(bootstrap, "deploy-dev", change, f"{own}dbt-platform-dev-C07EZ1ABC23")
    assert not may(bootstrap, "deploy-dev", change, f"{own}dbt-platform-prod-C07EZ1ABC23")
    assert not may(bootstrap, "deploy-dev", "chatbot:RedeemSlackOauthCode")
    role = f"{IAM}:role/dbt-platform-dev/alerts/alerts-chat-1a2b3c4"
    assert may(bootstrap, "deploy-dev", "iam:PassRole", role, **{"iam:PassedToService": "chatbot.amazonaws.com"})
