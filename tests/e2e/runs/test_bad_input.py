"""What can be wrong around a run before dbt has begun: each ends as a failed task whose log ends with what to do."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.demo.demo import client
from tests.e2e.airflow import Airflow, DagRun, eventually

pytestmark = pytest.mark.slow

LAST = 25
"""Lines at the end of a log that a person sees without scrolling."""


def definition_like(airflow: Airflow, workstream: str, **changes: Any) -> str:
    """ARN of a task definition of a workstream's own, made from tram's: a workstream's runs end the containers of its family."""
    ecs = client(airflow.stack, "ecs")
    definition = ecs.describe_task_definition(taskDefinition=airflow.configuration("tram")["taskDefinition"])["taskDefinition"]
    names = ("networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn", "requiresCompatibilities", "volumes")
    container = definition["containerDefinitions"][0]
    environment = container["environment"] + [{"name": n, "value": v} for n, v in changes.pop("environment", {}).items()]
    made = ecs.register_task_definition(
        family=f"{definition['family']}-{workstream}",
        **{name: definition[name] for name in names},
        containerDefinitions=[{**container, "environment": environment, **changes}],
    )
    return made["taskDefinition"]["taskDefinitionArn"]


def image_without_digest(airflow: Airflow) -> str:
    return f"{airflow.outputs['repositoryUrl']}@sha256:{'0' * 64}"


def other_prefix(airflow: Airflow) -> dict[str, str]:
    return {"ARTIFACTS_URI": f"s3://{airflow.outputs['artifactsBucket']}/sales"}


@pytest.fixture(scope="module")
def faulty(airflow: Airflow) -> Iterator[None]:
    """Workstreams of which each has one fault, made in the DAGs' bucket; all at once, because Airflow looks every few seconds."""
    known = airflow.configuration("tram")["taskDefinition"].rpartition(":")[0]
    broken = {
        "no-definition": f"{known}-no-definition:999",
        "no-image": definition_like(airflow, "no-image", image=image_without_digest(airflow)),
        "no-prefix": definition_like(airflow, "no-prefix", environment=other_prefix(airflow)),
    }
    with contextlib.ExitStack() as stack:
        for name, definition in broken.items():
            stack.enter_context(airflow.configured(name, like="tram", taskDefinition=definition, select=["calls"]))
        for name in broken:
            airflow.await_dag(name)
        yield
    for definition in list(broken.values())[1:]:
        client(airflow.stack, "ecs").deregister_task_definition(taskDefinition=definition)


@contextlib.contextmanager
def without_secret(airflow: Airflow) -> Iterator[None]:
    secrets, arn = client(airflow.stack, "secretsmanager"), airflow.outputs["secretArn"]
    secrets.delete_secret(SecretId=arn)
    try:
        yield
    finally:
        secrets.restore_secret(SecretId=arn)


@contextlib.contextmanager
def without_cluster(airflow: Airflow) -> Iterator[None]:
    ecs, arn = client(airflow.stack, "ecs"), airflow.configuration("tram")["cluster"]
    [before] = ecs.describe_clusters(clusters=[arn], include=["TAGS", "SETTINGS", "CONFIGURATIONS"])["clusters"]

    def gone() -> bool:
        try:
            ecs.delete_cluster(cluster=arn)
        except ecs.exceptions.ClusterContainsTasksException:  # of the faults before
            return False
        return True

    eventually(gone, 300, "the end of the cluster's tasks")
    try:
        yield
    finally:
        keep = ("clusterName", "tags", "settings", "configuration", "capacityProviders", "defaultCapacityProviderStrategy")
        ecs.create_cluster(**{name: before[name] for name in keep if before.get(name)})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong, and how the log ends then."""

    says: str
    fix: str
    workstream: str = "tram"
    params: dict[str, Any] = field(default_factory=dict)
    around: Callable[[Airflow], AbstractContextManager[None]] | None = None
    """What breaks for all runs, and for how long."""


FAULTS = {
    "selector": Fault(says="The selection matches nothing", fix="Correct `select`", params={"select": ["no_such_model"]}),
    "task definition": Fault(
        workstream="no-definition",
        says="The task definition's revision can't be used",
        fix="registers a new revision",
    ),
    "image": Fault(
        workstream="no-image", says="The image is not in the registry any more", fix="goes back to an image that is still there"
    ),
    "prefix": Fault(workstream="no-prefix", says="The artifacts could not be stored", fix="the task role's rights"),
    "secret": Fault(
        around=without_secret, says="The secret with the Snowflake credentials waits for its deletion", fix="restore-secret"
    ),
    "cluster": Fault(around=without_cluster, says="The ECS cluster is gone", fix="Make it again with `pulumi up --refresh"),
}


@pytest.fixture(scope="module")
def begun(airflow: Airflow, faulty: None) -> dict[str, DagRun]:
    """The runs that can go on at once, since only they are broken."""
    return {name: airflow.trigger(fault.workstream, **fault.params) for name, fault in FAULTS.items() if not fault.around}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_fails_the_task_and_the_end_of_its_log_says_what_to_do(airflow: Airflow, begun: dict[str, DagRun], name: str):
    """At five in the morning nobody wants to read a traceback."""
    fault = FAULTS[name]
    with fault.around(airflow) if fault.around else contextlib.nullcontext():
        run = begun.get(name) or airflow.trigger(fault.workstream, **fault.params)
        assert run.ended() == "failed"

    end = "\n".join(run.whole_log(run.task["try_number"]).splitlines()[-LAST:])
    assert fault.says in end
    assert fault.fix in end
