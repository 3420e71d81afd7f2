"""The stack configuration: what is right is taken, what is wrong is named together with its fix."""

import importlib.metadata
import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime import config

from policy.controls.resource import DISPOSABLE
from settings import reference, rules
from settings.environment_class import DAGS_PER_CLASS
from settings.project import REPOSITORY
from settings.rules import FARGATE_MEMORY
from settings.sections import airflow
from settings.stack import Settings
from tests.unit.recorder import FUNCTIONS, run_program, set_configuration, stack_file

Configuration = dict[str, Any]


def stack_values(configuration: Configuration) -> Configuration:
    """A stack's values from our keys without their namespace."""
    return {"aws:allowedAccountIds": ["222222222222"], **{f"dbt-platform:{key}": value for key, value in configuration.items()}}


def load(configuration: Configuration) -> Settings:
    set_configuration(stack_values(configuration))
    return Settings.load()


def refusal(configuration: Configuration) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        load(configuration)
    return str(caught.value)


@pytest.fixture
def right() -> Configuration:
    """A production configuration without a mistake."""
    return {key.partition(":")[2]: value for key, value in stack_file("prod").items() if key.startswith("dbt-platform:")}


def change(configuration: Configuration, path: str, value: Any) -> Configuration:
    """A copy with another value at `section.key`."""
    copy = deepcopy(configuration)
    *parents, key = path.split(".")
    node = copy
    for parent in parents:
        node = node[parent]
    node[key] = value
    return copy


SNOWFLAKE = {
    "endpointService": "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0",
    "stageBuckets": ["sfc-eu-ds1-12-customer-stage"],
}

LOGIN = {"user": "DBT_FINANCE", "role": "BOOKKEEPER", "database": "ANALYTICS", "warehouse": "TRANSFORMING"}

MISTAKES = [
    ("environment", "prod", "'development' or 'production'"),
    ("network.cidr", "10.20.0.0", "10.20.0.0/16"),
    ("permissionsBoundary", "workload-boundary", "output `workloadBoundaries`"),
    ("permissionsBoundary", "arn:aws:iam::999999999999:policy/ci/workload-boundary", "aws:allowedAccountIds"),
    ("network.cidr", "10.20.1.0/16", "Did you mean 10.20.0.0/16?"),
    ("network.cidr", "10.20.0.0/33", "not a valid IPv4 network"),
    ("network.cidr", "10.20.0.0/28", "Too small for 2 availability zones; use /24 or larger"),
    ("network.cidr", "8.8.0.0/16", "10.0.0.0/8"),
    ("network.cidr", "10.0.0.0/8", "/16 to /28"),
    ("network.cidr", "172.17.128.0/17", "172.17.0.0/16"),
    ("network.availabilityZones", 1, "2 or 3"),
    ("network.zones", ["eu-west-1a", "eu-west-1a"], "named twice"),
    ("network.zones", ["eu-west-1a", "eu-west-1b", "eu-west-1c"], "availabilityZones is 2"),
    ("network.zones", ["a", "b"], "for instance eu-west-1a"),
    ("network.egress", "internet", "'nat'"),
    ("network.snowflake", SNOWFLAKE, "or set egress: privateLink"),
    ("warehouse.account", "https://acme.snowflakecomputing.com", "without https://"),
    ("warehouse.account", "acme.snowflakecomputing.com", "identifier alone"),
    ("warehouse.account", "acme prod", "letters, digits"),
    ("warehouse.database", "my-database", "without quotes"),
    ("warehouse.authentication", "oauth", "'keyPair'"),
    ("warehouse.port", 0, "greater than or equal to 1"),
    ("warehouse.protocol", "http", "https"),
    ("connections.warehouse", LOGIN, "The name is in use"),
    ("connections.Finance", LOGIN, "lower-case"),
    ("connections.finance", {**LOGIN, "role": "book keeper"}, "without quotes"),
    ("workstreams.sales.connection", "finance", "No connection has this name. Add it to `connections`, or take one of: warehouse"),
    ("workstreams.sales.role", "book keeper", "Snowflake role"),
    ("airflow.version", "2.10.3", "'3.3.1'"),
    ("airflow.version", "3.2.1", "'3.3.1'"),
    ("airflow.environmentClass", "mw1.tiny", "'mw1.small'"),
    ("airflow.webserver", "public", "'publicOnly'"),
    ("airflow.webserverCidrs", ["8.8.8.0/24"], "webserverCidrs.0 = '8.8.8.0/24'\n  Not private addresses"),
    ("airflow.webserverCidrs", ["10.8.0.0/16", "0.0.0.0/0"], "webserverCidrs.1 = '0.0.0.0/0'\n  Not private addresses"),
    ("airflow.webserverCidrs", ["10.8.0.1/16"], "Did you mean 10.8.0.0/16?"),
    ("airflow.maintenanceWindow", "SUN:03:15", "on the hour or half past"),
    ("airflow.minWorkers", 0, "greater than or equal to 1"),
    ("airflow.maxWorkers", 26, "less than or equal to 25"),
    ("airflow.schedulers", 1, "mw1.small needs 2 to 5"),
    ("airflow.maxWebservers", 1, "mw1.small needs 2 to 5"),
    ("airflow.startupScript", "dags/no_such.sh", "no such file"),
    ("airflow.startupScript", "image/prepare.sh", "directly into dags/"),
    ("airflow.startupScript", "dags/../../startup.sh", "directly into dags/"),
    ("airflow.logLevels", {"task": "TRACE"}, "'DEBUG'"),
    ("image.baseImage", "python 3.12", "Base image"),
    ("image.promoteFrom", "dev", "output `repositoryUrl`"),
    ("alerts.emails", [], "at least one address"),
    ("alerts.emails", ["data-oncall"], "e-mail address"),
    ("alerts.slack", {"workspace": "T07EA123LEP", "channel": "#data"}, "alerts.slack.channel = '#data'"),
    ("alerts.microsoftTeams", {"tenant": "contoso", "team": "1", "channel": "x"}, "alerts.microsoftTeams.tenant = 'contoso'"),
    ("alerts.urls", {"pagerduty": "http://events.pagerduty.com/x"}, "alerts.urls.pagerduty = (secret)\n  Give an https address"),
    ("alerts.receivers", {"finance": {"workstreams": ["sales"]}}, "alerts.receivers.finance.urls = {}\n  Nobody would get"),
    ("alerts.receivers", {"Finance": {"workstreams": ["sales"], "emails": ["a@example.com"]}}, "alerts.receivers.Finance"),
    ("alerts.receivers", {"hr": {"workstreams": ["salse"], "emails": ["a@example.com"]}}, "There is no workstream salse"),
    (
        "alerts.receivers",
        {name: {"workstreams": ["sales"], "emails": ["a@example.com"]} for name in ("hr", "finance")},
        "sales has the receivers hr already",
    ),
    ("artifacts.retentionDays", 0, "greater than or equal to 1"),
    ("workstreams", {}, "at least 1"),
    ("workstreams.Sales", {}, "lower-case"),
    ("workstreams.sales.project", "no_such_folder", "dbt projects there: dbt_project"),
    ("workstreams.sales.project", "components", "dbt_project.yml"),
    ("workstreams.sales.project", ".", "a folder of its own"),
    ("workstreams.sales.project", "/etc", "inside the repository"),
    ("workstreams.sales.project", "../elsewhere", "inside the repository"),
    ("workstreams.sales.schema", "sales-mart", "without quotes"),
    ("workstreams.sales.schedule", "0 5 * *", "five cron fields"),
    ("workstreams.sales.schedule", "0 25 * * *", "five cron fields"),
    ("workstreams.sales.schedule", "0 0 30 2 *", "no such date"),
    ("workstreams.sales.schedule", "nobody", "Workstreams: sales, finance"),
    ("workstreams.sales.schedule", "sales", "wait for itself"),
    ("workstreams.sales.after", {"all": ["finance"], "any": ["finance"]}, "in one of both"),
    ("workstreams.sales.after", {"all": []}, "in one of both"),
    ("workstreams.sales.after", {"any": ["finanse"]}, "Workstreams: sales, finance"),
    ("workstreams.sales.after", {"all": ["landing/orders"]}, "the URI of an asset: s3://bucket/key"),
    ("workstreams.sales.after", {"any": ["airflow://orders"]}, "keeps the scheme `airflow`"),
    ("workstreams.sales.schedule", "R R * * *", "at random"),
    ("workstreams.sales.schedule", "0 r(1-5) * * *", "at random"),
    ("workstreams.sales.timezone", "Amsterdam", "Europe/Amsterdam"),
    ("workstreams.sales.timezone", "Australia/Lord_Howe", "other than an hour"),
    ("workstreams.sales.select", ["--full-refresh"], "no option"),
    ("workstreams.sales.cpu", 1000, "1024"),
    ("workstreams.sales.memory", 1024, "2048 to 8192 MiB in steps of 1024"),
    ("workstreams.sales.threads", "many", "whole number"),
    ("workstreams.sales.timeoutMinutes", 0, "greater than or equal to 1"),
    ("workstreams.sales.timeoutMinutes", 701, "a second time after 12 hours"),
    ("workstreams.sales.ephemeralStorageGib", 201, "less than or equal to 200"),
    ("workstreams.sales.architecture", "arm", "'arm64'"),
    ("workstreams.sales.capacity", "fargate", "'spot'"),
    ("workstreams.sales.retries", -1, "greater than or equal to 0"),
    ("workstreams.sales.owner", "sales, finance", "Team or person"),
    ("workstreams.sales.owner", " ", "Team or person"),
    ("workstreams.sales.description", "\t ", "What it is for"),
]


PRIVATE_MISTAKES = [
    ("network.cidr", "10.20.0.0/24", "network.cidr = '10.20.0.0/24'\n  Too small for 2 availability zones; use /23 or larger"),
    ("network.snowflake", None, "or set egress: nat"),
    ("network.snowflake.endpointService", "vpce-svc-0a1b", "SYSTEM$GET_PRIVATELINK_CONFIG"),
    ("network.snowflake.stageBuckets", [], "at least 1"),
    ("network.snowflake.stageBuckets", ["s3://stage"], "without s3://"),
    ("warehouse.host", None, "privatelink-account-url"),
    ("warehouse.host", "acme.snowflakecomputing.com", "privatelink-account-url"),
    ("warehouse.port", 8443, "443"),
    ("airflow.webserver", "publicOnly", "set privateOnly"),
]


@pytest.mark.parametrize(("path", "value", "fix"), PRIVATE_MISTAKES)
def test_a_network_without_internet_is_complete_or_refused(right: Configuration, path: str, value: Any, fix: str):
    """Half of it deploys, and then no task reaches Snowflake."""
    private = change(right, "network", {"egress": "privateLink", "snowflake": SNOWFLAKE})
    private["warehouse"]["host"] = "acme.privatelink.snowflakecomputing.com"
    load(private)

    assert fix in refusal(change(private, path, value))


@pytest.mark.parametrize(("path", "value", "fix"), MISTAKES, ids=[f"{path}={value}"[:60] for path, value, _ in MISTAKES])
def test_a_mistake_is_named_with_its_fix(right: Configuration, path: str, value: Any, fix: str):
    """The next attempt succeeds, without reading our code or waiting for an error of AWS."""
    message = refusal(change({"image": {}, "artifacts": {}, "connections": {}, **right}, path, value))

    assert f"dbt-platform:{path}" in message
    assert fix in message


@pytest.mark.parametrize(
    ("account_ids", "fix"), [([], "Production needs"), ([222222222222], "in quotes"), (["2222"], "twelve digits")]
)
def test_production_says_which_account_it_is(account_ids: list[Any], fix: str):
    """With the wrong profile in a shell, `pulumi up` would build a second production elsewhere."""
    set_configuration({**stack_file("prod"), "aws:allowedAccountIds": account_ids})

    with pytest.raises(pulumi.RunError, match=f"(?s)aws:allowedAccountIds.*{fix}"):
        Settings.load()


def test_visitors_are_named_only_for_a_page_that_is_private(right: Configuration):
    """Somebody who thinks that the list keeps others out of a public page is told that it does not."""
    visited = change(right, "airflow.webserverCidrs", ["10.8.0.0/16"])
    load(visited)

    message = refusal(change(visited, "airflow.webserver", "publicOnly"))

    assert "dbt-platform:airflow.webserverCidrs = ['10.8.0.0/16']" in message
    assert "set webserver: privateOnly" in message


ENVIRONMENTS = ("development", "production")


@pytest.mark.parametrize("tag", [*DISPOSABLE, "production", "prod", "dev", "Development"])
def test_the_policies_and_the_program_agree_on_what_is_production(tag: str):
    """Production with development's tag is deployed without the policies that protect it; the other way round, a deployment
    ends with twenty findings that name neither.
    """
    for environment in ENVIRONMENTS:
        values = {**stack_file("prod"), "dbt-platform:environment": environment, "aws:defaultTags": {"tags": {"environment": tag}}}
        set_configuration(values)
        if (environment == "development") == (tag in DISPOSABLE):
            Settings.load()
        else:
            named = rf"dbt-platform:environment = '{environment}'\n  The tag `environment` of aws:defaultTags is '{tag}'"
            with pytest.raises(pulumi.RunError, match=named):
                Settings.load()


def test_eleven_tags_are_refused_because_an_object_takes_ten(right: Configuration):
    """Airflow's files are objects: the deployment would end at the first of them, with everything else made."""
    tags = {f"tag-{number}": "value" for number in range(11)}
    set_configuration({**stack_values(right), "aws:defaultTags": {"tags": tags}})

    with pytest.raises(pulumi.RunError, match=r"aws:defaultTags\.tags = .*\n  .*at most 10 items.* an object in S3 takes no more"):
        Settings.load()


@pytest.mark.parametrize("name", ["a-name-of-21-letters--", "Dev", "dev.eu", "dev_eu", "1st"])
def test_a_name_that_aws_would_refuse_is_no_stacks(right: Configuration, name: str, monkeypatch: pytest.MonkeyPatch):
    """AWS refuses the first bucket or rule that is called so, minutes after the deployment began."""
    monkeypatch.setattr(pulumi, "get_stack", lambda: name)

    assert f"The stack {name!r} can't have this name: " in refusal(right)


def test_the_longest_stack_has_room_in_every_name():
    """Amazon EventBridge API Reference, PutRule: Name. Amazon S3 User Guide, "General purpose bucket naming rules"."""
    stack = "x" * 20

    assert rules.misnamed(stack) is None
    assert len(f"dbt-platform-{stack}-platform-task-failures-1234567") <= 64
    assert len(f"dbt-platform-{stack}-platform-artifacts-1234567") <= 63


def test_another_partition_is_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch):
    """Half of the endpoints and principals have other names there."""
    monkeypatch.setitem(FUNCTIONS, "aws:index/getPartition:getPartition", {"partition": "aws-cn"})

    with pytest.raises(pulumi.RunError, match="partition 'aws-cn'"):
        run_program(stack_file("dev"))


@pytest.mark.parametrize("text", ["{cidr: 10.0.0.0/16}", "[", "10.0.0.0/16"])
def test_a_section_that_was_set_as_a_text_is_refused_by_name(text: str):
    """`pulumi config set` takes texts; what looks like YAML is one too."""
    set_configuration({**stack_file("prod"), "dbt-platform:network": text})

    with pytest.raises(pulumi.RunError, match=r"dbt-platform:network = .*\n  Should have keys .*pulumi config set --path"):
        Settings.load()


def test_a_mistake_among_two_hundred_workstreams_names_its_entry_and_no_other(right: Configuration):
    """Nobody looks through a file of two thousand lines for the one that has a wrong memory."""
    sales = right["workstreams"]["sales"]
    many = {f"team-{number:03}": {**sales, "schedule": None} for number in range(200)}
    many["team-117"] = {**many["team-117"], "memory": 1, "shedule": None}
    many["team-163"] = {**many["team-163"], "schedule": "team-200"}
    many["team-181"] = {**many["team-181"], "timezone": "Mars", "connection": "finance"}

    found = refusal({**right, "airflow": {**right["airflow"], "environmentClass": "mw1.medium"}, "workstreams": many})

    assert set(re.findall(r"team-\d{3}(?=\.)", found)) == {"team-117", "team-181"}
    for place in ("team-117.memory", "team-117.shedule", "team-181.timezone"):
        assert f"dbt-platform:workstreams.{place}" in found


def test_a_name_that_is_wrong_among_two_hundred_is_told_with_the_nearest_and_not_with_all(right: Configuration):
    """The fix would be a page of names."""
    sales = {**right["workstreams"]["sales"], "schedule": None}
    many = {f"{word}-{number:03}": sales for word in ("shop", "books") for number in range(100)}
    many["shop-063"] = {**sales, "schedule": "book-077"}

    found = refusal({**right, "airflow": {**right["airflow"], "environmentClass": "mw1.medium"}, "workstreams": many})

    assert "dbt-platform:workstreams.shop-063.schedule = 'book-077'" in found
    assert "Workstreams: books-077, " in found
    assert " and 195 others" in found
    assert len(found) < 500


def test_all_mistakes_are_reported_at_once(right: Configuration):
    """Ten mistakes must not take ten attempts."""
    wrong = change(right, "network.cidr", "8.8.0.0/16")
    wrong = change(wrong, "workstreams.sales.memory", 1)
    wrong = change(wrong, "workstreams.finance.timezone", "Mars")
    wrong = change(wrong, "warehous", {})
    del wrong["warehouse"]["role"]

    message = refusal(wrong)

    assert "has 5 problems" in message
    for key in ("network.cidr", "workstreams.sales.memory", "workstreams.finance.timezone", "warehous", "warehouse.role"):
        assert f"dbt-platform:{key}" in message


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("enviroment", "environment"),
        ("network.availableZones", "availabilityZones"),
        ("workstreams.sales.timeout", "timeoutMinutes"),
    ],
)
def test_an_unknown_key_suggests_the_nearest_known_one(right: Configuration, path: str, suggestion: str):
    """A misspelt key that is ignored is a setting that silently has no effect."""
    message = refusal(change(right, path, 5))

    assert f"dbt-platform:{path}\n  Unknown key." in message
    assert suggestion in message


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("dbt_platform:network", "dbt-platform:network"),
        ("dbt-plaform:airflow", "dbt-platform:airflow"),
        ("DBT-Platform:alerts", "dbt-platform:alerts"),
        ("dbtplatform:artefacts", "dbt-platform:artifacts"),
    ],
)
def test_a_misspelt_namespace_is_noticed(key: str, meant: str):
    """The stack would get the defaults: another range of addresses than the one that the network team gave."""
    set_configuration({**stack_file("prod"), key: {}})

    with pytest.raises(pulumi.RunError, match=f"{key}\n  Unknown key. Did you mean '{meant}'"):
        Settings.load()


@pytest.mark.parametrize("key", ["aws:region", "docker:host", "pulumi:tags", "pulumiservice:token", "data-platform:team"])
def test_keys_of_others_are_left_to_them(key: str):
    """Providers, and what somebody adds to the program, have settings of their own."""
    set_configuration({**stack_file("prod"), key: "x"})

    Settings.load()


def test_the_project_keeps_its_name(right: Configuration, monkeypatch: pytest.MonkeyPatch):
    """Under another one the pipeline may make no role, which it learns after minutes, with half a platform made."""
    monkeypatch.setattr(pulumi, "get_project", lambda: "analytics")

    assert "Pulumi.yaml names the project 'analytics': call it dbt-platform again" in refusal(right)


@pytest.mark.parametrize("key", ["password", "privateKey", "private_key", "privateKeyPassphrase", "token"])
def test_a_secret_in_the_stack_file_is_told_where_it_belongs(right: Configuration, key: str):
    """Called just unknown, it would be tried under the next name, and be committed with it."""
    message = refusal(change(right, f"warehouse.{key}", "hunter2"))

    assert f"dbt-platform:warehouse.{key}\n  Unknown key. No secret belongs in a stack file" in message
    assert "ops credentials put" in message
    assert "hunter2" not in message


def test_a_long_value_is_recognised_by_its_beginning(right: Configuration):
    """Also one without spaces, at which it could be cut."""
    assert f"dbt-platform:workstreams.sales.description = '{'x' * 99}…\n" in refusal(
        change(right, "workstreams.sales.description", "x" * 501)
    )


def test_a_missing_key_says_what_it_is_for(right: Configuration):
    """A new user learns the configuration from its own messages."""
    del right["workstreams"]["sales"]["schema"]

    assert "dbt-platform:workstreams.sales.schema\n  Required, but missing. Snowflake schema" in refusal(right)


def test_a_spot_task_needs_a_retry(right: Configuration):
    """AWS takes Spot capacity back at any time: without a retry that is a failed night."""
    spot = change(right, "workstreams.sales.capacity", "spot")

    assert "dbt-platform:workstreams.sales.retries = 0" in refusal(change(spot, "workstreams.sales.retries", 0))
    load(change(spot, "workstreams.sales.retries", 1))


def test_three_zones_need_a_larger_range(right: Configuration):
    """AWS would refuse the third subnet after it has created everything else."""
    small = change(right, "network", {"cidr": "10.20.0.0/24", "availabilityZones": 3})

    assert "network.cidr = '10.20.0.0/24'\n  Too small for 3 availability zones; use /23 or larger" in refusal(small)
    load(change(right, "network", {"cidr": "10.20.0.0/24", "availabilityZones": 2}))
    load(change(right, "network", {"cidr": "10.20.0.0/23", "availabilityZones": 3}))


def test_a_startup_script_says_what_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """MWAA would take anything, and Airflow would not start."""
    monkeypatch.setattr(rules, "REPOSITORY", tmp_path)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "startup.sh").write_text("#!/bin/sh\n")
    (tmp_path / "dags" / "notes.sh").write_text("remember the milk\n")

    assert rules.shell_script("dags/startup.sh") == "dags/startup.sh"
    with pytest.raises(ValueError, match="begin it with #!/bin/sh"):
        rules.shell_script("dags/notes.sh")


def test_more_workstreams_than_airflow_can_take_are_refused(right: Configuration):
    """MWAA would accept them all and then parse its DAGs ever more slowly."""
    sales = right["workstreams"]["sales"]
    full = change(right, "workstreams", {f"team-{number}": sales for number in range(DAGS_PER_CLASS["mw1.small"])})
    load(full)

    message = refusal(change(full, "workstreams.one-more", sales))

    assert "dbt-platform:airflow.environmentClass = 'mw1.small'" in message
    assert "Set mw1.medium or larger" in message


@pytest.mark.parametrize(
    ("more", "room"),
    [
        ({}, 50),
        ({"environmentClass": "mw1.micro"}, 3),
        ({"maxWorkers": 1}, 5),
        ({"environmentClass": "mw1.2xlarge", "maxWorkers": 1}, 80),
    ],
)
def test_no_more_runs_at_once_than_the_workers_have_room_for(right: Configuration, more: Configuration, room: int):
    """Airflow would take the runs, and let them wait for a worker until an alarm goes off."""
    fleet = change(right, "airflow", {**right["airflow"], **more})
    assert load(fleet).airflow.runs == min(8, room)

    for runs in get_args(airflow.ConcurrentRuns):
        chosen = change(fleet, "airflow.concurrentRuns", runs)
        if runs <= room:
            assert load(chosen).airflow.runs == runs
        else:
            assert f"dbt-platform:airflow.concurrentRuns = {runs}\n  There is room for {room}: " in refusal(chosen)


def test_too_many_runs_at_once_are_refused_with_a_way_that_leads_on(right: Configuration):
    """More workers where there can be more; a larger class where there can't."""
    many = change(right, "airflow.concurrentRuns", 64)

    assert "Lower it, or set maxWorkers to 13." in refusal(many)
    load(change(many, "airflow.maxWorkers", 13))
    assert "or set environmentClass to mw1.small or larger." in refusal(change(many, "airflow.environmentClass", "mw1.micro"))


@pytest.mark.parametrize("name", ["minWorkers", "maxWorkers", "schedulers", "minWebservers", "maxWebservers"])
def test_the_smallest_airflow_has_one_of_each(right: Configuration, name: str):
    """AWS would refuse it, after having made everything else."""
    micro = change(right, "airflow.environmentClass", "mw1.micro")
    load(change(micro, f"airflow.{name}", 1))

    message = refusal(change(micro, f"airflow.{name}", 3))

    assert f"has a problem:\n\ndbt-platform:airflow.{name} = 3\n  mw1.micro has exactly one of each" in message


def test_the_most_workers_are_not_fewer_than_the_least(right: Configuration):
    """Also against what MWAA takes by itself: ten workers at most."""
    message = refusal(change(right, "airflow.minWorkers", 12))

    assert "dbt-platform:airflow.maxWorkers = 10\n  It is less than minWorkers, 12" in message
    load(change(change(right, "airflow.minWorkers", 12), "airflow.maxWorkers", 12))


def test_workstreams_that_wait_in_a_circle_are_refused(right: Configuration):
    """They would wait for ever, without an error anywhere."""
    finance = right["workstreams"]["finance"]
    after = {"books": "orders", "orders": "stock", "stock": "books", "report": "stock"}
    message = refusal(change(right, "workstreams", {name: {**finance, "schedule": other} for name, other in after.items()}))

    for name in ("books", "orders", "stock"):
        assert f"dbt-platform:workstreams.{name}.schedule" in message
    # It is not in the circle, and right once the circle is broken.
    assert "dbt-platform:workstreams.report.schedule" not in message


def test_a_circle_is_found_over_the_whole_graph(right: Configuration):
    """By way of one of several upstreams it is as endless: each start would start the next one."""
    finance = right["workstreams"]["finance"]
    workstreams = {
        "books": {**finance, "schedule": None, "after": {"all": ["stock", "orders"]}},
        "orders": {**finance, "schedule": "0 5 * * *"},
        "stock": {**finance, "schedule": "0 5 * * *", "after": {"any": ["x-ingest://stock", "report"]}},
        "report": {**finance, "schedule": "books"},
    }
    message = refusal(change(right, "workstreams", workstreams))

    assert "dbt-platform:workstreams.books.after = 'stock'\n  stock and report and books would wait for each other" in message
    assert "dbt-platform:workstreams.report.schedule = 'books'" in message
    assert "orders" not in message


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"schedule": "sales"}, {"asset": "sales"}),
        ({"schedule": "0 6 * * *"}, "0 6 * * *"),
        ({"schedule": None}, None),
        ({"schedule": None, "after": {"any": ["sales"]}}, {"cron": None, "mode": "any", "upstreams": ["sales"]}),
        (
            {"schedule": "0 6 * * *", "after": {"all": ["sales", "s3://landing/orders"]}},
            {"cron": "0 6 * * *", "mode": "all", "upstreams": ["sales", "s3://landing/orders"]},
        ),
    ],
)
def test_a_workstream_can_start_after_others(right: Configuration, changes: Configuration, start: Any):
    """Finance starts when what it reads is there, not at a time when it usually is."""
    right["workstreams"]["finance"] |= changes

    assert load(right).workstreams["finance"].start == start


def test_only_the_airflow_that_the_dags_are_tested_on_can_be_chosen():
    """On another one the deployment succeeds, after half an hour, and every DAG is an import error."""
    assert get_args(airflow.Version) == (importlib.metadata.version("apache-airflow"),)


@pytest.mark.parametrize("folder", ["./dbt_project", "dbt_project/", "dbt_project//."])
def test_a_project_has_one_name_however_it_is_spelt(right: Configuration, folder: str):
    """Its image would be built once for each spelling, and be pushed under a tag that no registry takes."""
    loaded = load(change(right, "workstreams.sales.project", folder))

    assert [build.name for build in loaded.builds] == ["dbt_project"]


@pytest.mark.parametrize("folder", ["transform", "vendor/shop/dbt", "tests/projects/weather"])
def test_a_project_may_lie_in_any_folder(right: Configuration, folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A team would have to move its project first, or could not have it as a submodule."""
    monkeypatch.setattr(rules, "REPOSITORY", tmp_path)
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "dbt_project.yml").write_text("name: shop")
    (tmp_path / "dbt_project").symlink_to(tmp_path / folder)

    assert load(change(right, "workstreams.sales.project", folder)).workstreams["sales"].build.name == folder


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "git submodule update --init --recursive"),
        ({"README.md": ""}, "dbt_project.yml"),
        (
            {"dbt_project.yml": "", "packages.yml": "packages: [{local: ../units}]"},
            "Its packages name units, and no dbt_project.yml",
        ),
        ({"dbt_project.yml": "", "packages.yml": "packages: [{local: ../../units}]"}, "no folder inside the repository"),
        ({"dbt_project.yml": "", "packages.yml": "packages: [{local: ..}]"}, "no folder inside the repository"),
        ({"dbt_project.yml": "", "packages.yml": "packages: ["}, "packages.yml is no YAML"),
    ],
)
def test_what_an_image_could_not_hold_is_refused_with_its_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], said: str
):
    """It would end in the middle of a deployment, in Docker's words."""
    monkeypatch.setattr(rules, "REPOSITORY", tmp_path)
    (tmp_path / "shop").mkdir()
    for name, text in files.items():
        (tmp_path / "shop" / name).write_text(text)

    with pytest.raises(ValueError, match=re.escape(said)):
        rules.dbt_project("shop")


def test_settings_never_change(right: Configuration):
    """What was validated is what is deployed."""
    with pytest.raises(ValueError, match="frozen"):
        load(right).environment = "development"  # type: ignore[misc]


NAMES = st.sampled_from(["sales", "hr", "finance-eu", "b2b", "a" * 30])
IDENTIFIERS = st.sampled_from(["ANALYTICS", "analytics_dev", "_X$1", "T" * 255])
AUTHENTICATIONS = st.sampled_from(["keyPair", "workloadIdentity", "password"])
SELECTORS = st.lists(st.sampled_from(["tag:sales", "+orders", "orders+1", "path:models/marts", "@customers"]), max_size=3)


@st.composite
def workstream(draw: st.DrawFn, others: list[str], connections: list[str]) -> Configuration:
    cpu = draw(st.sampled_from(sorted(FARGATE_MEMORY)))
    capacity = draw(st.sampled_from(["onDemand", "spot"]))
    clocks = [None, "0 5 * * *", "*/15 8-18 * * MON-FRI", "@daily"]
    after = draw(st.sampled_from([None, {"all": ["s3://landing/orders", *others]}, {"any": [*others, "x-ingest://orders"]}]))
    schedules = clocks if after else [*clocks, *others]
    return {
        "project": "dbt_project",
        "schema": draw(IDENTIFIERS),
        "owner": draw(st.sampled_from(["data-platform", "Sales Analytics", "team@example.com"])),
        "connection": draw(st.sampled_from(["warehouse", *connections])),
        "role": draw(st.sampled_from([None, "REPORTER"])),
        "warehouse": draw(st.sampled_from([None, "LARGE"])),
        "database": draw(st.sampled_from([None, "REPORTS"])),
        "schedule": draw(st.sampled_from(schedules)),
        "onlyNew": draw(st.booleans()),
        **({"after": after} if after else {}),
        "timezone": draw(st.sampled_from(["UTC", "Europe/Amsterdam", "America/Argentina/Buenos_Aires"])),
        "select": draw(SELECTORS),
        "exclude": draw(SELECTORS),
        "freshness": draw(st.booleans()),
        "cpu": cpu,
        "memory": draw(st.sampled_from(list(FARGATE_MEMORY[cpu]))),
        "ephemeralStorageGib": draw(st.integers(20, 200)),
        "architecture": draw(st.sampled_from(["x86_64", "arm64"])),
        "capacity": capacity,
        "threads": draw(st.integers(1, 64)),
        "timeoutMinutes": draw(st.integers(1, 700)),
        "retries": draw(st.integers(1 if capacity == "spot" else 0, 5)),
    }


@st.composite
def fleet(draw: st.DrawFn, environment_class: str) -> Configuration:
    """Numbers of workers, schedulers and web servers that the class can have."""
    if environment_class == "mw1.micro":
        return dict.fromkeys(("minWorkers", "maxWorkers", "schedulers"), draw(st.sampled_from([1, None])))
    workers, webservers = sorted(draw(st.tuples(st.integers(1, 25), st.integers(1, 25)))), draw(st.integers(2, 5))
    return {
        "minWorkers": workers[0],
        "maxWorkers": workers[1],
        "schedulers": draw(st.sampled_from([None, 2, 5])),
        "minWebservers": webservers,
        "maxWebservers": webservers,
    }


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Any valid configuration."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    names_of_connections = draw(st.lists(NAMES, max_size=2, unique=True))
    connections = {name: {**LOGIN, "authentication": draw(AUTHENTICATIONS)} for name in names_of_connections}
    zones = draw(st.integers(2, 3))
    environment_class = draw(st.sampled_from(sorted(DAGS_PER_CLASS)))
    private = draw(st.booleans())
    private_host = "abc.privatelink.snowflakecomputing.com"
    webserver = "privateOnly" if private else draw(st.sampled_from(["privateOnly", "publicOnly"]))
    return {
        "environment": draw(st.sampled_from(["development", "production"])),
        "network": {
            "cidr": f"10.{draw(st.integers(0, 255))}.0.0/{draw(st.integers(16, 22))}",
            "availabilityZones": zones,
            "zones": draw(st.sampled_from([[], ["eu-west-1c", "eu-west-1a", "eu-west-1b"][:zones]])),
            "egress": "privateLink" if private else "nat",
            **({"snowflake": deepcopy(SNOWFLAKE)} if private else {}),
        },
        "warehouse": {
            "account": draw(st.sampled_from(["ACME-ANALYTICS", "acme-analytics_eu", "xy12345.eu-west-1"])),
            "user": draw(IDENTIFIERS),
            "role": draw(IDENTIFIERS),
            "database": draw(IDENTIFIERS),
            "warehouse": draw(IDENTIFIERS),
            "authentication": draw(AUTHENTICATIONS),
            "host": private_host if private else draw(st.sampled_from([None, private_host])),
            "port": 443 if private else draw(st.integers(1, 65535)),
            "protocol": "https",
        },
        **({"connections": connections} if connections else {}),
        "airflow": {
            "version": "3.3.1",
            "environmentClass": environment_class,
            "webserver": webserver,
            "webserverCidrs": ["10.8.0.0/16", "100.64.0.0/10", "10.8.0.0/16"] if webserver == "privateOnly" else [],
            "logLevels": {"task": "INFO", "scheduler": draw(st.sampled_from(["DEBUG", "WARNING"]))},
            "maintenanceWindow": draw(st.sampled_from(["SUN:00:00", "FRI:23:30"])),
            **draw(fleet(environment_class)),
        },
        "image": {"baseImage": draw(st.sampled_from(["python:3.12-slim", "registry.example.com:5000/python:3.11"]))},
        "alerts": {"emails": draw(st.lists(st.sampled_from(["a@example.com", "b+c@example.org"]), min_size=1, unique=True))},
        "artifacts": {"retentionDays": draw(st.integers(1, 3650))},
        # Only earlier ones can be waited for, so that there is no circle.
        "workstreams": {name: draw(workstream(names[:index], list(connections))) for index, name in enumerate(names)},
    }


TEAM = {"tenant": "11111111-2222-3333-4444-555555555555", "team": "66666666-7777-8888-9999-000000000000"}


def test_a_second_channel_of_a_team_is_refused(right: Configuration):
    """AWS's provider reads a channel by its team alone: with two the deployment ends with an error, after the first is made."""
    one, other = ({**TEAM, "channel": f"19%3a{name}%40thread.tacv2"} for name in ("a", "b"))
    finance = {"workstreams": ["sales"], "microsoftTeams": other}

    message = refusal({**right, "alerts": {"microsoftTeams": one, "receivers": {"finance": finance}}})

    assert "dbt-platform:alerts.receivers.finance.microsoftTeams.channel = '19%3ab%40thread.tacv2'" in message
    assert load({**right, "alerts": {"microsoftTeams": one, "receivers": {"finance": {**finance, "microsoftTeams": one}}}})


URL = "https://events.pagerduty.com/integration/0123456789abcdef/enqueue"


def test_an_address_in_clear_text_is_refused(right: Configuration, monkeypatch: pytest.MonkeyPatch):
    """Who reads the repository could wake people; nothing else tells an encrypted value from another, once it is decrypted."""
    configuration = {**right, "alerts": {"urls": {"pagerduty": URL}}}
    message = refusal(configuration)
    assert "pulumi config set --secret --path" in message
    assert URL not in message

    monkeypatch.setattr(config, "is_config_secret", lambda key: key == "dbt-platform:alerts")

    assert load(configuration).alerts.addresses == {"pagerduty": URL}


def test_a_stack_file_is_read_without_the_key_of_its_secrets(right: Configuration):
    """`ops preflight` and the pipeline's checks need to know that there is an address, not which."""
    values = stack_values({**right, "alerts": {"urls": {"pagerduty": {"secure": "v1:abc"}}}})

    assert Settings.read("dev", values).alerts.has_urls


@settings(max_examples=5, deadline=None)
@given(configurations())
def test_any_valid_configuration_deploys(configuration: Configuration):
    """What the settings accept, the program can build: no combination fails half-way."""
    stack = run_program(stack_values(configuration))

    assert stack.all("aws:ecs/taskDefinition:TaskDefinition").keys() == configuration["workstreams"].keys()


@st.composite
def corruptions(draw: st.DrawFn) -> tuple[Configuration, str]:
    """A valid configuration with one thing wrong, and the key that is."""
    configuration = draw(configurations())
    node, path = configuration, []
    while True:
        key = draw(st.sampled_from(list(node)))
        path.append(str(key))
        if not isinstance(node[key], dict) or draw(st.integers(0, 4)) == 0:
            break
        node = node[key]
    kind = draw(st.sampled_from(["wrong type", "unknown key", "missing key"]))
    value = node.pop(key)
    if kind == "unknown key":
        path[-1] = f"{key}-x" if path[0] not in {"workstreams", "connections"} or len(path) != 2 else f"{key}_x"
        node[path[-1]] = value
    elif kind == "wrong type" or not required(path):
        # A project may be an object too (one in Git), whose own keys are then what is wrong.
        node[key] = "not an object" if isinstance(value, dict) else 3.5 if key == "project" else {"not": "a value"}
    return configuration, ".".join(path)


def required(path: list[str]) -> bool:
    keys = (
        "environment warehouse workstreams account user role database warehouse project schema owner endpointService stageBuckets"
    )
    of_its_own = path[0] == "workstreams" and path[-1] in {"role", "database", "warehouse"}
    return path[-1] in keys.split() and not of_its_own and not (path[0] == "workstreams" and len(path) == 2)


@settings(max_examples=75, deadline=None)
@given(corruptions())
def test_any_single_mistake_is_refused_by_name(corrupted: tuple[Configuration, str]):
    """No mistake gets through to AWS, and none is reported as something else."""
    configuration, path = corrupted

    assert re.search(rf"^dbt-platform:{re.escape(path)}( = |\n)", refusal(configuration), re.MULTILINE)


@settings(max_examples=30, deadline=None)
@given(configurations())
def test_editors_accept_what_the_program_accepts(configuration: Configuration):
    """A red line under a right value teaches people to ignore red lines."""
    document = {"config": {"aws:region": "eu-west-1", **stack_values(configuration)}}

    jsonschema.validate(document, reference.stack_schema())


@pytest.mark.parametrize("name", ["dev", "prod", "sandbox"])
def test_stack_files_tell_editors_their_schema(name: str):
    """Completion and checks work without any set-up, in every stack file."""
    text = (REPOSITORY / f"Pulumi.{name}.yaml").read_text()
    first_line, schema = text.splitlines()[0], json.loads(reference.SCHEMA_FILE.read_text())

    assert first_line == "# yaml-language-server: $schema=docs/stack.schema.json"
    jsonschema.validate(yaml.safe_load(text), schema)


def test_editors_refuse_a_key_that_the_program_does_not_know():
    """The schema must be able to say no."""
    document = {"config": {**stack_file("dev"), "dbt-platform:netwrok": {}}}

    with pytest.raises(jsonschema.ValidationError, match="netwrok"):
        jsonschema.validate(document, reference.stack_schema())


def test_schema_and_reference_page_are_up_to_date():
    """Run `python -m settings.reference` after a change of the settings."""
    assert json.loads(reference.SCHEMA_FILE.read_text()) == reference.stack_schema()
    assert reference.PAGE_FILE.read_text() == reference.page()
