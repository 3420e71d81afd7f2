"""docker.Image, built and pushed by the real engine to the emulator's registry."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from sandbox import base, engine
from sandbox.docker_leftovers import references
from sandbox.paths import CACHE
from sandbox.testing.account import policy

PROGRAM = """
import pulumi
import pulumi_docker as docker

config = pulumi.Config()
image = docker.Image(
    "image",
    image_name=config.require("name"),
    build={"context": "context", "dockerfile": "context/Dockerfile", "platform": "linux/amd64", "args": {"GREETING": "hello"}},
    registry={"server": config.require("name").partition("/")[0], "username": "AWS", "password": config.get_secret("password")},
    skip_push=config.get_bool("skipPush"),
)
image.repo_digest.apply(lambda digest: print("known digest", digest))
pulumi.export("repoDigest", image.repo_digest)
"""

DOCKERFILE = """
FROM {base}
ARG GREETING
RUN echo "$GREETING" > /greeting
COPY . /context
"""


@dataclass(frozen=True)
class Project:
    """A small Pulumi program with one image."""

    folder: Path
    environment: dict[str, str]
    cli: Path

    @property
    def context(self) -> Path:
        return self.folder / "context"

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.cli), *arguments, "--non-interactive", "--color=never"]
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)

    def configure(self, **values: str) -> None:
        for key, value in values.items():
            done = self.pulumi("config", "set", "--secret" if key == "password" else "--plaintext", key, value)
            assert done.returncode == 0, done.stderr

    def up(self) -> str:
        """Deploys; returns the new digest."""
        done = self.pulumi("up", "--yes", "--skip-preview")
        assert done.returncode == 0, done.stdout + done.stderr
        return self.digest()

    def digest(self) -> str:
        return self.pulumi("stack", "output", "repoDigest").stdout.strip()

    def unchanged(self) -> bool:
        """Whether a preview has nothing to do."""
        return self.pulumi("preview", "--expect-no-changes").returncode == 0


@pytest.fixture(scope="module")
def ecr(cloud):
    return cloud.client("ecr")


@pytest.fixture(scope="module")
def repository(ecr) -> Iterator[str]:
    name = f"dbt-{secrets.token_hex(4)}"
    uri = ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    yield uri
    daemon = docker.from_env()
    for image in daemon.images.list(uri):
        daemon.images.remove(image.id, force=True)


@pytest.fixture(scope="module")
def deployed(cloud, repository, tmp_path_factory) -> Project:
    """A program whose image is built and pushed."""
    folder = tmp_path_factory.mktemp("deployed") / "project"
    home = folder.parent / "home"
    engine.prepare_home(home, Path(sys.executable))
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "DOCKER_CONFIG": str(home),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{folder}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_STACK": "test",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    project = Project(folder, environment, engine.ensure_cli(CACHE, print))
    project.context.mkdir(parents=True)
    (project.context / "Dockerfile").write_text(DOCKERFILE.format(base=base.ensure_base(CACHE, print)))
    (project.context / ".dockerignore").write_text("*.log\n")
    (project.context / "model.sql").write_text("select 1")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "Pulumi.yaml").write_text("name: images\nruntime: python\n")
    project.pulumi("stack", "init", "test")
    project.configure(name=f"{repository}:v1", password=cloud.registry_credentials()["password"])
    project.up()
    return project


@pytest.fixture
def project(deployed, tmp_path) -> Project:
    """A copy of the deployed program with its state, for one test."""
    folder = shutil.copytree(deployed.folder, tmp_path / "project")
    return Project(folder, {**deployed.environment, "PULUMI_BACKEND_URL": f"file://{folder}"}, deployed.cli)


def test_the_digest_is_one_that_the_registry_holds(project, ecr, repository):
    """A task definition pinned to another digest could not start."""
    name, _, digest = project.digest().partition("@")

    assert name == repository
    assert ecr.describe_images(repositoryName=repository.partition("/")[2], imageIds=[{"imageDigest": digest}])["imageDetails"]


@pytest.mark.usefixtures("deployed")
def test_the_registry_takes_a_tag_once_and_from_nobody_who_may_not_push(cloud, ecr, repository):
    """What is kind here ends a deployment there: ECR refuses the same bytes too."""
    daemon, name = docker.from_env(), f"immutable-{secrets.token_hex(4)}"
    ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    local = f"127.0.0.1:{cloud.port}/{name}"
    daemon.images.get(f"{repository}:v1").tag(local, "v1")
    reader = cloud.session(policy(("ecr:GetAuthorizationToken", "*"), ("ecr:BatchCheckLayerAvailability", "*")))

    def push(credentials):
        return daemon.images.push(local, tag="v1", auth_config=credentials)

    try:
        assert "no basic auth credentials" in push({})
        assert "is not authorized to perform: ecr:" in push(cloud.registry_credentials(reader))
        assert "error" not in push(cloud.registry_credentials())
        assert (
            f"tag invalid: The image tag 'v1' already exists in the '{name}' repository and cannot be overwritten because the tag "
            "is immutable." in push(cloud.registry_credentials())
        )
    finally:
        daemon.images.remove(f"{local}:v1")


@pytest.mark.usefixtures("deployed")
def test_only_the_real_name_stays_on_the_machine(repository):
    """The address that the push went to means nothing after the sandbox has ended."""
    names = [name for name in references() if repository.partition("/")[2] in name and "@" not in name]

    assert names == [f"{repository}:v1"]


def test_an_unchanged_context_is_not_built_again(project):
    """Each deployment would replace every task definition."""
    assert project.unchanged()


def test_new_credentials_are_no_reason_to_build(project):
    """ECR's password changes every 12 hours."""
    project.configure(password="another")

    assert project.unchanged()


def test_an_ignored_file_is_no_reason_to_build(project):
    """dbt's own logs in the folder would make an image of every run."""
    (project.context / "dbt.log").write_text("noise")

    assert project.unchanged()


def test_a_changed_file_makes_a_new_image(project):
    """A changed model would not reach production."""
    before = project.digest()
    (project.context / "model.sql").write_text("select 2")

    assert not project.unchanged()
    assert project.up() != before


def test_a_preview_knows_whether_the_digest_will_change(project):
    """What hangs on the digest would look unchanged in a merge request."""
    known = f"known digest {project.digest()}"

    assert known in project.pulumi("preview").stdout
    (project.context / "model.sql").write_text("select 3")
    assert known not in project.pulumi("preview").stdout


def test_a_broken_dockerfile_shows_the_failing_step(project):
    """The user would have to build by hand to see what is wrong."""
    with (project.context / "Dockerfile").open("a") as file:
        file.write("RUN echo about to fail; exit 3\n")

    done = project.pulumi("up", "--yes", "--skip-preview")

    assert done.returncode != 0
    assert "RUN echo about to fail; exit 3" in done.stdout
    assert "returned a non-zero code: 3" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_failed_push_is_an_error(project, repository):
    """A task definition would name an image that nobody can pull."""
    project.configure(name=f"{repository}-missing:v1")

    done = project.pulumi("up", "--yes", "--skip-preview")

    assert done.returncode != 0
    assert "-missing:v1 failed: " in done.stdout


def test_the_password_is_in_no_file_of_the_state(project, cloud):
    """State files are read by more people than may push images."""
    password = cloud.registry_credentials()["password"]
    project.configure(password=password)
    (project.context / "model.sql").write_text("select 4")
    project.up()

    files = [file for file in project.folder.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if password.encode() in file.read_bytes()]


def test_without_push_the_digest_is_the_id_of_the_local_image(project, repository):
    project.configure(skipPush="true")

    assert project.up() == docker.from_env().images.get(f"{repository}:v1").id


def test_a_daemon_that_does_not_answer_is_named(project):
    """Which of several addresses was tried is the first question."""
    project.environment["DOCKER_HOST"] = f"unix://{project.folder}/nothing.sock"

    done = project.pulumi("preview")

    assert done.returncode != 0
    assert f"No Docker daemon answers at unix://{project.folder}/nothing.sock" in done.stdout
