"""RegisterTaskDefinition, RunTask and CreateService refuse what AWS refuses, and what is not modelled here.

ECS API Reference, "RegisterTaskDefinition" and "RunTask"; Amazon ECS Developer Guide, "Amazon ECS task definition
parameters for Fargate". MiniStack accepts impossible sizes, unknown subnets and unknown clusters, and drops settings.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ec2, ecs, iam

from sandbox.emulator.patches import replaces
from sandbox.grammars.containers import FARGATE_SIZES, container_problems, size

Answer = tuple[int, dict[str, str], bytes]

PLATFORMS = ("LATEST", "1.3.0", "1.4.0")
"""ECS Developer Guide, "Fargate platform versions for Amazon ECS"."""

MODELLED = {
    "command",
    "cpu",
    "dependsOn",
    "dockerLabels",
    "entryPoint",
    "environment",
    "essential",
    "image",
    "linuxParameters",
    "logConfiguration",
    "memory",
    "memoryReservation",
    "mountPoints",
    "name",
    "portMappings",
    "readonlyRootFilesystem",
    "secrets",
    "stopTimeout",
    "user",
    "versionConsistency",
    "workingDirectory",
}
"""Parameters of a container definition that the emulator honours; any other is refused, not dropped."""

_stock_register = ecs._register_task_definition
_stock_run_task = ecs._run_task
_stock_list_tasks = ecs._list_tasks


@replaces(ecs, "_register_task_definition")
def register_task_definition(data: dict[str, Any]) -> Answer:
    """RegisterTaskDefinition."""
    problem = next(_problems_of_definition(data), None)
    return error_response_json("ClientException", problem, 400) if problem else _stock_register(data)


def _problems_of_definition(data: dict[str, Any]) -> Iterator[str]:
    if data.get("networkMode") != "awsvpc":
        yield "Fargate only supports network mode 'awsvpc'."
    yield from _problems_of_size(data.get("cpu", ""), data.get("memory", ""))
    for field in ("executionRoleArn", "taskRoleArn"):
        role = data.get(field)
        if role and iam._roles.get(role.rpartition("/")[2]) is None:
            yield f"Role is not valid ({field}): {role}"
    storage = (data.get("ephemeralStorage") or {}).get("sizeInGiB")
    if storage is not None and not 21 <= storage <= 200:
        yield "Ephemeral storage size must be between 21 and 200 GiB."
    yield from (f"{path}: {reason}" for path, reason in container_problems(data["containerDefinitions"], data))


def _problems_of_size(cpu: str, memory: str) -> Iterator[str]:
    units, mebibytes = size(cpu), size(memory)
    if not (units.isdigit() and mebibytes.isdigit() and int(mebibytes) in FARGATE_SIZES.get(int(units), ())):
        yield f"No Fargate configuration exists for given values: {cpu or 'no'} CPU, {memory or 'no'} memory."


def _empty_keys(parameters: dict[str, Any]) -> set[str]:
    return {key for key, value in parameters.items() if value in (None, False, "", [], {})}


def _not_played(definition: dict[str, Any]) -> Iterator[str]:
    """What AWS would run and the sandbox does not: such a definition may be registered, and is not run as if it were another."""
    if "FARGATE" not in definition.get("requiresCompatibilities", []):
        yield "The sandbox models FARGATE tasks only (requiresCompatibilities)."
    if not definition.get("executionRoleArn"):
        yield "The sandbox starts tasks with an execution role only."
    if any(set(volume) - {"name"} - _empty_keys(volume) for volume in definition.get("volumes", [])):
        yield "The sandbox models empty volumes only."
    for container in definition["containerDefinitions"]:
        name, logging = container["name"], container.get("logConfiguration")
        if unknown := set(container) - MODELLED - _empty_keys(container):
            yield f"The sandbox does not model {', '.join(sorted(unknown))} (container {name})."
        if logging and logging["logDriver"] != "awslogs":
            yield f"The sandbox models the log driver awslogs only (container {name})."
        if any(dependency["condition"] == "HEALTHY" for dependency in container.get("dependsOn", [])):
            yield f"The sandbox does not model health checks (container {name})."


@replaces(ecs, "_run_task")
def run_task(data: dict[str, Any]) -> Answer:
    """RunTask."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if cluster not in ecs._clusters:
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    definition = ecs._task_defs.get(ecs._resolve_td_key(data["taskDefinition"]))
    if definition is None or definition["status"] != "ACTIVE":
        reason = "TaskDefinition not found." if definition is None else "TaskDefinition is inactive"
        return error_response_json("ClientException", reason, 400)
    if data.get("platformVersion", "LATEST") not in PLATFORMS:
        return error_response_json("PlatformUnknownException", "The specified platform does not exist.", 400)
    problem = next(_problems_of_run(data, definition, ecs._clusters[cluster]), None)
    return error_response_json("InvalidParameterException", problem, 400) if problem else _stock_run_task(data)


def _problems_of_run(data: dict[str, Any], definition: dict[str, Any], cluster: dict[str, Any]) -> Iterator[str]:
    yield from _not_played(definition)
    if data.get("launchType", "FARGATE") != "FARGATE":
        yield "The sandbox models FARGATE tasks only (launchType)."
    for strategy in data.get("capacityProviderStrategy") or []:
        if strategy["capacityProvider"] not in cluster.get("capacityProviders", []):
            yield "The specified capacity provider was not found. Specify a valid name or ARN and try again."
    yield from _problems_of_network((data.get("networkConfiguration") or {}).get("awsvpcConfiguration"))
    overrides = data.get("overrides") or {}
    if data.get("enableExecuteCommand") and not (overrides.get("taskRoleArn") or definition.get("taskRoleArn")):
        yield (
            "The task couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role in your task "
            "definition and try again."
        )
    yield from _problems_of_size(
        overrides.get("cpu") or definition.get("cpu", ""), overrides.get("memory") or definition.get("memory", "")
    )
    names = {container["name"] for container in definition["containerDefinitions"]}
    for override in overrides.get("containerOverrides", []):
        if override.get("name") not in names:
            yield f"Override for container named {override.get('name')} is not a container in the TaskDefinition."


def _problems_of_network(network: dict[str, Any] | None) -> Iterator[str]:
    if not network:
        yield "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        return
    for subnet in network["subnets"]:
        if ec2._subnets.get(subnet) is None:
            yield f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist"
    for group in network.get("securityGroups", []):
        if ec2._security_groups.get(group) is None:
            yield f"Error retrieving security group information for [{group}]: The security group '{group}' does not exist"
    found = [ec2._subnets.get(each) for each in network["subnets"]]
    found += [ec2._security_groups.get(each) for each in network.get("securityGroups", [])]
    if len({each["VpcId"] for each in found if each}) > 1:
        yield "Subnets and security groups must be of one VPC."


@replaces(ecs, "_list_tasks")
def list_tasks(data: dict[str, Any]) -> Answer:
    """ListTasks: `startedBy` "must be the only filter that you use" (API reference; words of aws/aws-sdk-go-v2#1893)."""
    others = {"containerInstance", "daemonName", "desiredStatus", "family", "launchType", "serviceName"}
    if data.get("startedBy") and others.intersection(data):
        return error_response_json("InvalidParameterException", "cannot specify startedBy with other arguments", 400)
    return _stock_list_tasks(data)


@replaces(ecs, "_create_service")
def create_service(_data: dict[str, Any]) -> Answer:
    """CreateService."""
    return error_response_json("ClientException", "The sandbox does not model ECS services.", 400)
