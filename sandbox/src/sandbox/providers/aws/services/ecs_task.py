# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon ECS: task definitions. Each change is a new revision."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.grammars.containers import FARGATE_SIZES, container_problems, platform_problems, size, volume_problems
from sandbox.grammars.documents import json_problem
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.refusals.limits import parsed
from sandbox.providers.aws.shapes import canonical, from_shape, unordered
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.values import UNKNOWN, Properties

FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""ECS API Reference, RegisterTaskDefinition."""

STORAGE = (21, 200)
"""GiB of ephemeral storage; same page."""


def containers_form(value: Any) -> Any:
    """Form of container definitions: AWS adds defaults and orders the environment."""
    if not isinstance(value, str) or json_problem(value):
        return value
    return [_container_form(container) for container in json.loads(value)]


def _container_form(container: Properties) -> Properties:
    full = {"essential": True, **container}
    for name in ("environment", "secrets"):
        full[name] = unordered(full.get(name) or [])
    full["portMappings"] = [
        {"hostPort": mapping.get("containerPort"), "protocol": "tcp", **mapping} for mapping in full.get("portMappings") or []
    ]
    return canonical(full)


def _family(value: Any) -> str | None:
    return None if FAMILY.fullmatch(value) else "is not 1 to 255 letters, digits, hyphens and underscores"


def _storage(value: Any) -> str | None:
    low, high = STORAGE
    return None if low <= value["sizeInGib"] <= high else f"is not between {low} and {high} GiB"


def _fargate_size(inputs: Properties) -> Iterator[Problem]:
    if "FARGATE" not in inputs.get("requiresCompatibilities", []) or UNKNOWN in (inputs.get("cpu"), inputs.get("memory")):
        return
    cpu, memory = size(inputs.get("cpu", "")), size(inputs.get("memory", ""))
    sizes = FARGATE_SIZES.get(int(cpu) if cpu.isdigit() else 0)
    if sizes is None:
        yield "cpu", f"{cpu!r} is no CPU size of Fargate: {', '.join(map(str, FARGATE_SIZES))}"
    elif not memory.isdigit() or int(memory) not in sizes:
        yield "memory", f"{memory!r} MiB do not go with {cpu} CPU units on Fargate: {', '.join(map(str, sizes))}"
    if inputs.get("networkMode") not in ("awsvpc", UNKNOWN):
        yield "networkMode", f"{inputs.get('networkMode')!r}: Fargate knows awsvpc only"


def _create(api: Api, inputs: Properties) -> str:
    pairs = tags.as_list(inputs, "key", "value")
    sized = {**inputs, "cpu": size(inputs.get("cpu")), "memory": size(inputs.get("memory"))}
    volumes = [{"name": volume["name"]} for volume in inputs.get("volumes") or []]
    more = {name: value for name, value in (("tags", pairs), ("volumes", volumes)) if value}
    return api.send("RegisterTaskDefinition", sized, **more)["taskDefinition"]["family"]


def _read(api: Api, id: str, state: Properties) -> Properties | None:
    """The state's revision, or the newest one right after it was registered."""
    answer = api.client.describe_task_definition(taskDefinition=state.get("arn") or id, include=["TAGS"])
    task = answer["taskDefinition"]
    if task["status"] != "ACTIVE":
        return None
    arn = task["taskDefinitionArn"]
    return {
        "family": task["family"],
        "containerDefinitions": json.dumps(task["containerDefinitions"], sort_keys=True),
        "cpu": task.get("cpu"),
        "memory": task.get("memory"),
        "networkMode": task.get("networkMode"),
        "executionRoleArn": task.get("executionRoleArn"),
        "taskRoleArn": task.get("taskRoleArn"),
        "requiresCompatibilities": task.get("requiresCompatibilities", []),
        "runtimePlatform": from_shape(task.get("runtimePlatform")),
        "ephemeralStorage": from_shape(task.get("ephemeralStorage")),
        "volumes": _volumes(task, state),
        "arn": arn,
        "arnWithoutRevision": arn.rpartition(":")[0],
        "revision": task["revision"],
        "tagsAll": tags.from_list(answer.get("tags"), "key", "value"),
    }


def _volumes(task: dict[str, Any], state: Properties) -> Any:
    """What lies behind a volume is carried."""
    names, said = [{"name": volume["name"]} for volume in task.get("volumes", [])], state.get("volumes") or []
    return said if unordered([{"name": volume["name"]} for volume in said]) == unordered(names) else names


def _delete(api: Api, id: str, state: Properties) -> None:
    if not state.get("skipDestroy"):
        api.client.deregister_task_definition(taskDefinition=state["arn"])


def _only_names(value: Any) -> str | None:
    names = [volume.get("name") for volume in value]
    if None in names or len(set(names)) != len(names):
        return "has a volume without a name, or two with one"
    return None


def _new_revision(member: str, **more: Any) -> Property:
    return Property(f"RegisterTaskDefinition.{member}", replace=True, **more)


def _containers(inputs: Properties) -> Iterator[Problem]:
    found = parsed(inputs["containerDefinitions"])
    if found != UNKNOWN:
        yield from container_problems(found, inputs)


TASK_DEFINITION = ResourceType(
    token="aws:ecs/taskDefinition:TaskDefinition",
    service="ecs",
    properties={
        "family": _new_revision("family", required=True, check=_family),
        "containerDefinitions": _new_revision("containerDefinitions", required=True, json=True, form=containers_form),
        "cpu": _new_revision("cpu", form=size),
        "memory": _new_revision("memory", form=size),
        "networkMode": _new_revision("networkMode", kept=True),
        "executionRoleArn": _new_revision("executionRoleArn"),
        "taskRoleArn": _new_revision("taskRoleArn"),
        "requiresCompatibilities": _new_revision("requiresCompatibilities", form=unordered),
        "runtimePlatform": _new_revision("runtimePlatform"),
        "ephemeralStorage": _new_revision("ephemeralStorage", check=_storage),
        "volumes": Property(list, replace=True, form=unordered, check=_only_names),
        "skipDestroy": Property(bool, default=False, local=True),
    },
    outputs=("arn", "arnWithoutRevision", "revision"),
    filled={"enableFaultInjection": False},
    create=_create,
    read=_read,
    delete=_delete,
    puts=(
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(resourceArn=arn, tags=tags.as_list(inputs, "key", "value")),
            lambda api, arn, names: api.client.untag_resource(resourceArn=arn, tagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    tagged=True,
    checks=(_fargate_size, platform_problems, volume_problems, _containers),
)

KINDS = (TASK_DEFINITION,)
