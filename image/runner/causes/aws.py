"""What AWS refuses, and why it stops a task. Sources are pages of the Amazon ECS Developer Guide unless they say otherwise."""

import re
from collections.abc import Mapping

from .model import Cause

STOPPED = "Stopped tasks error messages"
PULL = "CannotPullContainer task errors"
RESOURCE = "ResourceInitializationError"
API = "API error messages"
FAILURES = "API failure reasons"

REFRESH = "`pulumi up --refresh --stack {stack}`"
"""Without `--refresh` Pulumi believes that what was deleted behind its back is there, and changes nothing."""

TEMPORARY = "A temporary fault; the next try usually works. If it stays, look at the AWS Health page of the region."
WAYS = (
    "Often temporary, and the next try works. If it stays, check that the private subnets reach {service}: the route to the NAT "
    "gateway or the interface endpoint (for S3 the gateway endpoint), DNS of the VPC, and egress 443 in the security group."
)
ORGANISATION = (
    "No `pulumi up` helps, and no retry: ask the administrators of your AWS organisation for an exception for the action and the "
    "role that the message names."
)
EXECUTION_ROLE = f"Check the workstream's execution role: {REFRESH} restores its policy if it was changed by hand."

_SERVICES = (
    (r"between the task and (AWS |Amazon )?(?P<name>[A-Z][A-Za-z ]+?)[.,]", ""),
    (r"secretsmanager|secrets manager|from asm", "Secrets Manager"),
    (r"layer-bucket|\bs3\b|\.s3\.|httpReadSeeker", "S3"),
    (r"cloudwatch|logger args|logging driver|\blogs[.:]", "CloudWatch Logs"),
    (r"\bkms\b", "KMS"),
    (r"\becr\b|CannotPull|registry", "ECR"),
    (r"\bsts\b", "STS"),
    (r"network interface|security group|subnet|\bec2\b", "EC2"),
)


def service(text: str) -> Mapping[str, str]:
    """The service that a message is about, as a name for the advice; ECS unless it says another."""
    for sign, name in _SERVICES:
        if found := re.search(sign, text, re.IGNORECASE):
            return {"service": name or found["name"]}
    return {"service": "ECS"}


_DENIED = (
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
        id="account-blocked",
        happened="AWS has blocked the account",
        why="An account that is blocked, suspended or not subscribed to the service starts nothing.",
        todo="Ask AWS Support; the root user's mailbox holds their message.",
        passes=False,
        source=API,
        where=("request", "task"),
        signs=(
            r"BlockedException",
            r"account (is|has been) (currently |temporarily )?(blocked|suspended|closed)",
            r"OptInRequired",
            r"needs a subscription",
            r"not subscribed",
        ),
    ),
)

_LIMITS = (
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
            r"too ?many ?requests",
            r"request ?limit ?exceeded",
            r"request rate",
            r"slow ?down\b",
            r"\b429\b",
        ),
    ),
)

_SECRETS = (
    Cause(
        id="secret-deleted",
        happened="The secret with the Snowflake credentials waits for its deletion",
        why="Somebody deleted it; until its recovery window ends nothing can read it, and it can be brought back.",
        todo="Restore it: `aws secretsmanager restore-secret --secret-id <secret of {platform}>`; its value is still there.",
        passes=False,
        source="AWS Secrets Manager User Guide, 'Restore a secret'",
        where=("task", "run"),
        signs=(r"secret because it (was|is) (marked|scheduled) for deletion", r"secret because it was deleted"),
    ),
    Cause(
        id="key-unusable",
        happened="The KMS key can't be used",
        why="The key that encrypts the secret, the image or the logs is disabled or waits for its deletion.",
        todo="In KMS: cancel the key's deletion (`aws kms cancel-key-deletion`) or enable it (`aws kms enable-key`).",
        passes=False,
        source="AWS KMS Developer Guide, 'Key states of AWS KMS keys'",
        where=("request", "task", "run"),
        signs=(
            r"KMSInvalidState",
            r"\bDisabledException",
            r"KMS\.?(Disabled|NotFound)",
            r"key\b.{0,120}\bis (disabled|pending (deletion|import))",
            r"DecryptionFailure",
            r"can't decrypt the protected secret",
        ),
    ),
    Cause(
        id="key-denied",
        happened="The KMS key may not be used",
        why="The role, or the key's policy, does not allow to decrypt with it.",
        todo="The execution role (for artifacts the task role) needs kms:Decrypt, and the key's policy must not forbid it: "
        f"{REFRESH} restores both.",
        passes=False,
        source=RESOURCE,
        where=("request", "task", "run"),
        signs=(
            r"access to KMS is not allowed",
            r"(?-i:\bkms:[A-Z]\w+)",
            r"ciphertext refers to a customer master key",
            r"KMS\.?AccessDenied",
            r"KMS key does not exist or is not allowed",
        ),
    ),
    Cause(
        id="secret-empty",
        happened="The Snowflake credentials have no value yet",
        why="Pulumi makes the secret without a value, because no secret may be in its state.",
        todo="Put them: `ops credentials put --generate`, then run the statement that it prints in Snowflake.",
        passes=False,
        source=RESOURCE,
        where=("task",),
        signs=(r"staging label", r"find the specified secret value", r"secret value for version"),
    ),
    Cause(
        id="secret-field",
        happened="A secret that the workstream's `secrets` names lacks the field that is taken from it",
        why="The field is no key of the secret's JSON, as the message names it.",
        todo="Add the key to the secret (`aws secretsmanager put-secret-value`), or correct `field` in the stack file.",
        passes=False,
        source=RESOURCE,
        where=("task",),
        # Any but those of our own (settings/sections/warehouse.py).
        signs=(r"json key (?!(private_key|private_key_passphrase|password)\b)\S",),
    ),
    Cause(
        id="secret-incomplete",
        happened="The Snowflake credentials lack a field, or are no JSON",
        why="The task takes each credential from a field of the secret's JSON.",
        todo="Put them again, whole: `ops credentials put`.",
        passes=False,
        source=RESOURCE,
        where=("task",),
        signs=(
            r"json key",
            r"invalid character .{0,40}looking for",
            r"(secret|asm).*(unmarshal|unexpected end of json|not (a )?valid json)",
        ),
    ),
    Cause(
        id="secret-gone",
        happened="The secret with the Snowflake credentials is gone",
        why="It was deleted behind Pulumi's back.",
        todo=f"Make it again with {REFRESH}, then put its value: `ops credentials put --generate`.",
        passes=False,
        source=RESOURCE,
        where=("task",),
        signs=(
            r"find the specified secret\b",
            r"(secretsmanager|secrets manager|asm).*ResourceNotFound",
            r"whether the secret exists",
            r"secret\b.{0,160}(does not|doesn't) exist",
        ),
    ),
    Cause(
        id="secret-denied",
        happened="The execution role may not read the Snowflake credentials",
        why="Fargate reads the secret with the execution role of the workstream before it starts the container.",
        todo=f"{EXECUTION_ROLE} It needs secretsmanager:GetSecretValue on the secret and kms:Decrypt on its key.",
        passes=False,
        source=RESOURCE,
        where=("task",),
        signs=(
            r"(?-i:\bsecretsmanager:[A-Z]\w+)",
            r"(secretsmanager|secrets manager|\basm\b).*(AccessDenied|not authorized|forbidden)",
        ),
    ),
)

_IMAGES = (
    Cause(
        id="wrong-architecture",
        happened="The image was built for another processor architecture",
        why="The task runs on linux/amd64, unless its platform says otherwise.",
        todo="Build the image for linux/amd64 (`docker build --platform linux/amd64`; Pulumi does), or change the task's "
        "architecture.",
        passes=False,
        source=PULL,
        where=("task", "run"),
        signs=(
            r"exec format error",
            r"descriptor matching platform",
            r"no match(ing)? (manifest )?for platform",
            r"no matching manifest",
            r"image (operating system|platform|architecture).{0,80}(does not|cannot|can't|not) ",
        ),
    ),
    Cause(
        id="image-without-s3",
        happened="The image's layers in S3 can't be reached",
        why="ECR keeps layers in S3: a pull that gets no answer from there ends in this crash of containerd.",
        todo="Check the way from the private subnets to S3: the gateway endpoint in the subnets' route tables, its policy, "
        "and egress "
        "443 to S3 in the security group.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(r"nil pointer dereference",),
    ),
    Cause(
        id="image-layers-denied",
        happened="S3 denies the image's layers",
        why="ECR keeps layers in a bucket of its own in S3. The manifest was read, so the role is good: the policy of the S3 "
        "endpoint "
        "does not let the bucket through.",
        todo="Allow s3:GetObject on `arn:aws:s3:::prod-<region>-starport-layer-bucket/*` in the policy of the S3 gateway endpoint; "
        f"{REFRESH} restores this stack's.",
        passes=False,
        source="Amazon ECR User Guide, 'Amazon ECR interface VPC endpoints': minimum Amazon S3 bucket permissions",
        where=("task",),
        signs=(r"(httpReadSeeker|blobs/|layer-bucket|failed to copy|\.s3[.-]).*(\b403\b|forbidden|access ?denied)",),
    ),
    Cause(
        id="image-too-large",
        happened="The image does not fit the task's disk",
        why="Fargate unpacks the image onto the task's ephemeral storage, 20 GiB unless it is told more.",
        todo="Make the image smaller, or raise the ephemeral storage of the task definition.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(
            r"no space left on device",
            r"failed to (extract|register|unpack|apply) (layer|image)(?!.*(EOF|reset|timeout|context ca|processor|media))",
            r"disk quota",
        ),
    ),
    Cause(
        id="image-format",
        happened="The image has a format that Fargate does not take",
        why="A layer or the manifest is of a kind that containerd can't unpack, for instance an attestation of the build.",
        todo="Build the image with Pulumi, or with `docker buildx build --provenance=false --sbom=false`; `ops rollback "
        "{workstream}` "
        "goes back to the former image.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(r"media-?type", r"no processor", r"unsupported (manifest|schema|media|image)", r"invalid (tar|layer|manifest)"),
    ),
    Cause(
        id="entry-point",
        happened="The image has no entry point that can be executed",
        why="The command of the image, or of the task definition, is not in the image or may not be executed.",
        todo="Check the image's entry point (`image/Dockerfile`) and the task definition; `ops rollback {workstream}` goes back to "
        "the former image.",
        passes=False,
        source="CannotStartContainerError",
        where=("task", "run"),
        signs=(
            r"executable file not found",
            r"(exec|stat|process|entrypoint).{0,160}(no such file or directory|permission denied)",
            r"no command specified",
            r"OCI runtime.{0,200}(no such file|permission denied|not found)",
        ),
    ),
)

_MEMORY = Cause(
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
        r"memory usage",
        r"\boom[- ]?kill",
        r"out of memory",
        r"\bMemoryError\b",
        r"cannot allocate memory",
        r"can't start new thread",
    ),
)

_INTERRUPTED = (
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
        ),
    ),
)

_NETWORK = (
    Cause(
        id="subnet-full",
        happened="The task's subnets have no free addresses",
        why="Each task takes one address of a private subnet until it ends.",
        todo="Passes when other tasks end. If it stays, let fewer workstreams run at once (`concurrentRuns`), or give the "
        "network a "
        "larger range: free addresses of the subnets are in the VPC console.",
        passes=True,
        source="Amazon EC2 API Reference, 'Error codes': InsufficientFreeAddressesInSubnet",
        where=("request", "task"),
        signs=(
            r"InsufficientFreeAddresses",
            r"(free|available|enough|sufficient) (private )?(ip(v4)? )?addresses",
            r"InsufficientCidr",
        ),
    ),
    Cause(
        id="interface-quota",
        happened="The account's quota of network interfaces is used up",
        why="Each task needs a network interface, and the region has a quota of them that other services use too.",
        todo="No retry raises it: ask for a higher quota `Network interfaces per Region` (Service Quotas, Amazon VPC), or delete "
        "interfaces that nobody uses.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': NetworkInterfaceLimitExceeded",
        where=("request", "task"),
        signs=(
            r"NetworkInterfaceLimitExceeded",
            r"(limit|quota|maximum number).{0,60}network interfaces?",
            r"network interfaces?.{0,60}(limit|quota)",
            r"security groups? per (network )?interface",
            r"SecurityGroupsPerInterfaceLimit",
        ),
    ),
    Cause(
        id="security-group-gone",
        happened="The task's security groups are gone",
        why="A security group was deleted behind Pulumi's back, or the configuration that Airflow reads is older than the network.",
        todo=f"{REFRESH} makes them again and writes them into what Airflow reads.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': InvalidGroup.NotFound",
        where=("request", "task"),
        signs=(
            r"InvalidGroup",
            r"InvalidSecurityGroup",
            r"security ?group.{0,120}((does not|doesn't|do not) exist|not found|invalid|same (vpc|network)|different (vpc"
            r"|network))",
        ),
    ),
    Cause(
        id="subnet-gone",
        happened="The task's subnets are gone",
        why="A subnet was deleted behind Pulumi's back, or the configuration that Airflow reads is older than the network.",
        todo=f"{REFRESH} makes them again and writes them into what Airflow reads.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': InvalidSubnetID.NotFound",
        where=("request", "task"),
        signs=(
            r"InvalidSubnet",
            r"subnet.{0,120}((does not|doesn't|do not) exist|not found|invalid)",
            r"retrieving subnet information",
            r"invalid.{0,30}subnet",
        ),
    ),
    Cause(
        id="interface-denied",
        happened="ECS may not make a network interface for the task",
        why="ECS makes it with its service-linked role, whose policy is AWS's: usually a policy of the organisation forbids it.",
        todo="`aws sts decode-authorization-message` says what was denied. Ask the administrators of your AWS organisation to let "
        "AWSServiceRoleForECS use EC2 (service control policy), or restore that role.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': UnauthorizedOperation",
        where=("request", "task"),
        signs=(
            r"UnauthorizedOperation",
            r"not authorized to perform this operation",
            r"encoded authorization failure",
            r"(?-i:\bec2:[A-Z]\w+)",
        ),
    ),
    Cause(
        id="service-linked-role",
        happened="ECS's own service-linked role is missing, or so new that AWS does not see it yet",
        why="An account's first cluster makes AWSServiceRoleForECS; for some minutes it can't be used. It is none of the "
        "task's roles.",
        todo="The next try usually works. If it stays: `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`.",
        passes=True,
        source="Using service-linked roles for Amazon ECS; terraform-provider-aws tries again on it",
        where=("request", "task"),
        signs=(r"service[- ]linked role", r"AWSServiceRoleForECS"),
    ),
)

_ROLES = (
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

_CONNECTIONS = (
    Cause(
        id="airflow-can-not-reach",
        happened="Airflow's workers can't reach {service}",
        why="A request from Airflow's own network to AWS got no answer; a container that runs goes on.",
        todo="Often temporary, and the next try works. If it stays, check the network of Airflow's workers: the subnets' "
        "route to the "
        "NAT gateway or the interface endpoint of {service}, and egress 443 of Airflow's security group.",
        passes=True,
        source="botocore: EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, ConnectionClosedError",
        where=("request",),
        signs=(
            r"endpoint URL",
            r"(EndpointConnection|ConnectTimeout|ReadTimeout|ConnectionClosed|ProxyConnection|HTTPClient|SSL|Connection)Error",
            r"timed? ?out",
            r"connection (was )?(closed|reset|refused|aborted)",
            r"name resolution|getaddrinfo|could not resolve|no such host",
            r"certificate verify failed",
        ),
    ),
    Cause(
        id="container-host-fault",
        happened="The Fargate host could not start the container",
        why="The host's container runtime or its network set-up failed before the image had a say.",
        todo=TEMPORARY,
        passes=True,
        source=STOPPED,
        where=("task",),
        signs=(
            r"shim(?!.*OCI runtime)",
            r"netplugin",
            r"containerd\.sock|ttrpc",
            r"(configure|setup|set up|attach).{0,30}\bENI\b",
            r"CannotInspectContainer",
            r"CannotStopContainer",
            r"ContainerRuntimeTimeout",
            r"DockerTimeout",
            r"could not transition to",
        ),
    ),
    Cause(
        id="interface-fault",
        happened="AWS could not attach a network interface to the task",
        why="EC2 was slow, or failed, when ECS asked for the task's network interface.",
        todo=f"{TEMPORARY} Also check that the private subnets have free addresses.",
        passes=True,
        source=STOPPED,
        where=("request", "task"),
        signs=(r"network interface", r"(?<!RESOURCE:)(?-i:\bENI\b)", r"unexpected ec2 error"),
    ),
    Cause(
        id="connection-broke",
        happened="The connection to {service} broke",
        why="The connection was made and then ended too early, on the way or at the other side.",
        todo="A temporary fault; the next try usually works. If it stays, check what lies between the private subnets and "
        "{service}: "
        "NAT gateway, firewall, network ACL, endpoint.",
        passes=True,
        source=PULL,
        where=("request", "task"),
        signs=(
            r"\bEOF\b",
            r"connection reset",
            r"broken pipe",
            r"TLS handshake",
            r"\btls:",
            r"GOAWAY",
            r"http2",
            r"stream error",
            r"server misbehaving",
            r"closed network connection",
            r"connection (was )?(closed|aborted)",
            r"short read|size validation|failed size|digest mismatch|unexpected commit digest",
        ),
    ),
    Cause(
        id="no-way",
        happened="{service} could not be reached from the task's subnets",
        why="Fargate reads the secret, pulls the image and writes the log through the network of the task.",
        todo=WAYS,
        passes=True,
        source=RESOURCE,
        where=("task", "run"),
        signs=(
            r"connection issue",
            r"network (configuration|connection|connectivity)",
            r"i/o timeout",
            r"could not (reach|be reached|connect)",
            r"\bdial (tcp|udp)",
            r"no such host",
            r"deadline exceeded",
            r"request ?cancell?ed",
            r"(request send|send request) failed",
            r"Client\.Timeout",
            r"connection refused",
            r"connect(ion)? ?timed? ?out",
            r"no route to host",
            r"network is unreachable",
            r"MissingEndpoint",
            r"context ca(\.\.\.|n)",
            r"signal: killed",
            r"endpoint URL",
        ),
    ),
)

_LOGS = (
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

_PULLS = (
    Cause(
        id="image-gone",
        happened="The image is not in the registry any more",
        why="The task definition names it by its digest; the image, or its repository, was deleted.",
        todo="`ops rollback {workstream}` goes back to an image that is still there. Or build it again: change the image or "
        "the dbt "
        "project, then `pulumi up --refresh --stack {stack}`; alone, `pulumi up` builds only what has changed.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(
            r"manifest unknown",
            r"manifest for\b.{0,200}not found",
            r"(CannotPull|image|repository|ref|sha256).*(not found|(does not|doesn't) exist|NotFoundException|\b404\b)",
            r"invalid reference format",
        ),
    ),
)

_REQUESTS = (
    Cause(
        id="former-container",
        happened="Another container of this workstream still runs",
        why="No two containers of a workstream write at once, and this one did not end in the time that its stop takes.",
        todo="Wait for its run, or stop it: `aws ecs stop-task --cluster {platform} --task <the task below>`.",
        passes=True,
        source="dbt_containers.py",
        where=("request",),
        signs=(r"did not end within",),
    ),
    Cause(
        id="task-above-quota",
        happened="The task is larger than the account's Fargate quota",
        why="The task's cpu alone is more than the account may use; AWS gives new accounts little.",
        todo="No retry raises it: ask AWS for a higher Fargate vCPU quota (Service Quotas), or lower the workstream's `cpu`.",
        passes=False,
        source="Amazon ECS service event messages",
        where=("request", "task"),
        signs=(r"above your limit", r"limit of 0\b", r"exceeds? (your|the account'?s?) (limit|quota)"),
    ),
    Cause(
        id="fargate-quota",
        happened="The account's Fargate quota is used up",
        why="The account may run only so many vCPUs or tasks at once, and others run.",
        todo="Passes when other tasks end. If it stays, ask AWS for a higher Fargate vCPU quota (Service Quotas), or let fewer "
        "workstreams run at once (`concurrentRuns`).",
        passes=True,
        source="Amazon ECS service quotas",
        where=("request", "task"),
        signs=(
            r"limit on the number of",
            r"\bvCPUs?\b.{0,60}(limit|quota)|(limit|quota).{0,60}\bvCPUs?\b",
            r"run concurrently",
            r"(limit|maximum|max).{0,80}\btasks\b",
            r"(?-i:PROVISIONING)",
            r"tasks?\b.{0,40}\b(limit|quota)\b",
        ),
    ),
    Cause(
        id="no-capacity",
        happened="Fargate has no capacity at the moment",
        why="AWS has no free host for a task of this size in these zones; ECS may run out of it for Spot earlier.",
        todo="A temporary lack of capacity; the next try usually works. If it stays: another zone, another size, or no Spot.",
        passes=True,
        source=FAILURES,
        where=("request", "task"),
        signs=(
            r"capacity is (currently )?(unavailable|not available|insufficient)",
            r"(?-i:RESOURCE:)",
            r"(insufficient|no|not enough|lack of) (\w+ )?capacity",
            r"currently (unavailable|not available)",
        ),
    ),
    Cause(
        id="agent-away",
        happened="The agent of the host was not connected",
        why="ECS's agents disconnect and connect again several times an hour.",
        todo=TEMPORARY,
        passes=True,
        source=FAILURES,
        where=("request", "task"),
        signs=(r"(^|[:\s])(?-i:AGENT)\b", r"agent.{0,30}(disconnected|not connected)"),
    ),
    Cause(
        id="capacity-provider",
        happened="The cluster lacks the task's capacity provider",
        why="The cluster's capacity providers were changed behind Pulumi's back.",
        todo=f"{REFRESH} gives the cluster FARGATE and FARGATE_SPOT again.",
        passes=False,
        source=API,
        where=("request",),
        signs=(r"capacity ?provider",),
    ),
    Cause(
        id="cluster-gone",
        happened="The ECS cluster is gone",
        why="It was deleted behind Pulumi's back, or Airflow looks for it in another region or account.",
        todo=f"Make it again with {REFRESH}.",
        passes=False,
        source=API,
        where=("request",),
        signs=(r"cluster ?not ?found", r"cluster\b.{0,80}(inactive|not found|(does not|doesn't) exist|MISSING)"),
    ),
    Cause(
        id="placement",
        happened="ECS found no place for the task, and will find none",
        why="The reason speaks of hosts of one's own; tasks of this platform run on Fargate.",
        todo=f"The cluster or the task definition was changed by hand, {REFRESH} restores them: launch type and network mode "
        f"must be "
        "Fargate's.",
        passes=False,
        source=FAILURES,
        where=("request", "task"),
        signs=(
            r"(^|[:\s])(?-i:ATTRIBUTE|LOCATION|MISSING|INACTIVE)\b",
            r"placement constraint",
            r"no container instances",
            r"container instance",
            r"launch[ _]?type",
        ),
    ),
    Cause(
        id="overrides-too-long",
        happened="The run's select and vars are too long for ECS",
        why="ECS takes 8,192 characters for all that a run tells its container.",
        todo="Make them shorter: select by a tag or a path instead of naming each model, or shorten `vars`.",
        passes=False,
        source="Amazon ECS API Reference, 'TaskOverride'",
        where=("request",),
        signs=(r"overrides?\b.{0,40}length", r"\b8192\b", r"overrides?.{0,60}(too (long|large)|exceed)"),
    ),
    Cause(
        id="overrides-unfit",
        happened="The run's command does not fit the task definition",
        why="Airflow's configuration and the task definition name the container differently.",
        todo=f"{REFRESH} writes a task definition and the configuration that belong together.",
        passes=False,
        source=API,
        where=("request",),
        signs=(r"override", r"no container (named|definition)", r"parameter validation failed"),
    ),
    Cause(
        id="fargate-shape",
        happened="Fargate has no task of this size or kind",
        why="Fargate takes certain pairs of cpu and memory, and network mode awsvpc.",
        todo="Correct `cpu` and `memory` of the workstream in the stack's file to one of Fargate's pairs, then "
        "`pulumi up --stack {stack}`.",
        passes=False,
        source="Task CPU and memory; " + API,
        where=("request",),
        signs=(
            r"no fargate configuration",
            r"invalid.{0,30}(cpu|memory)",
            r"(cpu|memory).{0,40}(invalid|not supported|not valid)",
            r"network ?mode",
            r"network configuration must be provided",
        ),
    ),
    Cause(
        id="platform-version",
        happened="Fargate's platform does not fit the task",
        why="The platform version, or the zone, does not have what the task definition asks for.",
        todo="Take the zone out of the stack's network, or what it lacks out of the task definition, then "
        "`pulumi up --stack {stack}`.",
        passes=False,
        source="Fargate platform versions",
        where=("request",),
        signs=(r"Platform(Unknown|TaskDefinitionIncompat)", r"platform ?version", r"availability zone.{0,80}(not|unsupported)"),
    ),
    Cause(
        id="task-definition-gone",
        happened="The task definition's revision can't be used",
        why="The revision that Airflow's configuration names was deregistered behind Pulumi's back.",
        todo=f"{REFRESH} registers a new revision and writes it into what Airflow reads; `ops rollback {{workstream}}` goes "
        f"back to a "
        "former one.",
        passes=False,
        source=API,
        where=("request",),
        signs=(
            r"task ?definition.{0,160}(inactive|not found|(does not|doesn't) exist|not active|invalid|delete)",
            r"(unable to|can't|cannot) (find|describe|use).{0,20}task ?definition",
            r"invalid revision",
            r"account ?ids? mismatch",
        ),
    ),
    Cause(
        id="credentials-expired",
        happened="Airflow's own AWS credentials were not accepted",
        why="MWAA gives its workers credentials of the execution role and renews them; for a moment there were none, or old ones.",
        todo="A temporary fault: the next try asks with new credentials. If it stays, look at the MWAA environment and its "
        "execution "
        "role.",
        passes=True,
        source="botocore: NoCredentialsError, CredentialRetrievalError; IAM, 'Common errors'",
        where=("request",),
        signs=(
            r"ExpiredToken",
            r"security token",
            r"UnrecognizedClient",
            r"InvalidClientTokenId",
            r"RequestExpired",
            r"signature",
            r"locate credentials",
            r"credential",
            r"TokenRefreshRequired",
        ),
    ),
    Cause(
        id="tagging-denied",
        happened="Airflow may not tag the task",
        why="RunTask copies the task definition's tags onto the task, for which Airflow's role needs ecs:TagResource.",
        todo=f"{REFRESH} restores the policy of Airflow's role.",
        passes=False,
        source="Grant permission to tag resources on creation",
        where=("request",),
        signs=(r"ecs:TagResource",),
    ),
    Cause(
        id="looking-denied",
        happened="Airflow may not look at its task",
        why="Airflow waits for the task by DescribeTasks and ListTasks. The container goes on, and stores what it does.",
        todo=f"{REFRESH} restores the policy of Airflow's role; the message names the action that was denied.",
        passes=False,
        source=API,
        where=("request",),
        signs=(r"ecs:(Describe|List)\w+",),
    ),
    Cause(
        id="airflow-denied",
        happened="Airflow may not start this task",
        why="The role of Airflow lacks the action that the message names.",
        todo=f"{REFRESH} restores the policy of Airflow's role; the message names the action that was denied.",
        passes=False,
        source=API,
        where=("request",),
        signs=(r"AccessDenied", r"not authorized", r"access denied", r"\bforbidden\b", r"Unauthorized"),
    ),
)

_REST = (
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

AWS: tuple[Cause, ...] = (
    *_DENIED,
    *_LIMITS,
    *_SECRETS,
    *_IMAGES,
    _MEMORY,
    *_INTERRUPTED,
    *_NETWORK,
    *_ROLES,
    *_CONNECTIONS,
    *_LOGS,
    *_PULLS,
    *_REQUESTS,
    *_REST,
)
"""From special to general: a deny of the organisation before a plain one, a limit of requests before what is gone."""
