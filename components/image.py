"""Docker: the image that runs one dbt project."""

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from components.base import Component
from components.promotion import Repository
from components.registry import Registry, image_tag
from settings.project import REPOSITORY
from settings.sections.image import ImageSettings
from settings.sections.workstream import Build

IMAGE_FOLDER = "image"
"""Dockerfile and runner, relative to the repository."""

CONTEXTS_FOLDER = ".build"
"""Where the build contexts are put together, relative to the repository."""

CONTEXT_KEPT_SECONDS = 24 * 3600
"""Longer than any deployment that may still build from it."""

LITTER = shutil.ignore_patterns("__pycache__", ".user.yml", ".env", ".venv", ".DS_Store")
"""What Python and people's machines leave, anywhere."""

WRITTEN_BY_DBT = {"target", "logs", "dbt_packages"}
"""Directly in a project; further down somebody may call a folder of models so."""

PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
"""What Docker calls the architectures."""


@dataclass(frozen=True, kw_only=True)
class DbtImageArgs:
    """What the image is made of."""

    build: Build
    settings: ImageSettings
    registry: Registry


class DbtImage(Component):
    """A dbt project with the runner: built here and pushed to the registry, or promoted from where it was.

    Creates: a Docker image in ECR, unless it is promoted.

    A promoted image stays in the repository that it was tested from. Its tag is a hash of the files that it is made of, so it is
    found from a checkout of the same commit, whichever account and state belong to the stack that built it. Pulling, tagging and
    pushing it would give other bytes where Docker compresses the layers anew, and would need Docker and log-ins that change with
    every preview.
    """

    reference: pulumi.Output[str]
    """`<repository>@sha256:...`: names these bytes and no others."""
    repository_arn: pulumi.Output[str]
    """Where ECS pulls it from."""

    def __init__(self, name: str, args: DbtImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        folder = _put_together(REPOSITORY / CONTEXTS_FOLDER / args.build.project, [IMAGE_FOLDER, args.build.project])
        version = hashlib.sha256(f"{args.settings.base_image} {folder.name}".encode()).hexdigest()[:16]
        # Relative, so that the state says the same on every machine.
        context = folder.relative_to(REPOSITORY).as_posix()
        tag = image_tag(name, version)
        if args.settings.promote_from:
            source = Repository.parse(args.settings.promote_from)
            self.reference = source.image(tag)
            self.repository_arn = pulumi.Output.from_input(source.arn)
        else:
            self.reference = self._build(name, args, context, tag, version)
            self.repository_arn = args.registry.arn
        self.register_outputs({"reference": self.reference})

    def _build(self, name: str, args: DbtImageArgs, context: str, tag: str, version: str) -> pulumi.Output[str]:
        token = aws.ecr.get_authorization_token_output(registry_id=args.registry.registry_id)
        image = docker.Image(
            name,
            image_name=pulumi.Output.concat(args.registry.url, ":", tag),
            build={
                "context": context,
                "dockerfile": f"{context}/{IMAGE_FOLDER}/Dockerfile",
                # The commit as revision would make an image of each commit, and push its tag a second time.
                "args": {"BASE_IMAGE": args.settings.base_image, "PROJECT": args.build.project, "REVISION": version},
                # The task's, whatever this machine is.
                "platform": PLATFORMS[args.build.architecture],
            },
            registry={
                "server": args.registry.url,
                "username": token.user_name,
                "password": pulumi.Output.secret(token.password),
            },
            build_on_preview=False,
            opts=self.child(),
        )
        return image.repo_digest


def _put_together(contexts: Path, folders: list[str]) -> Path:
    """Copy just what the image is made of, into a folder that is named after its contents.

    The provider builds and pushes again whenever any file of the context has changed, and a tag can be pushed only once. With
    the repository as context, a note beside Pulumi.yaml or a change of another project would end a deployment.
    Under one name there is only ever one content: another stack may be building from it at this moment, or making the same.
    """
    contexts.mkdir(parents=True, exist_ok=True)
    _remove_old(contexts)
    with tempfile.TemporaryDirectory(dir=contexts, ignore_cleanup_errors=True) as temporary:
        fresh = Path(temporary) / "context"
        for folder in folders:
            shutil.copytree(REPOSITORY / folder, fresh / folder, ignore=_left_out_of(REPOSITORY / folder))
        _normalise(fresh)
        context = contexts / _digest(fresh)
        try:
            fresh.rename(context)
        except OSError:
            os.utime(context)  # it is there already; if not, this says what is wrong
    return context


def _left_out_of(project: Path) -> Callable[[str, list[str]], set[str]]:
    """For copytree, which asks about the names of one folder after the other."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        return LITTER(folder, names) | (WRITTEN_BY_DBT if Path(folder) == project else set())

    return left_out


def _normalise(context: Path) -> None:
    """Permissions as Git knows them: executable or not. The rest is the umask of whoever checked the files out."""
    for path in context.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)


def _remove_old(contexts: Path) -> None:
    for context in contexts.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another stack was faster
            if context.stat().st_mtime < time.time() - CONTEXT_KEPT_SECONDS:
                shutil.rmtree(context)


def _digest(context: Path) -> str:
    """Hash of all that the provider looks at: names, permissions and contents of the files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        digest.update(f"\0{path.relative_to(context)}\0{path.stat().st_mode:o}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
