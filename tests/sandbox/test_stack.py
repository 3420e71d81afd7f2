"""The repository's own program, deployed by the real engine: what it makes, keeps, mends and takes away."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox import engine
from sandbox.demo import lifecycle
from sandbox.demo.demo import client
from sandbox.demo.stack import Stack
from sandbox.errors import SandboxError
from sandbox.paths import REPOSITORY, Home
from tests.conftest import deploy
from tests.inventory import inventory


def touched(stack: Stack, verb: str, *options: str) -> set[tuple[str, str]]:
    """What an update did: (operation, type and name), from the engine's own events; without components and unchanged resources."""
    log = stack.home.logs / "touched.events"
    log.unlink(missing_ok=True)
    stack.run(verb, "--event-log", str(log), *options)
    done = set()
    for line in log.read_text().splitlines():
        event = json.loads(line).get("resourcePreEvent")
        if event and event["metadata"]["op"] != "same" and not event["metadata"]["type"].startswith("pulumi:"):
            done.add((event["metadata"]["op"], event["metadata"]["urn"].partition("::dbt-platform::")[2].rpartition("$")[2]))
    return done


def test_the_stack_is_in_the_account(platform):
    """Each kind of resource that a dbt project needs in production is really there."""
    found = inventory(platform)

    assert {kind: len(names) for kind, names in found.items() if kind in ("VPC", "cluster", "repository", "secret", "key")} == {
        "VPC": 1,
        "cluster": 1,
        "repository": 1,
        "secret": 2,  # finance logs in with a connection of its own
        "key": 1,
    }
    assert len(found["Airflow environment"]) == 1
    assert len(found["task definition"]) == 2


def test_tasks_run_in_private_subnets_of_two_zones(platform):
    """A task with a public address would be reachable from the internet."""
    ec2 = client(platform, "ec2")
    dag = json.loads(
        client(platform, "s3").get_object(Bucket=platform.outputs()["dagBucket"], Key="dags/config/sales.json")["Body"].read()
    )

    subnets = ec2.describe_subnets(SubnetIds=dag["subnets"])["Subnets"]
    groups = ec2.describe_security_groups(GroupIds=dag["securityGroups"])["SecurityGroups"]

    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    assert [group["IpPermissions"] for group in groups] == [[]]


def test_buckets_are_private_versioned_and_encrypted_with_our_key(platform):
    s3, outputs = client(platform, "s3"), platform.outputs()

    for bucket in (outputs["dagBucket"], outputs["artifactsBucket"]):
        rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())


def test_the_task_definition_runs_exactly_the_pushed_image(platform):
    """A tag may move; a digest is what was tested."""
    outputs = platform.outputs()
    repository = outputs["repositoryUrl"].partition("/")[2]
    pushed = {image["imageDigest"] for image in client(platform, "ecr").describe_images(repositoryName=repository)["imageDetails"]}

    for workstream in outputs["workstreams"].values():
        arn = workstream["taskDefinitionArn"]
        container = client(platform, "ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"][
            0
        ]
        address, digest = container["image"].split("@")
        assert (address, digest in pushed) == (outputs["repositoryUrl"], True)
        assert container["readonlyRootFilesystem"] is True


def test_the_dag_bucket_holds_one_configuration_per_workstream_with_live_values(platform):
    """The DAG runs what the stack made, not what somebody typed."""
    s3, outputs = client(platform, "s3"), platform.outputs()
    keys = {item["Key"] for item in s3.list_objects_v2(Bucket=outputs["dagBucket"])["Contents"]}

    assert {"dags/dbt_workstreams.py", "dags/config/sales.json", "dags/config/finance.json"} <= keys
    for name, workstream in outputs["workstreams"].items():
        config = json.loads(s3.get_object(Bucket=outputs["dagBucket"], Key=f"dags/config/{name}.json")["Body"].read())
        assert config["taskDefinition"] == workstream["taskDefinitionArn"]
        assert config["cluster"] == outputs["clusterArn"]


def test_nothing_changes_without_a_change(platform):
    """A preview that always shows something teaches people to overlook the day it matters."""
    platform.run("preview", "--refresh", "--expect-no-changes")


def test_drift_is_found_and_mended(platform):
    """Somebody changed a tag and a retention by hand."""
    s3, logs, outputs = client(platform, "s3"), client(platform, "logs"), platform.outputs()
    group = outputs["workstreams"]["sales"]["logGroup"]
    tags = s3.get_bucket_tagging(Bucket=outputs["artifactsBucket"])["TagSet"]
    retention = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"]
    s3.put_bucket_tagging(Bucket=outputs["artifactsBucket"], Tagging={"TagSet": [{"Key": "owner", "Value": "somebody else"}]})
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)

    with pytest.raises(SandboxError, match="expected"):
        platform.run("preview", "--refresh", "--expect-no-changes")
    platform.run("up", "--refresh", "--yes", "--skip-preview")

    mended = s3.get_bucket_tagging(Bucket=outputs["artifactsBucket"])["TagSet"]
    assert sorted(mended, key=str) == sorted(tags, key=str)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == retention


def test_a_changed_model_changes_image_task_definitions_and_dag_configuration_only(platform, repository_copy):
    """A data engineer's merge must not touch the network."""
    model = repository_copy.repository / "dbt_project/models/sales/marts/daily_sales.sql"
    model.write_text(model.read_text() + "\n-- changed\n")

    try:
        done = touched(repository_copy, "up", "--yes", "--skip-preview")
    finally:
        platform.run("up", "--yes", "--skip-preview")

    kinds = {name.partition("::")[0] for _, name in done}
    assert kinds == {"docker:index/image:Image", "aws:ecs/taskDefinition:TaskDefinition", "aws:s3/bucketObjectv2:BucketObjectv2"}
    objects = {name.partition("::")[2] for _, name in done if name.startswith("aws:s3/")}
    assert {name for name in objects if not re.search("sales|finance", name)} == set()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dbt-platform:netwrok": {"cidr": "10.0.0.0/16"}}, "network"),
        ({"dbt-platform:workstreams": {"sales": {"project": "dbt_project", "cpu": 512, "memory": 512}}}, "memory"),
        ({"dbt-platform:workstreams": {"sales": {"project": "no_such_folder"}}}, "no_such_folder"),
    ],
    ids=["unknown key", "no such Fargate size", "no such dbt project"],
)
def test_a_wrong_configuration_is_refused_before_anything_is_made(platform, tmp_path, change, named):
    """A typo must not be found by AWS after ten minutes, with half a platform made."""
    before = inventory(platform)
    wrong = Stack(platform.home, platform.state, platform.cli)
    wrong.configuration = tmp_path / "Pulumi.sandbox.yaml"
    wrong.configuration.write_text(platform.configuration.read_text())
    wrong.configure(change)

    with pytest.raises(SandboxError) as raised:
        wrong.run("up", "--yes", "--skip-preview")

    assert named in raised.value.problem
    assert "Traceback" not in raised.value.problem
    assert inventory(platform) == before


@pytest.fixture
def second_sandbox() -> Iterator[Stack]:
    """A sandbox that a test may destroy."""
    home = Home(REPOSITORY / ".sandbox-second")
    try:
        yield deploy(home)
    finally:
        lifecycle.clear(home, print)


@pytest.mark.slow
def test_destroy_leaves_nothing_and_the_stack_comes_back(second_sandbox):
    """A forgotten NAT gateway costs money every hour."""
    made = {kind: len(names) for kind, names in inventory(second_sandbox).items()}

    second_sandbox.run("destroy", "--yes", "--skip-preview")

    assert inventory(second_sandbox) == {}

    second_sandbox.run("up", "--yes", "--skip-preview")

    assert {kind: len(names) for kind, names in inventory(second_sandbox).items()} == made


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_other_stacks_preview(platform, tmp_path, name):
    """Stack files that nobody can try rot."""
    account = yaml.safe_load((REPOSITORY / f"Pulumi.{name}.yaml").read_text())["config"]["aws:allowedAccountIds"][0]
    engine.prepare_home(Home(tmp_path).pulumi_home, Path(sys.executable))
    other = Stack(Home(tmp_path), platform.state.model_copy(update={"account": account}), platform.cli, name=name)
    other.init({})

    said = other.run("preview")

    assert "Diagnostics:" not in said, "it warns of something"
    assert re.search(r"\+ \d+ to create", said)


def test_production_is_destroyed_only_by_somebody_who_says_so(platform, tmp_path):
    """One mistaken command can't delete what a team can't rebuild; and docs/operations.md says how to do it on purpose."""
    engine.prepare_home(Home(tmp_path).pulumi_home, Path(sys.executable))
    production = Stack(Home(tmp_path), platform.state, platform.cli, name="prod")
    production.init({"aws:allowedAccountIds": [platform.state.account]})
    # With its parents, which the engine wants to be named too; the rest of the platform would take minutes.
    urn, kinds = "urn:pulumi:prod::dbt-platform::", ("storage:Storage", "bucket:PrivateBucket")
    types = [*(f"dbt-platform:{kind}" for kind in kinds), "aws:s3/bucket:Bucket"]
    parents = [f"{urn}{types[0]}::platform", f"{urn}{'$'.join(types[:2])}::platform-artifacts"]
    bucket = f"{urn}{'$'.join(types)}::platform-artifacts"
    targets = [option for each in (*parents, bucket) for option in ("--target", each)]
    production.run("up", "--yes", "--skip-preview", *targets)
    names = {item["Name"] for item in client(platform, "s3").list_buckets()["Buckets"]}
    [name] = [each for each in names if each.startswith("dbt-platform-prod-platform-artifacts-")]
    client(platform, "s3").put_object(Bucket=name, Key="sales/runs/1/1/manifest.json", Body=b"{}")

    with pytest.raises(SandboxError) as refused:
        production.run("destroy", "--yes", "--skip-preview")

    assert "pulumi state unprotect" in refused.value.problem
    assert bucket in refused.value.problem
    production.run("config", "set", "dbt-platform:environment", "development")
    production.run("config", "set", "--path", "aws:defaultTags.tags.environment", "development")
    production.run("up", "--yes", "--skip-preview", *targets)
    production.run("destroy", "--yes", "--skip-preview")
    assert name not in {item["Name"] for item in client(platform, "s3").list_buckets()["Buckets"]}
