"""The whole program, with each stack file that is committed."""

import gc
import json
import runpy
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string

from settings.project import REPOSITORY
from tests.unit.recorder import RecordingMonitor, Stack, run_program, set_configuration, stack_file

NO_RESOURCE_LEVEL = {
    "ecr:GetAuthorizationToken",
    "ecs:ListTasks",
    "logs:DescribeLogGroups",
    "s3:GetAccountPublicAccessBlock",
    "cloudwatch:PutMetricData",
}
"""Actions that AWS can't limit to a resource; each `*` in the code names its reason."""

MWAA_PATTERNS = {"s3:GetBucket*", "s3:GetObject*", "s3:List*"}
"""Of the DAG bucket, as the page asks of Airflow's role: nobody is told which of them MWAA calls (Amazon MWAA, "Amazon MWAA
execution role").
"""


def of_the_dags(statement: Mapping[str, Any]) -> bool:
    """Does it reach the DAG bucket, and nothing else?"""
    return set(statement["Resource"]) == {"arn:aws:s3:::platform-dags", "arn:aws:s3:::platform-dags/*"}


@pytest.mark.parametrize("name", ["development", "production", "sandbox"])
def test_every_committed_stack_file_deploys(name: str, request: pytest.FixtureRequest):
    """Someone who copies a stack file starts from something that works."""
    stack: Stack = request.getfixturevalue(name)

    assert stack.only("aws:mwaa/environment:Environment")
    assert stack.warnings == []


def test_outputs_are_what_operators_and_scripts_read(development: Stack):
    """`ops`, the demo and the pipeline find everything by these names."""
    outputs = development.outputs

    assert outputs.keys() == {
        "region",
        "vpcId",
        "privateSubnetIds",
        "airflowSecurityGroupId",
        "dagBucket",
        "artifactsBucket",
        "repositoryUrl",
        "images",
        "projects",
        "clusterArn",
        "secretArn",
        "connections",
        "airflowEnvironment",
        "airflowUrl",
        "airflowLogGroups",
        "alertTopicArn",
        "chatTopicArn",
        "dashboardUrl",
        "warehouse",
        "workstreams",
    }
    assert outputs["warehouse"].keys() == {"account", "user", "role", "database", "warehouse", "authentication"}
    assert outputs["workstreams"]["sales"] == {
        "dagId": "dbt_sales",
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/dbt-platform-dev-sales:7",
        "logGroup": "/dbt-platform-dev/workstreams/sales",
        "logStreamPrefix": "dbt/dbt",
        "artifactsUri": "s3://platform-artifacts-id/sales",
        "schema": "SALES",
        "connection": "warehouse",
        "alertTopic": outputs["alertTopicArn"],
        "chatTopic": None,
        "longestMinutes": 144,
        "owner": "sales-analytics",
        "description": "Orders and customers, ready for reports",
        "schedule": "",
        "after": [],
        "timezone": "Europe/Amsterdam",
        "size": {"cpu": 1024, "memory": 2048, "architecture": "x86_64", "capacity": "onDemand"},
        # Without the role's path, as STS names it to Snowflake.
        "workloadIdentity": "arn:aws:iam::123456789012:role/sales-task",
    }

    page = (REPOSITORY / "docs/operations.md").read_text()
    assert [name for name in outputs if f"| `{name}` |" not in page] == [], "docs/operations.md, Outputs"


LINTED = [
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/key:Key",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:sns/topicPolicy:TopicPolicy",
]
"""All whose policy parliament understands: it asks for a Resource, which those of ECR and trust policies can't have."""
NOT_LINTED = {"aws:ecr/lifecyclePolicy:LifecyclePolicy", "aws:ecr/repositoryPolicy:RepositoryPolicy"}

TOLERATED = {
    # `*` is looked at by the next test; in a policy of a key or a secret it is this one.
    "RESOURCE_STAR",
    # An ARN that is compared as a text.
    "MISMATCHED_TYPE_BUT_USABLE",
}
OF_THE_KEY = {"MISMATCHED_TYPE", "UNKNOWN_CONDITION_FOR_ACTION"}
"""AWS's own statement for log groups (CloudWatch Logs, "Encrypt log data in CloudWatch Logs using AWS KMS")."""


@pytest.mark.parametrize("kind", LINTED)
def test_policies_name_real_actions_on_the_resources_that_these_take(private: Stack, kind: str):
    """A misspelt action is a permission that is missing on the day it is needed."""
    tolerated = TOLERATED | (OF_THE_KEY if kind == "aws:kms/key:Key" else set())
    findings = {
        name: [
            str(finding) for finding in analyze_policy_string(exact(inputs["policy"])).findings if finding.issue not in tolerated
        ]
        for name, inputs in private.all(kind).items()
        if "policy" in inputs
    }

    assert findings
    assert {name: found for name, found in findings.items() if found} == {}


def exact(policy: str) -> str:
    """Without MWAA's patterns: some of the actions that they stand for take no bucket."""
    document = json.loads(policy)
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [action for action in actions if action not in MWAA_PATTERNS]
    return json.dumps(document)


def test_no_policy_is_left_out(production: Stack, private: Stack):
    """A new kind of policy would be deployed unread."""
    kinds = {each.type for stack in (production, private) for each in stack.registrations() if "policy" in each.inputs}

    assert kinds <= {*LINTED, *NOT_LINTED}


def test_no_policy_reaches_further_than_aws_forces_it_to(production: Stack):
    """A stolen task can't read, run or change what is not its own."""
    for name in production.all("aws:iam/rolePolicy:RolePolicy"):
        for statement in production.role_statements(name):
            patterns = {action for action in statement["Action"] if "*" in action}
            assert not patterns or (patterns <= MWAA_PATTERNS and of_the_dags(statement)), f"{name}: {statement}"
            if "*" in statement["Resource"]:
                assert set(statement["Action"]) <= NO_RESOURCE_LEVEL, f"{name}: {statement}"


def test_only_the_service_itself_can_assume_a_role_and_only_for_us(production: Stack):
    """Someone else's AWS account can't make a service use our roles (the confused deputy)."""
    for role in production.all("aws:iam/role:Role").values():
        [statement] = json.loads(role["assumeRolePolicy"])["Statement"]

        assert statement["Principal"].keys() == {"Service"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_every_log_group_is_one_that_the_key_works_for(production: Stack):
    """CloudWatch refuses to create a log group with a key that it may not use for this very group."""
    statements = production.statements("aws:kms/key:Key", "platform")
    [logs] = [each for each in statements if each["Principal"].get("Service") == "logs.eu-west-1.amazonaws.com"]
    patterns = [arn.rpartition(":")[2].rstrip("*") for arn in logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]]

    for group in production.all("aws:cloudwatch/logGroup:LogGroup").values():
        assert group["kmsKeyId"] == "arn:aws:kms:eu-west-1:123456789012:key/platform"
        assert group["name"].startswith(tuple(patterns))


def test_production_keeps_its_data_and_a_year_of_logs(production: Stack):
    """One mistaken `pulumi destroy` can't delete what a team can't rebuild."""
    kept = {"aws:s3/bucket:Bucket", "aws:ecr/repository:Repository", "aws:secretsmanager/secret:Secret", "aws:kms/key:Key"}
    assert {each for each in production.protected if each[0] in kept} == {
        ("aws:s3/bucket:Bucket", "platform-dags"),
        ("aws:s3/bucket:Bucket", "platform-artifacts"),
        ("aws:s3/bucket:Bucket", "platform-logs"),
        ("aws:ecr/repository:Repository", "dbt"),
        ("aws:secretsmanager/secret:Secret", "snowflake"),
        ("aws:kms/key:Key", "platform"),
    }
    for bucket in production.all("aws:s3/bucket:Bucket").values():
        assert bucket["forceDestroy"] is False
    assert production.only("aws:ecr/repository:Repository")["forceDelete"] is False
    assert production.only("aws:secretsmanager/secret:Secret")["recoveryWindowInDays"] == 30
    assert production.only("aws:kms/key:Key")["deletionWindowInDays"] == 30
    for group in production.all("aws:cloudwatch/logGroup:LogGroup").values():
        assert group["retentionInDays"] == 365


def test_what_guards_the_kept_data_is_kept_with_it():
    """A destroyed stack's bucket would be open to unencrypted uploads, its secret readable for every administrator, and nobody
    would look at either again.
    """
    values = stack_file("prod")
    values["dbt-platform:image"] = {"sharedWith": ["222222222222"]}
    shared = run_program(values)
    of_protected = {response.urn: request.type.split("/")[0] for request, response in shared.exchanges if request.protect}

    settings = {
        (request.type, request.name)
        for request, _ in shared.exchanges
        for relation in request.propertyDependencies.values()
        for urn in relation.urns
        if of_protected.get(urn) == request.type.split("/")[0] and request.type != "aws:s3/bucketObjectv2:BucketObjectv2"
    }
    assert {kind.split(":")[-1] for kind, _ in settings} >= {
        "Alias", "BucketLogging", "BucketPolicy", "BucketPublicAccessBlock", "BucketVersioning", "LifecyclePolicy",
        "RepositoryPolicy", "SecretPolicy",
    }  # fmt: skip
    assert settings <= shared.protected


def test_what_a_workstream_did_can_be_read_after_it_is_gone_in_production(production: Stack):
    """An auditor asks in spring what ran in autumn; its team has been merged into another since."""
    group = "aws:cloudwatch/logGroup:LogGroup"

    assert production.retained == {(group, "sales"), (group, "finance")}


def test_the_way_back_to_a_log_group_that_stayed_is_the_documented_one(production: Stack):
    """Under another parent the next deployment would make the group a second time, and fail again."""
    kept = next(request for request, _ in production.exchanges if request.retainOnDelete and request.name == "sales")
    page = (REPOSITORY / "docs/operations.md").read_text().replace("dbt-platform-prod", "dbt-platform-dev")

    # The engine leaves the stack out of a URN, the SDK's mocks do not.
    parent = kept.parent.replace(":dev:", ":prod:").replace("pulumi:pulumi:Stack$", "")
    assert f"workstream={parent}\n" in page
    assert f"pulumi import {kept.type} {kept.name} {kept.object['name']} \\\n" in page


def test_development_is_gone_after_one_destroy(development: Stack):
    """Nobody has to empty buckets by hand, or wait for a secret's name to become free."""
    assert not development.protected
    assert not development.retained
    for bucket in development.all("aws:s3/bucket:Bucket").values():
        assert bucket["forceDestroy"] is True
    assert development.only("aws:ecr/repository:Repository")["forceDelete"] is True
    assert development.only("aws:secretsmanager/secret:Secret")["recoveryWindowInDays"] == 0


def test_a_workstream_is_one_entry(development: Stack):
    """A team gets its own roles, logs, task and DAG by adding its settings, and nothing of the others changes."""
    values = stack_file("dev")
    values["dbt-platform:workstreams"]["hr"] = {**values["dbt-platform:workstreams"]["sales"], "schema": "HR"}
    larger = run_program(values)

    before = {(each.type, each.name): each.inputs for each in development.registrations()}
    after = {(each.type, each.name): each.inputs for each in larger.registrations()}
    added = {name for _, name in after.keys() - before.keys()}
    changed = {key for key in before if after.get(key) != before[key]}

    assert added == {"hr", "hr-execution", "hr-task", "config/hr.json"}
    assert changed == set()


def test_the_state_grows_by_little_for_each_workstream():
    """Every step of a deployment writes the whole state (docs/decisions/0011-what-growth-costs.md)."""
    values = stack_file("dev")
    sales = values["dbt-platform:workstreams"]["sales"]
    added = {f"team-{number}": sales for number in range(10)}
    larger = run_program({**values, "dbt-platform:workstreams": {**values["dbt-platform:workstreams"], **added}})
    one = [request for request, _ in larger.exchanges if "team-3" in request.name]

    assert len(one) == 8
    assert sum(request.ByteSize() for request in one) < 17_000
    assert {len(request.stackTrace.frames) for request in one} == {1}
    declared = {request.type: Path(request.sourcePosition.uri).relative_to(REPOSITORY.as_uri()).as_posix() for request in one}
    assert declared == {
        "dbt-platform:workstream:Workstream": "components/workstream.py",
        "aws:cloudwatch/logGroup:LogGroup": "components/logs.py",
        "aws:iam/role:Role": "components/role.py",
        "aws:iam/rolePolicy:RolePolicy": "components/role.py",
        "aws:ecs/taskDefinition:TaskDefinition": "components/workstream.py",
        "aws:s3/bucketObjectv2:BucketObjectv2": "components/dags.py",
    }


def test_the_program_does_for_no_resource_what_nothing_needs(monkeypatch: pytest.MonkeyPatch):
    """Collections of garbage and messages for `--debug` took more than half of its time with 200 workstreams."""
    said: list[int] = []
    collected: list[bool] = []
    register = RecordingMonitor.RegisterResource

    def registering(monitor: RecordingMonitor, request: Any) -> Any:
        collected.append(gc.isenabled())
        return register(monitor, request)

    monkeypatch.setattr("pulumi.log._log", lambda _engine, severity, *_: said.append(severity))
    monkeypatch.setattr(RecordingMonitor, "RegisterResource", registering)

    run_program(stack_file("dev"))

    assert set(collected) == {False}
    assert said == []


def test_a_removed_workstream_leaves_nothing_behind(development: Stack):
    """Its DAG disappears from Airflow instead of failing every night."""
    values = stack_file("dev")
    del values["dbt-platform:workstreams"]["finance"]
    smaller = run_program(values)

    before = {(each.type, each.name) for each in development.registrations()}
    after = {(each.type, each.name) for each in smaller.registrations()}

    assert {name for _, name in before - after} == {"finance", "finance-execution", "finance-task", "config/finance.json"}


def test_a_renamed_workstream_is_a_new_one_and_the_others_stay_as_they_are(development: Stack):
    """Its history would seem to be lost, or somebody would wait for a name that is gone (docs/orchestration.md)."""
    values = stack_file("dev")
    renamed = {"shop" if name == "sales" else name: each for name, each in values["dbt-platform:workstreams"].items()}
    with pytest.raises(pulumi.RunError, match=r"finance\.schedule = 'sales'\n  No workstream has this name"):
        run_program({**values, "dbt-platform:workstreams": renamed})
    renamed["finance"] = {**renamed["finance"], "schedule": "shop"}

    other = run_program({**values, "dbt-platform:workstreams": renamed})

    before = {(each.type, each.name): each.inputs for each in development.registrations()}
    after = {(each.type, each.name): each.inputs for each in other.registrations()}
    own = {"{}", "{}-execution", "{}-task", "config/{}.json"}
    assert {name for _, name in before.keys() - after.keys()} == {name.format("sales") for name in own}
    assert {name for _, name in after.keys() - before.keys()} == {name.format("shop") for name in own}
    assert {name for _, name in before.keys() & after.keys() if after[_, name] != before[_, name]} == {"config/finance.json"}
    new = next(inputs for (_, name), inputs in after.items() if name == "config/shop.json")
    document = json.loads(new["content"])
    assert [document[key] for key in ("workstream", "dagId", "artifactsPrefix")] == ["shop", "dbt_shop", "shop"]


def test_nothing_is_registered_when_a_setting_is_wrong(stack: Stack):
    """A typo costs seconds, not a half-made network."""
    set_configuration({**stack_file("dev"), "dbt-platform:netwrok": {}})

    with pytest.raises(pulumi.RunError, match="dbt-platform:netwrok"):
        runpy.run_path(str(REPOSITORY / "__main__.py"))

    assert stack.registrations() == []


def test_every_role_carries_the_boundary():
    """GitLab's jobs may make no role without it: one that lacks it ends a deployment half-way."""
    boundary = "arn:aws:iam::123456789012:policy/ci/dbt-platform/workload-boundary"
    stack = run_program({**stack_file("sandbox"), "dbt-platform:permissionsBoundary": boundary})

    assert {role.get("permissionsBoundary") for role in stack.all("aws:iam/role:Role").values()} == {boundary}
