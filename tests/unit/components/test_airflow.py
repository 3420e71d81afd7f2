import shutil
from pathlib import Path
from typing import Any, get_args

import pulumi
import pytest

from components import airflow
from settings import rules
from settings.project import REPOSITORY
from settings.sections.airflow import DEFAULT_POOL_SLOTS, AirflowSettings, ConcurrentRuns
from tests.unit.recorder import OUTPUTS, Stack, run_program, stack_file

ENVIRONMENT = "aws:mwaa/environment:Environment"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/dbt-platform-dev"


def may(stack: Stack, action: str) -> dict[str, Any]:
    """The one statement that allows Airflow an action."""
    [statement] = [s for s in stack.role_statements("platform-airflow") if action in s["Action"]]
    return statement


def test_airflow_starts_tasks_of_this_stack_on_its_cluster_only(development: Stack):
    """Someone who can edit a DAG can't run production's dbt, or anything else in the account."""
    statement = may(development, "ecs:RunTask")

    assert statement["Resource"] == ["arn:aws:ecs:eu-west-1:123456789012:task-definition/dbt-platform-dev-*:*"]
    assert statement["Condition"] == {"ArnEquals": {"ecs:cluster": CLUSTER}}


@pytest.mark.parametrize("action", ["ecs:DescribeTasks", "ecs:StopTask", "ecs:ListTasks"])
def test_airflow_looks_after_tasks_of_its_cluster_only(development: Stack, action: str):
    """A DAG can't stop another team's service."""
    assert may(development, action)["Condition"] == {"ArnEquals": {"ecs:cluster": CLUSTER}}


def test_airflow_passes_on_the_roles_of_the_workstreams_only(development: Stack):
    """A role that may pass any role is an administrator (privilege escalation by PassRole)."""
    statement = may(development, "iam:PassRole")
    roles = development.all("aws:iam/role:Role")
    prefix = statement["Resource"][0].rpartition(":")[2].removesuffix("*")
    passable = {name for name, role in roles.items() if f"role{role['path']}".startswith(prefix)}

    assert statement["Resource"] == ["arn:aws:iam::123456789012:role/dbt-platform-dev/workstreams/*"]
    assert passable == {"sales-execution", "sales-task", "finance-execution", "finance-task"}
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_airflow_reads_the_logs_of_every_workstream(development: Stack):
    """Without it the task's log in Airflow is empty."""
    groups = [
        group["name"] for group in development.all("aws:cloudwatch/logGroup:LogGroup").values() if "workstreams" in group["name"]
    ]
    [resource] = [s["Resource"][0] for s in development.role_statements("platform-airflow") if s["Action"] == ["logs:GetLogEvents"]]
    prefix = resource.partition("log-group:")[2].removesuffix("*:*")

    assert len(groups) == 2
    assert all(group.startswith(prefix) for group in groups)


def test_airflow_reads_the_summaries_of_runs_and_no_other_artifact(development: Stack):
    """It shows what failed; manifests, compiled SQL and logs are not for every DAG author."""
    readable = [
        resource
        for statement in development.role_statements("platform-airflow")
        for resource in statement["Resource"]
        if resource.startswith("arn:aws:s3:::platform-artifacts")
    ]

    assert [resource.partition("/")[2] for resource in readable] == ["*/runs/*/summary.json"]


def test_airflow_may_ask_when_the_credentials_end_and_never_reads_them(development: Stack):
    """It reminds of their end. A DAG author is not a warehouse administrator."""
    asked = [s for s in development.role_statements("platform-airflow") if "secretsmanager" in str(s["Action"])]

    assert [s["Action"] for s in asked] == [["secretsmanager:DescribeSecret"]]
    assert ["*" in resource for s in asked for resource in s["Resource"]] == [False]


def test_every_log_of_airflow_is_kept_encrypted_and_for_a_known_time(development: Stack):
    """MWAA writes to these names or to none; groups that it creates itself have neither key nor retention."""
    environment = development.only(ENVIRONMENT)
    groups = {group["name"] for group in development.all("aws:cloudwatch/logGroup:LogGroup").values()}

    assert len(environment["loggingConfiguration"]) == 5
    assert all(log["enabled"] for log in environment["loggingConfiguration"].values())
    for kind in ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker"):
        assert f"airflow-{environment['name']}-{kind}" in groups


def test_changed_requirements_reach_airflow(development: Stack):
    """MWAA reads the file only when the environment names a new version of it."""
    environment = development.only(ENVIRONMENT)
    requirements = development.all(OBJECT)["platform-requirements"]

    assert environment["requirementsS3Path"] == requirements["key"]
    assert environment["requirementsS3ObjectVersion"] == "version-1"


SCRIPT = "#!/bin/sh\nexport TZ=UTC\n"


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack in which every setting of Airflow has another value than by default."""
    values = stack_file("dev")
    values["dbt-platform:network"]["availabilityZones"] = 3
    values["dbt-platform:airflow"] |= {
        "environmentClass": "mw1.large",
        "minWorkers": 2,
        "maxWorkers": 20,
        "schedulers": 3,
        "startupScript": "dags/startup.sh",
        "logLevels": {"scheduler": "ERROR"},
        "maintenanceWindow": "WED:12:30",
        "webserver": "publicOnly",
    }
    folder = tmp_path_factory.mktemp("repository")
    (folder / "dbt_project").symlink_to(REPOSITORY / "dbt_project")
    shutil.copytree(REPOSITORY / "dags", folder / "dags")
    (folder / "dags" / "startup.sh").write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        for module in (rules, airflow):
            patch.setattr(module, "REPOSITORY", folder)
        return run_program(values)


def test_a_changed_startup_script_reaches_airflow(chosen: Stack):
    """As with the requirements; and the file that MWAA runs is the one of the repository."""
    environment = chosen.only(ENVIRONMENT)
    uploaded = chosen.all(OBJECT)["platform-startup-script"]
    assert uploaded["key"] == environment["startupScriptS3Path"]
    assert uploaded["content"] == SCRIPT
    assert environment["startupScriptS3ObjectVersion"] == "version-1"


FORMER = {"requirementsS3ObjectVersion": "version-0", "webserverUrl": "airflow.example.com"}
REASON = {"errorCode": "INCORRECT_CONFIGURATION", "errorMessage": "No matching distribution found for nonsense"}


def test_a_deployment_that_aws_rolled_back_fails_and_says_why(monkeypatch: pytest.MonkeyPatch):
    """MWAA goes back to the former requirements, and the provider calls that a success: nobody would learn of it."""
    rolled_back = {**FORMER, "lastUpdateds": [{"status": "FAILED", "errors": [REASON]}]}
    monkeypatch.setitem(OUTPUTS, ENVIRONMENT, rolled_back)

    with pytest.raises(pulumi.RunError) as failed:
        run_program(stack_file("dev"))

    assert "requirements_s3_object_version = version-1, but AWS has version-0" in str(failed.value)
    assert "INCORRECT_CONFIGURATION: No matching distribution found for nonsense" in str(failed.value)


def test_a_preview_after_a_rolled_back_update_shows_what_the_next_deployment_does(monkeypatch: pytest.MonkeyPatch):
    """It is the way out: it must not fail for what it is going to mend."""
    monkeypatch.setitem(OUTPUTS, ENVIRONMENT, FORMER)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)

    assert run_program(stack_file("dev")).outputs["airflowUrl"] == "airflow.example.com"


def test_a_change_that_was_taken_back_ends_the_failure(monkeypatch: pytest.MonkeyPatch):
    """AWS goes on telling of the failed update until there is another one."""
    monkeypatch.setitem(OUTPUTS, ENVIRONMENT, {"webserverUrl": "a", "lastUpdateds": [{"status": "FAILED", "errors": [REASON]}]})

    assert run_program(stack_file("dev")).outputs["airflowUrl"] == "a"


def test_without_a_startup_script_airflow_looks_for_none(development: Stack):
    """MWAA fails to start when the file is not there."""
    assert "startupScriptS3Path" not in development.only(ENVIRONMENT)


def test_each_log_has_its_own_level(chosen: Stack):
    """A noisy scheduler costs money; the tasks' log must stay as it is."""
    logs = chosen.only(ENVIRONMENT)["loggingConfiguration"]

    assert logs["schedulerLogs"] == {"enabled": True, "logLevel": "ERROR"}
    assert logs["taskLogs"] == {"enabled": True, "logLevel": "INFO"}


FLEET = ("minWorkers", "maxWorkers", "schedulers", "minWebservers", "maxWebservers")


def test_airflow_has_the_fleet_of_its_class_unless_told_otherwise(development: Stack, production: Stack, chosen: Stack):
    """Changing from the smallest class to a larger one must not leave a single scheduler, which AWS refuses there."""
    micro, small, large = (stack.only(ENVIRONMENT) for stack in (development, production, chosen))

    assert micro["environmentClass"] == "mw1.micro"
    assert [micro[name] for name in FLEET] == [1, 1, 1, 1, 1]
    assert [small[name] for name in FLEET] == [1, 10, 2, 2, 2]
    assert [large[name] for name in FLEET] == [2, 20, 3, 2, 2]


def test_maintenance_comes_when_the_settings_say(chosen: Stack):
    """Otherwise AWS chooses an hour, maybe the one of the nightly runs."""
    assert chosen.only(ENVIRONMENT)["weeklyMaintenanceWindowStart"] == "WED:12:30"


def test_nothing_is_asked_of_the_environment_that_aws_does_not_keep(development: Stack):
    """The provider sends the strategy only when it has changed itself, and reads it from the last update: every preview after
    that would plan a change of Airflow, and a deployment of DAGs alone be refused.
    """
    assert "workerReplacementStrategy" not in development.only(ENVIRONMENT)


def test_airflows_page_is_where_the_settings_say(production: Stack, chosen: Stack):
    """Private means private: nobody should have to look it up in the console."""
    assert stack_file("prod")["dbt-platform:airflow"]["webserver"] == "privateOnly"
    assert production.only(ENVIRONMENT)["webserverAccessMode"] == "PRIVATE_ONLY"
    assert chosen.only(ENVIRONMENT)["webserverAccessMode"] == "PUBLIC_ONLY"


def test_a_private_page_opens_for_whom_the_settings_name(production: Stack):
    """Without a rule nobody can open it; with more than the page's port, the metadata database would be open too."""
    values = stack_file("prod")
    values["dbt-platform:airflow"]["webserverCidrs"] = ["10.8.0.0/16", "192.168.7.0/24"]
    visited = run_program(values)
    group = visited.outputs["airflowSecurityGroupId"]

    assert [rule for rule in production.all(INGRESS).values() if "cidrIpv4" in rule] == []
    admitted = [rule for rule in visited.all(INGRESS).values() if "cidrIpv4" in rule]
    assert {(rule["cidrIpv4"], rule["securityGroupId"]) for rule in admitted} == {
        ("10.8.0.0/16", group),
        ("192.168.7.0/24", group),
    }
    assert {(rule["ipProtocol"], rule["fromPort"], rule["toPort"]) for rule in admitted} == {("tcp", 443, 443)}
    assert visited.only(ENVIRONMENT)["networkConfiguration"]["securityGroupIds"] == [group]


def test_a_stack_file_that_says_nothing_gets_a_private_page():
    """The safe choice is the one that needs no thought."""
    assert AirflowSettings().webserver == "privateOnly"


@pytest.mark.parametrize("runs", get_args(ConcurrentRuns))
def test_as_many_workstreams_run_at_once_as_the_settings_say(runs: int):
    """One more, and the warehouse queues what is urgent behind what is not; one less, and the night is too short."""
    slots = AirflowSettings.model_validate({"concurrentRuns": runs}).pool_slots

    assert DEFAULT_POOL_SLOTS // slots == runs


def test_airflow_gets_two_zones_also_from_three(chosen: Stack):
    """MWAA takes exactly two subnets."""
    assert len([name for name in chosen.all("aws:ec2/subnet:Subnet") if "private" in name]) == 3
    assert len(chosen.only(ENVIRONMENT)["networkConfiguration"]["subnetIds"]) == 2


def test_every_dag_file_is_deployed_as_it_is(development: Stack):
    """What was tested is what runs."""
    objects = [each for each in development.all(OBJECT).values() if each["key"].endswith(".py")]
    deployed = {each["key"]: (REPOSITORY / each["source"]).read_text() for each in objects}

    assert deployed == {f"dags/{path.name}": path.read_text() for path in (REPOSITORY / "dags").glob("*.py")} | {
        f"dags/dbt_causes/{path.name}": path.read_text() for path in (REPOSITORY / "image/runner/causes").glob("*.py")
    }


def test_the_state_says_the_same_of_a_dag_file_on_every_machine(development: Stack):
    """An absolute path would show a change of all files to whoever deploys from another folder, and to every job."""
    paths = [each["source"] for each in development.all(OBJECT).values() if "source" in each]

    assert paths
    assert not any(Path(path).is_absolute() for path in paths)
