"""A workstream whose project lies in a Git repository of its own: what the plan shows, and what moves it."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from typer.testing import CliRunner

from components import image
from ops import projects
from ops.cli import app
from settings.errors import SettingsError
from settings.sections import git_project
from settings.stack import Settings
from tests.unit.projects.repository import Repository
from tests.unit.recorder import Stack, run_program, stack_file


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stack files and the pins are."""
    for module in (git_project, projects):
        monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    return tmp_path


@pytest.fixture
def remote(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "analytics.git")


def configuration(remote: Repository, ref: str, more: dict[str, str] | None = None) -> dict[str, Any]:
    """The stack `dev`, whose sales come from there."""
    values = deepcopy(stack_file("dev"))
    place = {"git": remote.address, "ref": ref, "path": "transform"}
    values["dbt-platform:workstreams"]["sales"]["project"] = place | (more or {})
    return values


def files(text: str) -> dict[str, str]:
    return {"transform/dbt_project.yml": "name: analytics", "transform/models/a.sql": text, "README.md": text}


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.read("dev", values)
    return str(caught.value)


def pin(*workstreams: str) -> str:
    done = CliRunner().invoke(app, ["projects", "pin", *workstreams], catch_exceptions=False)
    return done.stderr.replace("\n", "")


def write(folder: Path, stack: str, values: dict[str, Any]) -> None:
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": values}))


def test_a_commit_more_is_another_image_and_nothing_else(remote: Repository):
    """Whoever moves the project must be able to see that only its image and its task change."""
    first, second = remote.commit(files("select 1")), remote.commit(files("select 2"))

    before, after = (run_program(configuration(remote, commit)) for commit in (first, second))

    assert changed(before, after) == {("docker:index/image:Image", "analytics/transform")}
    assert before.outputs["projects"] == {"analytics/transform": {"git": remote.address, "commit": first, "path": "transform"}}
    assert after.outputs["projects"]["analytics/transform"]["commit"] == second
    source = after.all("docker:index/image:Image")["analytics/transform"]["build"]["args"]["SOURCE"]
    assert source == f"{remote.address}@{second} transform"


def changed(before: Stack, after: Stack) -> set[tuple[str, str]]:
    """Type and name of each resource that is not the same; a task names its image by a digest, which is the same here."""
    resources = [{(each.type, each.name): each.inputs for each in stack.registrations()} for stack in (before, after)]
    assert resources[0].keys() == resources[1].keys()
    return {key for key in resources[0] if resources[0][key] != resources[1][key]}


def test_a_branch_stays_where_it_was_pinned_until_somebody_moves_it(remote: Repository, folder: Path):
    """A push to another repository would change production with the next deployment of anything."""
    first = remote.commit(files("select 1"))
    values = configuration(remote, "main")
    write(folder, "dev", values)
    assert "uv run ops projects pin" in refusal(values)

    assert f"main: {first}" in pin()
    second = remote.commit(files("select 2"))
    assert Settings.read("dev", values).workstreams["sales"].build.source == (remote.address, first, "transform")

    assert f"main: {first} -> {second}" in pin("sales")
    assert Settings.read("dev", values).workstreams["sales"].build.source == (remote.address, second, "transform")


def test_who_moves_one_workstream_s_project_leaves_the_others(remote: Repository, folder: Path):
    """A colleague's branch would go into production along with one's own."""
    remote.commit(files(""), tag="v1")
    values = configuration(remote, "main")
    values["dbt-platform:workstreams"]["finance"]["project"] = {"git": remote.address, "ref": "v1"}
    write(folder, "dev", values)
    pin()
    pinned = (folder / "projects.lock.yaml").read_text()
    remote.commit(files("select 2"))

    pin("finance")

    assert (folder / "projects.lock.yaml").read_text() == pinned
    assert "No project in Git has a branch or a tag" in pin("nobody")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"git": "https://team:secret@host/a.git"}, "No password belongs into a stack file: write https://host/a.git"),
        ({"git": "ext::sh"}, "Address of the repository"),
        ({"ref": "--upload-pack=x"}, "Commit, which stays as it is"),
        ({"path": "../x"}, "Folder of the dbt project in the repository"),
        ({"branch": "main"}, "Unknown key. Known here: git, ref, path"),
    ],
)
def test_what_is_wrong_is_named_by_key_with_its_fix(remote: Repository, change: dict[str, str], said: str):
    """A union of two forms would be answered with the complaints of both."""
    told = refusal(configuration(remote, "0" * 40, change))

    assert "a problem" in told
    assert f"dbt-platform:workstreams.sales.project.{next(iter(change))}" in told
    assert said in told
    assert "secret@" not in told or "git = " in told


def test_two_refs_of_one_project_are_refused(remote: Repository):
    """Both would be pushed under one name, and the lifecycle of one would count the other's images."""
    values = configuration(remote, "0" * 40)
    values["dbt-platform:workstreams"]["finance"]["project"] = {"git": remote.address, "ref": "1" * 40, "path": "transform"}

    assert "Give both the same `ref` and `requirements`" in refusal(values)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"README.md": ""}, "has no dbt_project.yml: set `path`"),
        (
            {**files(""), "transform/packages.yml": "packages: [{package: a/b, version: 1.0.0}]", "transform/package-lock.yml": ""},
            "package-lock.yml does not match",
        ),
        ({**files(""), "transform/packages.yml": "packages: [{git: /nowhere}]"}, "Git can't read /nowhere"),
    ],
)
def test_what_can_not_become_an_image_ends_the_preview_with_a_sentence(remote: Repository, content: dict[str, str], said: str):
    """A traceback, or Docker's log after the network has been made."""
    commit = remote.commit(content)

    with pytest.raises(pulumi.RunError, match=re.escape(said)):
        run_program(configuration(remote, commit))


def test_the_image_has_the_project_s_own_folder(remote: Repository, monkeypatch: pytest.MonkeyPatch):
    """Of the rest of the repository nothing: another team's secrets may lie there, and each of its commits would be an image."""
    made: list[tuple[Path, str]] = []
    put_together = image._put_together
    monkeypatch.setattr(image, "_put_together", lambda *args: made.append(put_together(*args)) or made[-1])

    run_program(configuration(remote, remote.commit(files("select 1"))))

    assert ["dbt_project.yml", "models"] in [sorted(path.name for path in (each / "project").iterdir()) for each, _ in made]
