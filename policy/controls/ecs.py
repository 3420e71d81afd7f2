"""Amazon ECS: what a dbt task may be, and who it may be."""

import re
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from .control import OWN, Finding, resource_control, stack_control
from .documents import allowed
from .iam import ROLE, ROLE_POLICY
from .logs import LOG_GROUP
from .resource import UNKNOWN, Resource, Stack, is_not, items, parsed

CLUSTER = "aws:ecs/cluster:Cluster"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"
TASK_SET = "aws:ecs/taskSet:TaskSet"

SECRET_NAME = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|PRIVATE_?KEY|ACCESS_?KEY|API_?KEY|CREDENTIAL|ENGINE_AUTH_DATA", re.IGNORECASE
)
REFERENCE_NAME = re.compile(r"_(ARN|FILE|PATH|NAME|URI|URL|ID)$", re.IGNORECASE)
"""A variable that says where a secret is. AWS_ACCESS_KEY_ID is no such thing, and looks like one."""
SECRET_VALUE = re.compile(r"-----BEGIN|\b(AKIA|ASIA)[A-Z0-9]{16}\b|://[^/\s:@]+:[^/\s@]+@")
"""A key, an AWS access key, a URL with a password."""

OUT_OF_REACH_OF_DBT = ("secretsmanager:GetSecretValue", "iam:PassRole", "ecs:RunTask", "sts:AssumeRole")
"""ECS injects the secret and Airflow starts the tasks: code in a dbt project, which many people write, needs neither."""


@resource_control("ecs-no-public-address", Severity.HIGH, "ECS.2", "ECS.16", "CKV_AWS_333", types=[SERVICE, TASK_SET])
def no_public_address(service: Resource) -> Iterator[Finding]:
    """Tasks get no public address."""
    if service.get("networkConfiguration", "assignPublicIp") is True:
        yield Finding(service, "networkConfiguration.assignPublicIp", "is true", "Set it to false and use private subnets")


@resource_control("ecs-own-process-namespace", Severity.HIGH, "ECS.3", "CKV_AWS_335", types=[TASK_DEFINITION])
def own_process_namespace(task: Resource) -> Iterator[Finding]:
    """Tasks do not see the host's processes."""
    if task.get("pidMode") == "host":
        yield Finding(task, "pidMode", "is host", "Leave it out")


@resource_control("ecs-unprivileged", Severity.HIGH, "ECS.4", "CKV_AWS_334", types=[TASK_DEFINITION])
def unprivileged(task: Resource) -> Iterator[Finding]:
    """Containers run without privileges."""
    for where, container in _containers(task):
        if container.get("privileged") is True:
            yield Finding(task, f"{where}.privileged", "is true", "Leave it out; Fargate refuses it too")


@resource_control("ecs-read-only-root", Severity.HIGH, "ECS.5", "CKV_AWS_336", types=[TASK_DEFINITION])
def read_only_root(task: Resource) -> Iterator[Finding]:
    """A container's root filesystem is read-only."""
    for where, container in _containers(task):
        if container.get("readonlyRootFilesystem") is not True:
            yield Finding(task, f"{where}.readonlyRootFilesystem", "is not true", "Set it, and mount a volume where dbt writes")


@resource_control("ecs-no-plaintext-secrets", Severity.HIGH, "ECS.8", OWN, types=[TASK_DEFINITION])
def no_plaintext_secrets(task: Resource) -> Iterator[Finding]:
    """No secret is a plain environment variable of a container."""
    for where, container in _containers(task):
        for variable in container.get("environment") or []:
            name, value = str(variable.get("name")), str(variable.get("value"))
            named = SECRET_NAME.search(name) and (name == "AWS_ACCESS_KEY_ID" or not REFERENCE_NAME.search(name))
            if named or SECRET_VALUE.search(value):
                fix = "Move it to Secrets Manager and name it under `secrets` with valueFrom"
                yield Finding(task, f"{where}.environment.{name}", "looks like a secret, and is readable in the console", fix)


@resource_control("ecs-logging", Severity.HIGH, "ECS.9", types=[TASK_DEFINITION])
def logging(task: Resource) -> Iterator[Finding]:
    """Containers have a log."""
    for where, container in _containers(task):
        if not (container.get("logConfiguration") or {}).get("logDriver"):
            yield Finding(task, f"{where}.logConfiguration", "is missing", "Set logDriver awslogs with a log group of this stack")


@resource_control("ecs-container-insights", Severity.MEDIUM, "ECS.12", "CKV_AWS_65", types=[CLUSTER])
def container_insights(cluster: Resource) -> Iterator[Finding]:
    """A cluster has Container Insights."""
    settings = cluster.get("settings")
    values = [setting.get("value") for setting in items(settings) if not is_not(setting.get("name"), "containerInsights")]
    if settings is not UNKNOWN and all(is_not(value, "enabled", "enhanced") for value in values):
        yield Finding(cluster, "settings.containerInsights", "is not enabled", "Set it to enabled or enhanced")


@resource_control("ecs-own-network", Severity.MEDIUM, "ECS.17", types=[TASK_DEFINITION])
def own_network(task: Resource) -> Iterator[Finding]:
    """Tasks have a network interface of their own."""
    if is_not(task.get("networkMode"), "awsvpc"):
        yield Finding(task, "networkMode", f"is {task.get('networkMode')}", "Set it to awsvpc: security groups apply to the task")


@resource_control("ecs-not-root", Severity.MEDIUM, "ECS.20", types=[TASK_DEFINITION])
def not_root(task: Resource) -> Iterator[Finding]:
    """Containers do not run as root."""
    for where, container in _containers(task):
        user = str(container.get("user") or "root")
        if user.partition(":")[0] in ("root", "0"):
            yield Finding(task, f"{where}.user", f"is {user}", "Set the numeric id of a user without rights, as 50000")


@resource_control("ecs-image-by-digest", Severity.HIGH, OWN, types=[TASK_DEFINITION])
def image_by_digest(task: Resource) -> Iterator[Finding]:
    """A task definition names its image by digest."""
    for where, container in _containers(task):
        image = str(container.get("image"))
        if "@sha256:" not in image:
            yield Finding(
                task, f"{where}.image", f"is {image}", "Use the pushed image's repo_digest: a tag says nothing of the bytes"
            )


@stack_control("ecs-log-group-of-ours", Severity.MEDIUM, OWN)
def log_group_of_ours(stack: Stack) -> Iterator[Finding]:
    """A container's log group is one of this stack."""
    groups = {group.get("name") for group in stack.of(LOG_GROUP)}
    for task in stack.of(TASK_DEFINITION):
        for where, container in _containers(task):
            name = ((container.get("logConfiguration") or {}).get("options") or {}).get("awslogs-group")
            if name and name not in groups and UNKNOWN not in groups:
                fix = "Add a LogGroup with this name: one that ECS makes has no encryption and keeps its logs for ever"
                yield Finding(task, f"{where}.logConfiguration.options.awslogs-group", f"is {name}, which is not here", fix)


@stack_control("ecs-two-roles", Severity.HIGH, "CKV_AWS_249")
def two_roles(stack: Stack) -> Iterator[Finding]:
    """A task's execution role is not its task role."""
    for task in stack.of(TASK_DEFINITION):
        execution, own = _role(stack, task, "executionRoleArn"), _role(stack, task, "taskRoleArn")
        if execution and execution == own:
            fix = "Make a role for each: ECS may read the secret, the code in the container may not"
            yield Finding(task, "taskRoleArn", f"is {own}, its execution role too", fix)


@stack_control("ecs-roles-not-shared", Severity.MEDIUM, OWN)
def roles_not_shared(stack: Stack) -> Iterator[Finding]:
    """No role belongs to two task definitions."""
    users: dict[str, Resource] = {}
    for task in stack.of(TASK_DEFINITION):
        for name in ("executionRoleArn", "taskRoleArn"):
            role = _role(stack, task, name)
            if role and users.setdefault(role, task) is not task:
                fix = "Give each workstream its own roles, scoped to its own things"
                yield Finding(task, name, f"is {role}, which is a role of {users[role].name} too", fix)


@stack_control("ecs-task-role-harmless", Severity.HIGH, OWN)
def task_role_harmless(stack: Stack) -> Iterator[Finding]:
    """Code in a task can't read secrets, start tasks or take roles."""
    for task in stack.of(TASK_DEFINITION):
        for role in stack.of(ROLE):
            if not task.refers_to(role, "taskRoleArn"):
                continue
            for policy in stack.belonging(ROLE_POLICY, "role", role):
                for statement in allowed(policy.get("policy")):
                    for action in sorted(set(statement.actions).intersection(OUT_OF_REACH_OF_DBT)):
                        fix = "Take it away; ECS's part belongs to the execution role, Airflow's to Airflow's"
                        yield Finding(policy, f"policy.{statement.label}", f"lets the task {task.name} call {action}", fix)


def _containers(task: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each container definition stands, and what it says."""
    for container in items(parsed(task.get("containerDefinitions"))):
        yield f"containerDefinitions.{container.get('name')}", container


def _role(stack: Stack, task: Resource, name: str) -> str | None:
    """Name of the stack's role in a property of a task definition, or the ARN of a role from elsewhere."""
    for role in stack.of(ROLE):
        if task.refers_to(role, name):
            return role.name
    arn = task.get(name)
    return arn if isinstance(arn, str) else None
