"""Images of deployments that go back, go on after a failure or come again, on a machine that has built none of them.

Each build here has other bytes, which is what a machine without the layers makes of the same files. GitLab's jobs are such.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import base, engine
from sandbox.demo.stack import Stack
from sandbox.docker_leftovers import references, remove_images
from sandbox.errors import SandboxError
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.state import State
from sandbox.testing.account import Account

PROGRAM = """
from pathlib import Path

import pulumi
from components import image
from components.account import Account
from components.registry import Registry, RegistryArgs
from settings.sections import workstream
from settings.sections.image import ImageSettings
from settings.sections.workstream import Build

image.REPOSITORY = workstream.REPOSITORY = Path.cwd()
config = pulumi.Config()
account, build = Account.current(), Build("shop", "x86_64")
readers = ["222222222222"]  # the repository outlives the stack
args = RegistryArgs(account=account, kms_key_arn=config.require("key"), builds=[build.name], disposable=True, readers=readers)
settings = ImageSettings.model_validate({"baseImage": config.require("baseImage")})
made = image.DbtImage(build.name, image.DbtImageArgs(build=build, settings=settings, registry=Registry("dbt", args)))
pulumi.export("image", made.reference)
"""

DOCKERFILE = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG PROJECT
COPY ${PROJECT} /shop
RUN cat /proc/sys/kernel/random/uuid > /build
"""


@pytest.fixture
def stack(cloud: Account, tmp_path: Path) -> Iterator[Stack]:
    """One dbt project and its image, not deployed yet."""
    program, home = tmp_path / "program", Home(tmp_path / "home")
    for file, text in {"__main__.py": PROGRAM, "image/Dockerfile": DOCKERFILE, "shop/model.sql": "select 'A'"}.items():
        (program / file).parent.mkdir(parents=True, exist_ok=True)
        (program / file).write_text(text)
    (program / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text())
    (program / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    engine.prepare_home(home.pulumi_home, Path(sys.executable))
    state = State.new().model_copy(update={"account": cloud.id, "secret_key": cloud.secret_key, "emulator_port": cloud.port})
    made = Stack(home, state, engine.ensure_cli(CACHE, print), name="dev", repository=program)
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    made.init({"dbt-platform:key": key, "dbt-platform:baseImage": base.ensure_base(CACHE, print)})
    yield made
    forget_images(made)


def write(stack: Stack, model: str) -> None:
    """A merge of this model."""
    (stack.repository / "shop/model.sql").write_text(f"select '{model}'")


def deploy(stack: Stack) -> str:
    """The image that is deployed, by a machine that has none; the plan after it must be empty."""
    forget_images(stack)
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--refresh", "--expect-no-changes")
    return stack.outputs()["image"]


def forget_images(stack: Stack) -> None:
    """Of this account only: others share the daemon."""
    remove_images(f"{stack.state.account}.dkr.ecr.")


def built(stack: Stack) -> bool:
    """Whether this machine has an image of the account."""
    return any(name.startswith(f"{stack.state.account}.dkr.ecr.") for name in references())


def test_a_deployment_that_goes_back_or_comes_again_runs_what_was_pushed_first(stack: Stack):
    """Built again it would be another image than the one that was tested, and ECR takes no tag twice: nobody could go back."""
    assert re.search(r"\+ +docker:index:Image +shop +create", stack.run("preview")), "a preview comes before the repository"
    with pytest.raises(SandboxError, match="no basic auth credentials"):
        stack.run("up", "--yes", "--skip-preview")
    stack.log_in()

    first = deploy(stack)
    assert built(stack)
    write(stack, "B")
    second = deploy(stack)
    write(stack, "A")

    assert deploy(stack) == first != second
    assert not built(stack), "it was built all the same"
    assert '"password"' not in stack.run("stack", "export", "--show-secrets"), "the log-in is in the state"

    # A deployment that was killed after its push: the registry has the image, and the state knows nothing of it.
    before = stack.home.path / "before.json"
    stack.run("stack", "export", "--file", str(before))
    write(stack, "C")
    third = deploy(stack)
    stack.run("stack", "import", "--file", str(before))
    assert deploy(stack) == third
    assert not built(stack)

    stack.run("destroy", "--yes", "--skip-preview", "--exclude-protected")
    assert deploy(stack) == third
    assert not built(stack)
