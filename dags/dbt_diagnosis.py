"""Says why an ECS task stopped or was refused, in words that tell a person what to do. Pure functions, nothing imported.

Source of the facts: Amazon ECS Developer Guide, pages "Stopped tasks error codes", "CannotPullContainer task errors",
"API failure reasons" and "API error messages"; exit codes of dbt are the runner's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What happened, what AWS said, what to do."""

    summary: str
    detail: str
    resolution: str
    transient: bool
    """Trying again may help without anybody changing anything."""

    def __str__(self) -> str:
        return f"{self.summary}\n  Why: {self.detail}\n  What to do: {self.resolution}"


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """Texts in AWS's reason (lower case) and what they mean; the first symptom that fits is taken."""

    texts: tuple[str, ...]
    summary: str
    resolution: str
    transient: bool = False


EXIT_CODES: dict[int, tuple[str, str, bool]] = {
    1: ("dbt ran, and models or tests failed", "Read the last block of the log above: it names each one and its file.", True),
    2: ("dbt could not start: configuration or connection", "Read the last lines of the log above: they name what is wrong.", True),
    3: (
        "dbt did not finish within the workstream's timeoutMinutes",
        "The next try goes on where this one stopped. If it happens again: raise timeoutMinutes or threads, or select less.",
        True,
    ),
    4: (
        "dbt built everything, and what it leaves could not be stored in S3",
        "The next try stores it, and builds nothing again. The last block of the log above says what S3 answered.",
        True,
    ),
    137: (
        "The container was killed, most often because it had too little memory",
        "Raise the workstream's memory (and cpu, if the pair asks for it) and deploy.",
        False,
    ),
    139: ("The container crashed (segmentation fault)", "Run it again; if it stays, go back to the former image.", True),
    143: ("The run was cancelled", "Run it again when you are ready: it goes on where it stopped.", True),
}
"""Exit code: summary, resolution, transient."""

TEMPORARY_FAULT = "A temporary fault at AWS; the next try usually works. If it stays, look at the AWS Health page of the region."

UNASSUMABLE = Symptom(
    texts=("unable to assume",),
    summary="ECS can't assume the task's roles",
    resolution="`pulumi up` makes them again, with their trust in ecs-tasks.amazonaws.com.",
)

STOPPED: tuple[Symptom, ...] = (
    Symptom(
        texts=("toomanyrequests",),
        summary="The image registry limits how often we pull",
        resolution="The next try usually works; use an image in ECR instead of a public registry.",
        transient=True,
    ),
    Symptom(
        texts=("no space left on device",),
        summary="The image does not fit the task's disk",
        resolution="Raise the task's ephemeral storage, or make the image smaller.",
    ),
    Symptom(
        texts=("exec format error",),
        summary="The image was built for another processor architecture",
        resolution="Build it for linux/amd64, or change the task's architecture.",
    ),
    Symptom(
        texts=("i/o timeout", "context deadline exceeded", "request canceled", "no such host"),
        summary="An AWS service could not be reached from the task's subnets",
        resolution="Check that the private subnets reach ECR, S3, Secrets Manager and CloudWatch Logs: NAT route or interface "
        "endpoints, and egress 443 in the security group.",
        transient=True,
    ),
    Symptom(
        texts=("cannotpullcontainer", "cannotpullimage"),
        summary="The image can't be pulled",
        resolution="Check that the image's digest is still in ECR and that the execution role may pull it. `pulumi up` builds a "
        "missing image again only after a change of the image or the dbt project.",
    ),
    Symptom(
        texts=("specified secret value for staging label",),
        summary="The Snowflake credentials have no value yet",
        resolution="Put them with `ops credentials put`.",
    ),
    Symptom(
        texts=("did not contain json key",),
        summary="The Snowflake credentials lack a field",
        resolution="Put them again with `ops credentials put`.",
    ),
    Symptom(
        texts=("secretsmanager", "secrets manager", "unable to pull secrets"),
        summary="The Snowflake credentials can't be read",
        resolution="Check that the secret exists (`pulumi up`), has a value (`ops credentials put`), and that the execution role "
        "may read and decrypt it.",
    ),
    Symptom(
        texts=("failed to validate logger args", "log group does not exist"),
        summary="The task's log group is gone",
        resolution="`pulumi up` makes it again.",
    ),
    UNASSUMABLE,
    Symptom(
        texts=("outofmemory",),
        summary="dbt needed more memory than the task has",
        resolution="Raise the workstream's memory (and cpu, if the pair asks for it) and deploy.",
    ),
    Symptom(
        texts=("network interface",),
        summary="AWS could not attach a network interface to the task",
        resolution=TEMPORARY_FAULT + " Also check that the private subnets have free addresses.",
        transient=True,
    ),
    Symptom(
        texts=("capacity is unavailable",),
        summary="Fargate has no capacity at the moment",
        resolution=TEMPORARY_FAULT,
        transient=True,
    ),
    Symptom(
        texts=("cannotstartcontainer",),
        summary="The container could not be started",
        resolution="Check the image's entry point and the task definition; go back to the former image if that one ran.",
    ),
    Symptom(
        texts=("cannotcreatevolume",),
        summary="The task's volume could not be created",
        resolution="Check the volumes of the task definition, then `pulumi up`.",
    ),
    Symptom(
        texts=("resourceinitializationerror",),
        summary="Fargate could not prepare the task",
        resolution="Check the execution role and that the subnets reach ECR, S3, Secrets Manager and CloudWatch Logs.",
        transient=True,
    ),
    Symptom(texts=("timeouterror",), summary="The container did not start in time", resolution=TEMPORARY_FAULT, transient=True),
    Symptom(
        texts=("internalerror", "cannotinspectcontainer", "cannotstopcontainer"),
        summary="An internal error of Fargate",
        resolution=TEMPORARY_FAULT,
        transient=True,
    ),
)

STOP_CODES: dict[str, tuple[str, str, bool]] = {
    "SpotInterruption": ("AWS took the Spot capacity back", "The next try goes on where this one stopped.", True),
    "TerminationNotice": ("AWS retired the host of the task", "The next try goes on where this one stopped.", True),
    "UserInitiated": (
        "Somebody or Airflow stopped the container",
        "Run it again when you are ready: it goes on where it stopped.",
        True,
    ),
}
"""Stop code that says more than the container's exit code: summary, resolution, transient."""

REFUSED: tuple[Symptom, ...] = (
    Symptom(
        texts=("throttl", "rate exceeded"),
        summary="AWS limits how often we start tasks",
        resolution=TEMPORARY_FAULT,
        transient=True,
    ),
    Symptom(
        texts=("capacity is unavailable", "resource:cpu", "resource:memory", "resource:eni"),
        summary="ECS has no capacity for the task at the moment",
        resolution=TEMPORARY_FAULT,
        transient=True,
    ),
    Symptom(
        texts=("limit on the number of tasks", "vcpu"),
        summary="The account's Fargate quota is used up",
        resolution="Wait until other tasks end, or ask AWS for a higher Fargate vCPU quota (Service Quotas).",
        transient=True,
    ),
    Symptom(
        texts=("clusternotfound", "cluster not found", "cluster is inactive"),
        summary="The ECS cluster is gone",
        resolution="Make it again with `pulumi up`.",
    ),
    Symptom(
        texts=("capacity provider",),
        summary="The cluster lacks the task's capacity provider",
        resolution="`pulumi up` gives the cluster FARGATE and FARGATE_SPOT again.",
    ),
    Symptom(
        texts=("blocked",),
        summary="AWS has blocked the account for Fargate",
        resolution="Ask AWS Support; the root user's mailbox holds their message.",
    ),
    UNASSUMABLE,
    Symptom(
        texts=("iam:passrole",),
        summary="Airflow may not hand the task its roles",
        resolution="`pulumi up` restores the policy of Airflow's role.",
    ),
    Symptom(
        texts=("accessdenied", "not authorized"),
        summary="Airflow may not start this task",
        resolution="`pulumi up` restores the policy of Airflow's role; the message names the action that was denied.",
    ),
    Symptom(
        texts=("taskdefinition", "task definition"),
        summary="The task definition's revision can't be used",
        resolution="`pulumi up` registers a new revision and writes it into the DAG's configuration.",
    ),
    Symptom(
        texts=("subnet", "security group", "securitygroup"),
        summary="The task's subnets or security groups are gone",
        resolution="`pulumi up` makes them again and writes them into the DAG's configuration.",
    ),
    Symptom(
        texts=("serverexception", "serviceunavailable", "internal"),
        summary="An internal error of ECS",
        resolution=TEMPORARY_FAULT,
        transient=True,
    ),
)


def diagnose_stopped(task: Mapping[str, Any], container: str) -> Diagnosis | None:
    """Why a stopped task (one entry of DescribeTasks) did not succeed; None if it did.

    AWS's own text says most, then a stop from outside, then the exit code of the runner.
    """
    inside = next((c for c in task.get("containers", []) if c.get("name") == container), {})
    exit_code = inside.get("exitCode")
    if exit_code == 0:
        return None
    stop_code = task.get("stopCode", "")
    reason = ". ".join(text.rstrip(".") for text in (task.get("stoppedReason"), inside.get("reason")) if text)
    codes = f"stop code {stop_code or 'none'}, exit code {'none' if exit_code is None else exit_code}"
    detail = f"{reason or 'AWS gives no reason'} ({codes})"
    if symptom := _first(STOPPED, reason):
        return Diagnosis(summary=symptom.summary, detail=detail, resolution=symptom.resolution, transient=symptom.transient)
    if stop_code in STOP_CODES:
        known = STOP_CODES[stop_code]
    elif exit_code is None:
        known = ("The container did not start", "Try again; if it stays, correct what AWS says and deploy.", True)
    else:
        known = EXIT_CODES.get(exit_code, (f"The container ended with exit code {exit_code}", "Read the log above.", True))
    summary, resolution, transient = known
    return Diagnosis(summary=summary, detail=detail, resolution=resolution, transient=transient)


def diagnose_refused(code: str, message: str) -> Diagnosis:
    """Why ECS did not accept RunTask: code and message of its error, or the reason of its first `failures` entry.

    The message decides first: ECS wraps throttling in InvalidParameterException.
    """
    detail = ": ".join(text for text in (code, message) if text)
    symptom = _first(REFUSED, message) or _first(REFUSED, code)
    if symptom is None:
        resolution = "Try again; if it stays, correct what AWS says and deploy."
        return Diagnosis(summary="ECS refused to start the task", detail=detail, resolution=resolution, transient=True)
    return Diagnosis(summary=symptom.summary, detail=detail, resolution=symptom.resolution, transient=symptom.transient)


def _first(symptoms: tuple[Symptom, ...], text: str) -> Symptom | None:
    lowered = text.lower()
    return next((symptom for symptom in symptoms if any(part in lowered for part in symptom.texts)), None)
