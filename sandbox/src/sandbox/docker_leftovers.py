"""What a sandbox leaves in Docker, where several processes make and remove things at once."""

import contextlib
from collections.abc import Callable
from functools import partial

import docker
from docker.errors import APIError

from sandbox.errors import SandboxError
from sandbox.network import wait_until

Removal = Callable[[], object]

REMOVAL_SECONDS = 60
"""Time for all to go."""


def remove_leftovers(label: str) -> list[str]:
    """Removes the containers, networks and volumes with a label; returns their names.

    As an emulator ends, it, MiniStack and the thread of each task remove the same containers. For Docker what another has in hand
    is a conflict, and a volume goes only after its container: so again, until nothing is left.

    Raises:
        SandboxError: Something is still there after `REMOVAL_SECONDS`.
    """
    removed: list[str] = []
    left: dict[str, Removal] = {}

    def nothing_left() -> bool:
        left.clear()
        left.update(labelled(label))
        for remove in left.values():
            with contextlib.suppress(APIError):
                remove()
        removed.extend(name for name in left if name not in removed)
        return not left

    if not wait_until(nothing_left, REMOVAL_SECONDS):
        raise SandboxError(f"Docker does not remove {', '.join(left)}.", "Restart its daemon, and try again.")
    return removed


def labelled(label: str) -> dict[str, Removal]:
    """The containers, networks and volumes with a label, by kind and name, and what removes each."""
    client = docker.from_env()
    mine: dict[str, str | list[str] | bool] = {"label": label}
    containers = client.containers.list(all=True, filters=mine, ignore_removed=True)
    return {
        **{f"container {container.name}": partial(container.remove, force=True, v=True) for container in containers},
        **{f"network {network.name}": network.remove for network in client.networks.list(filters=mine)},
        **{f"volume {volume.name}": partial(volume.remove, force=True) for volume in client.volumes.list(filters=mine)},
    }


def references() -> list[str]:
    """Tags and digests of all images.

    In one answer: `images.list` of the SDK asks for each image again, which is an error if another process removed it meanwhile.
    """
    images = docker.from_env().api.images()
    return [reference for image in images for reference in [*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())]]


def remove_images(*repository_prefixes: str) -> None:
    """Removes the images of registries that are gone, by tag and by the digest that they were pulled by."""
    client = docker.from_env()
    for reference in references():
        if reference.startswith(repository_prefixes):
            with contextlib.suppress(APIError):  # another sandbox may run a container of the same image
                client.images.remove(reference, force=True)
