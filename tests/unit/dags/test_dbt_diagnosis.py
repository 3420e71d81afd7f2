"""What the task's log says when AWS stops or refuses the container."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, WaiterError
from dbt_diagnosis import diagnose_error, diagnose_refused, diagnose_stopped

PULL = "CannotPullContainerError: "
INIT = "ResourceInitializationError: "
SECRET = INIT + "unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: "
REGISTRY = (
    INIT + "unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: "
)
LOGGER = INIT + "failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: "
EXITED = ("EssentialContainerExited", "Essential container in task exited")
START = "TaskFailedToStart"
MAINTENANCE = "ECS is performing maintenance on the underlying infrastructure hosting the task"
EXPLICIT = "User: x is not authorized to perform: ecs:RunTask on resource: y with an explicit deny in a "


def stopped(stop_code, reason, exit_code=None, container_reason=""):
    return {
        "stopCode": stop_code,
        "stoppedReason": reason,
        "containers": [{"name": "dbt", "exitCode": exit_code, "reason": container_reason}],
    }


@pytest.mark.parametrize(
    ("task", "cause", "transient"),
    [
        (stopped(*EXITED, 1), "unknown", True),
        (stopped(*EXITED, 3), "deadline", True),
        (stopped(*EXITED, 137), "killed", False),
        (stopped(*EXITED, 139), "crashed", True),
        (stopped(*EXITED, 77), "unknown", True),
        (stopped(*EXITED, 137, "OutOfMemoryError: Container killed due to memory usage"), "out-of-memory", False),
        (stopped("UserInitiated", "Task stopped by user", 143), "stopped", True),
        (stopped("UserInitiated", "Stopped in Airflow: the task was marked", 137), "stopped", True),
        (stopped("SpotInterruption", "Your Spot Task was interrupted.", 143), "spot-interruption", True),
        (stopped("TerminationNotice", "AWS has retired the host", 137), "host-retired", True),
        (stopped("ServiceSchedulerInitiated", MAINTENANCE, 143), "host-retired", True),
        (stopped("ServiceSchedulerInitiated", MAINTENANCE, 137), "host-retired", True),
        (stopped(START, "Timeout waiting for network interface provisioning to complete."), "interface-fault", True),
        (stopped(START, "Unexpected EC2 error while attempting to Create Network Interface"), "interface-fault", True),
        (stopped(START, "Unexpected EC2 error: NetworkInterfaceLimitExceeded"), "interface-quota", False),
        (
            stopped(START, "Unexpected EC2 error while attempting to Create Network Interface: InvalidSubnetID.NotFound"),
            "subnet-gone",
            False,
        ),
        (stopped(START, "Unexpected EC2 error: UnauthorizedOperation: Encoded authorization failure"), "interface-denied", False),
        (stopped(START, "Capacity is unavailable at this time. Please try again later"), "no-capacity", True),
        (stopped(START, PULL + "pull image manifest has been retried 1 time(s): ref@sha256:1: not found"), "image-gone", False),
        (
            stopped(START, PULL + "pull image manifest has been retried 5 time(s): dial tcp 10.0.0.1:443: i/o timeout"),
            "no-way",
            True,
        ),
        (stopped(START, PULL + "unexpected status from HEAD request: 503 Service Unavailable"), "aws-fault", True),
        (stopped(START, PULL + "net/http: TLS handshake timeout"), "connection-broke", True),
        (stopped(START, PULL + "write /var/lib/containerd: no space left on device"), "image-too-large", False),
        (stopped(START, PULL + "toomanyrequests: You have reached your pull rate limit"), "registry-limits", True),
        (stopped(START, PULL + "no match for platform in manifest: not found"), "wrong-architecture", False),
        (stopped(START, PULL + "something new"), "pull-failed", True),
        (stopped(START, SECRET + "can't find the specified secret value for staging label: AWSCURRENT"), "secret-empty", False),
        (
            stopped(START, SECRET + "ResourceNotFoundException: Secrets Manager can't find the specified secret."),
            "secret-gone",
            False,
        ),
        (
            stopped(START, SECRET + "retrieved secret from Secrets Manager did not contain json key private_key"),
            "secret-incomplete",
            False,
        ),
        (stopped(START, SECRET + "retrieved secret from Secrets Manager did not contain json key token"), "secret-field", False),
        (stopped(START, SECRET + "AccessDeniedException: not authorized: secretsmanager:GetSecretValue"), "secret-denied", False),
        (stopped(START, SECRET + "InternalServiceError: An error occurred on the server side."), "aws-fault", True),
        (
            stopped(START, REGISTRY + "AccessDeniedException: User: x is not authorized to perform: ecr:GetAuthorizationToken"),
            "registry-denied",
            False,
        ),
        (stopped(START, REGISTRY + "RequestError: send request failed caused by: dial tcp: i/o timeout"), "no-way", True),
        (stopped(START, LOGGER + "ResourceNotFoundException: The specified log group does not exist."), "log-group-gone", False),
        (stopped(START, LOGGER + "AccessDeniedException: not authorized to perform: logs:CreateLogStream"), "logs-denied", False),
        (stopped(START, INIT + "failed to initialize logging driver: something"), "logging-failed", True),
        (stopped(START, "InternalError: unable to create the task"), "aws-fault", True),
        (stopped(START, "CannotStartContainerError: failed to get container status"), "container-not-started", False),
        (stopped(START, "ContainerRuntimeTimeoutError: Could not transition to running"), "container-host-fault", True),
        (stopped("InfrastructureHealth", "", 143), "host-retired", True),
        (stopped(*EXITED, 136), "crashed", True),
        (stopped(*EXITED, 130), "cancelled", True),
        (stopped(START, PULL + "ref pull: number of layers and diffIDs don't match: 3 != 15"), "image-format", False),
        (stopped(START, LOGGER + "unable to get awslogs driver argument: awslogs-region is required"), "logging-unfit", False),
        (stopped(START, SECRET + "api error ValidationException: Invalid name. Must be a valid name"), "secret-unfit", False),
        (stopped(START, "The selected task definition is not compatible with the selected compute strategy."), "placement", False),
        (stopped(START, "Some tags contain invalid characters."), "tags-invalid", False),
        (stopped(START, "CannotCreateVolumeError: mount failed"), "volume", False),
        (
            stopped(START, "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task"),
            "role-unassumable",
            False,
        ),
        (stopped(START, ""), "not-started", True),
        ({}, "not-started", True),
    ],
)
def test_why_a_task_stopped(task, cause, transient):
    """Without it the log ends with AWS's words only, and the scheduler retries what can't succeed."""
    diagnosis = diagnose_stopped(task, "dbt")

    assert diagnosis is not None
    assert (diagnosis.cause, diagnosis.transient) == (cause, transient)
    assert task.get("stoppedReason", "").rstrip(".") in diagnosis.detail
    assert diagnosis.resolution


def test_a_task_that_ended_well_has_no_diagnosis():
    """A success that is reported as a failure would be run again."""
    assert diagnose_stopped(stopped(*EXITED, 0), "dbt") is None


@pytest.mark.parametrize("exit_code", [1, 2])
@pytest.mark.parametrize(("retry", "words"), [(True, "yes"), (False, "no")])
def test_what_the_runner_says_decides_whether_it_is_tried_again(exit_code, retry, words):
    """A model that does not compile came again and again, and a locked user stayed locked."""
    told = {"cause": "contract", "retry": retry, "summary": "said", "why": "because", "resolution": "do"}
    log = ["anything", f"Tried again by itself: {words}. More: docs/errors.md#contract, docs/errors.md#sql"]

    by_summary: Any = diagnose_stopped(stopped(*EXITED, exit_code), "dbt", summary=told)
    by_log: Any = diagnose_stopped(stopped(*EXITED, exit_code), "dbt", log=log)

    assert (by_summary.cause, by_summary.transient, by_summary.resolution) == ("contract", retry, "do")
    assert (by_log.cause, by_log.transient) == ("contract", retry)


def test_a_container_that_died_without_a_word_is_told_by_its_log():
    """Exit code 255 alone says nothing."""
    found: Any = diagnose_stopped(stopped(*EXITED, 255), "dbt", log=["exec /opt/dbt/bin/python: exec format error"])

    assert found.cause == "wrong-architecture"


@pytest.mark.parametrize(
    ("code", "message", "cause", "transient"),
    [
        ("InvalidParameterException", "Throttling: Rate exceeded calling CreateNetworkInterface", "throttled", True),
        ("InvalidParameterException", "Error retrieving security group information: Request limit exceeded.", "throttled", True),
        ("ThrottlingException", "Rate exceeded", "throttled", True),
        ("", "RESOURCE:MEMORY", "no-capacity", True),
        ("RESOURCE:CPU", "", "no-capacity", True),
        ("", "Capacity is unavailable at this time.", "no-capacity", True),
        ("AGENT", "", "agent-away", True),
        ("", "You've reached the limit on the number of vCPUs you can run concurrently", "fargate-quota", True),
        ("", "The requested CPU configuration is above your limit", "task-above-quota", False),
        ("ClusterNotFoundException", "Cluster not found.", "cluster-gone", False),
        ("ClientException", "TaskDefinition is inactive", "task-definition-gone", False),
        ("ClientException", "Unable to find task definition", "task-definition-gone", False),
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: ecs:RunTask on resource: task-definition/x:1",
            "airflow-denied",
            False,
        ),
        ("AccessDeniedException", EXPLICIT + "service control policy", "denied-by-organisation", False),
        ("AccessDeniedException", EXPLICIT + "permissions boundary", "denied-by-boundary", False),
        ("AccessDeniedException", "User: x is not authorized to perform: iam:PassRole on resource: r", "pass-role-denied", False),
        (
            "InvalidParameterException",
            "The tag policy does not allow the specified value for the following tag key: 'x'.",
            "tag-policy",
            False,
        ),
        ("InvalidParameterException", "Error retrieving subnet information for [subnet-1]", "subnet-gone", False),
        ("InvalidParameterException", "The specified capacity provider 'FARGATE_SPOT' was not found.", "capacity-provider", False),
        ("InvalidParameterException", "Unable to assume the service linked role.", "service-linked-role", True),
        ("BlockedException", "Your account is currently blocked.", "account-blocked", False),
        ("ClientException", "ECS was unable to assume the role 'x' that was provided for this task.", "role-unassumable", False),
        ("ServerException", "Service error", "aws-fault", True),
        ("SomethingNew", "never seen", "unknown", True),
    ],
)
def test_why_ecs_refused_to_start(code, message, cause, transient):
    """ECS wraps throttling in InvalidParameterException, which looks like a mistake of ours and is none."""
    diagnosis = diagnose_refused(code, message)

    assert (diagnosis.cause, diagnosis.transient) == (cause, transient)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (EndpointConnectionError(endpoint_url="https://ecs.eu-west-1.amazonaws.com/"), "airflow-can-not-reach"),
        (ConnectTimeoutError(endpoint_url="https://ecs.eu-west-1.amazonaws.com/", error="x"), "airflow-can-not-reach"),
        (NoCredentialsError(), "credentials-expired"),
        (
            ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized: ecs:DescribeTasks"}}, "D"),
            "looking-denied",
        ),
        (WaiterError(name="TasksStopped", reason="(ThrottlingException): Rate exceeded", last_response={}), "throttled"),
    ],
)
def test_why_aws_could_not_be_asked(error, cause):
    """Only a refusal of RunTask had a diagnosis; the others ended in a page of Python."""
    assert diagnose_error(error).cause == cause


def test_what_is_unknown_is_told_as_unknown_and_whole():
    """A wrong guess sends a person the wrong way, and half a message helps nobody."""
    message = "Something\nthat nobody\nhas ever seen"

    said = str(diagnose_refused("SomethingNew", message))

    assert "does not know" in said
    assert all(line in said for line in message.splitlines())
    assert "report it" in said


def test_the_advice_names_the_stack_and_the_workstream():
    """`pulumi up` without `--refresh` changes nothing of what was deleted behind its back, and of another stack it changes that."""
    found = diagnose_refused("ClusterNotFoundException", "Cluster not found.", {"stack": "prod", "workstream": "sales"})

    assert "`pulumi up --refresh --stack prod`" in found.resolution
