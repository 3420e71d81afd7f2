"""What the task's log says when AWS stops or refuses the container."""

import pytest
from dbt_diagnosis import diagnose_refused, diagnose_stopped

PULL = "CannotPullContainerError: "
INIT = "ResourceInitializationError: "
SECRET = INIT + "unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: "


def stopped(stop_code, reason, exit_code=None, container_reason=""):
    return {
        "stopCode": stop_code,
        "stoppedReason": reason,
        "containers": [{"name": "dbt", "exitCode": exit_code, "reason": container_reason}],
    }


@pytest.mark.parametrize(
    ("task", "summary", "transient"),
    [
        (stopped("EssentialContainerExited", "Essential container in task exited", 1), "models or tests failed", True),
        (stopped("EssentialContainerExited", "Essential container in task exited", 2), "configuration or connection", True),
        (stopped("EssentialContainerExited", "Essential container in task exited", 3), "timeoutMinutes", True),
        (stopped("EssentialContainerExited", "Essential container in task exited", 137), "too little memory", False),
        (stopped("EssentialContainerExited", "Essential container in task exited", 77), "exit code 77", True),
        (
            stopped(
                "EssentialContainerExited",
                "Essential container in task exited",
                137,
                "OutOfMemoryError: Container killed due to memory usage",
            ),
            "more memory",
            False,
        ),
        (stopped("UserInitiated", "Task stopped by user", 143), "stopped the container", True),
        (stopped("SpotInterruption", "Your Spot Task was interrupted.", 143), "Spot capacity", True),
        (stopped("TerminationNotice", "AWS has retired the host", 137), "retired the host", True),
        (
            stopped("TaskFailedToStart", "Timeout waiting for network interface provisioning to complete."),
            "network interface",
            True,
        ),
        (
            stopped("TaskFailedToStart", "Unexpected EC2 error while attempting to Create Network Interface"),
            "network interface",
            True,
        ),
        (stopped("TaskFailedToStart", "Capacity is unavailable at this time. Please try again later"), "no capacity", True),
        (
            stopped("TaskFailedToStart", PULL + "pull image manifest has been retried 1 time(s): ref@sha256:1: not found"),
            "can't be pulled",
            False,
        ),
        (
            stopped(
                "TaskFailedToStart", PULL + "pull image manifest has been retried 5 time(s): dial tcp 10.0.0.1:443: i/o timeout"
            ),
            "reached",
            True,
        ),
        (stopped("TaskFailedToStart", PULL + "write /var/lib/containerd: no space left on device"), "disk", False),
        (stopped("TaskFailedToStart", PULL + "toomanyrequests: You have reached your pull rate limit"), "limits how often", True),
        (
            stopped(
                "TaskFailedToStart",
                SECRET
                + "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            ),
            "no value yet",
            False,
        ),
        (
            stopped("TaskFailedToStart", SECRET + "retrieved secret from Secrets Manager did not contain json key private_key"),
            "lack a field",
            False,
        ),
        (
            stopped("TaskFailedToStart", SECRET + "AccessDeniedException: not authorized: secretsmanager:GetSecretValue"),
            "can't be read",
            False,
        ),
        (stopped("TaskFailedToStart", INIT + "failed to validate logger args: log group does not exist"), "log group", False),
        (stopped("TaskFailedToStart", INIT + "failed to initialize logging driver: something"), "prepare", True),
        (stopped("TaskFailedToStart", "InternalError: unable to create a shim"), "internal error", True),
        (stopped("TaskFailedToStart", "CannotStartContainerError: failed to get container status"), "could not be started", False),
        (stopped("TaskFailedToStart", "ContainerRuntimeTimeoutError: Could not transition to running"), "in time", True),
        (stopped("TaskFailedToStart", "CannotCreateVolumeError: mount failed"), "volume", False),
        (
            stopped(
                "TaskFailedToStart", "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task"
            ),
            "assume",
            False,
        ),
        (stopped("TaskFailedToStart", ""), "did not start", True),
        ({}, "did not start", True),
    ],
)
def test_why_a_task_stopped(task, summary, transient):
    """Without it the log ends with AWS's words only, and the scheduler retries what can't succeed."""
    diagnosis = diagnose_stopped(task, "dbt")

    assert diagnosis is not None
    assert summary in diagnosis.summary
    assert diagnosis.transient is transient
    assert task.get("stoppedReason", "").rstrip(".") in diagnosis.detail
    assert diagnosis.resolution


def test_a_task_that_ended_well_has_no_diagnosis():
    """A success that is reported as a failure would be run again."""
    assert diagnose_stopped(stopped("EssentialContainerExited", "Essential container in task exited", 0), "dbt") is None


@pytest.mark.parametrize(
    ("code", "message", "summary", "transient"),
    [
        ("InvalidParameterException", "Throttling: Rate exceeded calling CreateNetworkInterface", "limits how often", True),
        ("ThrottlingException", "Rate exceeded", "limits how often", True),
        ("", "RESOURCE:MEMORY", "no capacity", True),
        ("RESOURCE:CPU", "", "no capacity", True),
        ("", "Capacity is unavailable at this time.", "no capacity", True),
        ("", "You've reached the limit on the number of vCPUs you can run concurrently", "quota", True),
        ("ClusterNotFoundException", "Cluster not found.", "cluster is gone", False),
        ("ClientException", "TaskDefinition is inactive", "revision", False),
        ("ClientException", "Unable to find task definition", "revision", False),
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: ecs:RunTask on resource: task-definition/x:1",
            "may not start",
            False,
        ),
        (
            "AccessDeniedException",
            "User: x is not authorized to perform: iam:PassRole on resource: r",
            "hand the task its roles",
            False,
        ),
        ("InvalidParameterException", "Error retrieving subnet information for [subnet-1]", "subnets", False),
        ("InvalidParameterException", "The specified capacity provider 'FARGATE_SPOT' was not found.", "capacity provider", False),
        ("BlockedException", "Your account is currently blocked.", "blocked", False),
        ("ClientException", "ECS was unable to assume the role 'x' that was provided for this task.", "assume", False),
        ("ServerException", "Service error", "internal error", True),
        ("SomethingNew", "never seen", "refused", True),
    ],
)
def test_why_ecs_refused_to_start(code, message, summary, transient):
    """ECS wraps throttling in InvalidParameterException, which looks like a mistake of ours and is none."""
    diagnosis = diagnose_refused(code, message)

    assert summary in diagnosis.summary
    assert diagnosis.transient is transient
