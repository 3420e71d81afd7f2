"""Amazon MWAA: Security Hub has no control for it; these are Checkov's and ours."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import OWN, Finding, resource_control, stack_control
from .logs import LOG_GROUP
from .resource import UNKNOWN, Resource, Stack, is_not

ENVIRONMENT = "aws:mwaa/environment:Environment"

LOGS = {
    "dagProcessingLogs": "DAGProcessing",
    "schedulerLogs": "Scheduler",
    "taskLogs": "Task",
    "webserverLogs": "WebServer",
    "workerLogs": "Worker",
}
"""Property of the logging configuration to the end of its log group's name, `airflow-<environment>-<end>`."""

PINNED = {
    "requirementsS3Path": "requirementsS3ObjectVersion",
    "pluginsS3Path": "pluginsS3ObjectVersion",
    "startupScriptS3Path": "startupScriptS3ObjectVersion",
}


@resource_control("mwaa-private", Severity.HIGH, "CKV2_AWS_66", OWN, types=[ENVIRONMENT])
def private(environment: Resource) -> Iterator[Finding]:
    """Airflow's page can't be reached from the internet."""
    if is_not(environment.get("webserverAccessMode"), "PRIVATE_ONLY"):
        yield Finding(environment, "webserverAccessMode", "is not PRIVATE_ONLY", "Set it, and reach the page through the VPC")


@resource_control("mwaa-logs", Severity.MEDIUM, "CKV_AWS_242", "CKV_AWS_243", "CKV_AWS_244", OWN, types=[ENVIRONMENT])
def logs(environment: Resource) -> Iterator[Finding]:
    """All five logs of Airflow are on."""
    for name in LOGS:
        if is_not(environment.get("loggingConfiguration", name, "enabled"), True):
            yield Finding(environment, f"loggingConfiguration.{name}.enabled", "is not true", "Set it, with log_level INFO")


@stack_control("mwaa-log-groups", Severity.MEDIUM, OWN)
def log_groups(stack: Stack) -> Iterator[Finding]:
    """All five log groups of Airflow exist before it."""
    groups = {group.get("name"): group for group in stack.of(LOG_GROUP)}
    for environment in stack.of(ENVIRONMENT):
        name = environment.get("name")
        for end in LOGS.values() if name is not UNKNOWN else ():
            group = groups.get(f"airflow-{name}-{end}")
            if group is None or group.urn not in environment.waits_for:
                problem = "is not in this stack" if group is None else "may be made later than the environment"
                fix = "Add it with retention and our key to depends_on of the environment: MWAA makes what is missing with neither"
                yield Finding(environment, f"log group airflow-{name}-{end}", problem, fix)


@resource_control("mwaa-own-key", Severity.MEDIUM, OWN, types=[ENVIRONMENT])
def own_key(environment: Resource) -> Iterator[Finding]:
    """Airflow's data is encrypted with our key."""
    if not environment.get("kmsKey"):
        yield Finding(environment, "kmsKey", "is missing", "Set the platform's key; it can't be changed later")


@resource_control("mwaa-files-pinned", Severity.MEDIUM, OWN, types=[ENVIRONMENT])
def files_pinned(environment: Resource) -> Iterator[Finding]:
    """Airflow's requirements, plugins and startup script are pinned."""
    for path, version in PINNED.items():
        if environment.get(path) and not environment.get(version):
            yield Finding(environment, version, "is missing", f"Set the S3 version of {path}: MWAA never notices a changed file")
