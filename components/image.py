"""Docker: the image that runs one dbt project."""

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pulumi
import pulumi_docker as docker
from pulumi.output import UNKNOWN

from components.base import Component
from components.registry import Registry, image_tag
from components.repository import Repository
from image.runner import requirements
from projects import commits
from projects.brought import put_together
from projects.sources import LITTER
from settings.project import REPOSITORY
from settings.sections.image import ImageSettings
from settings.sections.workstream import GIT_CACHE, Build

IMAGE_FOLDER = "image"
"""Dockerfile and runner, relative to the repository."""

CONTEXTS_FOLDER = ".build"
"""Where the build contexts are put together, relative to the repository."""

CONTEXT_KEPT_SECONDS = 24 * 3600
"""Longer than any deployment that may still build from it."""

PROJECT_FOLDER = "project"
"""The dbt project with the packages beside it, in a build context."""

PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
"""What Docker calls the architectures."""


@dataclass(frozen=True, kw_only=True)
class DbtImageArgs:
    """What the image is made of."""

    build: Build
    settings: ImageSettings
    registry: Registry


class DbtImage(Component):
    """A dbt project with the runner: as the registry has it, else built here and pushed; or promoted from where it was.

    Creates: a Docker image in ECR, unless it is promoted.

    Its tag is a hash of the files that it is made of. What is there under the tag already is used, whoever pushed it: an earlier
    deployment that this one goes back to, one that was killed, another machine. A second build would have other bytes, and ECR
    takes no tag twice.

    A promoted image stays in the repository that it was tested from. Its tag is found from a checkout of the same commit,
    whichever account and state belong to the stack that built it. Pulling, tagging and pushing it would give other bytes where
    Docker compresses the layers anew, and would need Docker and log-ins that change with every preview.
    """

    reference: pulumi.Output[str]
    """`<repository>@sha256:...`: names these bytes and no others."""
    repository_arn: pulumi.Output[str]
    """Where ECS pulls it from."""
    made_of: Sequence[pulumi.Resource]
    """What runs it is to depend on these too: on the same whether the image is pushed now or found. With another set the deployment
    after a push writes the whole state once for each workstream (docs/decisions/0011-what-growth-costs.md).
    """
    commit_page: str | None
    """What the project's files are, for people; None: they are of no commit that a browser could show."""

    def __init__(self, name: str, args: DbtImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        with _told_of(name):
            folder, place = _put_together(REPOSITORY / CONTEXTS_FOLDER / args.build.project, args.build)
        version = hashlib.sha256(f"{args.settings.base_image} {folder.name}".encode()).hexdigest()[:16]
        # Relative, so that the state says the same on every machine.
        context = folder.relative_to(REPOSITORY).as_posix()
        tag = image_tag(name, version)
        if args.settings.promote_from:
            self.reference = _promoted(args.settings.promote_from, tag)
            self.repository_arn = pulumi.Output.from_input(Repository.parse(args.settings.promote_from).arn)
            self.made_of = []
        else:
            about = {"PLACE": place, "REVISION": version, "SOURCE": str(args.build.source or "")}
            found = args.registry.image(tag)
            image = self._pushed(name, args.registry, tag) if found else self._build(name, args, context, tag, about)
            self.reference = found or image.repo_digest
            self.repository_arn = args.registry.arn
            self.made_of = [image, args.registry.repository]
        self.commit_page = _commit_page(args.build)
        self.register_outputs({"reference": self.reference})

    def _pushed(self, name: str, registry: Registry, tag: str) -> docker.Image:
        """One that the registry has: only read, by the id that the provider gave it when it pushed.

        To leave it out would show a deletion in the plan after every push, and whatever else is declared is built, `skip_push`
        or not (pulumi-docker, `dockerBuild`).
        """
        return docker.Image.get(name, _address(registry, tag), opts=self.child())

    def _build(self, name: str, args: DbtImageArgs, context: str, tag: str, about: dict[str, str]) -> docker.Image:
        """Docker's own configuration has the log-in: as an input, ECR's password would be in the state."""
        return docker.Image(
            name,
            image_name=_address(args.registry, tag),
            build={
                "context": context,
                "dockerfile": f"{context}/{IMAGE_FOLDER}/Dockerfile",
                # The commit as revision would make an image of each commit, and push its tag a second time.
                "args": {"BASE_IMAGE": args.settings.base_image, "PROJECT": PROJECT_FOLDER, **about},
                # The task's, whatever this machine is.
                "platform": PLATFORMS[args.build.architecture],
            },
            build_on_preview=False,
            # An update keeps the id, by which the next deployment would look in vain.
            opts=pulumi.ResourceOptions.merge(self.child(), pulumi.ResourceOptions(replace_on_changes=["imageName"])),
        )


def _commit_page(build: Build) -> str | None:
    """Not in the image: it would be another one for each commit, and a revert would run bytes that nobody has tested."""
    return commits.page(build.source.git, build.source.commit) if build.source else commits.page_of(build.folder)


@contextlib.contextmanager
def _told_of(name: str) -> Iterator[None]:
    """What is wrong with a project's files ends the deployment with a sentence, without a traceback."""
    try:
        yield
    except ValueError as error:
        raise pulumi.RunError(f"The dbt project {name} can't be put together: {error}.") from None


def _address(registry: Registry, tag: str) -> pulumi.Output[str]:
    """What the image is called, and the id that the provider gives its resource."""
    return pulumi.Output.concat(registry.url, ":", tag)


def _promoted(url: str, tag: str) -> pulumi.Output[str]:
    """`<repository>@sha256:...` of an image that another stack has built.

    A preview may come before the image, a merge request's always does: there it is unknown.

    Raises:
        pulumi.RunError: a deployment finds none.
    """
    digest = Repository.parse(url).digests.get(tag)
    if digest:
        return pulumi.Output.from_input(f"{url}@{digest}")
    missing = f"{url} has no image {tag}: nobody has built these files there, with this image.baseImage."
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"{missing} Deploy this commit to the stack that builds first.")
    pulumi.log.warn(f"{missing} The digest is unknown until the stack that builds has this commit.")
    return pulumi.Output.from_input(cast(str, UNKNOWN))


def _put_together(contexts: Path, build: Build) -> tuple[Path, str]:
    """Copy just what the image is made of, into a folder that is named after its contents; where in it the project lies.

    The provider builds and pushes again whenever any file of the context has changed, and a tag can be pushed only once. With
    the repository as context, a note beside Pulumi.yaml or a change of another project would end a deployment.
    Under one name there is only ever one content: another stack may be building from it at this moment, or making the same.
    """
    contexts.mkdir(parents=True, exist_ok=True)
    _remove_old(contexts)
    with tempfile.TemporaryDirectory(dir=contexts, ignore_cleanup_errors=True) as temporary:
        fresh = Path(temporary) / "context"
        shutil.copytree(REPOSITORY / IMAGE_FOLDER, fresh / IMAGE_FOLDER, ignore=LITTER)
        place = put_together(build.folder, fresh / PROJECT_FOLDER, GIT_CACHE)
        project = fresh / PROJECT_FOLDER / place
        if not build.requirements:
            (project / requirements.FILE).unlink(missing_ok=True)
        requirements.check(project)
        _normalise(fresh)
        context = contexts / _digest(fresh)
        try:
            fresh.rename(context)
        except OSError:
            os.utime(context)  # it is there already; if not, this says what is wrong
    return context, place


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
