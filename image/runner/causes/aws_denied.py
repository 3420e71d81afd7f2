"""What policies forbid, and how much AWS takes at once."""

from .aws_advice import API, EXECUTION_ROLE, ORGANISATION, PULL, REFRESH, RESOURCE, STOPPED
from .model import Cause

DENIED = (
    Cause(
        id="denied-by-organisation",
        happened="A policy of the AWS organisation forbids it",
        why="A service control policy (SCP) or resource control policy wins over every policy of the account.",
        todo=ORGANISATION,
        passes=False,
        source="IAM User Guide, 'Troubleshoot access denied error messages'",
        where=("request", "task", "run"),
        signs=(r"(service|resource) control polic", r"\bSCPs?\b", r"\bRCP\b"),
    ),
    Cause(
        id="denied-by-boundary",
        happened="A permissions boundary forbids it",
        why="The boundary of the role, set outside of this platform, does not allow the action that the message names.",
        todo="No `pulumi up` and no retry helps while the boundary is as it is: ask whoever keeps the permissions boundary to "
        "allow "
        "the action.",
        passes=False,
        source="IAM User Guide, 'Troubleshoot access denied error messages'",
        where=("request", "task", "run"),
        signs=(r"permissions? boundary",),
    ),
    Cause(
        id="denied-by-endpoint",
        happened="The policy of a VPC endpoint forbids it",
        why="Requests from the private subnets go through an endpoint, whose own policy does not allow this one.",
        todo="Allow the action and its resource in the policy of the VPC endpoint for {service}. If the endpoint is this stack's, "
        f"{REFRESH} restores its policy.",
        passes=False,
        source="IAM User Guide, 'Troubleshoot access denied error messages'",
        where=("request", "task", "run"),
        signs=(r"endpoint polic",),
    ),
    Cause(
        id="tag-policy",
        happened="A tag policy of the AWS organisation refuses the tags",
        why="The value, or the spelling, of a tag is not one that the organisation's tag policy allows.",
        todo="Correct the tag that the message names in `aws:defaultTags` or `tags` of the stack's file and run `pulumi up --stack "
        "{stack}`, or ask the organisation's administrators to allow its value.",
        passes=False,
        source="AWS Organizations User Guide, 'Enforce tagging consistency'",
        where=("request", "task"),
        signs=(r"tag polic", r"TagPolicyViolation", r"PolicyTagViolation"),
    ),
    Cause(
        id="tags-invalid",
        happened="AWS does not take the task's tags",
        why="A tag has characters, a length or a prefix that AWS does not allow, or there are more than 50.",
        todo="Correct the tag in `aws:defaultTags` or `tags` of the stack's file and run `pulumi up --stack {stack}`.",
        passes=False,
        source="Amazon ECS tagging, 'Tag restrictions'",
        where=("request", "task"),
        signs=(
            r"\btags?\b(?! the).{0,60}(invalid|character|too (long|many)|must not|exceed|duplicate|reserved)",
            r"invalid.{0,20}\btags?\b",
        ),
    ),
    Cause(
        id="account-blocked",
        happened="AWS has blocked the account",
        why="An account that is blocked, suspended or not subscribed to the service starts nothing.",
        todo="Ask AWS Support; the root user's mailbox holds their message.",
        passes=False,
        source=API,
        where=("request", "task"),
        signs=(
            r"BlockedException",
            r"account (is|was|has been) (currently |temporarily )?(blocked|suspended|closed)",
            r"OptInRequired",
            r"needs a subscription",
            r"not subscribed",
        ),
    ),
)

LIMITS = (
    Cause(
        id="registry-limits",
        happened="The image registry limits how often we pull",
        why="A registry takes only so many pulls in a time; after it the same pull works.",
        todo="A temporary limit: the next try usually works. If it stays, use an image in ECR instead of a public registry, "
        "or raise "
        "ECR's rate quota (Service Quotas).",
        passes=True,
        source=PULL,
        where=("task",),
        signs=(
            r"toomanyrequests",
            r"pull rate limit",
            r"(CannotPull|\becr\b|registry|image).*(429|too many requests|rate (limit )?exceeded|throttl)",
        ),
    ),
    Cause(
        id="throttled",
        happened="{service} limits how often it is asked",
        why="AWS slows down an account that asks too often, for instance when many workstreams start in the same minute.",
        todo="A temporary limit: the next try usually works. If it stays, spread the schedules, or ask for a higher request "
        "rate of "
        "{service} (Service Quotas).",
        passes=True,
        source="AWS General Reference, 'Error retries'; quotas of each service",
        where=("request", "task", "run"),
        signs=(
            r"throttl",
            r"rate exceeded",
            r"too ?many ?(requests|concurrent)",
            r"request ?limit ?exceeded",
            r"request rate",
            r"slow ?down\b",
            r"\b429\b",
        ),
    ),
)

ROLES = (
    Cause(
        id="role-unassumable",
        happened="ECS can't assume the task's roles",
        why="A role was deleted or made anew behind Pulumi's back, or its trust in ecs-tasks.amazonaws.com is gone.",
        todo=f"{REFRESH} makes them again, with their trust in ecs-tasks.amazonaws.com.",
        passes=False,
        source=STOPPED,
        where=("request", "task"),
        signs=(
            r"unable to assume",
            r"(can't|cannot|could not|not authorized to) (be )?assumed?\b",
            r"sts:AssumeRole",
            r"trust relationship",
            r"role\b.{0,160}(does not|doesn't) exist",
            r"role\b.{0,60}(is invalid|not valid)",
            r"NoSuchEntity",
        ),
    ),
    Cause(
        id="pass-role-denied",
        happened="Airflow may not hand the task its roles",
        why="RunTask passes the task definition's roles on, for which Airflow's role needs iam:PassRole on them.",
        todo=f"{REFRESH} restores the policy of Airflow's role.",
        passes=False,
        source=API,
        where=("request",),
        signs=(r"iam:PassRole",),
    ),
    Cause(
        id="registry-denied",
        happened="The execution role may not pull the image",
        why="Fargate signs in to ECR and pulls with the workstream's execution role; the repository's policy has a say too.",
        todo=f"{EXECUTION_ROLE} It needs ecr:GetAuthorizationToken, and ecr:BatchGetImage with ecr:GetDownloadUrlForLayer on the "
        "repository.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(
            r"(?-i:\becr:[A-Z]\w+)",
            r"pull access denied",
            r"no basic auth",
            r"(CannotPull|registry auth|\becr\b).*(\b40[13]\b|forbidden|unauthorized|access ?denied|not authorized|\bdenied\b"
            r"|has expired)",
            r"role has the permissions to pull",
        ),
    ),
    Cause(
        id="logging-unfit",
        happened="The task definition's logging is not as Fargate takes it",
        why="An option of its log driver is missing or wrong.",
        todo=f"The task definition was changed by hand: {REFRESH} registers one whose log options are right.",
        passes=False,
        source=RESOURCE + "; Send Amazon ECS logs to CloudWatch",
        where=("task",),
        signs=(
            r"awslogs-\w+.{0,60}(required|invalid|missing|must|unknown)",
            r"awslogs driver argument",
            r"(unknown|invalid|unsupported) log (opt|driver|configuration)",
            r"log driver.{0,60}(not supported|unknown|invalid|disabled)",
        ),
    ),
    Cause(
        id="logs-denied",
        happened="The execution role may not write the container's log",
        why="Fargate makes the log stream with the workstream's execution role before it starts the container.",
        todo=f"{EXECUTION_ROLE} It needs logs:CreateLogStream and logs:PutLogEvents on the workstream's log group.",
        passes=False,
        source=RESOURCE,
        where=("task",),
        signs=(
            r"(?-i:\blogs:[A-Z]\w+)",
            r"(logger|logging driver|log stream|log group|cloudwatch).*(AccessDenied|not authorized|forbidden)",
        ),
    ),
)
