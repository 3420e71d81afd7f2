import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from docker.utils.build import exclude_paths

from components import image, repository
from components.account import Account
from components.image import DbtImage, DbtImageArgs
from components.registry import Registry, RegistryArgs
from components.repository import Repository
from projects.sources import Sources
from settings.project import REPOSITORY
from settings.sections import workstream
from settings.sections.image import BASE_IMAGE, ImageSettings
from settings.sections.workstream import Architecture, Build, Source
from tests.unit.recorder import ACCOUNT_ID, IMAGE, REGION, REPOSITORY_URL, Stack, run_program, stack_file

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
    for module in (image, workstream):
        monkeypatch.setattr(module, "REPOSITORY", tmp_path)
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
    assert [path for path in context().rglob("*") if path.name in ("notes.txt", "books")] == []


def test_a_dbt_that_was_not_tested_ends_the_preview_unless_the_file_is_left_out(sources: Path):
    """It would end the deployment after minutes of building; and a project with an old pin may run all the same."""
    (sources / "shop/requirements.txt").write_text("dbt-core==1.7.0\n")

    with pytest.raises(pulumi.RunError, match=r"dbt project shop can't be put together: requirements.txt asks for dbt-core==1.7.0"):
        built()

    without, _ = image._put_together(sources / ".build/shop", SHOP._replace(requirements=False))
    assert not list((without / "project").rglob("requirements.txt"))


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

    assert (first / "project/models/orders.sql").read_text() == "shop/models/orders.sql"
    assert (second / "project/models/orders.sql").read_text() == "changed"


def test_stacks_that_are_deployed_at_the_same_time_do_not_disturb_each_other(sources: Path, monkeypatch: pytest.MonkeyPatch):
    """Two stacks of one checkout: one would end because the other has just moved its files there."""
    rename, put_together = Path.rename, lambda: image._put_together(sources / ".build/shop", SHOP)[0]

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
    model = Path("models") / folder / "visits.sql"
    before = tag()
    (sources / "shop" / model).parent.mkdir()
    (sources / "shop" / model).write_text("select 1")

    assert (context() / "project" / model).is_file()
    assert tag() != before
    assert f"shop/{model}" in exclude_paths(str(sources), (REPOSITORY / ".dockerignore").read_text().splitlines())
    kept = subprocess.run(["git", "check-ignore", f"dbt_project/models/{folder}/visits.sql"], cwd=REPOSITORY, check=False)
    assert kept.returncode != 0, "Git leaves it out"


def test_packages_beside_the_project_come_with_it_to_where_it_looks_for_them(sources: Path):
    """dbt would end the build: it takes `local: ../units` from the project's own folder, in the packages of packages too."""
    files = {
        "teams/core/dbt_project.yml": "name: core",
        "teams/core/packages.yml": "packages:\n  - local: ../units\n  - local: packages/own\n",
        "teams/units/packages.yml": "packages: [{local: ../../shared/time}, {package: dbt-labs/dbt_utils, version: 1.3.0}]",
        "teams/units/target/run.log": "",
        "teams/books/dbt_project.yml": "",
        "shared/time/macros/now.sql": "",
        "shared/elsewhere.sql": "",
    }
    for name, text in files.items():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text(text)
    core = Sources.of(sources / "teams/core")

    core.copy(sources / "copy")

    copied = {path.relative_to(sources / "copy").as_posix() for path in (sources / "copy").rglob("*") if path.is_file()}
    assert copied == {
        "teams/core/dbt_project.yml",
        "teams/core/packages.yml",
        "teams/units/packages.yml",
        "shared/time/macros/now.sql",
    }
    assert core.place == "teams/core"


def test_a_package_s_own_tests_are_a_project_inside_of_it(sources: Path):
    """`local: ../` of `integration_tests`, as every package on dbt's hub has it."""
    for name, text in {"integration_tests/packages.yml": "packages: [{local: ../}]", "macros/a.sql": "", ".git/config": ""}.items():
        (sources / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / "shop" / name).write_text(text)
    (sources / "shop/integration_tests/target").mkdir()
    tests = Sources.of(sources / "shop/integration_tests")

    tests.copy(sources / "copy")

    assert tests.place == "integration_tests"
    assert {path.name for path in (sources / "copy").rglob("*")} >= {"a.sql", "packages.yml", "dbt_project.yml"}
    assert not {path.name for path in (sources / "copy").rglob("*")} & {"target", ".git", "config"}


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


REGISTRY = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/dbt-platform-dev-dbt"


@dataclass
class Ecr:
    """What `aws.ecr` answers, of repositories in any account."""

    images: dict[str, dict[str, str]]
    """By repository: digests by tag."""

    def get_repositories(self, *, region: str) -> SimpleNamespace:
        assert region == REGION
        return SimpleNamespace(names=[Repository.parse(url).name for url in self.images])

    def get_images(self, **repository: str) -> SimpleNamespace:
        made = {Repository.parse(url): images for url, images in self.images.items()}
        asked = Repository(
            partition="aws", account_id=repository["registry_id"], region=repository["region"], name=repository["repository_name"]
        )
        if asked not in made:
            raise Exception("reading ECR Images: couldn't find resource")  # noqa: TRY002 (as the SDK does)
        return SimpleNamespace(image_ids=[SimpleNamespace(image_tag=tag, image_digest=it) for tag, it in made[asked].items()])

    def __getattr__(self, name: str) -> Any:
        return getattr(aws.ecr, name)


Holds = Callable[[dict[str, dict[str, str]]], None]


@pytest.fixture
def holds(monkeypatch: pytest.MonkeyPatch) -> Holds:
    """Sets what ECR holds: by repository, digests by tag."""
    return lambda images: monkeypatch.setattr(repository, "aws", SimpleNamespace(ecr=Ecr(images)))


def deployed() -> tuple[Stack, DbtImage]:
    stack = Stack()
    registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
    return stack, DbtImage("shop", DbtImageArgs(build=SHOP, settings=ImageSettings(), registry=registry))


def test_what_was_pushed_before_is_used_and_not_built_again(sources: Path, holds: Holds):
    """A reverted merge, a retried or destroyed deployment: a second build has other bytes, and ECR takes no tag twice."""
    wanted = tag()
    holds({REGISTRY: {wanted: "sha256:1", "shop.other": "sha256:2"}})

    stack, found = deployed()

    assert stack.value(found.reference) == f"{REPOSITORY_URL}@sha256:1"
    assert stack.read == {("docker:index/image:Image", "shop"): f"{REPOSITORY_URL}:{wanted}"}
    stack.close()


@pytest.mark.parametrize("images", [{}, {REGISTRY: {}}, {REGISTRY: {"shop.other": "sha256:2"}}], ids=["", "empty", "another"])
def test_what_was_never_pushed_is_built(sources: Path, holds: Holds, images: dict[str, dict[str, str]]):
    """Also by the very first deployment, and in the preview before it: the repository is not there yet."""
    holds(images)

    stack, found = deployed()

    assert stack.value(found.reference) == IMAGE
    assert stack.read == {}
    stack.close()


def test_a_task_definition_depends_on_the_same_whether_its_image_is_pushed_or_found(development: Stack, holds: Holds):
    """Else the deployment after a push writes the whole state once more for each workstream: half a minute at two hundred."""
    place = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/{development.only('aws:ecr/repository:Repository')['name']}"
    built = development.only("docker:index/image:Image")["imageName"].rpartition(":")[2]
    holds({place: {built: "sha256:1"}})
    found = run_program(stack_file("dev"))
    task = "aws:ecs/taskDefinition:TaskDefinition"

    def dependencies(stack: Stack) -> dict[str, set[str]]:
        return {request.name: set(request.dependencies) for request, _ in stack.exchanges if request.type == task}

    assert found.read
    assert dependencies(found) == dependencies(development)


def test_no_log_in_is_among_the_inputs(sources: Path):
    """Every branch's preview may read the state; ECR's password lets its owner push."""
    assert "registry" not in built()


def test_another_image_is_another_resource(stack: Stack, sources: Path):
    """An update would keep the id, which has the former tag: the next deployment would read another resource than it made."""
    registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
    DbtImage("shop", DbtImageArgs(build=SHOP, settings=ImageSettings(), registry=registry))

    [request] = [request for request, _ in stack.exchanges if request.type == "docker:index/image:Image"]
    assert list(request.replaceOnChanges) == ["imageName"]


def test_a_promoted_image_is_the_one_that_was_built_from_these_files(sources: Path, holds: Holds):
    """Production must run the bytes that development tested, and those of this commit, not merely the newest."""
    wanted = tag()
    stack = Stack()
    holds({ELSEWHERE: {"shop.other": "sha256:2", wanted: "sha256:1"}})

    found = promoted()

    assert stack.value(found.reference) == f"{ELSEWHERE}@sha256:1"
    assert stack.value(found.repository_arn) == "arn:aws:ecr:eu-central-1:111111111111:repository/dbt-dev"
    assert not stack.all("docker:index/image:Image")
    stack.close()


def test_what_nobody_has_built_can_not_be_promoted(stack: Stack, sources: Path, holds: Holds):
    """Else a release could run code that development never saw."""
    holds({ELSEWHERE: {"shop.other": "sha256:2"}})

    with pytest.raises(pulumi.RunError, match=rf"{ELSEWHERE} has no image shop\."):
        promoted()


def test_a_preview_may_come_before_the_image(sources: Path, holds: Holds, monkeypatch: pytest.MonkeyPatch):
    """A merge request's preview of production shows the plan, although its image will only be built after the merge."""
    stack = Stack()
    holds({ELSEWHERE: {}})
    monkeypatch.setattr(image.pulumi.runtime, "is_dry_run", lambda: True)

    found = promoted()

    assert stack.known(found.reference) is False
    stack.close()


def test_a_run_s_report_can_lead_to_the_commit_of_its_project(stack: Stack, sources: Path, monkeypatch: pytest.MonkeyPatch):
    """Of a project in this repository that of its folder, of one in another repository that one's."""
    monkeypatch.setattr(image.commits, "page_of", lambda project: f"page of {project.relative_to(sources)}")
    monkeypatch.setattr(workstream, "fetch", lambda *_: sources)
    registry = Registry("dbt", RegistryArgs(account=ACCOUNT, kms_key_arn="key", builds=["shop"], disposable=True))
    there = Build("analytics", "x86_64", Source("https://gitlab.com/acme/analytics.git", "a" * 40, "shop"))

    pages = [
        DbtImage(build.name, DbtImageArgs(build=build, settings=ImageSettings(), registry=registry)).commit_page
        for build in (SHOP, there)
    ]

    assert pages == ["page of shop", f"https://gitlab.com/acme/analytics/-/commit/{'a' * 40}"]


def test_two_commits_of_the_same_files_are_one_image(sources: Path, monkeypatch: pytest.MonkeyPatch):
    """A revert has to run the bytes that were tested, and a commit that changes nothing has to build nothing."""
    before = tag()
    monkeypatch.setattr(image.commits, "page_of", lambda _: "https://gitlab.com/acme/platform/-/commit/abc")

    assert tag() == before
