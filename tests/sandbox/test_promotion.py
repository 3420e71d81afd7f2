"""A stack that promotes an image which another stack has built, with the real engine."""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components import image
from components.registry import image_tag
from sandbox import engine
from sandbox.demo.stack import Stack
from sandbox.errors import SandboxError
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.state import State
from sandbox.testing.account import Account
from settings.sections.workstream import Build

BASE_IMAGE = "base"

PROGRAM = """
import pulumi
from components.account import Account
from components.image import DbtImage, DbtImageArgs
from components.registry import Registry, RegistryArgs
from settings.sections.image import ImageSettings
from settings.sections.workstream import Build

config = pulumi.Config()
account, key, readers = Account.current(), config.require("key"), config.get_object("readers") or []
build = Build("dbt_project", "x86_64")
args = RegistryArgs(account=account, kms_key_arn=key, builds=[build.name], disposable=True, readers=readers)
registry = Registry("own", args)
settings = ImageSettings.model_validate({key: config.require(key) for key in ("promoteFrom", "baseImage")})
promoted = DbtImage(build.name, DbtImageArgs(build=build, settings=settings, registry=registry))
pulumi.export("image", promoted.reference)
pulumi.export("own", registry.url)
"""


@pytest.fixture
def development(cloud: Account) -> str:
    """The repository in which development's images are; one of another commit is there."""
    cloud.furnish()
    return cloud.client("ecr").describe_repositories(repositoryNames=["tasks"])["repositories"][0]["repositoryUri"]


@pytest.fixture
def production(cloud: Account, development: str, tmp_path: Path) -> Iterator[Stack]:
    """A stack that promotes from there."""
    program, home = tmp_path / "program", Home(tmp_path / "home")
    program.mkdir()
    (program / "__main__.py").write_text(PROGRAM)
    (program / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text())
    (program / "Pulumi.production.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    engine.prepare_home(home.pulumi_home, Path(sys.executable))
    state = State.new().model_copy(update={"account": cloud.id, "secret_key": cloud.secret_key, "emulator_port": cloud.port})
    stack = Stack(home, state, engine.ensure_cli(CACHE, print), name="production", repository=program)
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    stack.init(
        {"dbt-platform:key": key, "dbt-platform:baseImage": BASE_IMAGE, "dbt-platform:promoteFrom": development},
    )
    yield stack
    stack.run("state", "unprotect", "--all", "--yes")
    stack.run("destroy", "--yes", "--skip-preview")


def build_in_development(cloud: Account) -> str:
    """As a deployment of the same files would: digest of the image under the tag that is made of them."""
    ecr = cloud.client("ecr")
    context, _ = image._put_together(REPOSITORY / image.CONTEXTS_FOLDER / "dbt_project", Build("dbt_project", "x86_64"))
    version = hashlib.sha256(f"{BASE_IMAGE} {context.name}".encode()).hexdigest()[:16]
    found = ecr.batch_get_image(repositoryName="tasks", imageIds=[{"imageTag": "v1"}])["images"][0]
    ecr.put_image(repositoryName="tasks", imageManifest=found["imageManifest"], imageTag=image_tag("dbt_project", version))
    return found["imageId"]["imageDigest"]


def test_production_runs_what_development_built_and_nothing_else(cloud: Account, development: str, production: Stack):
    """A second build of a commit has other bytes, which nobody has tested; and so has the newest image of another commit.

    A preview shows its plan all the same: a merge request's image is built only after the merge.
    """
    assert "nobody has built these files there" in production.run("preview")
    with pytest.raises(SandboxError, match="Deploy this commit to the stack that builds first"):
        production.run("up", "--yes", "--skip-preview")

    digest = build_in_development(cloud)
    production.run("up", "--yes", "--skip-preview")

    outputs = production.outputs()
    assert outputs["image"] == f"{development}@{digest}"
    own = outputs["own"].partition("/")[2]
    assert cloud.client("ecr").describe_images(repositoryName=own)["imageDetails"] == []
    production.run("preview", "--expect-no-changes")

    text = production.configuration.read_text()
    production.configuration.write_text(re.sub("^config:\n", "config:\n  dbt-platform:readers: ['222222222222']\n", text))
    production.run("up", "--yes", "--skip-preview")
    assert "arn:aws:iam::222222222222:root" in cloud.client("ecr").get_repository_policy(repositoryName=own)["policyText"]
    production.run("preview", "--refresh", "--expect-no-changes")

    # Others run images from here by now: a destruction leaves them, and the right to pull them.
    production.run("destroy", "--yes", "--skip-preview", "--exclude-protected")
    assert "arn:aws:iam::222222222222:root" in cloud.client("ecr").get_repository_policy(repositoryName=own)["policyText"]
    assert cloud.client("ecr").get_lifecycle_policy(repositoryName=own)["lifecyclePolicyText"]
