"""The radius of each kind of deployment."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from ci import deployment, plan, radius
from ci.cli import app
from ci.radius import Kind
from ops.errors import OpsError

IMAGE = "docker:index/image:Image"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def step(operation: str, kind: str, *properties: str, name: str = "sales", **inputs: Any) -> dict[str, Any]:
    """One step as `pulumi preview --json` prints it."""
    return {
        "op": operation,
        "urn": f"urn:pulumi:dev::dbt-platform::dbt-platform:workstream:Workstream${kind}::{name}",
        "newState": {"inputs": inputs} if operation != "delete" else None,
        "oldState": {"inputs": inputs} if operation != "create" else None,
        "diffReasons": list(properties),
        "detailedDiff": None,
    }


def replacement(kind: str, *properties: str) -> list[dict[str, Any]]:
    """A replacement's three steps."""
    return [step(operation, kind, *properties) for operation in ("create-replacement", "replace", "delete-replaced")]


def preview(*steps: dict[str, Any]) -> dict[str, Any]:
    """A preview, with the step of the stack itself that is always there."""
    stack = {"op": "same", "urn": "urn:pulumi:dev::dbt-platform::pulumi:pulumi:Stack::dbt-platform-dev"}
    return {"steps": [stack, *steps], "changeSummary": {}}


DAG = step("update", OBJECT, "content", key="dags/dbt_workstreams.py")
NEW_IMAGE = (*replacement(IMAGE, "imageName"), *replacement(TASK, "containerDefinitions"), DAG)

TABLE: dict[str, tuple[tuple[dict[str, Any], ...], Kind]] = {
    "nothing": ((), Kind.DAGS),
    "a DAG file": ((DAG,), Kind.DAGS),
    "a new DAG file": ((step("create", OBJECT, key="dags/new.py"),), Kind.DAGS),
    "a DAG file that goes": ((step("delete", OBJECT, key="dags/old.py"),), Kind.DAGS),
    "Airflow's requirements": ((step("update", OBJECT, "content", key="requirements.txt"),), Kind.INFRASTRUCTURE),
    "a changed model": (NEW_IMAGE, Kind.IMAGE),
    "a task with another image": ((step("update", TASK, "containerDefinitions"),), Kind.IMAGE),
    "a task with another role": (tuple(replacement(TASK, "taskRoleArn")), Kind.INFRASTRUCTURE),
    "a task with another image and more memory": (
        tuple(replacement(TASK, "containerDefinitions", "memory")),
        Kind.INFRASTRUCTURE,
    ),
    "a new workstream": ((step("create", TASK),), Kind.INFRASTRUCTURE),
    "a workstream that goes": ((step("delete", TASK),), Kind.INFRASTRUCTURE),
    "the image of a new project": ((step("create", IMAGE),), Kind.INFRASTRUCTURE),
    "a security group's rule": ((step("update", RULE, "cidrIpv4"),), Kind.INFRASTRUCTURE),
    "a changed model and a security group's rule": ((*NEW_IMAGE, step("update", RULE, "cidrIpv4")), Kind.INFRASTRUCTURE),
    "an operation that we do not know": ((step("transmogrify", IMAGE),), Kind.INFRASTRUCTURE),
    "a component": ((step("create", "dbt-platform:workstream:Workstream") | {"newState": {"custom": False}},), Kind.DAGS),
    "what is only read": ((step("read", RULE), step("refresh", RULE), step("same", TASK)), Kind.DAGS),
}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("kind", Kind)
def test_a_job_may_do_what_its_kind_needs_and_no_more(name: str, kind: Kind):
    """A radius too wide lets a merged model open the network; one too narrow stops every deployment."""
    steps, needed = TABLE[name]
    order = list(Kind)

    outside = radius.violations(plan.changes(preview(*steps)), kind)

    assert bool(outside) == (order.index(kind) < order.index(needed))


def test_a_refusal_names_the_resource_the_property_and_the_job_that_may():
    """Without these a data engineer does not know what to ask of whom."""
    changes = plan.changes(preview(*NEW_IMAGE, step("update", RULE, "cidrIpv4", name="airflow-https")))

    with pytest.raises(OpsError) as refused:
        deployment.prove(changes, Kind.IMAGE)

    message = str(refused.value)
    assert "airflow-https" in message
    assert "cidrIpv4" in message
    assert f"may be done by: {Kind.INFRASTRUCTURE}" in message
    assert "sales" not in message, "what is allowed is noise here"
    assert "deploy = infrastructure" in refused.value.fix


def test_a_nested_difference_is_named_by_its_property():
    """The AWS provider reports paths like `tags.owner`; the table speaks of properties."""
    update = step("update", TASK) | {"diffReasons": None, "detailedDiff": {"containerDefinitions[0].image": {}, "tags.owner": {}}}

    (change,) = plan.changes(preview(update))

    assert change.properties == ("containerDefinitions", "tags")
    assert not radius.allowed(change, Kind.IMAGE)


@pytest.mark.parametrize(("kind", "code"), [("image", 0), ("dags", 1)])
def test_the_command_reads_a_preview(kind: str, code: int):
    """The proof is run by hand, too, on a preview's file or on standard input."""
    result = CliRunner().invoke(app, ["radius", kind, "-"], input=json.dumps(preview(*NEW_IMAGE)))

    assert (result.exit_code != 0) == bool(code)
