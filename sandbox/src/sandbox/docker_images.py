"""The images that the Docker daemon has, for several processes that make and remove some at once."""

import contextlib

import docker
from docker.errors import APIError


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
