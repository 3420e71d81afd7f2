"""Why a task ends before dbt does, and what is left when nothing else is known of it."""

from .aws_advice import EXECUTION_ROLE, PULL, REFRESH, RESOURCE, STOPPED, TEMPORARY, WAYS
from .model import Cause

MEMORY = Cause(
    id="out-of-memory",
    happened="dbt needed more memory than the task has",
    why="Fargate kills what uses more than the task's memory (exit code 137).",
    todo="Raise the workstream's `memory` (and `cpu`, if the pair asks for it) or lower `threads`, then `pulumi up --stack "
    "{stack}`.",
    passes=False,
    source="OutOfMemoryError; 'Exit codes'",
    where=("task", "run"),
    signs=(
        r"OutOfMemory",
        r"memory (usage|limit)|high memory",
        r"\boom[- ]?kill",
        r"out of memory",
        r"\bMemoryError\b",
        r"cannot allocate memory",
        r"can't start new thread",
    ),
)

INTERRUPTED = (
    Cause(
        id="spot-interruption",
        happened="AWS took the Spot capacity back",
        why="Fargate Spot ends tasks with two minutes' notice when AWS needs the capacity.",
        todo="The next try goes on where this one stopped. If it happens too often: `capacity: FARGATE` for the workstream.",
        passes=True,
        source="Fargate Spot termination notices",
        where=("task",),
        signs=(r"\bspot\b", r"SpotInterruption"),
    ),
    Cause(
        id="host-retired",
        happened="AWS retired the host of the task",
        why="AWS does maintenance on its hosts and stops the tasks on them; nobody cancelled the run, and it lacked no memory.",
        todo="Maintenance by AWS: the next try gets another host and goes on where this one stopped.",
        passes=True,
        source="AWS Fargate task retirement",
        where=("task",),
        signs=(
            r"maintenance",
            r"\bretir(e|ed|ement|ing)\b",
            r"TerminationNotice",
            r"underlying (infrastructure|host|hardware|instance)",
            r"host\b.{0,60}(stopped|terminated|retired|degraded)",
            r"hardware",
            r"InfrastructureHealth|infrastructure health",
        ),
    ),
    Cause(
        id="stopped",
        happened="Somebody or Airflow stopped the container",
        why="StopTask was called on the task; AWS's reason says by whom, as far as it knows.",
        todo="Run it again when you are ready: it goes on where it stopped.",
        passes=True,
        source=STOPPED,
        where=("task",),
        signs=(
            r"stopped by user",
            r"StopTask",
            r"UserInitiated",
            r"stopped in airflow",
            r"timed out in airflow",
            r"cleanup by airflow",
            r"killed by (the )?user",
            r"manually stopped|stopped manually",
        ),
    ),
)

LOGS = (
    Cause(
        id="log-group-gone",
        happened="The task's log group is gone",
        why="It was deleted behind Pulumi's back; ECS starts no container whose log it can't write.",
        todo=f"{REFRESH} makes the log group again.",
        passes=False,
        source=RESOURCE,
        where=("task",),
        signs=(
            r"log group.{0,80}((does not|doesn't) exist|not found)",
            r"find the Amazon CloudWatch log group",
            r"log.{0,60}ResourceNotFound",
        ),
    ),
)

REST = (
    Cause(
        id="aws-fault",
        happened="A fault of {service}",
        why="The service answered with an error of its own, or too late.",
        todo=TEMPORARY,
        passes=True,
        source=STOPPED,
        where=("request", "task"),
        signs=(
            r"\b50[0-4]\b",
            r"ServerException",
            r"Service ?Unavailable",
            r"Internal ?(Service|Server)?(Error|Failure|Exception)",
            r"internal (service |server )?(error|failure)",
            r"try again later",
            r"timeout waiting|timed? ?out|TimeoutError",
            r"unexpected (status|error)",
            r"Service error",
            r"ConflictException",
        ),
    ),
    Cause(
        id="logging-failed",
        happened="The task's logging could not be prepared",
        why="Fargate opens the log stream before it starts the container.",
        todo=WAYS,
        passes=True,
        source=RESOURCE,
        where=("task",),
        signs=(r"logger args", r"logging driver"),
    ),
    Cause(
        id="killed",
        happened="The container was killed, most often because it had too little memory",
        why="Exit code 137 is a kill, and neither AWS nor the runner says of whom: Fargate kills what uses more than its memory.",
        todo="Raise the workstream's `memory` (and `cpu`, if the pair asks for it) or lower `threads`, then `pulumi up "
        "--stack {stack}`.",
        passes=False,
        source="Exit codes",
        where=("task",),
        signs=(r"SIGKILL", r"exit code:? 137"),
    ),
    Cause(
        id="crashed",
        happened="The container crashed (segmentation fault)",
        why="A library in the image touched memory that is not its own (exit code 139).",
        todo="Run it again; if it stays, `ops rollback {workstream}` goes back to the former image.",
        passes=True,
        source="Exit codes",
        where=("task",),
        signs=(r"segmentation fault", r"SIGSEGV", r"core dumped"),
    ),
    Cause(
        id="volume",
        happened="The task's volume could not be made",
        why="A volume of the task definition could not be mounted.",
        todo=f"Check the volumes of the task definition; {REFRESH} restores them.",
        passes=False,
        source=STOPPED,
        where=("task",),
        signs=(
            r"CannotCreateVolume",
            r"\bEFS\b",
            r"failed to mount|mount(ing)? (failed|the|target)|mount\.nfs",
            r"invalid volume",
            r"volume specification",
        ),
    ),
    Cause(
        id="execution-role-denied",
        happened="The execution role lacks a right",
        why="Fargate prepares the task with the workstream's execution role; the message names the action that was denied.",
        todo=EXECUTION_ROLE,
        passes=False,
        source=RESOURCE,
        where=("task",),
        signs=(r"AccessDenied", r"not authorized", r"access denied", r"Unauthorized\w*"),
    ),
    Cause(
        id="container-not-started",
        happened="The container could not be started",
        why="The container's runtime gave up; AWS names too little memory as one reason.",
        todo="Check the image's entry point and the task definition, and raise `memory` if it is small; `ops rollback "
        "{workstream}` "
        "goes back to the former image if that one ran.",
        passes=False,
        source="CannotStartContainerError",
        where=("task",),
        signs=(r"CannotStartContainer", r"CannotCreateContainer", r"OCI runtime"),
    ),
    Cause(
        id="pull-failed",
        happened="The image can't be pulled, for a reason that this platform does not know",
        why="The registry's own words are below.",
        todo="Read the message; the tries go on meanwhile. Check that the image's digest is in ECR and the registry can be "
        "reached, "
        "and report the message, so that the next one gets an answer here.",
        passes=True,
        source=PULL,
        where=("task",),
        signs=(r"CannotPull", r"pull command failed", r"ref pull"),
    ),
    Cause(
        id="not-started",
        happened="The container did not start, and AWS does not say why",
        why="ECS tells neither a reason nor an exit code.",
        todo="The next try usually works; if it stays, look at the stopped task in ECS's console.",
        passes=True,
        source=STOPPED,
        where=("task",),
    ),
    Cause(
        id="secret-unread",
        happened="The Snowflake credentials could not be read, and AWS does not say why",
        why="AWS cuts long reasons off. The secret, the execution role's rights and the way to Secrets Manager are what it takes.",
        todo="Read the message; the tries go on meanwhile. `ops doctor` checks the secret; then check the execution role, and "
        "that the "
        "private subnets reach Secrets Manager (NAT gateway or endpoint).",
        passes=True,
        source="aws/containers-roadmap#1133",
        where=("task",),
        signs=(r"from asm", r"asm fetching", r"fetch secret", r"retrieve secret"),
    ),
    Cause(
        id="registry-unread",
        happened="Fargate could not sign in to ECR, and AWS does not say why",
        why="AWS cuts long reasons off. Most often there is no way from the private subnets to ECR.",
        todo="Read the message; the tries go on meanwhile. Check that the private subnets reach ECR (NAT gateway or "
        "endpoints), and that "
        "the execution role has ecr:GetAuthorizationToken.",
        passes=True,
        source="aws/containers-roadmap#1133",
        where=("task",),
        signs=(r"registry auth",),
    ),
    Cause(
        id="task-not-prepared",
        happened="Fargate could not prepare the task, for a reason that this platform does not know",
        why="Something that the container needs before it starts was not there in time.",
        todo="Read the message; the tries go on meanwhile. Check the execution role and that the private subnets reach ECR, "
        "S3, Secrets "
        "Manager and CloudWatch Logs (NAT gateway or endpoints), and report the message.",
        passes=True,
        source=RESOURCE,
        where=("task",),
        signs=(r"ResourceInitializationError", r"TaskFailedToStart"),
    ),
)
