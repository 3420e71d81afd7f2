import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from docker.utils.build import exclude_paths

from components import image, promotion
from components.account import Account
from components.image import DbtImage, DbtImageArgs
from components.registry import Registry, RegistryArgs
from settings.project import REPOSITORY
from settings.sections.image import BASE_IMAGE, ImageSettings
from settings.sections.workstream import Architecture, Build
from tests.unit.recorder import ACCOUNT_ID, IMAGE, REGION, REPOSITORY_URL, Stack

SHOP = Build("shop", "x86_64")
ACCOUNT = Account(partition="aws", region=REGION, id=ACCOUNT_ID)
ELSEWHERE = "111111111111.dkr.ecr.eu-central-1.amazonaws.com/dbt-dev"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the image's files and two dbt projects."""
    for file in ("image/Dockerfile", "shop/dbt_project.yml", "shop/models/orders.sql", "books/dbt_project.yml"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    monkeypatch.setattr(image, "REPOSITORY", tmp_path)
    return tmp_path


def built(base_image: str = BASE_IMAGE) -> dict[str, Any]:
    """The image of project `shop`, as a deployment right now would register it."""
    stack = Stack()
    try:
        registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
        settings = ImageSettings.model_validate({"baseImage": base_image})
        DbtImage("shop", DbtImageArgs(build=SHOP, settings=settings, registry=registry))
        return stack.only("docker:index/image:Image")
    finally:
        stack.close()


def tag(base_image: str = BASE_IMAGE) -> str:
    """What it would be pushed under."""
    return built(base_image)["imageName"].removeprefix(f"{REPOSITORY_URL}:")


def context() -> Path:
    """What it would be built from."""
    return image.REPOSITORY / built()["build"]["context"]


def test_an_image_s_label_leads_to_the_files_that_it_was_made_of(sources: Path):
    """Somebody who finds an image without its tag could not say which code is in it."""
    image = built()

    assert image["imageName"].endswith(f":shop.{image['build']['args']['REVISION']}")


def test_an_unchanged_project_keeps_its_tag(sources: Path):
    """A deployment without a change must not build, push and restart anything."""
    assert tag() == tag()


@pytest.mark.parametrize("file", ["shop/models/orders.sql", "image/Dockerfile", "shop/new.sql"])
def test_any_change_of_the_image_makes_a_new_tag(sources: Path, file: str):
    """The provider pushes whenever the context changed, and a tag that exists already can't be pushed again."""
    before = tag()
    (sources / file).write_text("changed")

    assert tag() != before


@pytest.mark.parametrize("file", ["books/dbt_project.yml", "notes.txt"])
def test_a_change_elsewhere_changes_nothing(sources: Path, file: str):
    """Another team's merge must not restart this team's dbt, or end in an attempt to push a tag twice."""
    before = tag()
    (sources / file).write_text("changed")

    assert tag() == before
    assert not list((sources / ".build").rglob(Path(file).name if file == "notes.txt" else "books"))


def test_a_deleted_file_is_gone_from_the_image(sources: Path):
    """A model that is deleted must not be built for ever."""
    assert list(context().rglob("orders.sql"))
    (sources / "shop/models/orders.sql").unlink()

    assert not list(context().rglob("orders.sql"))


def test_what_is_being_built_does_not_change_under_the_builder(sources: Path):
    """Somebody saves a file and deploys a second stack: the first one would push the new file under the old one's tag."""
    first = context()
    (sources / "shop/models/orders.sql").write_text("changed")

    second = context()

    assert (first / "shop/models/orders.sql").read_text() == "shop/models/orders.sql"
    assert (second / "shop/models/orders.sql").read_text() == "changed"


def test_stacks_that_are_deployed_at_the_same_time_do_not_disturb_each_other(sources: Path, monkeypatch: pytest.MonkeyPatch):
    """Two stacks of one checkout: one would end because the other has just moved its files there."""
    rename, put_together = Path.rename, lambda: image._put_together(sources / ".build/shop", ["image", "shop"])

    def overtaken(self: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        assert put_together() == target
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", overtaken)
    made = put_together()

    assert list(made.rglob("orders.sql"))
    assert list(made.parent.iterdir()) == [made]


def test_what_nobody_builds_from_any_more_is_removed(sources: Path):
    """Every change leaves a copy of the project: a year of them fills a laptop."""
    old, recent = context(), sources / ".build/shop/recent"
    os.utime(old, (0, 0))
    recent.mkdir()
    (sources / "shop/models/orders.sql").write_text("changed")

    assert {context(), recent} == set(old.parent.iterdir())


def test_a_file_that_becomes_executable_makes_a_new_tag(sources: Path):
    """The provider sees a file's permissions as well."""
    before = tag()
    (sources / "image/Dockerfile").chmod(0o755)

    assert tag() != before


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_whoever_checked_the_files_out_their_tag_is_the_same(sources: Path, umask: int):
    """GitLab's Docker executor has another umask than a laptop: production would not find what development has built, and
    anybody in the container could write to the project.
    """
    script = sources / "shop" / "script.sh"
    script.touch(mode=0o755)
    before = tag()

    for path in [*sources.glob("shop/**/*"), *sources.glob("image/**/*")]:
        path.chmod((0o777 if path.is_dir() or path == script else 0o666) & ~umask)

    assert tag() == before
    assert {path.stat().st_mode & 0o777 for path in context().rglob("*")} == {0o755, 0o644}


def test_another_base_image_makes_a_new_tag(sources: Path):
    """The provider rebuilds when a build argument changes."""
    assert tag("python:3.11-slim") != tag("python:3.12-slim")


@pytest.mark.parametrize("folder", ["target", "logs", "dbt_packages", "models/__pycache__"])
def test_what_dbt_writes_changes_nothing(sources: Path, folder: str):
    """Running dbt on a laptop must not look like a change of the project."""
    before = tag()
    (sources / "shop" / folder).mkdir(parents=True)
    (sources / "shop" / folder / "run.log").write_text("written")

    assert tag() == before


@pytest.mark.parametrize("folder", ["target", "logs", "dbt_packages"])
def test_models_may_lie_in_folders_that_are_called_like_dbt_s_own(sources: Path, folder: str):
    """They would be missing in the image without a word: dbt reads a project without them just as well."""
    model = Path("shop/models") / folder / "visits.sql"
    before = tag()
    (sources / model).parent.mkdir()
    (sources / model).write_text("select 1")

    assert (context() / model).is_file()
    assert tag() != before
    assert str(model) in exclude_paths(str(sources), (REPOSITORY / ".dockerignore").read_text().splitlines())
    kept = subprocess.run(["git", "check-ignore", f"dbt_project/models/{folder}/visits.sql"], cwd=REPOSITORY, check=False)
    assert kept.returncode != 0, "Git leaves it out"


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")])
def test_an_image_is_built_for_the_processor_that_runs_it(stack: Stack, sources: Path, architecture: Architecture, platform: str):
    """Fargate ends a task at once whose image is for another one: `exec format error`."""
    made = Build("shop", architecture)
    registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
    DbtImage(made.name, DbtImageArgs(build=made, settings=ImageSettings(), registry=registry))

    assert stack.only("docker:index/image:Image")["build"]["platform"] == platform


def test_tasks_run_the_pushed_bytes(stack: Stack, sources: Path):
    """A tag could be pushed again by hand; a digest can't mean anything else."""
    registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
    built = DbtImage("shop", DbtImageArgs(build=SHOP, settings=ImageSettings(), registry=registry))

    assert stack.value(built.reference) == IMAGE
    assert stack.only("docker:index/image:Image")["build"]["platform"] == "linux/amd64"
    assert stack.only("docker:index/image:Image")["buildOnPreview"] is False


def test_the_state_is_the_same_on_every_machine(stack: Stack, sources: Path):
    """An absolute path would make the pipeline rebuild what a laptop has just deployed."""
    registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
    DbtImage("shop", DbtImageArgs(build=SHOP, settings=ImageSettings(), registry=registry))

    assert str(sources) not in str(stack.registrations())


def promoted() -> DbtImage:
    registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
    return DbtImage(
        "shop", DbtImageArgs(build=SHOP, settings=ImageSettings.model_validate({"promoteFrom": ELSEWHERE}), registry=registry)
    )


def test_a_promoted_image_is_the_one_that_was_built_from_these_files(sources: Path, monkeypatch: pytest.MonkeyPatch):
    """Production must run the bytes that development tested, and those of this commit, not merely the newest."""
    wanted = tag()
    stack, asked = Stack(), {}

    def get_image(**arguments: str) -> SimpleNamespace:
        asked.update(arguments)
        return SimpleNamespace(image_digest="sha256:1")

    monkeypatch.setattr(promotion.aws.ecr, "get_image", get_image)
    found = promoted()

    assert stack.value(found.reference) == f"{ELSEWHERE}@sha256:1"
    assert stack.value(found.repository_arn) == "arn:aws:ecr:eu-central-1:111111111111:repository/dbt-dev"
    assert asked == {"registry_id": "111111111111", "repository_name": "dbt-dev", "image_tag": wanted, "region": "eu-central-1"}
    assert not stack.all("docker:index/image:Image")
    stack.close()


def test_what_nobody_has_built_can_not_be_promoted(stack: Stack, sources: Path, monkeypatch: pytest.MonkeyPatch):
    """Else a release could run code that development never saw."""
    monkeypatch.setattr(promotion.aws.ecr, "get_image", missing)

    with pytest.raises(pulumi.RunError, match=rf"{ELSEWHERE} has no image shop\."):
        promoted()


def test_a_preview_may_come_before_the_image(sources: Path, monkeypatch: pytest.MonkeyPatch):
    """A merge request's preview of production shows the plan, although its image will only be built after the merge."""
    stack = Stack()
    monkeypatch.setattr(promotion.aws.ecr, "get_image", missing)
    monkeypatch.setattr(promotion.pulumi.runtime, "is_dry_run", lambda: True)

    found = promoted()

    assert stack.known(found.reference) is False
    stack.close()


def missing(**_: str) -> None:
    raise Exception("ImageNotFoundException: The image does not exist within the repository")  # noqa: TRY002 (as the SDK does)
