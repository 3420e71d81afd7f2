"""A team's stack on the platform that is deployed: the real engine reads the one stack for the other."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.demo.demo import client
from sandbox.demo.stack import Stack
from sandbox.paths import REPOSITORY
from tests.conftest import copy_repository
from tests.inventory import inventory

NAME = "sandbox-logistics"
FAMILY = "dbt-platform-sandbox-logistics-daily"


def team_file() -> dict[str, Any]:
    """What a person writes, from the platform's own file."""
    platform = yaml.safe_load((REPOSITORY / "Pulumi.sandbox.yaml").read_text())["config"]
    kept = ("aws:region", "aws:defaultTags", "dbt-platform:environment", "dbt-platform:warehouse")
    sales = platform["dbt-platform:workstreams"]["sales"]
    return {
        **{key: platform[key] for key in kept},
        "dbt-platform:team": {"name": "logistics", "platformStack": "sandbox"},
        "dbt-platform:workstreams": {"logistics-daily": {**sales, "schedule": "sales", "schema": "LOGISTICS"}},
    }


@pytest.fixture
def team(platform: Stack, tmp_path: Path) -> Iterator[Stack]:
    """The team's stack in the platform's backend, still empty; afterwards nothing is left of it."""
    repository = copy_repository(tmp_path / "repository")
    (repository / f"Pulumi.{NAME}.yaml").write_text(yaml.safe_dump({"config": team_file()}))
    stack = Stack(platform.home, platform.state, platform.cli, name=NAME, repository=repository)
    given = json.loads((platform.home.project / "sandbox.json").read_text())
    stack.configure({key: given[key] for key in ("dbt-platform:warehouse", "dbt-platform:image")})
    init = [platform.cli, "stack", "init", NAME, "--non-interactive", "--no-select", "--cwd", platform.home.project]
    subprocess.run(init, env=stack.environment, check=True, capture_output=True)
    yield stack
    stack.run("destroy", "--yes", "--skip-preview")
    stack.run("stack", "rm", "--yes")
    stack.configuration.unlink(missing_ok=True)
    ecs = client(platform, "ecs")
    for arn in ecs.list_task_definitions(familyPrefix=FAMILY)["taskDefinitionArns"]:
        ecs.deregister_task_definition(taskDefinition=arn)


def status(stack: Stack) -> list[dict[str, Any]]:
    """What `ops status` shows of the platform's stack."""
    command = ["ops", "--stack", stack.name, "status", "--json"]
    done = subprocess.run(command, env=stack.environment, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_team_deploys_onto_the_platform_and_leaves_it_as_it_was(platform: Stack, team: Stack):
    """The platform is not deployed again for it, and its destruction takes away nothing but its own."""
    before, outputs = inventory(platform), platform.outputs()

    team.run("up", "--yes", "--skip-preview")

    s3, told = client(platform, "s3"), team.outputs()
    added = {kind: set(names) - set(before.get(kind, ())) for kind, names in inventory(platform).items()}
    document = json.loads(s3.get_object(Bucket=outputs["dagBucket"], Key="dags/config/logistics-daily.json")["Body"].read())
    assert {kind for kind, names in added.items() if names} == {
        "repository",
        "secret",
        "role",
        "log group",
        "task definition",
        "topic",
    }
    assert added["secret"] == {"dbt-platform-sandbox/logistics/snowflake"}
    assert document["cluster"] == outputs["clusterArn"]
    assert document["subnets"] == outputs["privateSubnetIds"]
    assert document["schedule"] == {"asset": "sales"}
    assert told["airflowEnvironment"] == outputs["airflowEnvironment"]

    assert {row["workstream"] for row in status(platform)} == {"finance", "logistics-daily", "sales"}

    team.run("destroy", "--yes", "--skip-preview")

    left = {kind: set(names) - set(before.get(kind, ())) for kind, names in inventory(platform).items()}
    assert {kind: names for kind, names in left.items() if names} == {"task definition": added["task definition"]}
    assert {kind: set(names) - set(inventory(platform)[kind]) for kind, names in before.items()} == {kind: set() for kind in before}
    assert platform.outputs() == outputs
