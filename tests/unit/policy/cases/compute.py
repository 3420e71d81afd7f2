"""Cases of Amazon ECS, MWAA, ECR and CloudWatch Logs."""

import json
from typing import Any

from tests.unit.policy.cases.case import NOT_PUBLIC, PUBLIC, TAGS, Case, Fake, allow, document

TASK = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"
CLUSTER = "aws:ecs/cluster:Cluster"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
AIRFLOW = "aws:mwaa/environment:Environment"
REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"

CONTAINER = {
    "name": "dbt",
    "image": "r@sha256:0",
    "user": "50000",
    "readonlyRootFilesystem": True,
    "environment": [
        {"name": "SNOWFLAKE_AUTHENTICATOR", "value": "keyPair"},
        {"name": "SNOWFLAKE_SECRET_ARN", "value": "arn:aws:secretsmanager:eu-west-1:111111111111:secret:x"},
    ],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/dbt/sales"}},
}


def task(container: dict[str, Any] | None = None, name: str = "sales", **properties: Any) -> Fake:
    definitions = json.dumps([CONTAINER | (container or {})])
    roles = {"executionRoleArn": f"{name}-execution", "taskRoleArn": f"{name}-task"}
    given = {"containerDefinitions": definitions, "networkMode": "awsvpc", **roles, "tags": {"workstream": name}, **properties}
    return Fake(TASK, given, name)


def variable(name: str, value: str) -> Fake:
    return task({"environment": [{"name": name, "value": value}]})


def role(arn: str) -> Fake:
    return Fake(ROLE, {"arn": arn, "name": arn}, arn)


def group(name: str, **properties: Any) -> Fake:
    return Fake(LOG_GROUP, {"name": name, "retentionInDays": 365.0, "kmsKeyId": "key", **properties}, name)


def roles(*names: str) -> list[Fake]:
    return [role(name) for name in names]


ECS = [
    Case(
        "ecs-no-public-address",
        "networkConfiguration.assignPublicIp is true",
        wrong=[Fake(SERVICE, {"networkConfiguration": {"assignPublicIp": True}})],
        right=[Fake(SERVICE, {"networkConfiguration": {"assignPublicIp": False}}), Fake(SERVICE, {})],
    ),
    Case("ecs-own-process-namespace", "pidMode is host", wrong=[task(pidMode="host")], right=[task(), task(pidMode="task")]),
    Case("ecs-unprivileged", "dbt.privileged is true", wrong=[task({"privileged": True})], right=[task()]),
    Case("ecs-read-only-root", "readonlyRootFilesystem", wrong=[task({"readonlyRootFilesystem": False})], right=[task()]),
    *(
        Case("ecs-no-plaintext-secrets", f"environment.{name} ", wrong=[variable(name, value)], right=[task()])
        for name, value in [
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("ECS_ENGINE_AUTH_DATA", "x"),
            ("SNOWFLAKE_PASSWORD", "x"),
            ("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "x"),
            ("PLAIN", "-----BEGIN PRIVATE KEY-----"),
            ("PLAIN", "AKIAIOSFODNN7EXAMPLE"),
            ("PLAIN", "postgresql://user:word@host/db"),
        ]
    ),
    Case("ecs-logging", "dbt.logConfiguration is missing", wrong=[task({"logConfiguration": None})], right=[task()]),
    *(
        Case(
            "ecs-container-insights",
            "containerInsights is not enabled",
            wrong=[Fake(CLUSTER, properties)],
            right=[Fake(CLUSTER, {"settings": [{"name": "containerInsights", "value": "enabled"}]})],
        )
        for properties in [{}, {"settings": [{"name": "containerInsights", "value": "disabled"}]}]
    ),
    Case("ecs-own-network", "networkMode is host", wrong=[task(networkMode="host")], right=[task()]),
    *(
        Case("ecs-not-root", "dbt.user is", wrong=[task({"user": user})], right=[task({"user": "50000:0"})])
        for user in (None, "root", "0", "0:0")
    ),
    Case("ecs-image-by-digest", "dbt.image is r:v1", wrong=[task({"image": "r:v1"})], right=[task({"image": "r:v1@sha256:0"})]),
    Case("ecs-log-group-of-ours", "is /dbt/sales", wrong=[task(), group("/other")], right=[task(), group("/dbt/sales")]),
    Case(
        "ecs-two-roles",
        "taskRoleArn is one",
        wrong=[task(executionRoleArn="one", taskRoleArn="one"), role("one")],
        right=[task(), *roles("sales-execution", "sales-task")],
    ),
    Case(
        "ecs-roles-not-shared",
        "taskRoleArn is sales-task, which is a role of sales too",
        wrong=[
            task(),
            task(name="finance", taskRoleArn="sales-task"),
            *roles("sales-execution", "sales-task", "finance-execution"),
        ],
        right=[task(), task(name="finance"), *roles("sales-execution", "sales-task", "finance-execution", "finance-task")],
    ),
    Case(
        "ecs-task-role-harmless",
        "lets the task sales call secretsmanager:GetSecretValue",
        wrong=[
            task(),
            *roles("sales-execution", "sales-task"),
            Fake(ROLE_POLICY, {"role": "sales-task", "policy": document(allow("secretsmanager:GetSecretValue"))}),
        ],
        right=[
            task(),
            *roles("sales-execution", "sales-task"),
            Fake(ROLE_POLICY, {"role": "sales-execution", "policy": document(allow("secretsmanager:GetSecretValue"))}),
        ],
    ),
]


def airflow(**properties: Any) -> Fake:
    logs = ("dagProcessingLogs", "schedulerLogs", "taskLogs", "webserverLogs", "workerLogs")
    given = {
        "name": "dbt",
        "webserverAccessMode": "PRIVATE_ONLY",
        "kmsKey": "key",
        "requirementsS3Path": "requirements.txt",
        "requirementsS3ObjectVersion": "1",
        "loggingConfiguration": {log: {"enabled": True} for log in logs},
    }
    return Fake(AIRFLOW, {**given, **properties}, waits_for=[made.urn for made in FIVE])


FIVE = [group(f"airflow-dbt-{end}") for end in ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker")]

MWAA = [
    Case("mwaa-private", "webserverAccessMode is not", wrong=[airflow(webserverAccessMode="PUBLIC_ONLY")], right=[airflow()]),
    Case("mwaa-private", "webserverAccessMode is not", wrong=[airflow(webserverAccessMode=None)], right=[airflow()]),
    Case(
        "mwaa-logs",
        "loggingConfiguration.dagProcessingLogs.enabled",
        wrong=[airflow(loggingConfiguration={"taskLogs": {"enabled": True}})],
        right=[airflow()],
    ),
    Case(
        "mwaa-log-groups",
        "log group airflow-dbt-Worker is not in this stack",
        wrong=[Fake(AIRFLOW, {"name": "dbt"}, waits_for=[made.urn for made in FIVE[:-1]]), *FIVE[:-1]],
        right=[airflow(), *FIVE],
    ),
    Case(
        "mwaa-log-groups",
        "log group airflow-dbt-Worker may be made later",
        wrong=[Fake(AIRFLOW, {"name": "dbt"}, waits_for=[made.urn for made in FIVE[:-1]]), *FIVE],
        right=[airflow(), *FIVE],
    ),
    Case("mwaa-own-key", "kmsKey is missing", wrong=[airflow(kmsKey=None)], right=[airflow()]),
    Case(
        "mwaa-files-pinned",
        "requirementsS3ObjectVersion is missing",
        wrong=[airflow(requirementsS3ObjectVersion=None)],
        right=[airflow(), Fake(AIRFLOW, {})],
    ),
]


def repository(**properties: Any) -> Fake:
    given = {
        "name": "dbt",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "key"}],
    }
    return Fake(REPOSITORY, {**given, **properties})


ECR = [
    Case("ecr-scan-on-push", "scanOnPush is not", wrong=[repository(imageScanningConfiguration=None)], right=[repository()]),
    Case("ecr-immutable-tags", "imageTagMutability is not", wrong=[repository(imageTagMutability="MUTABLE")], right=[repository()]),
    Case(
        "ecr-lifecycle-policy",
        "lifecycle policy is missing",
        wrong=[repository(), Fake(LIFECYCLE, {"repository": "other"})],
        right=[repository(), Fake(LIFECYCLE, {"repository": "dbt"})],
    ),
    *(
        Case("ecr-own-key", "encryptionConfigurations ", wrong=[repository(encryptionConfigurations=wrong)], right=[repository()])
        for wrong in (None, [{"encryptionType": "AES256"}], [{"encryptionType": "KMS"}])
    ),
    Case(
        "ecr-not-public",
        "policy.Statement[0] allows everybody",
        wrong=[Fake(REPOSITORY_POLICY, {"policy": PUBLIC})],
        right=[Fake(REPOSITORY_POLICY, {"policy": NOT_PUBLIC})],
    ),
]

LOGS = [
    Case("logs-retention", "retentionInDays is not set", wrong=[group("a", retentionInDays=None)], right=[group("a")]),
    Case(
        "logs-retention",
        "retentionInDays is 30. Set at least 365",
        wrong=[group("a", retentionInDays=30.0)],
        right=[Fake(LOG_GROUP, {"retentionInDays": 30.0}, tags=TAGS | {"environment": "development"})],
    ),
    Case("logs-own-key", "kmsKeyId is missing", wrong=[group("a", kmsKeyId=None)], right=[group("a")]),
]

CASES = [*ECS, *MWAA, *ECR, *LOGS]
