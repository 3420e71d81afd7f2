"""What the containers of a task definition must be, together and each for itself, on Fargate.

ECS API Reference, "ContainerDefinition", "LogConfiguration" and "ContainerDependency"; ECS Developer Guide, "Amazon ECS task
definition differences for Fargate".
"""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.rules import UNKNOWN, Limit, Problem, Properties, Table

GIB = 1024
FARGATE_SIZES = {
    256: (512, 1 * GIB, 2 * GIB),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
"""CPU units -> MiB of memory; ECS Developer Guide, "Task definition parameters for Fargate", Task size."""

PAGE = "ECS API Reference, ContainerDefinition"
CAPABILITIES = (
    "ALL", "AUDIT_CONTROL", "AUDIT_WRITE", "BLOCK_SUSPEND", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID",
    "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN",
    "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_BOOT",
    "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME",
    "SYS_TTY_CONFIG", "SYSLOG", "WAKE_ALARM",
)  # fmt: skip
NAME = Limit(page=PAGE, pattern="[A-Za-z0-9_-]{1,255}")
LIMITS: Table = {
    "containerDefinitions": Limit(page="ECS Developer Guide, service quotas", low=1, high=10),
    "containerDefinitions[].name": NAME,
    "containerDefinitions[].image": Limit(page=PAGE, pattern=r"[A-Za-z0-9_\-:./#@]{1,255}"),
    "containerDefinitions[].environment[].name": Limit(page=PAGE, low=1),
    "containerDefinitions[].secrets[].name": Limit(page="ECS API Reference, Secret", low=1),
    "containerDefinitions[].memory": Limit(page=f"{PAGE}: 6 MiB at least", low=6),
    "containerDefinitions[].memoryReservation": Limit(page=f"{PAGE}: 6 MiB at least", low=6),
    "containerDefinitions[].cpu": Limit(page=PAGE, low=0),
    "containerDefinitions[].portMappings[].containerPort": Limit(page="ECS API Reference, PortMapping", low=0, high=65535),
    "containerDefinitions[].portMappings[].hostPort": Limit(page="ECS API Reference, PortMapping", low=0, high=65535),
    "containerDefinitions[].portMappings[].name": Limit(page="ECS API Reference, PortMapping", pattern="[a-z0-9_][a-z0-9_-]{0,63}"),
    "containerDefinitions[].startTimeout": Limit(page=PAGE, low=2, high=120),
    "containerDefinitions[].stopTimeout": Limit(page=PAGE, low=0, high=120),
    "containerDefinitions[].linuxParameters.capabilities.drop[]": Limit(
        page="ECS API Reference, KernelCapabilities", among=CAPABILITIES
    ),
    "containerDefinitions[].restartPolicy.restartAttemptPeriod": Limit(
        page="ECS API Reference, ContainerRestartPolicy", low=60, high=1800
    ),
    "containerDefinitions[].restartPolicy.ignoredExitCodes": Limit(page="ECS API Reference, ContainerRestartPolicy", high=50),
    "containerDefinitions[].healthCheck.interval": Limit(page="ECS API Reference, HealthCheck", low=5, high=300),
    "containerDefinitions[].healthCheck.timeout": Limit(page="ECS API Reference, HealthCheck", low=2, high=60),
    "containerDefinitions[].healthCheck.retries": Limit(page="ECS API Reference, HealthCheck", low=1, high=10),
    "containerDefinitions[].healthCheck.startPeriod": Limit(page="ECS API Reference, HealthCheck", low=0, high=300),
    "containerDefinitions[].logConfiguration.logDriver": Limit(
        page="ECS API Reference, LogConfiguration: on Fargate", among=("awslogs", "splunk", "awsfirelens")
    ),
    "volumes[].name": Limit(page="ECS API Reference, Volume", pattern="[A-Za-z0-9_-]{1,255}"),
}
"""Place in a task definition -> rule."""

UNSUPPORTED = (
    "disableNetworking", "dnsSearchDomains", "dnsServers", "dockerSecurityOptions", "extraHosts", "hostname", "links",
    "privileged",
)  # fmt: skip
"""Parameters that Fargate, or the network mode awsvpc, does not take."""

UNSUPPORTED_LINUX = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")

DRIVER_NEEDS = {
    "awslogs": ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"),
    "splunk": ("splunk-token", "splunk-url"),
}
"""Log driver -> options that it needs on Fargate; one may come from a secret."""

MOST_FILES = 10
"""Environment files of a task (ECS Developer Guide, "Pass environment variables to an Amazon ECS container")."""

LONGEST_DEFINITION = 64 * 1024
"""Bytes (ECS Developer Guide, "Amazon ECS service quotas": task definition size)."""

AWSLOGS_OPTIONS = {
    "awslogs-create-group": "true",
    "awslogs-datetime-format": ".+",
    "awslogs-group": r"[.\-_/#A-Za-z0-9]{1,512}",
    "awslogs-multiline-pattern": ".+",
    "awslogs-region": r"[a-z]{2}(-[a-z]+)+-\d",
    "awslogs-stream-prefix": "[^:*]+",
    "max-buffer-size": r"\d+[bkmgBKMG]?[bB]?",
    "mode": "blocking|non-blocking",
}
"""Option -> what it must be; `awslogs-create-group` is true or left out."""

SECRET_ARN = re.compile(
    r"arn:aws(-[a-z-]+)?:(secretsmanager:[a-z0-9-]+:\d{12}:secret:[^:]+(:[^:]*){0,3}|ssm:[a-z0-9-]+:\d{12}:parameter/.+)"
)
ECR_IMAGE = re.compile(r"\d{12}\.dkr\.ecr[.-]")
SSM_NAME = re.compile(r"[A-Za-z0-9_./-]+")


def size(value: Any) -> Any:
    """Form of a size: `1 vCPU` is 1024 units, `2 GB` are 2048 MiB (ECS API Reference, RegisterTaskDefinition: cpu, memory)."""
    found = re.fullmatch(r"(\d*\.?\d+)\s*(vcpu|gb)", value, re.IGNORECASE) if isinstance(value, str) else None
    return str(int(float(found[1]) * GIB)) if found else value


def container_problems(containers: list[Properties], inputs: Properties) -> Iterator[Problem]:
    """Everything that RegisterTaskDefinition refuses about the containers of a task."""
    for index, container in enumerate(containers):
        for name, reason in _one(container, inputs):
            yield f"containerDefinitions[{index}].{name}", reason
    if not any(container.get("essential", True) for container in containers):
        yield "containerDefinitions", "Invalid 'containers' setting: at least one container must be essential"
    if len(json.dumps(containers, separators=(",", ":"))) > LONGEST_DEFINITION:
        yield "containerDefinitions", "ClientException: Actual length of the task definition is over its limit of 64 KiB"
    for reason in itertools.chain.from_iterable(check(containers, inputs) for check in TOGETHER):
        yield "containerDefinitions", reason


def platform_problems(inputs: Properties) -> Iterator[Problem]:
    """ECS Developer Guide, "Fargate platform": Windows needs a whole CPU, and has no ARM."""
    platform = inputs.get("runtimePlatform") or {}
    if platform == UNKNOWN or not str(platform.get("operatingSystemFamily", "")).startswith("WINDOWS"):
        return
    if platform.get("cpuArchitecture") == "ARM64":
        yield "runtimePlatform", "ARM64 is for Linux only"
    if inputs.get("cpu") in ("256", "512"):
        yield "cpu", "Windows on Fargate needs 1024 CPU units or more"


def volume_problems(inputs: Properties) -> Iterator[Problem]:
    """ECS API Reference, EFSVolumeConfiguration; ECS Developer Guide, "Storage options for Amazon ECS tasks": Fargate."""
    for index, volume in enumerate(inputs.get("volumes") or []):
        path, efs = f"volumes[{index}]", volume.get("efsVolumeConfiguration") or {}
        for name in ("dockerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"):
            if volume.get(name):
                yield f"{path}.{name}", "ClientException: is not supported on Fargate"
        access = efs.get("authorizationConfig") or {}
        if (access.get("accessPointId") or access.get("iam") == "ENABLED") and efs.get("transitEncryption") != "ENABLED":
            yield f"{path}.efsVolumeConfiguration.transitEncryption", "ClientException: must be ENABLED with an access point or IAM"
        if access.get("accessPointId") and efs.get("rootDirectory", "/") != "/":
            yield f"{path}.efsVolumeConfiguration.rootDirectory", "ClientException: must be left out, or /, with an access point"
        if efs.get("transitEncryptionPort") and efs.get("transitEncryption") != "ENABLED":
            yield f"{path}.efsVolumeConfiguration.transitEncryptionPort", "ClientException: needs transitEncryption"


def _one(container: Properties, inputs: Properties) -> Iterator[Problem]:
    for name in ("name", "image"):
        if not container.get(name):
            yield name, "is required"
    for name in UNSUPPORTED:
        if container.get(name):
            yield name, "is not supported on Fargate, with the network mode awsvpc"
    yield from _needs(container)
    yield from _linux(container.get("linuxParameters") or {})
    memory, reserved = container.get("memory"), container.get("memoryReservation")
    if memory is not None and reserved is not None and reserved > memory:
        yield "memoryReservation", f"Invalid setting: {reserved} MiB are more than the container's memory, {memory} MiB"
    yield from _mounts(container, [volume.get("name") for volume in inputs.get("volumes") or []])
    yield from _secrets(container)
    yield from _ulimits(container)
    logging = container.get("logConfiguration") or {}
    awslogs = logging.get("logDriver") == "awslogs"
    yield from _logging(logging)
    if awslogs:
        yield from _awslogs(logging.get("options") or {})
    if "executionRoleArn" not in inputs:
        yield from _without_role(container, awslogs=awslogs)
    command = (container.get("healthCheck") or {}).get("command", ["CMD"])
    if command[:1] not in (["CMD"], ["CMD-SHELL"], ["NONE"]):
        yield "healthCheck.command", "must begin with CMD or CMD-SHELL"


def _without_role(container: Properties, *, awslogs: bool) -> Iterator[Problem]:
    """ECS Developer Guide, "Amazon ECS task execution IAM role": what ECS does in its name."""
    done = {
        "image": "ECR images" if ECR_IMAGE.match(container.get("image") or "") else "",
        "logConfiguration": "log driver awslogs" if awslogs else "",
        "repositoryCredentials": "private registries" if container.get("repositoryCredentials") else "",
        "secrets": "secrets" if container.get("secrets") else "",
    }
    for name, what in done.items():
        if what:
            yield name, f"ClientException: Fargate requires task definition to have execution role ARN to support {what}."


def _needs(container: Properties) -> Iterator[Problem]:
    for each in container.get("resourceRequirements") or []:
        yield (
            "resourceRequirements",
            f"Tasks using the Fargate launch type do not support {each.get('type')} resource requirements.",
        )
    for each in container.get("environmentFiles") or []:
        if not re.fullmatch(r"arn:aws(-[a-z-]+)?:s3:::[^/]+/.+\.env", each.get("value", "")):
            yield "environmentFiles", f"{each.get('value')!r} is not the ARN of an object whose name ends in .env"


def _ulimits(container: Properties) -> Iterator[Problem]:
    for index, each in enumerate(container.get("ulimits") or []):
        if each.get("softLimit", 0) > each.get("hardLimit", 0):
            yield f"ulimits[{index}].softLimit", f"{each['softLimit']} is above the hardLimit, {each.get('hardLimit')}"


def _linux(parameters: Properties) -> Iterator[Problem]:
    for name in UNSUPPORTED_LINUX:
        if parameters.get(name):
            yield f"linuxParameters.{name}", "is not supported on Fargate"
    added = set((parameters.get("capabilities") or {}).get("add") or []) - {"SYS_PTRACE"}
    if added:
        yield "linuxParameters.capabilities.add", f"{min(added)} can't be added on Fargate, only SYS_PTRACE"


def _mounts(container: Properties, volumes: list[Any]) -> Iterator[Problem]:
    mounts = container.get("mountPoints") or []
    for mount in mounts:
        if mount.get("sourceVolume") not in volumes and UNKNOWN not in volumes:
            yield "mountPoints", f"Unknown volume: {mount.get('sourceVolume')!r} is none of the volumes {volumes}"
    paths = [mount.get("containerPath") for mount in mounts]
    if len(set(paths)) != len(paths):
        yield "mountPoints", "the same containerPath is used twice"


def _secrets(container: Properties) -> Iterator[Problem]:
    for name in ("environment", "secrets"):
        if any(not each.get("name") for each in container.get(name) or []):
            yield name, "has an entry without a name"
    names = [secret.get("name") for secret in container.get("secrets") or []]
    taken = [variable.get("name") for variable in container.get("environment") or []]
    for name in names:
        if names.count(name) > 1 or name in taken:
            yield (
                "secrets",
                f"The secret name must be unique and not shared with any new or existing environment variables set on the "
                f"container, such as '{name}'.",
            )
    for index, secret in enumerate(container.get("secrets") or []):
        yield from _source(f"secrets[{index}].valueFrom", secret.get("valueFrom"))


def _source(path: str, source: str | None) -> Iterator[Problem]:
    """Where a secret's value comes from."""
    if not source:
        yield path, "is required"
    elif not SECRET_ARN.fullmatch(source) and (source.startswith("arn:") or not SSM_NAME.fullmatch(source)):
        yield path, f"{source!r} is the ARN of no secret and no parameter"


def _logging(logging: Properties) -> Iterator[Problem]:
    secrets = logging.get("secretOptions") or []
    given = {**(logging.get("options") or {}), **{each.get("name"): each.get("valueFrom") for each in secrets}}
    for name in DRIVER_NEEDS.get(logging.get("logDriver", ""), ()):
        if not given.get(name):
            yield f"logConfiguration.options.{name}", f"is required: Log driver {logging['logDriver']} requires options: {name}"
    for index, each in enumerate(secrets):
        yield from _source(f"logConfiguration.secretOptions[{index}].valueFrom", each.get("valueFrom"))


def _awslogs(options: dict[str, str]) -> Iterator[Problem]:
    path = "logConfiguration.options"
    for name in sorted(set(options) - set(AWSLOGS_OPTIONS)):
        yield f"{path}.{name}", f"Log driver awslogs disallows options: {name}"
    for name, value in options.items():
        if value and not re.fullmatch(AWSLOGS_OPTIONS.get(name, ".*"), value):
            yield f"{path}.{name}", f"{value!r} does not match {AWSLOGS_OPTIONS[name]}"
    if {"awslogs-datetime-format", "awslogs-multiline-pattern"} <= set(options):
        yield f"{path}.awslogs-multiline-pattern", "can't be set beside awslogs-datetime-format"
    if "max-buffer-size" in options and options.get("mode", "non-blocking") != "non-blocking":
        yield f"{path}.max-buffer-size", "needs the mode non-blocking"


def _names(containers: list[Properties], _: Properties) -> Iterator[str]:
    names = [container.get("name") for container in containers]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield f"Container name {name!r} is used twice"


def _ports(containers: list[Properties], _: Properties) -> Iterator[str]:
    """The containers of a task share one network interface."""
    taken: list[tuple[Any, str]] = []
    for mapping in itertools.chain.from_iterable(container.get("portMappings") or [] for container in containers):
        port, host = mapping.get("containerPort"), mapping.get("hostPort")
        if host and port is not None and host != port:
            yield f"When networkMode=awsvpc, the host ports and container ports in port mappings must match: {host}, {port}"
        if port is None and "containerPortRange" not in mapping:
            yield "a port mapping has no containerPort"
        if (port_range := mapping.get("containerPortRange")) is not None:
            ends = re.fullmatch(r"(\d+)-(\d+)", port_range)
            if port is not None or ends is None or not 1 <= int(ends[1]) <= int(ends[2]) <= 65535:
                yield f"the containerPortRange {port_range!r} must be like 8000-8010, without a containerPort"
        taken.append((port, mapping.get("protocol", "tcp")))
    for port, protocol in sorted({pair for pair in taken if pair[0] is not None and taken.count(pair) > 1}):
        yield f"port {port}/{protocol} is used twice"


def _sums(containers: list[Properties], inputs: Properties) -> Iterator[str]:
    for name in ("cpu", "memory"):
        limit = str(inputs.get(name, ""))
        if not limit.isdigit():
            continue
        wanted = [
            container.get(name) or (container.get("memoryReservation") if name == "memory" else 0) or 0 for container in containers
        ]
        if name == "memory" and any(each > int(limit) for each in wanted):
            yield f"Invalid setting for container: {max(wanted)} MiB of memory are more than the task's {limit}"
        elif sum(wanted) > int(limit):
            yield f"The {name} of all containers, {sum(wanted)}, is more than the task's {limit}"


def _dependencies(containers: list[Properties], _: Properties) -> Iterator[str]:
    by_name = {container.get("name"): container for container in containers}
    waits: dict[Any, list[Any]] = {}
    for container in containers:
        for dependency in container.get("dependsOn") or []:
            other, condition = dependency.get("containerName"), dependency.get("condition")
            waits.setdefault(container.get("name"), []).append(other)
            if other not in by_name or other == container.get("name"):
                yield f"container {container.get('name')} depends on the unknown container {other}"
            elif condition in ("COMPLETE", "SUCCESS") and by_name[other].get("essential", True):
                yield f"a dependency condition {condition} can't be set on the essential container {other}"
            elif condition == "HEALTHY" and "healthCheck" not in by_name[other]:
                yield f"a dependency condition HEALTHY needs a healthCheck of the container {other}"
    if any(_reaches(waits, name, name) for name in waits):
        yield "Container dependencies have a cycle"


def _reaches(waits: dict[Any, list[Any]], start: Any, goal: Any, seen: frozenset[Any] = frozenset()) -> bool:
    following = [name for name in waits.get(start, []) if name not in seen]
    return goal in following or any(_reaches(waits, name, goal, seen | {*following}) for name in following)


def _shared(containers: list[Properties], _: Properties) -> Iterator[str]:
    """What one container asks of another, or of all together."""
    names = [container.get("name") for container in containers]
    for container in containers:
        for source in container.get("volumesFrom") or []:
            if source.get("sourceContainer") not in names or source.get("sourceContainer") == container.get("name"):
                yield f"container {container.get('name')} has volumes from the unknown container {source.get('sourceContainer')}"
    files = sum(len(container.get("environmentFiles") or []) for container in containers)
    if files > MOST_FILES:
        yield f"has {files} environmentFiles, AWS allows {MOST_FILES} in a task"
    routes = any("firelensConfiguration" in container for container in containers)
    routed = any((container.get("logConfiguration") or {}).get("logDriver") == "awsfirelens" for container in containers)
    if routed and not routes:
        yield (
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in "
            "one of the containers."
        )
    if routes and not routed:
        yield (
            "When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens "
            "log driver."
        )


TOGETHER = (_names, _ports, _sums, _dependencies, _shared)
"""What is wrong with the containers of a task, taken together; arguments: they, and the task."""
