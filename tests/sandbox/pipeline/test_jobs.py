"""From a merge request to a destroyed environment: the pipeline's jobs, run for real.

The program, the stack `dev`, the scripts and the roles are the repository's own.
"""

import json
import re
import subprocess
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.demo import demo
from sandbox.demo.demo import client
from sandbox.docker_leftovers import references, remove_images
from sandbox.steps import Steps
from tests.gitlab import Event
from tests.inventory import inventory
from tests.sandbox.pipeline.account import REFUSALS, Bootstrapped
from tests.sandbox.pipeline.jobs import Project

pytestmark = pytest.mark.slow

MERGE_REQUEST = Event(source="merge_request_event", branch="feature")
MAIN = Event(branch="main")
SMOKE = Event(branch="main", variables={"VERIFY_WORKSTREAM": "sales"})
NIGHT = Event(source="schedule", branch="main")

MODEL = ("dbt_project/models/sales/marts/orders.sql", "select\n", "-- changed\nselect\n")
RULE = 'cidr_ipv4=ANYWHERE,\n            ip_protocol="tcp",\n            from_port=port,\n            to_port='
PORT = ("components/network/security_group.py", f"{RULE}port", f"{RULE}65535")
SPY = (MODEL[0], "select\n", "{{ log('key: ' ~ env_var('SNOWFLAKE_PRIVATE_KEY', 'hidden'), info=true) }}\nselect\n")
DEARER = (MODEL[0], "    revenue,\n", "    revenue + 1 as revenue,\n")
ADDRESS = ("Pulumi.dev.yaml", "host: host.docker.internal", "host: 127.0.0.1")
DAG = ("dags/dbt_alerts.py", '"""', '"""Changed. ')


def web(**inputs: str) -> Event:
    """`New pipeline` on main."""
    return Event(source="web", branch="main", inputs=inputs)


@pytest.fixture(scope="module")
def project(account: Bootstrapped, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after its first deployment: one missing permission would end it half-way."""
    made = Project(account, tmp_path_factory.mktemp("gitlab"))
    made.run("infrastructure:dev", web(deploy="infrastructure"))
    # Only a person puts credentials: no job may read or write them.
    demo.put_credentials(Steps(), made.stack)
    return made


def task_definitions(project: Project) -> dict[str, str]:
    """By workstream: what Pulumi deployed."""
    return {name: each["taskDefinitionArn"] for name, each in project.stack.outputs()["workstreams"].items()}


def ops(project: Project, *arguments: str, code: int = 0) -> str:
    """What the operator's command line says."""
    done = subprocess.run(
        ["ops", *arguments], env=project.stack.environment, cwd=project.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def running(project: Project) -> str:
    """Family and revision that Airflow starts for sales."""
    answer = client(project.stack, "s3").get_object(Bucket=project.stack.outputs()["dagBucket"], Key="dags/config/sales.json")
    return json.loads(answer["Body"].read())["taskDefinition"].rpartition("/")[2]


def ran(project: Project) -> str:
    """Family and revision of the last task of sales."""
    ecs, cluster = client(project.stack, "ecs"), project.stack.outputs()["clusterArn"]
    arns = ecs.list_tasks(cluster=cluster, family="dbt-platform-dev-sales", desiredStatus="STOPPED")["taskArns"]
    tasks: list[dict[str, Any]] = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return max(tasks, key=lambda task: task["createdAt"])["taskDefinitionArn"].rpartition("/")[2]


def test_every_role_has_the_workloads_boundary(project: Project, account: Bootstrapped):
    """Without it a pipeline could make a role that may do everything, and use it."""
    iam = client(project.stack, "iam")
    made = [role["RoleName"] for role in iam.list_roles()["Roles"] if not role["Path"].startswith("/ci/")]
    bounded = [iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary", {}) for name in made]

    assert {each.get("PermissionsBoundaryArn") for each in bounded} == {account.outputs["workloadBoundaries"]["dev"]}


def test_the_check_shows_the_line_that_is_not_in_style(project: Project):
    """The code quality report is what a reviewer sees beside the changed line."""
    name, *_ = MODEL
    with project.edited((name, "select\n", "SELECT\n")), pytest.raises(RuntimeError, match="is not in its style"):
        project.run("dbt", MERGE_REQUEST)

    found = json.loads((project.folder / "codequality.json").read_text())
    assert [(each["location"]["path"], each["check_name"]) for each in found] == [(name, "CP01")]


def test_a_merge_request_sees_what_it_would_change(project: Project):
    """A reviewer without a plan approves blindly; a preview that changes anything is a deployment without a review."""
    before = inventory(project.stack)

    with project.edited(("Pulumi.dev.yaml", "schema: SALES", "schema: SHOP")):
        project.run("preview:dev", MERGE_REQUEST, ref="feature")

    plan = (project.folder / "preview-dev.md").read_text()
    assert json.loads((project.folder / "preview-dev.report.json").read_text()) == {"create": 1, "update": 1, "delete": 1}, plan
    assert "`sales` `aws:ecs/taskDefinition:TaskDefinition`: `containerDefinitions`" in plan
    assert inventory(project.stack) == before


def test_an_image_job_may_not_open_the_network(project: Project):
    """A merged model must not open a port: here one that was merged before it, and whose deployment failed."""
    before = inventory(project.stack)

    with project.merged(PORT), project.edited(MODEL), pytest.raises(RuntimeError) as refused:
        project.run("image:dev", MAIN)

    reasons = str(refused.value).partition("reaches further")[2]
    assert re.search(r"update +aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule \S+ \(toPort\)", reasons)
    assert "may be done by: infrastructure" in reasons
    assert "TaskDefinition" not in reasons, "what the job may do is no reason to refuse"
    assert inventory(project.stack) == before


def test_a_merged_dag_changes_nothing_but_the_dag(project: Project):
    """Operators mend a DAG at noon: the containers that run go on."""
    before, outputs = inventory(project.stack), project.stack.outputs()

    with project.edited(DAG):
        project.run("dags:dev", MAIN)

    body = client(project.stack, "s3").get_object(Bucket=outputs["dagBucket"], Key="dags/dbt_alerts.py")["Body"].read()
    assert body.startswith(b'"""Changed. ')
    assert (inventory(project.stack), project.stack.outputs()) == (before, outputs)


def test_a_merged_model_is_tried_and_can_be_taken_back(project: Project):
    """From a push to a new revision of every task; and when it was wrong, the night's run is the former one's.

    The smoke run is of what was rolled back to: a deployment that is undone must run as well as one that is not.
    """
    before = task_definitions(project)
    with project.edited(MODEL):
        project.run("image:dev", MAIN)
        after = task_definitions(project)
        assert all(after[name] != before[name] for name in before)

        said = ops(project, "rollback", "sales")
        project.run("verify:dev", SMOKE)

        former = running(project)
        assert former in said
        assert ran(project) == former
        assert former != after["sales"].rpartition("/")[2]
        ops(project, "rollback", "sales", "--undo")
        assert running(project) == after["sales"].rpartition("/")[2]
        assert "there is nothing to undo" in ops(project, "rollback", "sales", "--undo", code=1)


def test_a_reverted_merge_deploys_the_image_that_was_pushed_before(project: Project):
    """A job's Docker has no layers: it would make another image than the one that was tested, and ECR takes no tag twice."""
    images = client(project.stack, "ecr").describe_images(repositoryName="dbt-platform-dev-dbt")["imageDetails"]
    first = min(images, key=lambda image: image["imagePushedAt"])
    remove_images(f"{project.stack.state.account}.dkr.ecr.")

    project.run("image:dev", web(deploy="image"))

    assert project.stack.outputs()["images"]["dbt_project"].endswith(f"@{first['imageDigest']}")
    assert not [name for name in references() if project.stack.state.account in name and "@" not in name]


def test_a_merge_request_builds_what_it_changes_in_schemas_of_its_own(project: Project):
    """A model that is wrong on real data should be seen before the merge; and what was built for that must not stay.

    What it changes in the data is said, by model and column.

    Nor may a macro read the key that it is built with: whoever opens a merge request would have it.
    """
    run_once(project)
    secrets, secret = client(project.stack, "secretsmanager"), "dbt-platform/merge-requests"
    login = secrets.get_secret_value(SecretId=project.stack.outputs()["secretArn"])["SecretString"]
    secrets.create_secret(Name=secret, SecretString=login)
    variables = {"MODELS_STACK": "dev", "MODELS_SECRET": secret, "CI_MERGE_REQUEST_IID": "7"}
    request = Event(source="merge_request_event", branch="feature", variables=variables)

    with project.edited(SPY, DEARER, ADDRESS):
        said = project.run("models", request, ref="feature")
        built = relations(project)
        project.run("models:drop", request, ref="feature")

    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert "key: hidden" in said
    assert ("MR_7_SALES", "ORDERS") in built
    assert ("MR_7_SALES", "STG_ORDERS") not in built, "it was not changed"
    assert relations(project) == set()
    assert re.search(r"\| `orders` \| (\d+) \| 0 \| 0 \| \1 \|  \| by `ORDER_ID` \|", said), said
    assert re.search(r"\| `orders` \| `REVENUE` \| \d+ \| 0.00% \| \+", said), said


def run_once(project: Project) -> None:
    """Lets sales run if it never has: a slim build compares with what the last run built."""
    uri = project.stack.outputs()["workstreams"]["sales"]["artifactsUri"]
    if not any(key.endswith("/state/manifest.json") for key in demo.artifacts(project.stack, uri)):
        ops(project, "run", "sales", "--wait")


def relations(project: Project) -> set[tuple[str, str]]:
    """Schema and name of what merge requests have built."""
    statement = "select table_schema, table_name from ANALYTICS_DEV.INFORMATION_SCHEMA.TABLES where table_schema ilike 'MR_%'"
    return {(str(schema), str(name)) for schema, name in demo.query(project.stack, statement)[1]}


def test_a_night_finds_what_somebody_deleted_and_nothing_else(project: Project):
    """An alert without a cause every night is one that nobody reads."""
    ops(project, "doctor")
    group = project.stack.outputs()["workstreams"]["finance"]["logGroup"]
    client(project.stack, "logs").delete_log_group(logGroupName=group)

    with pytest.raises(RuntimeError, match="behind Pulumi's back") as found:
        project.run("drift:dev", NIGHT)
    unwell = [finding for finding in json.loads(ops(project, "doctor", "--json", code=1)) if not finding["ok"]]

    assert re.findall(r"[~+-] (aws:\S+):", str(found.value)) == ["aws:cloudwatch/logGroup:LogGroup"]
    assert [finding["check"] for finding in unwell] == ["finance: log group"]
    assert "`pulumi up --refresh --stack " in unwell[0]["fix"]


TEAM = "dev-marketing"
ENVIRONMENT = "  - {local: .gitlab/ci/environment.yml, inputs: {environment: dev, pipeline: main}}\n"
TEAM_ENVIRONMENT = ENVIRONMENT.replace("environment: dev, pipeline: main", f"environment: {TEAM}, pipeline: main, smoke: none")

FOREIGN: dict[str, tuple[str, str, dict[str, Any]]] = {
    "another's configuration": ("s3", "put_object", {"Bucket": "dagBucket", "Key": "dags/config/sales.json", "Body": b"{}"}),
    "a DAG file": ("s3", "put_object", {"Bucket": "dagBucket", "Key": "dags/dbt_workstreams.py", "Body": b""}),
    "another's artifacts": ("s3", "put_object", {"Bucket": "artifactsBucket", "Key": "sales/state/manifest.json", "Body": b"{}"}),
    "the platform's log-in": ("secretsmanager", "get_secret_value", {"SecretId": "secretArn"}),
    "another's log": ("logs", "delete_log_group", {"logGroupName": "/dbt-platform-dev/workstreams/sales"}),
    "Airflow": ("mwaa", "delete_environment", {"Name": "airflowEnvironment"}),
    "a run": ("ecs", "run_task", {"cluster": "clusterArn", "taskDefinition": "dbt-platform-dev-sales"}),
}
"""What a team's job has no business with: service, call, and its parameters or the platform's outputs that they are."""


def test_a_team_deploys_with_a_role_of_its_own_that_reaches_nobody_elses(project: Project, account: Bootstrapped):
    """One missing permission and a team can't deploy; one too many and it can do what only the platform's people may."""
    before, outputs = inventory(project.stack), project.stack.outputs()
    team = project.add_team(TEAM)

    with project.merged((".gitlab-ci.yml", ENVIRONMENT, ENVIRONMENT + TEAM_ENVIRONMENT)):
        project.run(f"infrastructure:{TEAM}", web(deploy="infrastructure"))
        for service, call, parameters in FOREIGN.values():
            given = {key: outputs.get(value, value) if isinstance(value, str) else value for key, value in parameters.items()}
            with pytest.raises(ClientError) as refused:
                getattr(account.client(f"deploy-{TEAM}", service), call)(**given)
            assert refused.value.response["Error"]["Code"] in REFUSALS, call
        definition = team.outputs()["workstreams"]["marketing"]["taskDefinitionArn"]
        told = client(project.stack, "s3").get_object(Bucket=outputs["dagBucket"], Key="dags/config/marketing.json")
        project.run(f"destroy:{TEAM}", web(destroy=f"destroy {TEAM}"))

    assert json.loads(told["Body"].read())["taskDefinition"] == definition
    client(project.stack, "ecs").deregister_task_definition(taskDefinition=definition)  # a team's stack leaves it
    assert inventory(project.stack) == before


def test_destroy_leaves_what_was_there_before(project: Project, account: Bootstrapped):
    """A forgotten NAT gateway costs money every hour."""
    project.run("destroy:dev", web(destroy="destroy dev"))

    # GitLab lets a destroy fail, and so does gitlab-ci-local: only AWS can tell.
    left = inventory(account.stack)
    assert {kind: len(names) for kind, names in left.items()} == {"bucket": 1, "key": 1, "key alias": 1, "role": 4}
