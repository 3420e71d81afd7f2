"""Images come from the emulator's ECR, by tag or digest, with the execution role's permission.

Amazon ECS Developer Guide, "Amazon ECS task execution IAM role" and "CannotPullContainer task errors in Amazon ECS".
MiniStack runs whatever image of that name lies in the local Docker daemon.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import re
from typing import Any

import docker
from docker.errors import APIError
from docker.models.images import Image
from ministack.core.responses import get_account_id, get_region

from sandbox.emulator.patches import ecr_registry, ecs_failures
from sandbox.emulator.roles import DeniedError, Session, require
from sandbox.emulator.settings import REGISTRY

ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}
"""What images call the architectures of ECS."""

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:@]+)(?P<rest>.*)")


def authorize(image: str, session: Session) -> None:
    """Fetches the registry's credentials, which in AWS happens before anything is pulled.

    Raises:
        TaskStartError: the execution role may not.
    """
    if not _ECR.fullmatch(image):
        return
    try:
        require(session, "ecr:GetAuthorizationToken", "*")
    except DeniedError as denied:
        problem = f"unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: {denied}"
        raise ecs_failures.initialization(problem) from denied


def pull(client: docker.DockerClient, image: str, definition: dict[str, Any], session: Session) -> Image:
    """The image, newly pulled: never one that only this machine has.

    Raises:
        TaskStartError: the execution role may not, there is no such image, or it is for another architecture.
    """
    match = _ECR.fullmatch(image)
    if match and (match["account"], match["region"]) != (get_account_id(), get_region()):
        raise ecs_failures.pull(image, "the sandbox has one account and one region")
    try:
        if match:
            repository = f"arn:aws:ecr:{match['region']}:{match['account']}:repository/{match['repository']}"
            require(session, "ecr:BatchGetImage", repository)
            require(session, "ecr:GetDownloadUrlForLayer", repository)
        source = f"{REGISTRY}/{match['repository']}{match['rest']}" if match else image
        name, separator, reference = _split(source)
        log_in = {"username": "AWS", "password": ecr_registry.password(session.access_key)} if match else None
        found = client.images.pull(name, tag=reference if separator else "latest", auth_config=log_in)
    except (DeniedError, APIError) as error:
        raise ecs_failures.pull(image, error) from error
    architecture = ARCHITECTURES[(definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"]
    if found.attrs["Architecture"] != architecture:
        raise ecs_failures.pull(image, f"image Manifest does not contain descriptor matching platform 'linux/{architecture}'")
    return found


def _split(image: str) -> tuple[str, str, str]:
    """Name, separator and reference of `name@digest` or `name:tag`; a registry's port is no tag."""
    if "@" in image:
        return image.partition("@")
    folder, slash, last = image.rpartition("/")
    name, separator, tag = last.partition(":")
    return f"{folder}{slash}{name}", separator, tag
