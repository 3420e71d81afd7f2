"""Empty volumes of a Fargate task: writable only as far as the image says, and gone with the task.

Amazon ECS Developer Guide, "Use bind mounts with Amazon ECS": when the image declares a VOLUME at the container path,
its content, owner and permissions are copied into the volume; otherwise it belongs to root with permissions 0755.
MiniStack ignores such volumes.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

import docker
from docker.models.images import Image

from sandbox.emulator.settings import LABELS, SANDBOX_ID


def create(client: docker.DockerClient, definition: dict[str, Any], task_id: str) -> dict[str, str]:
    """Makes the task's volumes; Docker's name of each by the task definition's."""
    names = {volume["name"]: f"ecs-{SANDBOX_ID}-{task_id}-{volume['name']}" for volume in definition.get("volumes", [])}
    for name in names.values():
        client.volumes.create(name, labels=LABELS)
    return names


def mounts(container: dict[str, Any], image: Image, names: dict[str, str]) -> list[str]:
    """Docker's notation of a container's mount points."""
    declared = image.attrs["Config"].get("Volumes") or {}
    return [
        ":".join(
            (
                names[mount["sourceVolume"]],
                mount["containerPath"],
                ("ro" if mount.get("readOnly") else "rw") + ("" if mount["containerPath"] in declared else ",nocopy"),
            )
        )
        for mount in container.get("mountPoints", [])
    ]


def remove(client: docker.DockerClient, names: dict[str, str]) -> None:
    """Removes the task's volumes."""
    for name in names.values():
        client.volumes.get(name).remove(force=True)
