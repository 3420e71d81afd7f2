"""The commit that a project's files are of: what the report of a run leads to."""

import subprocess
from pathlib import Path

import pytest

from projects import commits
from tests.unit.projects.repository import IDENTITY

ORIGIN = "https://oauth2:a-token@gitlab.example.com/data/platform.git"
PAGE = "https://gitlab.example.com/data/platform/-/commit"


class Checkout:
    """A repository with two projects and a package beside one of them, as a person or a pipeline has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", *IDENTITY, "init", "--quiet", str(folder)], check=True)
        self.git("remote", "add", "origin", ORIGIN)
        shop = {"shop/dbt_project.yml": "", "shop/packages.yml": "packages:\n  - local: ../shared\n", "shared/macro.sql": ""}
        self.first = self.commit({**shop, "books/a.sql": ""})

    @property
    def shop(self) -> str | None:
        return commits.page_of(self.folder / "shop")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def commit(self, files: dict[str, str]) -> str:
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        command = ["git", *IDENTITY, "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "platform")


def test_a_commit_that_touches_another_project_changes_nothing(checkout: Checkout):
    """It would show a change of every workstream in each preview, and write every DAG anew."""
    checkout.commit({"books/a.sql": "select 1", "README.md": "more"})

    assert checkout.shop == f"{PAGE}/{checkout.first}"


def test_the_packages_beside_a_project_are_its_files_too(checkout: Checkout):
    """They are in its image."""
    last = checkout.commit({"shared/macro.sql": "{% macro a() %}{% endmacro %}"})

    assert checkout.shop == f"{PAGE}/{last}"


@pytest.mark.parametrize("file", ["shop/dbt_project.yml", "shop/new.sql", "shared/new.sql"])
def test_files_that_no_commit_has_are_of_none(checkout: Checkout, file: str):
    """The page would show other files than those that run."""
    checkout.write({file: "changed"})

    assert checkout.shop is None


@pytest.mark.parametrize("file", ["books/a.sql", "shop/target/manifest.json", "shop/.user.yml", "shared/__pycache__/a.pyc"])
def test_what_is_no_file_of_the_project_does_not_matter(checkout: Checkout, file: str):
    """Whoever ran dbt in the folder would deploy without a commit, and the next preview would show it."""
    checkout.write({file: "changed"})

    assert checkout.shop == f"{PAGE}/{checkout.first}"


def test_a_clone_without_history_is_not_believed(checkout: Checkout, tmp_path: Path):
    """Git calls its oldest commit the one that made every file: another one in each pipeline."""
    checkout.commit({"books/a.sql": "select 1"})
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{checkout.folder}", str(clone)], check=True)
    subprocess.run(["git", "-C", str(clone), "remote", "set-url", "origin", ORIGIN], check=True)

    assert commits.page_of(clone / "shop") is None


def test_a_hook_s_variables_point_elsewhere(checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`git push` may deploy, and sets `GIT_DIR`."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))

    assert commits.page_of(checkout.folder / "shop") is not None


def test_no_repository_and_no_origin_are_no_error(checkout: Checkout, tmp_path: Path):
    """A copy of the files, as an archive holds them, can be deployed as well."""
    (tmp_path / "shop").mkdir()
    assert commits.page_of(tmp_path / "shop") is None

    checkout.git("remote", "remove", "origin")
    assert checkout.shop is None


@pytest.mark.parametrize(
    ("address", "page"),
    [
        (ORIGIN, f"{PAGE}/abc"),
        ("https://gitlab.example.com:8443/data/platform", "https://gitlab.example.com:8443/data/platform/-/commit/abc"),
        ("git@gitlab.com:data/team/platform.git", "https://gitlab.com/data/team/platform/-/commit/abc"),
        ("ssh://git@gitlab.example.com:2222/data/platform.git", f"{PAGE}/abc"),
        ("git@github.com:data/platform.git", "https://github.com/data/platform/commit/abc"),
        ("https://bitbucket.org/data/platform/", "https://bitbucket.org/data/platform/commits/abc"),
        ("/srv/git/platform.git", None),
        ("file:///srv/git/platform.git", None),
    ],
)
def test_a_commit_s_page_is_where_its_repository_is(address: str, page: str | None):
    """Without what stands before the host: in a pipeline that is a token."""
    assert commits.page(address, "abc") == page
