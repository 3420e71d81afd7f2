"""The whole program through hashicorp/aws into an account: made, unchanged at the second look, changed, and gone.

The account is moto's (`tests/witness/account.py`), whose answers nobody here wrote. Where a machine has no terraform or no
provider, the tests are skipped and say so.
"""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.network import answers, free_port, wait_until
from settings.project import REPOSITORY
from tests.unit import recorder
from tests.unit.recorder import REGION, Stack, run_program, stack_file, without_internet
from tests.witness import terraform
from tests.witness.marked import Marks
from tests.witness.terraform import Terraform
from tests.witness.test_program import bootstrapped
from tests.witness.translation import linked

SERVICES = [
    "budgets",
    "cloudwatch",
    "cloudwatchevents",
    "cloudwatchlogs",
    "ec2",
    "ecr",
    "ecs",
    "iam",
    "kms",
    "mwaa",
    "route53",
    "s3",
    "s3control",
    "secretsmanager",
    "sns",
    "sts",
]

pytestmark = [
    pytest.mark.skipif(bool(terraform.absent()), reason=f"the provider can't be asked: {terraform.absent()}"),
    # The provider waits for S3 and VPC as it does for AWS: minutes, and more beside other work.
    pytest.mark.timeout(1800),
]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of an empty account."""
    found = free_port("127.0.0.1")
    command = [sys.executable, "-m", "tests.witness.account", str(found)]
    with (tmp_path / "account.log").open("w") as log:
        server = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)
    try:
        assert wait_until(lambda: answers(f"http://127.0.0.1:{found}/moto-api/"), 120), (tmp_path / "account.log").read_text()
        yield found
    finally:
        server.terminate()
        server.wait()


class Deployed:
    """A program in the account, by way of Terraform."""

    def __init__(self, folder: Path, port: int, *, key: str = "test", calls: int = 8) -> None:
        self._terraform, self._port, self._key = Terraform(folder), port, key
        self._parallel = f"-parallelism={calls}"
        self._terraform.prepare({"provider": {"aws": self._provider({})}})
        self._schemas = self._terraform.schemas()

    def make(self, tags: Mapping[str, str], *stacks: Stack) -> None:
        """Deploy them, all together."""
        self._write(tags, *stacks)
        self._terraform.run("apply", "-auto-approve", self._parallel)

    def up(self, stack: Stack, tags: Mapping[str, str]) -> list[str]:
        """Deploy; what that did, as `plan` tells it."""
        self._write(tags, stack)
        planned = self.plan("-refresh=false")
        self._terraform.run("apply", "-auto-approve", self._parallel, "plan")
        return planned

    def _write(self, tags: Mapping[str, str], *stacks: Stack) -> None:
        resources: dict[str, dict[str, Any]] = {}
        for stack in stacks:
            for kind, named in linked(stack, self._schemas)["resource"].items():
                known = resources.setdefault(kind, {})
                assert not known.keys() & named.keys(), f"two of the same name: {known.keys() & named.keys()}"
                known.update(named)
        self._terraform.prepare({"provider": {"aws": self._provider(tags)}, "resource": resources}, "get")

    def plan(self, *options: str) -> list[str]:
        """What would be done to each resource to which something is: `update aws_sns_topic.r-alerts name tags`."""
        return self.look(*options)[0]

    def look(self, *options: str) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
        """The same, and type and attributes of each resource as it was found."""
        self._terraform.run("plan", self._parallel, "-out=plan", *options)
        planned = json.loads(self._terraform.run("show", "-json", "plan"))
        changes = [each for each in planned["resource_changes"] if each["change"]["actions"] != ["no-op"]]
        found = planned.get("prior_state", {}).get("values", {}).get("root_module", {}).get("resources", [])
        return [_told(each["address"], each["change"]) for each in changes], [(each["type"], each["values"]) for each in found]

    def down(self) -> None:
        self._terraform.run("destroy", "-auto-approve", "-refresh=false", self._parallel)

    def _provider(self, tags: Mapping[str, str]) -> dict[str, Any]:
        address = f"http://127.0.0.1:{self._port}"
        return {
            "region": REGION,
            "access_key": self._key,
            "secret_key": "test",
            "skip_metadata_api_check": True,
            "s3_use_path_style": True,
            "max_retries": 5,
            # MWAA's host is `api.` and the endpoint's: no name server knows it, a proxy need not ask.
            "http_proxy": address,
            "no_proxy": "127.0.0.1",
            "endpoints": [dict.fromkeys(SERVICES, address)],
            "default_tags": [{"tags": tags}],
        }


def _told(address: str, change: Mapping[str, Any]) -> str:
    before, after = change["before"] or {}, change["after"] or {}
    names = sorted(name for name in after if before.get(name) != after[name]) if before and after else []
    return " ".join(["/".join(change["actions"]), address, *names])


def otherwise(values: Mapping[str, Any]) -> dict[str, Any]:
    """The sandbox's stack with a change to each thing that a team changes."""
    changed = copy.deepcopy(dict(values))
    changed["aws:defaultTags"]["tags"] = {**changed["aws:defaultTags"]["tags"], "cost-center": "data-2", "team": "data"}
    workstreams = changed["dbt-platform:workstreams"]
    del workstreams["finance"]
    workstreams["sales"].update(cpu=2048, memory=4096, owner="others", schedule="0 5 * * *", capacity="spot", retries=1)
    workstreams["marketing"] = {**workstreams["sales"], "schema": "MARKETING", "schedule": "sales"}
    changed["dbt-platform:alerts"].update(monthlyBudgetUsd=70, emails=["a@example.com"])
    changed["dbt-platform:airflow"].update(environmentClass="mw1.medium", maxWorkers=5, maintenanceWindow="MON:04:30")
    return changed


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "RecordingMocks", Marks)


def tags_of(values: Mapping[str, Any]) -> dict[str, str]:
    return values["aws:defaultTags"]["tags"]


@pytest.mark.slow
@pytest.mark.usefixtures("marked")
def test_a_stack_is_made_changed_and_destroyed_by_the_real_provider(tmp_path: Path, port: int):
    """What AWS fills in leads to no change at the next look, and every change arrives."""
    values = stack_file("sandbox")
    stack, other = run_program(values), run_program(otherwise(values))
    deployed = Deployed(tmp_path, port)

    made = deployed.up(stack, tags_of(values))
    again = deployed.plan()
    changed = deployed.up(other, tags_of(otherwise(values)))
    then = deployed.plan()
    deployed.down()

    assert {each.split()[0] for each in made} == {"create"}
    assert again == []
    assert {each.split()[0] for each in changed} == {"create", "update", "delete", "delete/create"}
    assert then == []


VARIANTS = {
    "production without internet": lambda: (run_program(without_internet(stack_file("prod"))), tags_of(stack_file("prod"))),
    "bootstrap": lambda: (bootstrapped(), {}),
}


@pytest.mark.slow
@pytest.mark.xdist_group("variants")  # beside the test above: both wait
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.usefixtures("marked")
def test_every_variant_is_made_once_by_the_real_provider(tmp_path: Path, port: int, variant: str):
    stack, tags = VARIANTS[variant]()
    deployed = Deployed(tmp_path, port)

    deployed.make(tags, stack)

    assert deployed.plan() == []
