"""A container runs with all that its definition says: entry point, user, read-only root, limits, volumes, credentials.

Amazon ECS Developer Guide, "Amazon ECS task definition parameters for Fargate" and "Amazon ECS task IAM role".
MiniStack ignores most of it and hands out credentials that nothing accepts.

One difference stays: the task role's credentials are in the environment, because AWS SDKs accept the address of a
credentials endpoint only on loopback and at the addresses that ECS and EKS use.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import os
from typing import Any

from docker.models.images import Image
from ministack.core import container_reaper
from ministack.core.responses import get_region
from ministack.services import ecs

from sandbox.emulator.roles import Session
from sandbox.emulator.settings import ENDPOINT, EXTRA_HOSTS, SANDBOX_ID

DEFAULT_STOP_TIMEOUT = 30
"""Seconds between SIGTERM and SIGKILL when the definition does not say (ContainerDefinition, `stopTimeout`)."""


def name(task_id: str, container: dict[str, Any]) -> str:
    """The container's name in Docker."""
    return f"ecs-{SANDBOX_ID}-{task_id}-{container['name']}"


def provided(
    task: dict[str, Any], definition: dict[str, Any], container: dict[str, Any], session: Session | None
) -> dict[str, str]:
    """The variables that ECS itself gives a container; those of its definition win over them."""
    scratch: dict[str, str] = {}
    token = ecs._register_metadata(task["taskArn"], task["clusterArn"], definition, container, "FARGATE", scratch, False, None)
    task.setdefault("_metadata_tokens", []).append(token)
    return {
        **(session.environment() if session else {}),
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_REGION": get_region(),
        "AWS_DEFAULT_REGION": get_region(),
        "ECS_CONTAINER_METADATA_URI_V4": scratch["ECS_CONTAINER_METADATA_URI_V4"],
    }


def variables(definition: dict[str, Any]) -> dict[str, str]:
    """The `environment` of a container definition or of an override."""
    return {variable["name"]: variable["value"] for variable in definition.get("environment", [])}


def options(
    task: dict[str, Any], definition: dict[str, Any], container: dict[str, Any], override: dict[str, Any], image: Image
) -> dict[str, Any]:
    """Arguments of `docker create` that follow from the definition alone."""
    linux = container.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    memory = f"{container.get('memory') or definition['memory']}m"
    return {
        "image": image.id,
        "command": override.get("command") or container.get("command") or None,
        "entrypoint": container.get("entryPoint") or None,
        "user": container.get("user"),
        "working_dir": container.get("workingDirectory"),
        "read_only": container.get("readonlyRootFilesystem", False),
        "init": linux.get("initProcessEnabled", False),
        "cap_add": capabilities.get("add") or None,
        "cap_drop": capabilities.get("drop") or None,
        "mem_limit": memory,
        "memswap_limit": memory,
        # Docker refuses more processors than there are.
        "nano_cpus": min(int(definition["cpu"]) * 10**9 // 1024, (os.cpu_count() or 1) * 10**9),
        "extra_hosts": EXTRA_HOSTS,
        "labels": {
            **container.get("dockerLabels", {}),
            **container_reaper.own_labels("ecs"),
            "com.amazonaws.ecs.task-arn": task["taskArn"],
            "com.amazonaws.ecs.container-name": container["name"],
        },
    }


def stop_timeout(container: dict[str, Any]) -> int:
    """Seconds between SIGTERM and SIGKILL."""
    return container.get("stopTimeout", DEFAULT_STOP_TIMEOUT)
