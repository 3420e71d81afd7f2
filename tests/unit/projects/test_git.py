"""A project in a Git repository of its own: whose commit it is, and which files come out of it."""

import re
from pathlib import Path

import pytest

from projects import git
from tests.unit.projects.repository import Repository


@pytest.fixture
def remote(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "analytics.git")


def test_a_tag_and_a_branch_stand_for_commits(remote: Repository):
    """A tag with a message is an object of its own, which is no commit: nothing could be fetched by it."""
    first = remote.commit({"dbt_project.yml": "name: a"}, tag="v1")
    second = remote.commit({"dbt_project.yml": "name: b"})

    assert git.resolve(remote.address, "v1") == first
    assert git.resolve(remote.address, "main") == second
    assert git.resolve(remote.address, first) == first
    assert git.resolve(f"file://{remote.address}", "HEAD") == second


def test_the_files_of_a_commit_are_there_without_git_s_own(remote: Repository, tmp_path: Path):
    """`.git` holds the address, with the credentials in it that some people write there, and is another one each time."""
    first = remote.commit({"transform/dbt_project.yml": "name: a"})
    remote.commit({"transform/dbt_project.yml": "name: b"})

    folder = git.fetch(remote.address, first, tmp_path / "cache")

    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*")] == ["transform", "transform/dbt_project.yml"]
    assert (folder / "transform/dbt_project.yml").read_text() == "name: a"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [folder.name]


def test_what_was_fetched_once_needs_no_server(remote: Repository, tmp_path: Path):
    """Each preview would take seconds more, and a server that is down would stop a deployment that changes something else."""
    commit = remote.commit({"dbt_project.yml": ""})
    folder = git.fetch(remote.address, commit, tmp_path / "cache")
    Path(remote.address).rename(tmp_path / "gone")

    assert git.fetch(remote.address, commit, tmp_path / "cache") == folder


def test_an_unknown_ref_and_an_unreadable_repository_are_told_with_what_to_do(remote: Repository, tmp_path: Path):
    """Git's own words name neither."""
    remote.commit({"dbt_project.yml": ""}, tag="v1")

    with pytest.raises(ValueError, match=r"has no branch and no tag 'v2'\. Tags there: .*v1"):
        git.resolve(remote.address, "v2")
    with pytest.raises(ValueError, match=r"Git can't read /nowhere: .* try `git ls-remote /nowhere`"):
        git.resolve("/nowhere", "main")
    with pytest.raises(ValueError, match="Git can't read"):
        git.fetch(remote.address, "0" * 40, tmp_path / "cache")


def test_a_project_takes_no_files_of_the_machine_along(remote: Repository, tmp_path: Path):
    """A link to ~/.aws would be followed, and its contents would be in the image of whoever deploys a foreign project."""
    remote.commit({"dbt_project.yml": ""})
    inside = remote.link("models", "dbt_project.yml")
    outside = remote.link("seeds", "/etc")

    assert git.fetch(remote.address, inside, tmp_path / "cache")
    with pytest.raises(ValueError, match="seeds is a link to /etc, outside"):
        git.fetch(remote.address, outside, tmp_path / "cache")


@pytest.mark.parametrize("address", ["ext::sh -c touch% /tmp/x", "http://host/x.git", "--upload-pack=x", "-x/y", "host/x.git"])
def test_an_address_runs_no_program_and_sends_nothing_in_the_clear(address: str):
    """Whoever may open a merge request on a stack file would run commands where it is previewed."""
    assert not re.fullmatch(git.ADDRESS, address)


@pytest.mark.parametrize(
    "address", ["https://gitlab.com/a/b.git", "git@github.com:a/b.git", "ssh://git@host:22/a.git", "/srv/a.git"]
)
def test_the_usual_addresses_are_taken(address: str):
    """As GitHub and GitLab show them."""
    assert re.fullmatch(git.ADDRESS, address)


def test_an_address_is_shown_without_credentials():
    """It stands in the plan, and in errors that everybody reads."""
    assert git.shown("https://user:secret@host/a.git") == "https://host/a.git"
    assert git.shown("git@host:a.git") == "git@host:a.git"
