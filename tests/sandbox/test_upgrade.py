"""A team's stack of an earlier version, deployed by that version's own program, takes this one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import base, engine
from sandbox.demo.demo import client
from sandbox.demo.stack import Stack
from sandbox.docker_leftovers import remove_images
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.state import State
from sandbox.testing.account import Account
from sandbox.testing.warehouse_server import ACCOUNT, NAMES, PASSWORD, Server, pem
from tests.sandbox.test_stack import touched
from tests.upgrades import STACK, own_files, team_clone, upgrade

KEPT = (
    "aws:s3/bucket:Bucket",
    "aws:kms/key:Key",
    "aws:secretsmanager/secret:Secret",
    "aws:ecr/repository:Repository",
    "aws:mwaa/environment:Environment",
    "aws:cloudwatch/logGroup:LogGroup",
)
"""What holds data or history."""

TABLE = f"{NAMES['database']}.ACME.DELIVERIES"


def stack_file() -> dict[str, Any]:
    """What the team wrote."""
    example = yaml.safe_load((REPOSITORY / "Pulumi.sandbox.yaml").read_text())["config"]
    kept = ("aws:region", "aws:defaultTags", "dbt-platform:environment", "dbt-platform:network", "dbt-platform:airflow")
    deliveries = {"project": "acme", "schedule": None, "retries": 0, "owner": "acme-logistics", "schema": "ACME"}
    return {
        **{key: example[key] for key in kept},
        "dbt-platform:warehouse": {"account": ACCOUNT, **NAMES, "authentication": "keyPair"},
        "dbt-platform:workstreams": {"deliveries": deliveries},
    }


class Clone(Stack):
    """The team's stack: all that is run for it, the language host and `ops` too, has the code of its clone."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "PYTHONPATH": os.pathsep.join(str(self.repository / part) for part in ("", "image"))}

    def ops(self, *words: str, given: str = "", expected: int = 0) -> str:
        """What `ops` prints, or why it failed."""
        command = [str(Path(sys.executable).with_name("ops")), *words]
        done = subprocess.run(
            command, env=self.environment, cwd=self.repository, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == expected, f"{words}: {done.stdout}{done.stderr}"
        return done.stderr if expected else done.stdout


@pytest.fixture
def team(cloud: Account, server: Server, tmp_path: Path) -> Iterator[Clone]:
    """The team's clone, whose stack is not deployed yet."""
    clone, home = team_clone(tmp_path, stack_file()), Home(tmp_path / "home")
    engine.prepare_home(home.pulumi_home, Path(sys.executable))
    known = {"account": cloud.id, "secret_key": cloud.secret_key, "emulator_port": cloud.port}
    state = State.new().model_copy(update={**known, "warehouse_port": server.port, "warehouse_password": PASSWORD})
    stack = Clone(home, state, engine.ensure_cli(CACHE, print), name=STACK, repository=clone)
    address = {"host": "host.docker.internal", "port": server.port, "protocol": "http"}
    stack.init({"dbt-platform:warehouse": address, "dbt-platform:image": {"baseImage": base.ensure_base(CACHE, print)}})
    stack.log_in()
    yield stack
    remove_images(f"{cloud.id}.dkr.ecr.")


def held(stack: Stack) -> dict[str, Any]:
    """What of the stack would be another thing if it had been made anew, by what AWS says of each."""
    outputs = stack.outputs()
    repository = outputs["repositoryUrl"].partition("/")[2]
    groups = client(stack, "logs").describe_log_groups()["logGroups"]
    airflow = client(stack, "mwaa").get_environment(Name=outputs["airflowEnvironment"])["Environment"]
    return {
        "buckets": {bucket["Name"]: bucket["CreationDate"] for bucket in client(stack, "s3").list_buckets()["Buckets"]},
        "keys": [key["KeyId"] for key in client(stack, "kms").list_keys()["Keys"]],
        "secrets": [secret["ARN"] for secret in client(stack, "secretsmanager").list_secrets()["SecretList"]],
        "repository": client(stack, "ecr").describe_repositories(repositoryNames=[repository])["repositories"][0]["createdAt"],
        "airflow": (airflow["Arn"], airflow["CreatedAt"]),
        "log groups": {group["logGroupName"]: group["creationTime"] for group in groups},
    }


def test_a_team_takes_the_next_version_and_keeps_what_it_has(team: Clone, server: Server):
    """Whoever loses a bucket, the history of Airflow or a table to an upgrade takes no other one."""
    team.run("up", "--yes", "--skip-preview")
    team.ops("credentials", "put", given=pem(server.key))
    first = json.loads(team.ops("run", "deliveries", "--wait", "--json"))
    before = held(team)

    upgrade(team.repository)
    done = touched(team, "up", "--yes", "--skip-preview")

    assert own_files(team.repository, "upgrade") == own_files(team.repository, "main")
    assert {(what, each) for what, each in done if each.startswith(KEPT) and what not in {"update", "create"}} == set()
    now = held(team)
    assert {kind: now[kind] for kind in before if kind != "log groups"} == {
        kind: before[kind] for kind in before if kind != "log groups"
    }
    assert before["log groups"].items() <= now["log groups"].items()

    second = json.loads(team.ops("run", "deliveries", "--wait", "--json"))
    assert (first["state"], second["state"]) == ("success", "success")
    assert len(server.run(f"select distinct built_by from {TABLE}")) == 2
    assert "Nothing was changed" in team.ops("rollback", "deliveries", expected=1)
