"""Deployments of one stack go forward, in a real Git repository."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ci import deployment
from ci.radius import Kind
from ops.engine import Engine
from ops.errors import OpsError
from tests.fake_program import FakeProgram
from tests.unit.pulumi import state


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Makes a commit on top of the last one, and returns it."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "test")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "test")
    for scope in ("GLOBAL", "SYSTEM"):
        monkeypatch.setenv(f"GIT_CONFIG_{scope}", os.devnull)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)

    def make() -> str:
        subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "a change"], check=True)
        return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()

    return make


def deployed(pulumi: FakeProgram, *history: tuple[str, str | None]) -> None:
    """The stack's history: kind and commit of each update, the newest first."""
    updates = [{"kind": kind, "environment": {"git.head": head} if head else {}} for kind, head in history]
    pages = {f"stack history 10 {1 + page}": updates[page * 10 : page * 10 + 10] for page in range(2)}
    pulumi.answers({**pages, "stack export": state(), "preview": {"steps": []}})


def deploy(*, back: bool = False) -> None:
    deployment.deploy(Engine("dev"), Kind.INFRASTRUCTURE, back=back)


def test_a_later_commit_goes_up(pulumi: FakeProgram, commit: Callable[[], str]):
    """The ordinary case, and a retry of the same commit."""
    deployed(pulumi, ("refresh", commit()), ("update", commit()))
    deploy()
    commit()
    deploy()

    assert pulumi.verbs.count("up") == 2


def test_an_older_job_does_not_put_back_what_a_newer_one_deployed(pulumi: FakeProgram, commit: Callable[[], str]):
    """Somebody retries last week's failed job: the whole week would be undone, with no merge that says so."""
    old, new = commit(), commit()
    deployed(pulumi, ("update", new), ("update", old))
    subprocess.run(["git", "checkout", "-q", old], check=True)

    with pytest.raises(OpsError, match=new[:12]):
        deploy()
    assert "up" not in pulumi.verbs

    deploy(back=True)
    assert "up" in pulumi.verbs


def test_a_commit_that_git_does_not_know_is_refused(pulumi: FakeProgram, commit: Callable[[], str]):
    """Deployed by hand from a branch that was never pushed, or history that was rewritten: nobody can tell what would be lost."""
    commit()
    deployed(pulumi, ("update", "5" * 40))

    with pytest.raises(OpsError, match="555555555555"):
        deploy()


@pytest.mark.parametrize(
    "history",
    [(), (("update", None),), (("destroy", None), ("update", "5" * 40))],
    ids=["never deployed", "from no checkout", "destroyed since"],
)
def test_where_nothing_is_deployed_any_commit_may_be_next(
    pulumi: FakeProgram, commit: Callable[[], str], history: tuple[tuple[str, str | None], ...]
):
    """The first deployment has nothing to put back."""
    commit()
    deployed(pulumi, *history)

    deploy()

    assert "up" in pulumi.verbs


def test_the_last_deployment_may_lie_behind_many_refreshes(pulumi: FakeProgram, commit: Callable[[], str]):
    """Pulumi tells ten at a time."""
    commit()
    deployed(pulumi, *[("refresh", None)] * 12, ("update", "5" * 40))

    with pytest.raises(OpsError, match="555555555555"):
        deploy()
