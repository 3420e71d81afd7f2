"""Everything that one workstream owns: its roles, its log group, its task definition and the configuration of its DAG."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.documents import as_json
from components.iam_policy import Statement
from components.image import DbtImage
from components.logs import Logs
from components.monitoring.alerts import Alerts
from components.names import WORKSTREAMS, names
from components.platform import Platform
from components.role import ServiceRole, ServiceRoleArgs
from components.secrets import ForeignSecret
from image.runner import refs
from image.runner.project import warnings
from settings.container import environment as told_by_settings
from settings.dbt import PLATFORM_VARIABLES
from settings.project import NAMESPACE
from settings.sections.warehouse import SECRET_FIELDS, WarehouseSettings
from settings.sections.workstream import WorkstreamSettings

CONTAINER = "dbt"
STREAM_PREFIX = "dbt"

CONTAINER_USER = "50000"
"""The image's user: not root, and none that exists on a host."""

STOP_TIMEOUT = 120
"""Seconds that Fargate lets a stopped container live, its maximum: queries are cancelled, artifacts uploaded."""

CAPACITY_PROVIDERS = {"onDemand": "FARGATE", "spot": "FARGATE_SPOT"}
"""Of the cluster (components/cluster.py), by the setting's word."""

INCLUDED_STORAGE = 20
"""GiB of disk that every Fargate task has."""

WRITABLE = {"tmp": "/tmp", "home": "/home/dbt"}  # noqa: S108 (the container's own, and empty)
"""Volumes over the read-only root filesystem."""


@dataclass(frozen=True, kw_only=True)
class WorkstreamArgs:
    """The workstream's settings and the platform that it runs on."""

    platform: Platform
    settings: WorkstreamSettings
    warehouse: WarehouseSettings
    environment: str
    """`development` or `production`: dbt's target where the workstream names none."""
    image: DbtImage
    project_state: str
    """Folder of the artifacts bucket in which the workstreams of one project tell each other what they have built, or nothing."""
    upstreams: Mapping[str, str]
    """Name of each other dbt project whose models it reads: the workstream that runs it."""
    secret_arn: pulumi.Input[str] | None
    """The Snowflake credentials; None when the task role itself is the identity."""
    alerts: Alerts
    logs: Logs
    disposable: bool
    """Destroy deregisters the task definition; otherwise its revisions outlive updates and the stack."""


class Workstream(Component):
    """A Fargate task that runs dbt with rights on nothing but its own things.

    Creates: an execution role (for ECS: pull, log, read the secret), a task role (for dbt: artifacts), a log group, a task
    definition.
    """

    summary: Mapping[str, pulumi.Input[str | int | Mapping[str, str | int] | Sequence[str]]]
    """What people and scripts need to know of the workstream: a stack output."""
    dag_configuration: Mapping[str, Any]
    """Contents of `config/<workstream>.json`, which `dags/dbt_configuration.py` reads."""

    def __init__(self, name: str, args: WorkstreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for warning in _warnings(args):
            pulumi.log.warn(f"{NAMESPACE}:workstreams.{name}: {warning}.", self)
        artifacts_uri = pulumi.Output.concat("s3://", args.platform.artifacts.name, "/", name)
        tags = {"workstream": name, "owner": args.settings.owner}
        # What ran must stay readable for as long as it is kept, also when the workstream is gone.
        keep = pulumi.ResourceOptions.merge(self.child(), pulumi.ResourceOptions(retain_on_delete=not args.disposable))
        logs = args.logs.group(name, names().workstream_logs(name), keep, tags)
        where = f"{NAMESPACE}:workstreams.{name}.secrets"
        secrets = {given.secret: ForeignSecret.find(given.secret, where) for given in args.settings.secrets.values()}
        reading = [statement for secret in secrets.values() for statement in secret.reading(args.platform.account)]
        execution_role = self._role("execution", [*_execution_statements(args, logs.arn), *reading], args, tags)
        task_role = self._role("task", _task_statements(name, args), args, tags)
        container = as_json([_container(name, args, artifacts_uri, logs.name, secrets)])
        task = aws.ecs.TaskDefinition(
            name,
            family=names().task_family(name),
            cpu=str(args.settings.cpu),
            memory=str(args.settings.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            ephemeral_storage=_ephemeral_storage(args.settings.ephemeral_storage_gib),
            runtime_platform={"cpu_architecture": args.settings.architecture.upper(), "operating_system_family": "LINUX"},
            execution_role_arn=execution_role.arn,
            task_role_arn=task_role.arn,
            container_definitions=container,
            volumes=[{"name": volume} for volume in WRITABLE],
            # A DAG run keeps the revision that it started with, and a rollback goes back to one.
            # The right to deregister is one for all of an account, so a team's stack needs none (bootstrap/team.py).
            skip_destroy=not args.disposable or bool(names().team),
            tags=tags,
            opts=self.child(depends_on=[execution_role.granted, task_role.granted, *args.image.made_of]),
        )
        self.dag_configuration = _dag_configuration(name, args, task.arn, logs.name)
        self.summary = {
            "dagId": self.dag_configuration["dagId"],
            "taskDefinitionArn": task.arn,
            "logGroup": logs.name,
            "logStreamPrefix": self.dag_configuration["logStreamPrefix"],
            "artifactsUri": artifacts_uri,
            "schema": args.settings.schema_,
            "connection": args.settings.connection,
            **{key: self.dag_configuration[key] for key in ("alertTopic", "chatTopic")},
            "longestMinutes": args.settings.longest_minutes,
            "workloadIdentity": _workload_identity(args.platform.account, task_role),
            "owner": args.settings.owner,
            "description": args.settings.description,
            "schedule": args.settings.schedule or "",
            "after": args.settings.after.upstreams if args.settings.after else args.settings.upstreams[1],
            "timezone": args.settings.timezone,
            "size": {name: getattr(args.settings, name) for name in ("cpu", "memory", "architecture", "capacity")},
        }
        # The stack has the summary among its outputs.
        self.register_outputs({})

    def _role(self, kind: str, statements: list[Statement], args: WorkstreamArgs, tags: dict[str, str]) -> ServiceRole:
        return ServiceRole(
            f"{self.pulumi_resource_name}-{kind}",
            ServiceRoleArgs(
                account=args.platform.account,
                services=["ecs-tasks.amazonaws.com"],
                statements=statements,
                path=f"{WORKSTREAMS}{kind}/",
                tags=tags,
            ),
            self,
        )


def _workload_identity(account: Account, task_role: ServiceRole) -> pulumi.Output[str]:
    """The task role as `WORKLOAD_IDENTITY` names it: Snowflake asks STS who calls, and STS leaves out a role's path."""
    return pulumi.Output.concat(account.role_arn(""), task_role.name)


def _warnings(args: WorkstreamArgs) -> list[str]:
    """What the project means otherwise than these settings: it would run, and do something else."""
    settings = args.settings
    known = {*PLATFORM_VARIABLES, *settings.environment, *settings.secrets}
    return warnings(settings.build.folder, settings.target or args.environment, known, settings.vars)


def _ephemeral_storage(gib: int) -> aws.ecs.TaskDefinitionEphemeralStorageArgs | None:
    """ECS takes sizes above the included one only (Amazon ECS, "Fargate task ephemeral storage")."""
    return aws.ecs.TaskDefinitionEphemeralStorageArgs(size_in_gib=gib) if gib > INCLUDED_STORAGE else None


def _dag_configuration(
    name: str, args: WorkstreamArgs, task_definition: pulumi.Output[str], log_group: pulumi.Output[str]
) -> dict[str, Any]:
    settings = args.settings
    return {
        "schemaVersion": 1,
        "workstream": name,
        "dagId": f"dbt_{name.replace('-', '_')}",
        "description": settings.description,
        "owner": settings.owner,
        "tags": ["dbt", name],
        "schedule": settings.start,
        "timezone": settings.timezone,
        "poolSlots": args.platform.pool_slots,
        "failedModelTasks": args.platform.failed_model_tasks,
        "retries": settings.retries,
        "timeoutMinutes": settings.timeout_minutes,
        "region": args.platform.account.region,
        "cluster": args.platform.cluster_arn,
        "capacityProvider": CAPACITY_PROVIDERS[settings.capacity],
        "taskDefinition": task_definition,
        "commitPage": args.image.commit_page,
        "consoleLink": args.platform.console_link,
        "container": CONTAINER,
        "subnets": args.platform.private_subnet_ids,
        "securityGroups": [args.platform.task_security_group_id],
        "logGroup": log_group,
        "logStreamPrefix": f"{STREAM_PREFIX}/{CONTAINER}",
        "artifactsBucket": args.platform.artifacts.name,
        "artifactsPrefix": name,
        "alertTopic": args.alerts.of(name).arn,
        "chatTopic": args.alerts.of(name).chat,
        "platformTopic": args.alerts.platform.arn,
        "platformChatTopic": args.alerts.platform.chat,
        "secret": args.secret_arn,
        "select": settings.select,
        "exclude": settings.exclude,
        "selector": settings.selector,
        "commands": settings.commands,
        "fullRefresh": settings.full_refresh,
        "onlyNew": settings.only_new,
        "freshness": settings.freshness,
    }


def _execution_statements(args: WorkstreamArgs, log_group_arn: pulumi.Output[str]) -> list[Statement]:
    """Amazon ECS, "Task execution IAM role", for one image, one log group and one secret."""
    return [
        # AWS has no resource-level permission for it: the token is the registry's, not a repository's.
        Statement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        Statement(
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[args.image.repository_arn],
        ),
        Statement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[pulumi.Output.concat(log_group_arn, ":*")],
        ),
        *_secret_statements(args),
    ]


def _secret_statements(args: WorkstreamArgs) -> list[Statement]:
    if args.secret_arn is None:
        return []
    return [
        Statement(actions=["secretsmanager:GetSecretValue"], resources=[args.secret_arn]),
        args.platform.key.usage("secretsmanager", ["kms:Decrypt"]),
    ]


def _task_statements(name: str, args: WorkstreamArgs) -> list[Statement]:
    """What dbt itself may do in AWS: keep its artifacts, and tell the others of its project what it has built.

    Without the right to list, S3 answers that an object which is not there is forbidden.
    """
    folders = [f"{name}/*", *([f"{args.project_state}/*"] if args.project_state else [])]
    return [
        Statement(
            actions=["s3:GetObject", "s3:PutObject"],
            resources=[pulumi.Output.concat(args.platform.artifacts.arn, f"/{folder}") for folder in folders],
        ),
        Statement(
            actions=["s3:ListBucket"],
            resources=[args.platform.artifacts.arn],
            conditions={"StringLike": {"s3:prefix": folders}},
        ),
        *_reading_of_others(args),
        args.platform.key.usage("s3", ["kms:Decrypt", "kms:GenerateDataKey"]),
    ]


def _reading_of_others(args: WorkstreamArgs) -> list[Statement]:
    """One object of each workstream whose project's models it reads."""
    keys = [f"/{workstream}/{refs.MANIFEST}" for workstream in sorted(set(args.upstreams.values()))]
    objects = [pulumi.Output.concat(args.platform.artifacts.arn, key) for key in keys]
    return [Statement(actions=["s3:GetObject"], resources=objects)] if objects else []


def _container(
    name: str,
    args: WorkstreamArgs,
    artifacts_uri: pulumi.Output[str],
    log_group: pulumi.Output[str],
    secrets: Mapping[str, ForeignSecret],
) -> dict[str, object]:
    """The container definition, in the form of RegisterTaskDefinition."""
    logs = {
        "awslogs-group": log_group,
        "awslogs-region": args.platform.account.region,
        "awslogs-stream-prefix": STREAM_PREFIX,
        # The log is the record of a run: rather wait for CloudWatch than drop lines, as ECS does unless told otherwise since
        # 2025-06-25 (Amazon ECS, "Task definition parameters for Fargate", logConfiguration).
        "mode": "blocking",
    }
    return {
        "name": CONTAINER,
        "image": args.image.reference,
        "essential": True,
        "user": CONTAINER_USER,
        "readonlyRootFilesystem": True,
        "stopTimeout": STOP_TIMEOUT,
        "mountPoints": [{"sourceVolume": volume, "containerPath": path} for volume, path in WRITABLE.items()],
        "environment": [{"name": key, "value": value} for key, value in _environment(name, args, artifacts_uri).items()],
        "secrets": _secrets(args, secrets),
        "logConfiguration": {"logDriver": "awslogs", "options": logs},
    }


def _secrets(args: WorkstreamArgs, secrets: Mapping[str, ForeignSecret]) -> list[dict[str, pulumi.Input[str]]]:
    login = SECRET_FIELDS[args.warehouse.authentication] if args.secret_arn is not None else {}
    given: dict[str, pulumi.Input[str]] = {
        **{variable: pulumi.Output.concat(args.secret_arn or "", f":{field}::") for variable, field in login.items()},
        **{variable: secrets[each.secret].value_from(each.field) for variable, each in args.settings.secrets.items()},
    }
    return [{"name": variable, "valueFrom": value} for variable, value in given.items()]


def _environment(name: str, args: WorkstreamArgs, artifacts_uri: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    return {
        "AWS_REGION": args.platform.account.region,
        "PLATFORM": names().platform,
        "WORKSTREAM": name,
        "ARTIFACTS_URI": artifacts_uri,
        **({"PROJECT_STATE": args.project_state} if args.project_state else {}),
        **({"DBT_UPSTREAMS": json.dumps(args.upstreams, sort_keys=True)} if args.upstreams else {}),
        **told_by_settings(args.settings, args.warehouse, args.environment),
    }
