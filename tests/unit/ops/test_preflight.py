"""`ops preflight`: what would stop a deployment half-way is said before it begins."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ops import preflight
from ops.cli import app
from ops.limits import QUOTAS, table
from policy.controls.tags import REQUIRED
from settings.project import REPOSITORY
from settings.sections.tags import ASKED_FOR
from settings.stack import Settings
from tests.unit.recorder import Stack, run_program, stack_file, without_internet

ACCOUNT = "222222222222"
ZONES = [{"ZoneName": f"eu-west-1{zone}", "ZoneId": f"euw1-az{number}"} for number, zone in enumerate("abc")]

Answers = dict[str, Callable[..., Any]]


class Client:
    """boto3's client of one service, as far as preflight asks."""

    exceptions = SimpleNamespace(NoSuchResourceException=LookupError)

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return self._answers[operation]

    def get_paginator(self, operation: str) -> Any:
        answer = self._answers[operation]()
        pages = type("Pages", (list,), {"build_full_result": lambda _: answer})([answer])
        return SimpleNamespace(paginate=lambda: pages)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """An account with everything that a stack needs."""
    answers: Answers = {
        "get_caller_identity": lambda: {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/me"},
        "describe_availability_zones": lambda **_: {"AvailabilityZones": ZONES},
        "describe_vpc_endpoint_services": lambda **_: {"ServiceDetails": [{"AvailabilityZones": [z["ZoneName"] for z in ZONES]}]},
        "get_account_summary": lambda: {"SummaryMap": {"Roles": 30}},
        "list_environments": lambda: {"Environments": ["other"]},
        "describe_vpcs": lambda: {"Vpcs": [{}]},
        "describe_internet_gateways": lambda: {"InternetGateways": [{}]},
        "describe_addresses": lambda: {"Addresses": []},
        "get_service_quota": lambda **_: {"Quota": {"Value": 100.0}},
    }
    session = SimpleNamespace(
        region_name="eu-west-1", client=lambda *_, **__: Client(answers), get_available_regions=lambda _: ["eu-west-1"]
    )
    monkeypatch.setattr(preflight.boto3, "Session", lambda **_: session)
    monkeypatch.setattr(preflight, "_output", lambda *_: "28.0")
    monkeypatch.setattr(preflight, "_snowflake", lambda _: iter(()))
    return answers


@pytest.fixture
def run(tmp_path: Any) -> Callable[..., Any]:
    def command(**changes: Any) -> Any:
        file = tmp_path / "Pulumi.prod.yaml"
        values = {**stack_file("prod"), "aws:allowedAccountIds": [ACCOUNT], **changes}
        file.write_text(yaml.safe_dump({"config": {key: value for key, value in values.items() if value is not None}}))
        return CliRunner().invoke(app, ["--stack", "prod", "preflight", "--config-file", str(file), "--json"])

    return command


def failed(result: Any) -> dict[str, dict[str, Any]]:
    return {finding["check"]: finding for finding in json.loads(result.stdout) if not finding["ok"]}


def test_an_account_with_everything_passes(account: Answers, run: Callable[..., Any]):
    result = run()

    assert result.exit_code == 0, result.output
    assert failed(result) == {}


MISSING: dict[str, tuple[str, Callable[..., Any], str, str]] = {
    "another account": ("get_caller_identity", lambda: {"Account": "1", "Arn": "a"}, "AWS account", "take that account's"),
    "roles": ("get_account_summary", lambda: {"SummaryMap": {"Roles": 98}}, "Roles per account", "Ask AWS for 105 or more"),
    "addresses": ("describe_addresses", lambda: {"Addresses": [{}] * 99}, "EC2-VPC Elastic IPs", "Ask AWS for 101 or more"),
    "environments": (
        "list_environments",
        lambda: {"Environments": ["e"] * 10},
        "Environments per account per Region",
        "11 or more",
    ),
    "zones": (
        "describe_vpc_endpoint_services",
        lambda **_: {"ServiceDetails": [{"AvailabilityZones": ["eu-west-1b", "eu-west-1c"]}]},
        "availability zones",
        "network.zones to 2 of: eu-west-1b, eu-west-1c",
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_said_with_its_fix(account: Answers, run: Callable[..., Any], name: str):
    """MWAA takes forty minutes to be made, and a quota stops the deployment after them."""
    operation, answer, check, fix = MISSING[name]
    account[operation] = answer

    result = run()

    assert result.exit_code == 1
    assert list(failed(result)) == [check]
    assert fix in failed(result)[check]["fix"]


def test_a_small_fargate_quota_is_found(account: Answers, run: Callable[..., Any]):
    """A young account has 6 vCPUs: the second large workstream of a night would not start."""
    account["get_service_quota"] = lambda **asked: {"Quota": {"Value": 6.0 if asked["QuotaCode"] == "L-3032A538" else 100.0}}
    workstreams = stack_file("prod")["dbt-platform:workstreams"]
    large = {name: {**each, "cpu": 4096, "memory": 8192} for name, each in workstreams.items()}

    found = failed(run(**{"dbt-platform:workstreams": large}))

    assert found["Fargate On-Demand vCPU resource count"]["detail"] == f"6: {4 * len(large)} needed"


def test_a_quota_that_nobody_changed_is_the_default(account: Answers, run: Callable[..., Any]):
    """Service Quotas does not know it then, for some services."""

    def unknown(**_: Any) -> Any:
        raise LookupError

    account["get_service_quota"] = unknown

    assert failed(run()) == {}


def test_a_stack_that_is_there_needs_nothing_more(account: Answers, run: Callable[..., Any]):
    """What it has counts as used already."""
    account["list_environments"] = lambda: {"Environments": ["dbt-platform-prod"]}
    account["describe_vpcs"] = lambda: {"Vpcs": [{}] * 100}

    assert failed(run()) == {}


def test_a_wrong_setting_is_named_before_aws_is_asked(run: Callable[..., Any]):
    result = run(**{"dbt-platform:airflow": {"environmentClass": "mw1.giant"}})

    assert result.exit_code == 1
    assert "environmentClass" in result.output


def test_missing_tags_are_found(account: Answers, run: Callable[..., Any]):
    found = failed(run(**{"aws:defaultTags": {"tags": {"project": "dbt"}}}))

    assert "lacks environment, owner, repository, cost-center" in found["tags"]["detail"]


def test_the_tags_are_those_of_the_policies():
    assert ASKED_FOR == REQUIRED


def count(stack: Stack, type_: str) -> int:
    return len(stack.all(type_))


@pytest.mark.parametrize("name", ["dev", "prod", "private"])
def test_the_formulas_count_what_the_program_makes(name: str):
    """A formula that is too small passes, and the deployment fails all the same."""
    values = without_internet(stack_file("prod")) if name == "private" else stack_file(name)
    settings, made = Settings.read("dev", values), run_program(values)

    needed = {quota.name: quota.need(settings) for quota in QUOTAS}

    interfaces = [each for each in made.all("aws:ec2/vpcEndpoint:VpcEndpoint").values() if each["vpcEndpointType"] == "Interface"]
    assert needed["Roles per account"] == count(made, "aws:iam/role:Role")
    assert needed["EC2-VPC Elastic IPs"] == count(made, "aws:ec2/eip:Eip")
    assert needed["Internet gateways per Region"] == count(made, "aws:ec2/internetGateway:InternetGateway")
    assert needed["Interface VPC endpoints per VPC"] == len(interfaces) + 2


def test_the_page_shows_every_quota():
    page = (REPOSITORY / "docs/limits.md").read_text()

    assert table() in page, "run `python -m ops.limits` and put it into docs/limits.md"
