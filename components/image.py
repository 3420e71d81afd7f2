"""Docker: the image that runs one dbt project."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from components.base import REPOSITORY, Component
from components.registry import Registry

IMAGE_FOLDER = "image"
"""Dockerfile and runner, relative to the repository."""

BUILD_PRODUCTS = frozenset({"target", "logs", "dbt_packages", "__pycache__"})
"""Folders that dbt and Python write; `.dockerignore` keeps them out of the image as well."""


@dataclass(frozen=True, kw_only=True)
class DbtImageArgs:
    """What the image is made of."""

    projects: Sequence[str]
    """Folders of all projects of the stack, relative to the repository: they share the build context."""
    base_image: str
    registry: Registry


class DbtImage(Component):
    """A dbt project with the runner, built here and pushed to the registry. Its name is the project's folder.

    Creates: a Docker image in ECR.
    """

    reference: pulumi.Output[str]
    """`<repository>@sha256:...`: names these bytes and no others."""

    def __init__(self, name: str, args: DbtImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        token = aws.ecr.get_authorization_token_output(registry_id=args.registry.registry_id)
        # The provider rebuilds when anything in the context changes, and a tag can be pushed only once: so the tag has to
        # change with the whole context, not just with this project.
        tag = f"{name.replace('/', '-')}-{_digest(args.base_image, [IMAGE_FOLDER, *args.projects])}"
        image = docker.Image(
            name,
            image_name=pulumi.Output.concat(args.registry.url, ":", tag),
            build={
                # Relative, so that the state says the same on every machine.
                "context": ".",
                "dockerfile": f"{IMAGE_FOLDER}/Dockerfile",
                "args": {"BASE_IMAGE": args.base_image, "PROJECT": name},
                # Fargate's, whatever this machine is.
                "platform": "linux/amd64",
            },
            registry={
                "server": args.registry.url,
                "username": token.user_name,
                "password": pulumi.Output.secret(token.password),
            },
            build_on_preview=False,
            opts=self.child(),
        )
        self.reference = image.repo_digest
        self.register_outputs({"reference": self.reference})


def _digest(base_image: str, folders: Iterable[str]) -> str:
    digest = hashlib.sha256(base_image.encode())
    for folder in sorted(folders):
        for path in sorted(_sources(REPOSITORY / folder)):
            digest.update(f"\0{path.relative_to(REPOSITORY)}\0{path.stat().st_mode:o}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not BUILD_PRODUCTS.intersection(path.relative_to(folder).parts):
            yield path
