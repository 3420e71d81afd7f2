"""`ops costs`: reckoned by hand for small cases, against an AWS that has what a test wants."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from components.monitoring.alarms import SYMPTOMS
from components.network.endpoints import SERVICES
from ops import estimate, prices
from ops.cli import app
from ops.credits import QUERY
from ops.stack import Stack
from settings.project import REPOSITORY
from settings.stack import Settings
from tests.unit.ops.test_alerts import WORKSTREAM
from tests.unit.recorder import stack_file, without_internet

BLOCK = re.compile(r"<!-- estimate: begin -->\n```\n\$ (uv run ops [^\n]*)\n(.*?)```\n<!-- estimate: end -->", re.DOTALL)


def ops(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def lines(values: dict[str, Any], **settings: Any) -> dict[str, float]:
    """What each part costs, by its text."""
    values["dbt-platform:airflow"] = {**values["dbt-platform:airflow"], **settings}
    return {line.what: line.usd for line in estimate.estimate(Settings.read("prod", values), "eu-west-1", 10)}


def test_the_amounts_in_the_docs_are_those_of_the_command():
    """A figure that was right once is a promise that nobody keeps."""
    page = (REPOSITORY / "docs/operations.md").read_text()
    found = BLOCK.search(page)
    assert found
    command, shown = found.groups()

    printed = ops(*command.split()[3:])

    assert shown == printed.stdout
    total = printed.stdout.splitlines()[-1].split()[0].partition(".")[0]
    assert f"{total} dollars" in (REPOSITORY / "README.md").read_text()


def test_an_estimate_needs_no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Who asks for it has no account yet."""
    monkeypatch.setattr(Stack, "client", lambda *_: pytest.fail("asked AWS"))
    monkeypatch.setattr(Stack, "outputs", property(lambda _: pytest.fail("asked Pulumi")))
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": {**stack_file("dev"), "aws:region": "eu-central-1"}}))

    result = ops("--stack", "dev", "costs", "--estimate", "--config-file", str(file), "--json")

    assert result.exit_code == 0, result.output
    page = json.loads(result.stdout)
    assert page["usd"] == pytest.approx(sum(line["usd"] for line in page["lines"]), abs=0.05)
    assert "no prices of eu-central-1" in page["notes"][1]
    assert "tax" in page["notes"][0]


def test_a_schedule_is_counted_and_who_follows_runs_as_often():
    """Ten minutes of a vCPU and two gigabytes: 0.0082 dollars."""
    found = lines(stack_file("prod"))

    assert found["sales: 30 runs of 10 min"] == pytest.approx(30 / 6 * (0.04048 + 2 * 0.004445))
    assert found["finance: 30 runs of 10 min"] == found["sales: 30 runs of 10 min"]


def test_a_larger_airflow_costs_its_class_and_what_it_has_beyond_it():
    found = lines(stack_file("prod"), environmentClass="mw1.medium", minWorkers=3, schedulers=3)

    assert found["mw1.medium"] == pytest.approx(730 * 0.74 + 1)
    assert (found["2 more workers"], found["1 more schedulers"]) == (pytest.approx(730 * 0.22), pytest.approx(730 * 0.11))


def test_a_class_whose_price_nobody_knows_is_named_and_not_made_up():
    assert lines(stack_file("prod"), environmentClass="mw1.2xlarge")["mw1.2xlarge: NO PRICE KNOWN, not counted"] == 0
    assert any("mw1.micro, counted as mw1.small" in what for what in lines(stack_file("prod"), environmentClass="mw1.micro"))


def test_a_private_network_costs_its_endpoints_instead_of_gateways():
    found = lines(without_internet(stack_file("prod")))

    assert found["14 endpoints in 2 zones"] == pytest.approx(730 * 14 * 2 * 0.011)
    assert not [what for what in found if "NAT" in what]


def test_the_estimate_counts_what_the_program_makes():
    assert len(SERVICES) + 1 == estimate.ENDPOINTS
    assert len(SYMPTOMS) == estimate.ALARMS


NOW = datetime.now(UTC)


def run(days: float, seconds: float) -> dict[str, Any]:
    started = (NOW - timedelta(days=days)).isoformat()
    return {
        "run": f"run-{days}",
        "try": 1,
        "started": started,
        "seconds": seconds,
        "outcome": "success",
        "cause": None,
        "failed": [],
    }


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that is older than a month, with a run of an hour yesterday and one of forty days ago."""
    yesterday = run(1, 3600)["started"]
    node = {"kind": "model", "path": "models/x.sql"}
    history = {
        "schemaVersion": 1,
        "runs": [run(40, 3600), run(1, 3600)],
        "nodes": {
            "model.a": {**node, "name": "a", "results": [[yesterday, "success", 30, 1]]},
            "model.b": {**node, "name": "b", "results": [[yesterday, "success", 10, 1]]},
        },
        "sources": [],
    }
    old = NOW - timedelta(days=100)

    class NoSuchKey(Exception):  # noqa: N818 (boto3's)
        pass

    def get_object(Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 (boto3's)
        if not Key.startswith("sales/"):
            raise NoSuchKey(Bucket)
        return {"Body": SimpleNamespace(read=lambda: json.dumps(history).encode())}

    interface = {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"], "CreationTimestamp": NOW - timedelta(days=3)}
    aws = SimpleNamespace(
        exceptions=SimpleNamespace(NoSuchKey=NoSuchKey),
        get_object=get_object,
        get_environment=lambda **_: {"Environment": {"EnvironmentClass": "mw1.small", "CreatedAt": old}},
        describe_nat_gateways=lambda **_: {"NatGateways": [{"CreateTime": old}]},
        describe_vpc_endpoints=lambda **_: {"VpcEndpoints": [interface, {"VpcEndpointType": "Gateway"}]},
        get_metric_statistics=lambda **_: {"Datapoints": [{"Average": 5 * 1024**3}]},
    )
    size = {"cpu": 1024, "memory": 2048, "architecture": "x86_64", "capacity": "onDemand"}
    outputs = {
        "region": "us-east-1",
        "airflowEnvironment": "dbt-platform-dev",
        "vpcId": "vpc-1",
        "artifactsBucket": "artifacts",
        "dagBucket": "dags",
        "workstreams": {
            name: {**WORKSTREAM, "artifactsUri": f"s3://artifacts/{name}", "size": size} for name in ("sales", "finance")
        },
    }
    monkeypatch.setattr(Stack, "outputs", outputs)
    monkeypatch.setattr(Stack, "client", lambda *_: aws)


@pytest.mark.usefixtures("deployed")
def test_the_last_days_by_part_workstream_and_model():
    """An hour of a vCPU and two gigabytes, of which one model took three quarters."""
    page = json.loads(ops("costs", "--json").stdout)
    amounts = {line["what"]: line["usd"] for line in page["lines"]}

    hour = 0.04048 + 2 * 0.004445
    assert amounts["sales: 1 run, 60 min"] == pytest.approx(hour, abs=0.01)
    assert amounts["finance: 0 runs, 0 min"] == 0
    assert [line["usd"] for line in page["models"]] == [pytest.approx(hour * 3 / 4), pytest.approx(hour / 4)]
    assert amounts["mw1.small, without further workers"] == pytest.approx(30 * 24 * (0.49 + 1 / 730), abs=0.01)
    assert amounts["1 NAT gateway"] == pytest.approx(30 * 24 * 0.05, abs=0.01)
    assert amounts["1 endpoint"] == pytest.approx(2 * 3 * 24 * 0.01, abs=0.01), "it is three days old"
    assert amounts["10.0 GiB in S3"] == pytest.approx(10 * prices.STORED, abs=0.01)


@pytest.mark.usefixtures("deployed")
def test_credits_are_asked_of_snowflake_with_a_log_in_of_ones_own(monkeypatch: pytest.MonkeyPatch):
    asked: list[Any] = []

    class Cursor:
        def __enter__(self):
            return self

        def __exit__(self, *_: object) -> None:
            pass

        cursor = __enter__

        def execute(self, *query: Any) -> None:
            asked.append(query)

        def fetchall(self) -> list[Any]:
            return [("sales", "model.orders", 1.5), (None, None, 0.25)]

    def connect(connection_name: str) -> Cursor:
        asked.append(connection_name)
        return Cursor()

    connector = SimpleNamespace(connect=connect, Error=RuntimeError)
    monkeypatch.setitem(sys.modules, "snowflake", SimpleNamespace(connector=connector))
    monkeypatch.setitem(sys.modules, "snowflake.connector", connector)

    result = ops("costs", "--days", "7", "--snowflake", "mine", "--json")

    assert asked == ["mine", (QUERY, {"platform": "dbt-platform-dev", "days": 7})]
    assert json.loads(result.stdout)["credits"][0] == {"workstream": "sales", "node": "model.orders", "credits": 1.5}


@pytest.mark.usefixtures("deployed")
def test_without_snowflakes_connector_one_learns_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    """Who only operates has no dbt."""
    monkeypatch.setitem(sys.modules, "snowflake", None)

    result = ops("costs", "--snowflake", "mine")

    assert result.exit_code == 1
    assert "--group models" in result.stderr
