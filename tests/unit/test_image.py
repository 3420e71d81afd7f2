from pathlib import Path

import pytest

from components import image
from components.image import DbtImage, DbtImageArgs
from components.registry import Registry, RegistryArgs
from components.sections.workstream import Architecture, Build
from tests.unit.recorder import IMAGE, REPOSITORY_URL, Stack

SHOP = Build("shop", "x86_64")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the image's files and two dbt projects."""
    for file in ("image/Dockerfile", "shop/dbt_project.yml", "shop/models/orders.sql", "books/dbt_project.yml"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    monkeypatch.setattr(image, "REPOSITORY", tmp_path)
    return tmp_path


def build(base_image: str = "python:3.12-slim", architecture: Architecture = "x86_64") -> tuple[str, DbtImage]:
    """Tag of the image of project `shop`, as a deployment right now would choose it."""
    stack = Stack()
    try:
        registry = Registry("dbt", RegistryArgs(kms_key_arn="key", disposable=True))
        built = DbtImage("shop", DbtImageArgs(build=Build("shop", architecture), base_image=base_image, registry=registry))
        name: str = stack.only("docker:index/image:Image")["imageName"]
        return name.removeprefix(f"{REPOSITORY_URL}:"), built
    finally:
        stack.close()


def test_an_unchanged_project_keeps_its_tag(sources: Path):
    """A deployment without a change must not build, push and restart anything."""
    assert build()[0] == build()[0]


@pytest.mark.parametrize("file", ["shop/models/orders.sql", "image/Dockerfile", "shop/new.sql"])
def test_any_change_of_the_image_makes_a_new_tag(sources: Path, file: str):
    """The provider pushes whenever the context changed, and a tag that exists already can't be pushed again."""
    before = build()[0]
    (sources / file).write_text("changed")

    assert build()[0] != before


@pytest.mark.parametrize("file", ["books/dbt_project.yml", "notes.txt"])
def test_a_change_elsewhere_changes_nothing(sources: Path, file: str):
    """Another team's merge must not restart this team's dbt, or end in an attempt to push a tag twice."""
    before = build()[0]
    (sources / file).write_text("changed")

    assert build()[0] == before
    assert not list((sources / ".build").rglob(Path(file).name if file == "notes.txt" else "books"))


def test_a_deleted_file_is_gone_from_the_image(sources: Path):
    """A model that is deleted must not be built for ever."""
    build()
    (sources / "shop/models/orders.sql").unlink()
    build()

    assert not list((sources / ".build").rglob("orders.sql"))


def test_a_file_that_becomes_executable_makes_a_new_tag(sources: Path):
    """The provider sees a file's permissions as well."""
    before = build()[0]
    (sources / "image/Dockerfile").chmod(0o755)

    assert build()[0] != before


def test_another_base_image_makes_a_new_tag(sources: Path):
    """The provider rebuilds when a build argument changes."""
    assert build("python:3.11-slim")[0] != build("python:3.12-slim")[0]


@pytest.mark.parametrize("folder", ["target", "logs", "dbt_packages", "models/__pycache__"])
def test_what_dbt_writes_changes_nothing(sources: Path, folder: str):
    """Running dbt on a laptop must not look like a change of the project."""
    before = build()[0]
    (sources / "shop" / folder).mkdir(parents=True)
    (sources / "shop" / folder / "run.log").write_text("written")

    assert build()[0] == before


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")])
def test_an_image_is_built_for_the_processor_that_runs_it(stack: Stack, sources: Path, architecture: Architecture, platform: str):
    """Fargate ends a task at once whose image is for another one: `exec format error`."""
    made = Build("shop", architecture)
    registry = Registry("dbt", RegistryArgs(kms_key_arn="key", disposable=True))
    DbtImage(made.name, DbtImageArgs(build=made, base_image="python:3.12-slim", registry=registry))

    assert stack.only("docker:index/image:Image")["build"]["platform"] == platform


def test_tasks_run_the_pushed_bytes(stack: Stack, sources: Path):
    """A tag could be pushed again by hand; a digest can't mean anything else."""
    registry = Registry("dbt", RegistryArgs(kms_key_arn="key", disposable=True))
    built = DbtImage("shop", DbtImageArgs(build=SHOP, base_image="python:3.12-slim", registry=registry))

    assert stack.value(built.reference) == IMAGE
    assert stack.only("docker:index/image:Image")["build"]["platform"] == "linux/amd64"
    assert stack.only("docker:index/image:Image")["buildOnPreview"] is False


def test_the_state_is_the_same_on_every_machine(stack: Stack, sources: Path):
    """An absolute path would make the pipeline rebuild what a laptop has just deployed."""
    registry = Registry("dbt", RegistryArgs(kms_key_arn="key", disposable=True))
    DbtImage("shop", DbtImageArgs(build=SHOP, base_image="python:3.12-slim", registry=registry))

    assert str(sources) not in str(stack.registrations())
