"""Why a task does not start, in the words that ECS uses for `stoppedReason`.

Amazon ECS Developer Guide, "Amazon ECS stopped tasks error messages".
"""


class TaskStartError(Exception):
    """The task stops before its containers run; the message is its `stoppedReason`."""


def initialization(problem: object) -> TaskStartError:
    """Secrets or registry credentials could not be fetched with the execution role."""
    return TaskStartError(
        f"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: {problem}"
    )


def logging(problem: object) -> TaskStartError:
    """The log stream could not be made with the execution role."""
    return TaskStartError(
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
        f"failed to create Cloudwatch log stream: {problem} : exit status 1"
    )


def pull(image: str, problem: object) -> TaskStartError:
    """The image could not be fetched."""
    return TaskStartError(
        f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {problem}"
    )


def container(problem: object) -> TaskStartError:
    """The container could not be made or started."""
    return TaskStartError(f"CannotStartContainerError: {problem}")
