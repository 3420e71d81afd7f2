"""Amazon MWAA: the Airflow environment that starts the dbt tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.bucket import PrivateBucket
from components.cluster import Cluster
from components.encryption import EncryptionKey
from components.iam_policy import Statement
from components.logs import Logs
from components.names import AIRFLOW_LOGS, WORKSTREAMS, names
from components.network.network import Network
from components.role import ServiceRole, ServiceRoleArgs
from components.storage import Storage
from settings.project import NAMESPACE, REPOSITORY
from settings.rules import HTTPS
from settings.sections.airflow import AirflowSettings, LogLevels

DAG_FOLDER = "dags"
"""Prefix in the bucket that MWAA copies to its workers every 30 seconds."""

REQUIREMENTS = "requirements.txt"
STARTUP_SCRIPT = "startup.sh"

TOLD = (
    "airflow_version",
    "environment_class",
    "execution_role_arn",
    "max_webservers",
    "max_workers",
    "min_webservers",
    "min_workers",
    "requirements_s3_object_version",
    "schedulers",
    "startup_script_s3_object_version",
    "webserver_access_mode",
    "weekly_maintenance_window_start",
)
"""What an update asks for and AWS tells afterwards, in the same words."""

ACCESS = {"privateOnly": "PRIVATE_ONLY", "publicOnly": "PUBLIC_ONLY"}


@dataclass(frozen=True, kw_only=True)
class AirflowArgs:
    """The settings of Airflow and the platform that it runs on."""

    account: Account
    settings: AirflowSettings
    key: EncryptionKey
    network: Network
    cluster: Cluster
    storage: Storage
    alert_topic_arns: Sequence[pulumi.Input[str]]
    secret_arns: list[pulumi.Output[str]]
    """The Snowflake credentials of each connection that has some."""
    teams: Sequence[str]
    """Those that have their workstreams in stacks of their own."""
    logs: Logs


class Airflow(Component):
    """An MWAA environment that may run this stack's dbt tasks, and no others.

    An update replaces the workers at once. The containers that they wait for run on, and the next try finds them again. How
    workers are replaced belongs to an update and not to an environment: as an argument it would only say what changed last.

    Creates: an execution role, five log groups, `requirements.txt` and the startup script in the DAG bucket, an MWAA environment
    (20 to 30 minutes).
    """

    former_type = f"{NAMESPACE}:orchestration:Airflow"

    name: pulumi.Output[str]
    """Of the environment, as MWAA's API wants it. Known once it is there."""
    url: pulumi.Output[str]
    """Host of Airflow's page. Known once AWS has taken every change: a deployment that it rolled back ends here."""
    log_groups: dict[str, pulumi.Output[str]]
    """Names, by what writes there (`Task`, `Scheduler`)."""

    def __init__(self, name: str, args: AirflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._environment = names().platform
        role = ServiceRole(
            f"{name}-airflow",
            ServiceRoleArgs(
                account=args.account,
                services=["airflow.amazonaws.com", "airflow-env.amazonaws.com"],
                statements=[*_airflow_statements(self._environment, args), *_task_statements(args), *_report_statements(args)],
                path="airflow/",
            ),
            self,
        )
        # MWAA's endpoint for the page has the environment's group ("Managing access to service-specific Amazon VPC endpoints").
        for cidr in sorted(set(args.settings.webserver_cidrs)):
            args.network.airflow.admit_range(cidr, HTTPS)
        log_groups = self._log_groups(name, args)
        self.log_groups = {kind: group.name for kind, group in zip(AIRFLOW_LOGS, log_groups, strict=True)}
        requirements = self._file(f"{name}-requirements", REQUIREMENTS, f"{DAG_FOLDER}/{REQUIREMENTS}", args.storage.dags)
        path = args.settings.startup_script
        startup_script = self._file(f"{name}-startup-script", STARTUP_SCRIPT, path, args.storage.dags) if path else None
        asked = _environment(self._environment, args, role, requirements, startup_script)
        # MWAA checks bucket, permissions and the way out while it creates the environment, and needs two hours to give up.
        ready: list[pulumi.Resource] = [role.granted, args.storage.dags, args.network, *log_groups]
        environment = aws.mwaa.Environment(name, asked, self.child(depends_on=ready))
        self.name = environment.name
        self.url = _taken(asked, environment)
        self.register_outputs({"name": self.name, "url": self.url})

    def _file(self, name: str, key: str, path: str, bucket: PrivateBucket) -> aws.s3.BucketObjectv2:
        return aws.s3.BucketObjectv2(
            name,
            bucket=bucket.name,
            key=key,
            content=(REPOSITORY / path).read_text(encoding="utf-8"),
            content_type="text/plain",
            opts=self.child(depends_on=[bucket]),
        )

    def _log_groups(self, name: str, args: AirflowArgs) -> list[aws.cloudwatch.LogGroup]:
        """MWAA would create them by itself: without retention, encryption, or an end."""
        return [args.logs.group(f"{name}-airflow-{kind}", names().airflow_logs(kind), self.child()) for kind in AIRFLOW_LOGS]


def _environment(
    name: str, args: AirflowArgs, role: ServiceRole, requirements: aws.s3.BucketObjectv2, script: aws.s3.BucketObjectv2 | None
) -> aws.mwaa.EnvironmentArgs:
    fleet = args.settings.fleet
    return aws.mwaa.EnvironmentArgs(
        name=name,
        airflow_version=args.settings.version,
        environment_class=args.settings.environment_class,
        min_workers=fleet["min_workers"],
        max_workers=fleet["max_workers"],
        schedulers=fleet["schedulers"],
        min_webservers=fleet["min_webservers"],
        max_webservers=fleet["max_webservers"],
        webserver_access_mode=ACCESS[args.settings.webserver],
        weekly_maintenance_window_start=args.settings.maintenance_window,
        source_bucket_arn=args.storage.dags.arn,
        dag_s3_path=DAG_FOLDER,
        requirements_s3_path=REQUIREMENTS,
        # Without the version MWAA never notices a changed file.
        requirements_s3_object_version=requirements.version_id,
        startup_script_s3_path=script.key if script else None,
        startup_script_s3_object_version=script.version_id if script else None,
        execution_role_arn=role.arn,
        kms_key=args.key.arn,
        network_configuration=aws.mwaa.EnvironmentNetworkConfigurationArgs(
            subnet_ids=args.network.private_subnet_ids[:2], security_group_ids=[args.network.airflow.id]
        ),
        logging_configuration=_logging(args.settings.log_levels),
    )


def _taken(asked: aws.mwaa.EnvironmentArgs, environment: aws.mwaa.Environment) -> pulumi.Output[str]:
    """Host of the page, once AWS runs what it was asked for.

    MWAA rolls back an update that it can't make, and the provider calls that a success: then AWS's values are the former ones.
    LastUpdate alone does not tell, because it stays FAILED when the change itself is taken back.
    """

    def values(of: aws.mwaa.EnvironmentArgs | aws.mwaa.Environment) -> dict[str, Any]:
        return {name: getattr(of, name) for name in TOLD}

    told = pulumi.Output.all(values(asked), values(environment), environment.last_updateds)
    taken = told.apply(lambda each: _require_taken(*each))
    return pulumi.Output.all(environment.webserver_url, taken).apply(lambda each: each[0])


def _require_taken(
    asked: Mapping[str, Any], has: Mapping[str, Any], last: Sequence[aws.mwaa.outputs.EnvironmentLastUpdated] | None
) -> None:
    refused = [name for name, value in asked.items() if value is not None and value != has[name]]
    if not refused or pulumi.runtime.is_dry_run():
        return
    errors = [error for update in last or () for error in update.get("errors") or ()]
    reasons = [f"{error['error_code']}: {error['error_message']}" for error in errors]
    changes = "\n".join(f"  {name} = {asked[name]}, but AWS has {has[name]}" for name in refused)
    raise pulumi.RunError(
        f"AWS rolled back the update of Airflow, which runs as before:\n{changes}\n"
        f"AWS's reason (LastUpdate): {'; '.join(reasons) or 'none'}\n"
        "Mend it and deploy again. What MWAA's own logs say: docs/operations.md, When an update of Airflow fails."
    )


def _logging(levels: LogLevels) -> aws.mwaa.EnvironmentLoggingConfigurationArgs:
    of = aws.mwaa
    return of.EnvironmentLoggingConfigurationArgs(
        dag_processing_logs=of.EnvironmentLoggingConfigurationDagProcessingLogsArgs(enabled=True, log_level=levels.dag_processing),
        scheduler_logs=of.EnvironmentLoggingConfigurationSchedulerLogsArgs(enabled=True, log_level=levels.scheduler),
        task_logs=of.EnvironmentLoggingConfigurationTaskLogsArgs(enabled=True, log_level=levels.task),
        webserver_logs=of.EnvironmentLoggingConfigurationWebserverLogsArgs(enabled=True, log_level=levels.webserver),
        worker_logs=of.EnvironmentLoggingConfigurationWorkerLogsArgs(enabled=True, log_level=levels.worker),
    )


def _airflow_statements(environment: str, args: AirflowArgs) -> list[Statement]:
    """Amazon MWAA, "Amazon MWAA execution role": what Airflow itself needs."""
    account = args.account
    return [
        Statement(actions=["airflow:PublishMetrics"], resources=[account.arn("airflow", f"environment/{environment}")]),
        # With the page's patterns, because nobody is told which of them MWAA calls: in a bucket of DAG files all are harmless.
        Statement(
            actions=["s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetObject*", "s3:List*"],
            resources=[args.storage.dags.arn, pulumi.Output.concat(args.storage.dags.arn, "/*")],
        ),
        # Without the page's logs:CreateLogGroup: the groups are ours, and one that MWAA made would have neither key nor end.
        Statement(
            actions=[
                "logs:CreateLogStream",
                "logs:GetLogEvents",
                "logs:GetLogGroupFields",
                "logs:GetLogRecord",
                "logs:GetQueryResults",
                "logs:PutLogEvents",
            ],
            resources=[account.arn("logs", f"log-group:airflow-{environment}-*")],
        ),
        # None of these has a resource-level permission: they concern the account, or a metric namespace.
        Statement(
            actions=["logs:DescribeLogGroups", "s3:GetAccountPublicAccessBlock", "cloudwatch:PutMetricData"], resources=["*"]
        ),
        # MWAA's Celery queues live in an account of AWS.
        Statement(
            actions=[
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            resources=[f"arn:{account.partition}:sqs:{account.region}:*:airflow-celery-*"],
        ),
        *(
            args.key.usage(service, ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"])
            for service in ("sqs", "s3")
        ),
    ]


def _task_statements(args: AirflowArgs) -> list[Statement]:
    """What `EcsRunTaskOperator` calls, for this stack's task definitions, on this stack's cluster.

    By prefix and not one by one: a role's policies hold 10,240 characters, and a new workstream must not touch Airflow.
    """
    account = args.account
    on_our_cluster = {"ArnEquals": {"ecs:cluster": args.cluster.arn}}
    our_tasks = pulumi.Output.concat(account.arn("ecs", "task/"), args.cluster.name, "/*")
    return [
        Statement(
            actions=["ecs:RunTask"],
            resources=[account.arn("ecs", f"task-definition/{names().task_family('*')}:*")],
            conditions=on_our_cluster,
        ),
        Statement(actions=["ecs:DescribeTasks", "ecs:StopTask"], resources=[our_tasks], conditions=on_our_cluster),
        # The tasks of Fargate hang on no resource that a list could name (Amazon ECS, "Identity-based policy examples").
        Statement(actions=["ecs:ListTasks"], resources=["*"], conditions=on_our_cluster),
        Statement(actions=["ecs:TagResource"], resources=[our_tasks], conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}}),
        Statement(
            actions=["iam:PassRole"],
            resources=[account.role_arn(names().roles(WORKSTREAMS))],
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        Statement(actions=["logs:GetLogEvents"], resources=[account.arn("logs", f"log-group:{names().workstream_logs('*')}:*")]),
    ]


def _report_statements(args: AirflowArgs) -> list[Statement]:
    """What a run's end needs: its summary, to show what failed; the topic for alerts, and how long the credentials are good."""
    teams = [names().of_team(team) for team in args.teams]
    topics = [*args.alert_topic_arns, *(args.account.arn("sns", f"{team.stack}-*") for team in teams)]
    secrets = [*args.secret_arns, *(args.account.arn("secretsmanager", f"secret:{team.secret('*')}") for team in teams)]
    return [
        Statement(actions=["s3:GetObject"], resources=[pulumi.Output.concat(args.storage.artifacts.arn, "/*/runs/*/summary.json")]),
        Statement(actions=["sns:Publish"], resources=topics),
        args.key.usage("sns", ["kms:Decrypt", "kms:GenerateDataKey"]),
        # When they end, not what they are.
        *([Statement(actions=["secretsmanager:DescribeSecret"], resources=secrets)] if secrets else []),
    ]
