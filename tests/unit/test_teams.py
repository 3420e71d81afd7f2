"""A team's stack on the platform of another stack: what it makes, what it reaches, and what is refused before anything is made."""

import json
import runpy
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from dbt_configuration import read_file

from components import platform as platform_module
from components.monitoring.dashboard import WORST
from components.platform import VERSION, Contract
from settings.project import REPOSITORY
from settings.teams import OUTPUT, PLATFORMS_OWN
from tests.iam import allows
from tests.unit.recorder import FUNCTIONS, Stack, run_program, set_configuration, stack_file

READ = "pulumi:pulumi:readStackOutputs"
NAME = "dev-marketing"
ARN = "arn:aws:{}:eu-west-1:123456789012:{}"


def platform_file(**teams: Any) -> dict[str, Any]:
    """Stack `dev`, from which `crm` has moved to marketing."""
    return {**stack_file("dev"), "dbt-platform:teams": teams or {"marketing": {"workstreams": ["crm"]}}}


def team_file(*workstreams: str, **changes: Any) -> dict[str, Any]:
    """Marketing's stack on it."""
    values = stack_file("dev")
    kept = ("aws:region", "aws:allowedAccountIds", "aws:defaultTags", "dbt-platform:environment", "dbt-platform:warehouse")
    sales = values["dbt-platform:workstreams"]["sales"]
    return {
        **{key: values[key] for key in kept},
        "dbt-platform:team": {"name": "marketing", "platformStack": "dev"},
        "dbt-platform:workstreams": dict.fromkeys(workstreams or ("marketing-daily", "crm"), sales),
        **{f"dbt-platform:{key}": value for key, value in changes.items()},
    }


@pytest.fixture(scope="module")
def platform() -> Stack:
    return run_program(platform_file())


@pytest.fixture(scope="module")
def told(platform: Stack) -> dict[str, Any]:
    """The outputs of the platform's stack as Pulumi's engine reads them: JSON."""
    return json.loads(json.dumps(platform.outputs))


@pytest.fixture(scope="module")
def team(told: dict[str, Any]) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FUNCTIONS, READ, {"name": "dev", "outputs": told})
        yield run_program(team_file(), NAME)


@pytest.fixture
def refused(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    """What a team's program says of a platform that tells this, and that it has made nothing."""

    def refusal(values: dict[str, Any], name: str = NAME, **changes: Any) -> str:
        contract = {key: value for key, value in {**told[OUTPUT], **changes}.items() if value is not None}
        monkeypatch.setitem(FUNCTIONS, READ, {"name": "dev", "outputs": {**told, OUTPUT: contract or None}})
        set_configuration(values)
        stack = Stack(name)
        try:
            with pytest.raises(pulumi.RunError) as caught:
                runpy.run_path(str(REPOSITORY / "__main__.py"))
            assert stack.registrations() == []
        finally:
            stack.close()
        return str(caught.value)

    return refusal


def test_a_team_makes_its_workstreams_and_nothing_of_the_platforms(team: Stack):
    """A team's deployment must not be able to change what the others stand on."""
    made = {(each.type.split(":")[-1], each.name) for each in team.registrations() if ":" in each.type}
    own = {
        ("Repository", "dbt"),
        ("LifecyclePolicy", "dbt"),
        ("Image", "dbt_project"),
        ("Secret", "snowflake"),
        ("SecretPolicy", "snowflake"),
        ("Topic", "alerts"),
        ("TopicPolicy", "alerts"),
    }

    for name in ("marketing-daily", "crm"):
        own |= {("LogGroup", name), ("TaskDefinition", name), ("BucketObjectv2", f"config/{name}.json")}
        own |= {(kind, f"{name}-{role}") for kind in ("Role", "RolePolicy") for role in ("execution", "task")}
    assert made == own


def test_a_platform_of_one_stack_tells_no_team_anything(development: Stack, platform: Stack):
    """The simple case stays what it was: not a resource more, not an output more."""
    assert OUTPUT not in development.outputs
    assert platform.outputs.keys() - development.outputs.keys() == {OUTPUT}
    more = {each.name for each in platform.registrations()} - {each.name for each in development.registrations()}
    assert more == {"teams.json"}


def test_the_contract_tells_all_that_a_team_reads_and_nothing_else(told: dict[str, Any]):
    """What is in no type is a name that two programs spell by heart."""
    fields = {field.alias for field in Contract.model_fields.values()}

    assert told[OUTPUT].keys() == fields
    assert Contract.model_validate(told[OUTPUT]).teams == {"marketing": ["crm"]}


def test_a_team_says_where_its_platforms_things_are(team: Stack, told: dict[str, Any]):
    """`ops` and scripts look after one stack by the outputs of that stack."""
    same = ["region", "privateSubnetIds", "dagBucket", "artifactsBucket", "clusterArn"]
    same += ["airflowEnvironment", "airflowUrl", "airflowLogGroups", "dashboardUrl"]

    assert {key: team.outputs[key] for key in same} == {key: told[key] for key in same}
    assert team.outputs["workstreams"].keys() == {"marketing-daily", "crm"}


def test_airflow_runs_a_teams_tasks_and_may_pass_their_roles(platform: Stack, team: Stack):
    """The platform's stack is not deployed again for a workstream of a team."""
    airflow = platform.role_statements("platform-airflow")
    on_cluster = {"ecs:cluster": platform.outputs["clusterArn"]}
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}

    for name in ("marketing-daily", "crm"):
        definition = team.outputs["workstreams"][name]["taskDefinitionArn"]
        assert definition == ARN.format("ecs", f"task-definition/dbt-platform-dev-{name}:7")
        assert allows(airflow, "ecs:RunTask", definition, on_cluster)
        logs = ARN.format("logs", f"log-group:{team.outputs['workstreams'][name]['logGroup']}:*")
        assert allows(airflow, "logs:GetLogEvents", logs)
        for kind in ("execution", "task"):
            role = team.all("aws:iam/role:Role")[f"{name}-{kind}"]
            assert role["path"] == f"/dbt-platform-dev/workstreams/{kind}/marketing/"
            arn = f"arn:aws:iam::123456789012:role{role['path']}{name}-{kind}"
            assert allows(airflow, "iam:PassRole", arn, passed)


def test_airflow_tells_a_teams_receivers_and_sees_how_long_its_credentials_last(platform: Stack):
    """Both are the team's own: the platform has never heard of their ARNs."""
    airflow = platform.role_statements("platform-airflow")
    secret = "secretsmanager", "secret:dbt-platform-dev/{}/snowflake-a1b2c3"

    assert allows(airflow, "sns:Publish", ARN.format("sns", "dbt-platform-dev-marketing-alerts-1a2b3c4"))
    assert not allows(airflow, "sns:Publish", ARN.format("sns", "dbt-platform-dev-finance-alerts-1a2b3c4"))
    assert allows(airflow, "secretsmanager:DescribeSecret", ARN.format(*secret).format("marketing"))
    assert not allows(airflow, "secretsmanager:GetSecretValue", ARN.format(*secret).format("marketing"))


def test_a_teams_credentials_are_its_own(team: Stack):
    """Neither the platform's tasks nor another team's log in as this one."""
    [statement] = team.statements("aws:secretsmanager/secretPolicy:SecretPolicy", "snowflake")

    assert team.only("aws:secretsmanager/secret:Secret")["name"] == "dbt-platform-dev/marketing/snowflake"
    readers = statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert readers == "arn:aws:iam::123456789012:role/dbt-platform-dev/workstreams/execution/marketing/*"


def test_a_dag_of_a_team_is_one_that_the_platforms_dag_files_read(team: Stack, told: dict[str, Any], tmp_path: Path):
    """They lie in the bucket already, and are the platform's."""
    for name in ("marketing-daily", "crm"):
        document = team.all("aws:s3/bucketObjectv2:BucketObjectv2")[f"config/{name}.json"]
        assert (document["bucket"], document["key"]) == ("platform-dags-id", f"dags/config/{name}.json")
        file = tmp_path / f"{name}.json"
        file.write_text(document["content"])
        assert read_file(file).name == name
        assert json.loads(document["content"])["poolSlots"] == told[OUTPUT]["poolSlots"]


def test_the_metrics_of_a_team_are_on_the_platforms_page(platform: Stack, team: Stack):
    """One page shows all of them; how many there are nobody knows, so it shows the worst."""
    [container] = json.loads(team.all("aws:ecs/taskDefinition:TaskDefinition")["crm"]["containerDefinitions"])
    body = platform.only("aws:cloudwatch/dashboard:Dashboard")["dashboardBody"]

    assert {"name": "PLATFORM", "value": "dbt-platform-dev"} in container["environment"]
    assert "SEARCH(" not in body
    assert f"LIMIT {WORST}" in body


def test_a_workstream_that_moves_finds_its_data_and_its_history(team: Stack):
    """By these names Airflow knows its runs, S3 its artifacts, CloudWatch its log and its metrics."""
    values = stack_file("dev")
    values["dbt-platform:workstreams"]["crm"] = values["dbt-platform:workstreams"]["sales"]
    before = run_program(values)

    def place(stack: Stack) -> dict[str, Any]:
        document = json.loads(stack.all("aws:s3/bucketObjectv2:BucketObjectv2")["config/crm.json"]["content"])
        kept = ("dagId", "artifactsBucket", "artifactsPrefix", "logGroup", "taskDefinition", "cluster")
        [container] = json.loads(stack.all("aws:ecs/taskDefinition:TaskDefinition")["crm"]["containerDefinitions"])
        told = {each["name"]: each["value"] for each in container["environment"]}
        return {**{key: document[key] for key in kept}, **{key: told[key] for key in ("ARTIFACTS_URI", "SNOWFLAKE_SCHEMA")}}

    assert place(team) == place(before)


def test_nothing_that_holds_data_goes_with_a_workstream_that_moves_away():
    """The platform's next deployment deletes what only runs it: roles, task definition, DAG; in production not even the log."""
    values = {**stack_file("prod"), "dbt-platform:teams": {"marketing": {"workstreams": ["crm"]}}}
    before = deepcopy(values)
    del before["dbt-platform:teams"]
    before["dbt-platform:workstreams"]["crm"] = before["dbt-platform:workstreams"]["sales"]
    old, new = run_program(before), run_program(values)

    gone = {(each.type, each.name) for each in old.registrations()} - {(each.type, each.name) for each in new.registrations()}

    assert {name for _, name in gone} == {"crm", "crm-execution", "crm-task", "config/crm.json"}
    assert ("aws:cloudwatch/logGroup:LogGroup", "crm") in old.retained
    assert old.all("aws:ecs/taskDefinition:TaskDefinition")["crm"]["skipDestroy"] is True


def after(name: str) -> dict[str, Any]:
    values = team_file()
    crm = {**values["dbt-platform:workstreams"]["crm"], "schedule": name}
    return {**values, "dbt-platform:workstreams": {"crm": crm}}


@pytest.mark.parametrize("upstream", ["sales", "logistics-daily"], ids=["of the platform", "of another team"])
def test_a_team_starts_after_a_workstream_of_another_stack(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch, upstream: str):
    """All are in one Airflow: who needs the shop's orders of the day must not guess when they are there."""
    teams = {**told[OUTPUT]["teams"], "logistics": []}
    monkeypatch.setitem(FUNCTIONS, READ, {"name": "dev", "outputs": {OUTPUT: {**told[OUTPUT], "teams": teams}}})

    stack = run_program(after(upstream), NAME)

    document = stack.all("aws:s3/bucketObjectv2:BucketObjectv2")["config/crm.json"]["content"]
    assert json.loads(document)["schedule"] == {"asset": upstream}


def test_the_platform_starts_after_a_workstream_of_a_team():
    values = platform_file()
    values["dbt-platform:workstreams"]["sales"]["schedule"] = "marketing-daily"

    stack = run_program(values)

    document = stack.all("aws:s3/bucketObjectv2:BucketObjectv2")["config/sales.json"]["content"]
    assert json.loads(document)["schedule"] == {"asset": "marketing-daily"}


NOT_ON_IT = [
    (after("salse"), NAME, "crm.schedule = 'salse'\n  No workstream of the platform has this name: sales, finance"),
    (after("marketing-x"), NAME, "crm.schedule = 'marketing-x'\n  No workstream has this name"),
    (team_file("sales"), NAME, "Not a name of the team marketing: call it marketing-sales; or name it in dbt-platform:teams"),
    (team_file("marketing-daily", "finance"), NAME, "dbt-platform:workstreams.finance"),
    (
        {**team_file(), "dbt-platform:team": {"name": "finance", "platformStack": "dev"}},
        "dev-finance",
        "dbt-platform:team.name = 'finance'\n  The platform's stack dev says that its teams are: marketing",
    ),
    (team_file(), "dev", "call it 'dev-marketing'"),
    (team_file(network={"egress": "nat"}), NAME, "dbt-platform:network = '...'\n  It is the platform's, whose stack is dev"),
    (team_file(alerts={"monthlyBudgetUsd": 5}), NAME, "dbt-platform:alerts.monthlyBudgetUsd"),
    ({**team_file(), "dbt-platform:team": {"name": "platform", "platformStack": "dev"}}, "dev-platform", "The platform's own"),
    (
        {**team_file(), "dbt-platform:team": {"name": "mar-ket", "platformStack": "dev"}},
        "dev-mar-ket",
        "lower-case letters, 12 at most",
    ),
]


@pytest.mark.parametrize(("values", "name", "fix"), NOT_ON_IT, ids=[fix[:40] for _, _, fix in NOT_ON_IT])
def test_a_team_that_does_not_fit_on_the_platform_makes_nothing(refused, values: dict[str, Any], name: str, fix: str):
    """Two DAGs of one name, or a log group of somebody else's, would be found out half-way."""
    assert fix in refused(values, name)


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"version": VERSION - 1}, "deployed by an older version of this platform: deploy it with this one first"),
        ({"version": VERSION + 1}, "by a newer version of this platform: deploy this one from there too"),
        ({"dagBucket": None}, "deploy it with this one first. It does not tell dagBucket"),
        ({"environment": "production"}, "environment = 'development'\n  The platform's stack dev says 'production'"),
        ({"account": "999999999999"}, "account = '123456789012'\n  The platform's stack dev says '999999999999'"),
        ({"region": "us-east-1"}, "region = 'eu-west-1'"),
        ({"egress": "privateLink"}, "privatelink-account-url"),
        (
            dict.fromkeys(field.alias for field in Contract.model_fields.values()),
            "add marketing to dbt-platform:teams in Pulumi.dev",
        ),
    ],
)
def test_a_platform_that_is_another_one_says_what_to_do(refused, changes: dict[str, Any], fix: str):
    """Else an older platform ends a deployment with a key that is missing somewhere."""
    assert fix in refused(team_file(), **changes)


@pytest.fixture
def previewed(told: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a merge request shows of a team's stack, whose platform's file it changes too: `crm` is not deployed as the team's."""

    def preview(file: str) -> Stack:
        deployed = {**told, OUTPUT: {**told[OUTPUT], "teams": {"marketing": []}}}
        monkeypatch.setitem(FUNCTIONS, READ, {"name": "dev", "outputs": deployed})
        monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
        monkeypatch.setattr(platform_module, "REPOSITORY", tmp_path)
        (tmp_path / "Pulumi.dev.yaml").write_text(file)
        return run_program(team_file(), NAME)

    return preview


def test_a_merge_request_may_add_a_workstream_to_both_files(previewed):
    """Its preview would else end with what is true only until it is merged."""
    team = previewed(yaml.safe_dump({"config": platform_file()}))

    assert "crm" in team.outputs["workstreams"]
    assert any("other teams or workstreams than are deployed: deploy that stack first" in each for each in team.warnings)


@pytest.mark.parametrize("file", ["config: {dbt-platform:teams: [crm]}", "config: {}", "{", "[]", ""])
def test_a_file_of_the_platform_that_does_not_give_the_name_away_changes_nothing(previewed, file: str):
    """The team is told what a deployment would tell it."""
    with pytest.raises(pulumi.RunError, match=r"workstreams\.crm\n  Not a name of the team marketing|its teams are: "):
        previewed(file)


@pytest.mark.parametrize(
    ("teams", "workstream", "fix"),
    [
        (
            {"marketing": {}},
            "marketing",
            "dbt-platform:workstreams.marketing = 'marketing'\n  `teams` gives this name to marketing",
        ),
        ({"marketing": {}}, "marketing-eu", "`teams` gives this name to marketing"),
        ({"marketing": {"workstreams": ["crm"]}}, "crm", "`teams` gives this name to marketing"),
        ({"one": {"workstreams": ["crm"]}, "two": {"workstreams": ["crm"]}}, "x1", "crm is one's. Name it in one place"),
        ({"one": {"workstreams": ["two-crm"]}, "two": {}}, "x1", "two-crm is two's"),
        ({"platform": {}}, "x1", "The platform's own things are called so"),
    ],
)
def test_a_workstream_is_one_stacks(teams: dict[str, Any], workstream: str, fix: str):
    """Whichever stack is deployed first, the second would take away the other's DAG."""
    values = platform_file(**teams)
    values["dbt-platform:workstreams"][workstream] = values["dbt-platform:workstreams"]["sales"]

    with pytest.raises(pulumi.RunError) as caught:
        run_program(values)

    assert fix in str(caught.value)


def test_no_team_is_called_like_something_of_the_platforms(production: Stack, private: Stack):
    """A role that may change `dbt-platform-prod-<team>-*` would reach the platform's buckets, topics or images."""
    named_by_pulumi = {
        each.name
        for stack in (production, private)
        for each in stack.registrations()
        if each.type.startswith("aws:") and not {"name", "family", "key", "dashboardName"} & each.inputs.keys()
    } - {each for stack in (production, private) for each in stack.all("aws:iam/role:Role")}
    repositories = {each["name"] for each in production.all("aws:ecr/repository:Repository").values()}
    first = {name.partition("-")[0] for name in named_by_pulumi if "." not in name}
    first |= {name.removeprefix("dbt-platform-dev-").partition("-")[0] for name in repositories}

    assert first - {"sales", "finance"} <= set(PLATFORMS_OWN)
