"""`ops` on a platform whose teams have stacks of their own: all of them together."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ops import stack as stack_module
from ops.cli import app
from ops.errors import OpsError
from ops.stack import Stack
from tests.unit.ops.test_cli import OUTPUTS, RUN, Aws, aws  # noqa: F401 (a fixture)
from tests.unit.ops.test_preflight import Answers, account  # noqa: F401 (a fixture)
from tests.unit.recorder import stack_file

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dbt-platform-dev/marketing/snowflake"
PLATFORM = {**OUTPUTS, "forTeams": {"teams": {"marketing": ["crm"], "logistics": []}}}
CRM = {key: value.replace("sales", "crm") for key, value in OUTPUTS["workstreams"]["sales"].items()}
MARKETING = {**OUTPUTS, "secretArn": SECRET, "workstreams": {"crm": {**CRM, "alertTopic": "marketings"}}}


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> dict[str | None, Any]:
    """What Pulumi knows, by the stack's name."""
    known: dict[str | None, Any] = {"dev": PLATFORM, "dev-marketing": MARKETING}

    def ask(name: str | None) -> str:
        if name not in known:
            raise OpsError(f"Pulumi says: no stack named {name!r} found", "")
        if isinstance(known[name], OpsError):
            raise known[name]
        return json.dumps(known[name])

    monkeypatch.setattr(stack_module, "_ask_pulumi", ask)
    return known


@pytest.mark.usefixtures("stacks")
def test_a_platform_shows_the_workstreams_of_its_teams():
    """Whoever is on call would not know that there are more; a team that has deployed nothing yet is no error."""
    stack = Stack(name="dev")

    assert [(found.name, found.team) for found in stack.workstreams()] == [("crm", "marketing"), ("finance", ""), ("sales", "")]
    assert (stack.workstream("crm").alert_topic, stack.workstream("crm").team) == ("marketings", "marketing")
    assert [found.name for found in Stack(name="dev-marketing").workstreams()] == ["crm"]


def test_the_selected_stack_finds_its_teams_by_its_own_name(stacks: dict[str | None, Any]):
    """Nobody has to say `--stack` for it."""
    stacks[None] = PLATFORM

    assert Stack().workstream("crm").team == "marketing"


def test_a_stack_without_teams_asks_pulumi_once(stacks: dict[str | None, Any]):
    """Each question takes a second."""
    stacks["dev"] = OUTPUTS
    del stacks["dev-marketing"]

    assert [found.name for found in Stack(name="dev").workstreams()] == ["finance", "sales"]


def test_a_teams_stack_that_cannot_be_read_is_told(stacks: dict[str | None, Any]):
    """A list that lacks some would be taken for the whole."""
    stacks["dev-marketing"] = OpsError("Pulumi says: incorrect passphrase", "")

    with pytest.raises(OpsError, match="incorrect passphrase"):
        Stack(name="dev").workstreams()


@pytest.mark.usefixtures("stacks")
def test_a_name_that_nobody_has_is_told_with_those_of_teams():
    with pytest.raises(OpsError, match=r"(?s)Did you mean 'crm'\?.*crm, finance, sales"):
        Stack(name="dev").workstream("crn")


@pytest.mark.usefixtures("stacks")
def test_credentials_are_put_for_the_stack_that_is_named():
    """The platform's stack has one secret, the team's another: `credentials put` must not have to ask which."""
    assert Stack(name="dev").connection(None).secret_arn == OUTPUTS["secretArn"]
    assert Stack(name="dev-marketing").connection(None).secret_arn == SECRET
    assert [found.name for found in Stack(name="dev-marketing").connection(None).workstreams] == ["crm"]


@pytest.mark.usefixtures("stacks")
def test_status_and_doctor_speak_of_all(aws: Aws):  # noqa: F811
    """One page for the night: which stack a workstream is in is nobody's first question."""
    aws.rest["GET /dags/dbt_crm"] = lambda _: {"is_paused": False, "is_stale": False, "next_dagrun_run_after": None}
    aws.runs["dbt_crm"] = [RUN | {"state": "running"}]

    status = CliRunner().invoke(app, ["--stack", "dev", "status", "--json"])
    doctor = CliRunner().invoke(app, ["--stack", "dev", "doctor", "--json"])

    assert {row["workstream"]: row["state"] for row in json.loads(status.stdout)} == {
        "crm": "running",
        "finance": "success",
        "sales": "success",
    }
    checks = {row["check"] for row in json.loads(doctor.stdout)}
    assert {"Snowflake credentials", "Snowflake credentials of marketing", "crm: log group", "crm: DAG"} <= checks


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A team's stack file."""
    prod = stack_file("prod")
    platforms = ("airflow", "network", "alerts")
    values = {key: value for key, value in prod.items() if key.partition(":")[2] not in platforms}
    more = {"dbt-platform:team": {"name": "sales", "platformStack": "prod"}, "dbt-platform:alerts": {"emails": ["a@example.com"]}}
    own = {"sales": {**prod["dbt-platform:workstreams"]["sales"], "schedule": None}}
    file = tmp_path / "Pulumi.prod-sales.yaml"
    file.write_text(yaml.safe_dump({"config": {**values, **more, "dbt-platform:workstreams": own}}))
    return file


def test_a_teams_stack_is_not_reckoned_as_a_platform(file: Path):
    """It would be an Airflow too much each month."""
    result = CliRunner().invoke(app, ["--stack", "prod-sales", "costs", "--estimate", "--config-file", str(file)])

    assert result.exit_code != 0
    assert "ops --stack prod costs --estimate" in result.output


def test_a_teams_preflight_asks_for_nothing_that_its_platform_has(account: Answers, file: Path):  # noqa: F811
    """Quotas of networks that it does not make would keep it from its first deployment."""
    account["get_service_quota"] = lambda **_: {"Quota": {"Value": 0.0}}

    result = CliRunner().invoke(app, ["--stack", "prod-sales", "preflight", "--config-file", str(file), "--json"])

    assert {row["check"] for row in json.loads(result.stdout)} == {"AWS account", "Docker", "base image", "tags"}
