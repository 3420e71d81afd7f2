import json
import re
from pathlib import Path
from typing import Any

import pytest
from dbt_configuration import FORMS, read_file

from settings.rules import FARGATE_MEMORY
from tests.iam import allows
from tests.unit.recorder import IMAGE, Stack, run_program, stack_file

TASK = "aws:ecs/taskDefinition:TaskDefinition"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dbt-platform-dev/snowflake-a1b2c3"


def container(stack: Stack, workstream: str) -> dict[str, Any]:
    [definition] = json.loads(stack.all(TASK)[workstream]["containerDefinitions"])
    return definition


def environment(stack: Stack, workstream: str) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(stack, workstream)["environment"]}


def allowed(stack: Stack, role: str) -> dict[str, list[str]]:
    """Resources by action of a role."""
    return {action: s["Resource"] for s in stack.role_statements(role) for action in s["Action"]}


def test_a_task_runs_exactly_the_image_that_was_pushed(development: Stack):
    """A tag can point elsewhere tomorrow; the digest is what was tested."""
    assert container(development, "sales")["image"] == IMAGE


def test_a_run_that_is_under_way_keeps_its_task_definition_in_production(production: Stack):
    """A deployment during a run must not take the definition away that its retry starts from; a rollback needs it too."""
    for definition in production.all(TASK).values():
        assert definition["skipDestroy"] is True


def test_destroying_a_development_stack_leaves_no_task_definition(development: Stack):
    """One `pulumi destroy` removes all of it."""
    for definition in development.all(TASK).values():
        assert definition["skipDestroy"] is False


def test_code_in_a_dbt_project_can_change_nothing_but_its_own_scratch_space(development: Stack):
    """Root, or a writable filesystem, is what an intruder needs to stay (FSBP ECS.5, Checkov CKV_AWS_336)."""
    definition = container(development, "sales")

    assert definition["readonlyRootFilesystem"] is True
    assert definition["user"] == "50000"
    assert {mount["containerPath"] for mount in definition["mountPoints"]} == {"/tmp", "/home/dbt"}


def test_a_stopped_task_has_time_to_cancel_its_queries(development: Stack):
    """Fargate's default of 30 seconds would leave queries running in Snowflake and artifacts lost."""
    assert container(development, "sales")["stopTimeout"] == 120


def test_the_private_key_comes_from_the_secret_and_from_nowhere_else(development: Stack):
    """A value in the environment is readable by everyone who can see the task definition (FSBP ECS.8)."""
    assert {each["name"]: each["valueFrom"] for each in container(development, "sales")["secrets"]} == {
        "SNOWFLAKE_PRIVATE_KEY": f"{SECRET}:private_key::",
        "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": f"{SECRET}:private_key_passphrase::",
    }
    assert not [name for name in environment(development, "sales") if "KEY" in name or "PASSW" in name]


def with_authentication(authentication: str) -> Stack:
    values = stack_file("dev")
    values["dbt-platform:warehouse"]["authentication"] = authentication
    return run_program(values)


def test_a_password_comes_from_the_secret_too():
    """The legacy way is as safe as it can be, and nobody uses it without having been told."""
    stack = with_authentication("password")

    assert container(stack, "sales")["secrets"] == [{"name": "SNOWFLAKE_PASSWORD", "valueFrom": f"{SECRET}:password::"}]
    assert environment(stack, "sales")["SNOWFLAKE_AUTHENTICATOR"] == "password"
    [warning] = stack.warnings
    assert "dbt-platform:warehouse.authentication" in warning
    assert "workloadIdentity" in warning


def test_a_workload_identity_needs_no_secret_anywhere():
    """What does not exist can't leak, and needs no rotation: no secret, no right to read one, and a region to ask STS in."""
    stack = with_authentication("workloadIdentity")

    assert not [each.type for each in stack.registrations() if each.type.startswith("aws:secretsmanager/")]
    assert not [each.inputs for each in stack.registrations() if "secretsmanager" in str(each.inputs.get("policy"))]
    assert container(stack, "sales")["secrets"] == []
    assert environment(stack, "sales")["AWS_REGION"] == "eu-west-1"
    assert environment(stack, "sales")["SNOWFLAKE_AUTHENTICATOR"] == "workloadIdentity"
    assert stack.warnings == []


@pytest.fixture(scope="module")
def brought() -> Stack:
    """A workstream that says what a job of the dbt platform says."""
    values = stack_file("dev")
    values["dbt-platform:workstreams"]["sales"] |= {
        "target": "snowflake-prod",
        "vars": {"day": "2026-01-01", "limit": 5},
        "environment": {"DBT_RAW_DATABASE": "RAW"},
        "secrets": {"DBT_ENV_SECRET_SLACK": {"secret": "team/slack", "field": "token"}, "TOKEN": {"secret": "team/slack"}},
        "commands": ["seed", "run"],
        "fullRefresh": True,
    }
    return run_program(values)


def test_a_project_gets_the_target_variables_and_secrets_that_it_asks_for(brought: Stack):
    """It would take the branch for another target, read other databases, or not be parsed at all."""
    given = environment(brought, "sales")
    secrets = {each["name"]: each["valueFrom"] for each in container(brought, "sales")["secrets"]}
    slack = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/slack-a1b2c3"

    assert given["DBT_TARGET"] == "snowflake-prod"
    assert json.loads(given["DBT_VARS"]) == {"day": "2026-01-01", "limit": 5}
    assert given["DBT_RAW_DATABASE"] == "RAW"
    assert given["DBT_SECRETS"] == "DBT_ENV_SECRET_SLACK,TOKEN"
    assert (secrets["DBT_ENV_SECRET_SLACK"], secrets["TOKEN"]) == (f"{slack}:token::", slack)


@pytest.fixture(scope="module")
def reading() -> Stack:
    """A workstream whose project reads a model of the shop, for which sales is meant."""
    values = stack_file("dev")
    mine = {"project": "tests/projects/reports", "schema": "REPORTS", "owner": "a", "schedule": "sales"}
    values["dbt-platform:workstreams"]["reports"] = mine
    return run_program(values)


def test_a_project_reads_one_object_of_the_workstream_whose_models_it_reads(reading: Stack):
    """With more it could read what another team's runs leave: logs, rows of failed tests, compiled SQL."""
    bucket = "arn:aws:s3:::platform-artifacts"

    def may(role: str, action: str, key: str) -> bool:
        return allows(reading.role_statements(role), action, f"{bucket}/{key}")

    assert environment(reading, "reports")["DBT_UPSTREAMS"] == '{"shop": "sales"}'
    assert may("reports-task", "s3:GetObject", "sales/state/manifest.json")
    for key in ("sales/state/nodes.json", "sales/state/manifest.json.gz", "sales/runs/1/1/dbt.log", "finance/state/manifest.json"):
        assert not may("reports-task", "s3:GetObject", key), key
    assert not may("reports-task", "s3:PutObject", "sales/state/manifest.json")
    assert not allows(reading.role_statements("reports-task"), "s3:ListBucket", bucket, {"s3:prefix": "sales/state/manifest.json"})
    assert not may("finance-task", "s3:GetObject", "sales/state/manifest.json")
    assert "DBT_UPSTREAMS" not in environment(reading, "sales")


def test_only_the_workstream_that_names_a_secret_may_read_it(brought: Stack):
    """One team's token would be every team's."""
    readers = [
        (role, statement["Action"])
        for role in ("sales-execution", "sales-task", "finance-execution", "finance-task")
        for statement in brought.role_statements(role)
        if "team" in str(statement["Resource"])
    ]

    assert readers == [("sales-execution", ["secretsmanager:GetSecretValue"]), ("sales-execution", ["kms:Decrypt"])]


FINANCE_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dbt-platform-dev/snowflake/finance-a1b2c3"


@pytest.fixture(scope="module")
def connected() -> Stack:
    """Finance with a connection of its own, of which it changes the warehouse; sales with another role of the stack's own."""
    values = stack_file("dev")
    login = {"user": "DBT_FINANCE", "role": "BOOKKEEPER", "database": "BOOKS", "warehouse": "SLOW", "authentication": "password"}
    values["dbt-platform:connections"] = {"finance": login, "unused": {**login, "authentication": "workloadIdentity"}}
    values["dbt-platform:workstreams"]["finance"] |= {"connection": "finance", "warehouse": "LARGE"}
    values["dbt-platform:workstreams"]["sales"]["role"] = "REPORTER"
    return run_program(values)


def test_each_workstream_logs_in_with_its_own_connection(connected: Stack):
    """A team whose data nobody else may see has a user and a role of its own, and keeps what the connection does not say."""
    sales, finance = environment(connected, "sales"), environment(connected, "finance")
    keys = [f"SNOWFLAKE_{key}" for key in ("ACCOUNT", "USER", "ROLE", "DATABASE", "WAREHOUSE", "AUTHENTICATOR")]

    assert [finance[key] for key in keys] == ["EXAMPLE-ANALYTICS", "DBT_FINANCE", "BOOKKEEPER", "BOOKS", "LARGE", "password"]
    assert [sales[key] for key in keys] == [
        "EXAMPLE-ANALYTICS",
        "DBT_DEV",
        "REPORTER",
        "ANALYTICS_DEV",
        "TRANSFORMING_DEV",
        "keyPair",
    ]
    assert container(connected, "finance")["secrets"] == [
        {"name": "SNOWFLAKE_PASSWORD", "valueFrom": f"{FINANCE_SECRET}:password::"}
    ]
    [warning] = connected.warnings
    assert "dbt-platform:connections.finance.authentication" in warning


def test_an_execution_role_reads_the_secret_of_its_own_connection_only(connected: Stack):
    """Whoever may run one workstream's code must not get at another one's data by a task of its own."""
    readable = {name: allowed(connected, f"{name}-execution")["secretsmanager:GetSecretValue"] for name in ("sales", "finance")}

    assert readable == {"sales": [SECRET], "finance": [FINANCE_SECRET]}


def test_a_further_connection_adds_its_secret_and_leaves_the_rest_as_it_was(development: Stack, connected: Stack):
    """A secret that got another name would be a new and empty one: every workstream would fail at night."""
    secrets = "aws:secretsmanager/secret:Secret"

    assert {name: each["name"] for name, each in development.all(secrets).items()} == {"snowflake": "dbt-platform-dev/snowflake"}
    assert {name: each["name"] for name, each in connected.all(secrets).items()} == {
        "snowflake": "dbt-platform-dev/snowflake",
        "snowflake-finance": "dbt-platform-dev/snowflake/finance",
    }
    assert connected.outputs["connections"]["finance"] == {
        "account": "EXAMPLE-ANALYTICS",
        "user": "DBT_FINANCE",
        "role": "BOOKKEEPER",
        "database": "BOOKS",
        "warehouse": "SLOW",
        "authentication": "password",
        "secretArn": FINANCE_SECRET,
    }


@pytest.fixture(scope="module")
def mixed() -> Stack:
    """A stack with a warehouse of its own address, and workstreams that differ in how they start and in what Fargate offers."""
    values = stack_file("dev")
    values["dbt-platform:warehouse"] |= {"host": "snowflake.internal", "port": 8443}
    workstreams = values["dbt-platform:workstreams"]
    workstreams["hr"] = {**workstreams["sales"], "schedule": "sales"}
    workstreams["sales"]["schedule"] = "0 5 * * *"
    workstreams["finance"] |= {"schedule": "0 6 * * *", "after": {"any": ["sales", "s3://landing/orders"]}}
    workstreams["finance"] |= {"architecture": "arm64", "capacity": "spot", "ephemeralStorageGib": 100}
    return run_program(values)


def test_dbt_connects_as_configured(mixed: Stack):
    """Each setting of the warehouse reaches dbt, or models land in the wrong place."""
    assert environment(mixed, "sales") == {
        "AWS_REGION": "eu-west-1",
        "PLATFORM": "dbt-platform-dev",
        "WORKSTREAM": "sales",
        "ARTIFACTS_URI": "s3://platform-artifacts-id/sales",
        "DBT_TARGET": "development",
        "DBT_THREADS": "4",
        "RUN_TIMEOUT_SECONDS": "3600",
        "TASK_MEMORY_MIB": "2048",
        "SNOWFLAKE_ACCOUNT": "EXAMPLE-ANALYTICS",
        "SNOWFLAKE_AUTHENTICATOR": "keyPair",
        "SNOWFLAKE_DATABASE": "ANALYTICS_DEV",
        "SNOWFLAKE_HOST": "snowflake.internal",
        "SNOWFLAKE_PORT": "8443",
        "SNOWFLAKE_PROTOCOL": "https",
        "SNOWFLAKE_ROLE": "TRANSFORMER_DEV",
        "SNOWFLAKE_SCHEMA": "SALES",
        "SNOWFLAKE_USER": "DBT_DEV",
        "SNOWFLAKE_WAREHOUSE": "TRANSFORMING_DEV",
    }


def test_logs_appear_where_airflow_looks_for_them(development: Stack):
    """Otherwise the task's log in Airflow stays empty, and a failure has no reason."""
    options = container(development, "sales")["logConfiguration"]["options"]
    assert options["mode"] == "blocking", "ECS's default drops lines when CloudWatch is slow"
    [configuration] = [o for o in development.all("aws:s3/bucketObjectv2:BucketObjectv2").values() if "sales" in o["key"]]
    dag = json.loads(configuration["content"])

    assert dag["logGroup"] == options["awslogs-group"]
    assert dag["logStreamPrefix"] == f"{options['awslogs-stream-prefix']}/{container(development, 'sales')['name']}"


def test_dbt_reads_and_writes_only_its_own_artifacts(development: Stack):
    """A workstream can't see, or spoil, what another one left for its next run."""
    may = allowed(development, "sales-task")

    assert may["s3:GetObject"] == may["s3:PutObject"] == ["arn:aws:s3:::platform-artifacts/sales/*"]
    assert may.keys() == {"s3:GetObject", "s3:PutObject", "s3:ListBucket", "kms:Decrypt", "kms:GenerateDataKey"}
    [listing] = [s for s in development.role_statements("sales-task") if s["Action"] == ["s3:ListBucket"]]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["sales/*"]}}


def test_workstreams_of_one_project_share_what_they_have_built_if_one_of_them_asks():
    """What another one has built would be built again, and one model by two at once; or a stranger could spoil what is known."""
    values = stack_file("dev")
    workstreams = values["dbt-platform:workstreams"]
    workstreams["sales"] |= {"onlyNew": True}
    workstreams["elsewhere"] = {**workstreams["finance"], "database": "OTHER"}
    workstreams["staging"] = {**workstreams["finance"], "target": "staging"}
    stack = run_program(values)

    folder = environment(stack, "sales")["PROJECT_STATE"]
    assert re.fullmatch(r"_projects/dbt_project-[0-9a-f]{8}", folder), "no workstream can have such a name"
    assert environment(stack, "finance")["PROJECT_STATE"] == folder
    assert not {"elsewhere", "staging"} & {name for name in workstreams if "PROJECT_STATE" in environment(stack, name)}
    for name in ("sales", "finance"):
        may = allowed(stack, f"{name}-task")
        own = [f"arn:aws:s3:::platform-artifacts/{each}/*" for each in (name, folder)]
        assert may["s3:GetObject"] == may["s3:PutObject"] == own
    assert allowed(stack, "staging-task")["s3:GetObject"] == ["arn:aws:s3:::platform-artifacts/staging/*"]


def test_ecs_itself_can_start_the_task_and_nothing_more(development: Stack):
    """Each of these is missed at the first start: pull, log, read the secret. Nothing of another workstream is."""
    may = allowed(development, "sales-execution")

    repository = ["arn:aws:ecr:eu-west-1:123456789012:repository/dbt-platform-dev-dbt"]
    logs = ["arn:aws:logs:eu-west-1:123456789012:log-group:/dbt-platform-dev/workstreams/sales:*"]
    assert may == {
        "ecr:GetAuthorizationToken": ["*"],
        "ecr:BatchCheckLayerAvailability": repository,
        "ecr:BatchGetImage": repository,
        "ecr:GetDownloadUrlForLayer": repository,
        "logs:CreateLogStream": logs,
        "logs:PutLogEvents": logs,
        "secretsmanager:GetSecretValue": [SECRET],
        "kms:Decrypt": ["arn:aws:kms:eu-west-1:123456789012:key/platform"],
    }


def test_dbt_does_not_get_the_rights_of_ecs(development: Stack):
    """With one role for both, code in a model could read the secret and pull every image (FSBP ECS)."""
    definition = development.all(TASK)["sales"]

    assert definition["executionRoleArn"] != definition["taskRoleArn"]


def test_every_cost_can_be_put_down_to_a_team(development: Stack):
    """Fargate's costs follow the task definition's tags, which MWAA passes on to the tasks."""
    assert development.all(TASK)["finance"]["tags"] == {"workstream": "finance", "owner": "finance-analytics"}


@pytest.mark.parametrize(
    ("name", "cron", "after"),
    [("sales", "0 5 * * *", []), ("finance", "0 6 * * *", ["sales", "s3://landing/orders"]), ("hr", None, ["sales"])],
)
def test_the_dag_configuration_is_one_that_the_dags_accept(
    mixed: Stack, tmp_path: Path, name: str, cron: str | None, after: list[str]
):
    """A key that one side misspells breaks every DAG on the next deployment."""
    path = tmp_path / f"{name}.json"
    path.write_text(mixed.all("aws:s3/bucketObjectv2:BucketObjectv2")[f"config/{name}.json"]["content"])

    workstream = read_file(path)

    assert json.loads(path.read_text()).keys() == FORMS.keys()
    assert workstream.dag_id == f"dbt_{name}"
    assert workstream.task_definition.endswith(":7")
    assert (workstream.schedule, workstream.upstreams) == (cron, after)


def test_fargate_pairs_are_the_ones_of_the_documentation():
    """One pair too many is an error of AWS in the middle of a deployment."""
    assert FARGATE_MEMORY[256] == [512, 1024, 2048]
    assert {cpu: (min(memory), max(memory)) for cpu, memory in FARGATE_MEMORY.items()} == {
        256: (512, 2048),
        512: (1024, 4096),
        1024: (2048, 8192),
        2048: (4096, 16384),
        4096: (8192, 30720),
        8192: (16384, 61440),
        16384: (32768, 122880),
    }


def test_workstreams_of_one_project_and_two_architectures_get_an_image_each(mixed: Stack):
    """An image runs on the processor that it was built for, and a tag can be pushed once only."""
    images = mixed.all("docker:index/image:Image")
    assert {name: image["build"]["platform"] for name, image in images.items()} == {
        "dbt_project": "linux/amd64",
        "dbt_project-arm64": "linux/arm64",
    }
    assert len({image["imageName"] for image in images.values()}) == 2
    assert {name: task["runtimePlatform"]["cpuArchitecture"] for name, task in mixed.all(TASK).items()} == {
        "sales": "X86_64",
        "hr": "X86_64",
        "finance": "ARM64",
    }


def test_a_workstream_can_run_on_spot_with_a_larger_disk(mixed: Stack):
    """Both reach Fargate: the price through the DAG, the disk through the task definition."""
    objects = mixed.all("aws:s3/bucketObjectv2:BucketObjectv2")
    providers = {name: json.loads(objects[f"config/{name}.json"]["content"])["capacityProvider"] for name in ("sales", "finance")}
    assert providers == {"sales": "FARGATE", "finance": "FARGATE_SPOT"}
    assert set(providers.values()) <= set(
        mixed.only("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders")["capacityProviders"]
    )
    assert mixed.all(TASK)["finance"]["ephemeralStorage"] == {"sizeInGib": 100}
    assert "ephemeralStorage" not in mixed.all(TASK)["sales"]
