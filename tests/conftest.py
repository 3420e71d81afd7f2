"""One deployed sandbox for all tests that need one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.demo import demo, lifecycle
from sandbox.demo.stack import Stack
from sandbox.paths import REPOSITORY, Home
from sandbox.state import State
from sandbox.steps import Steps


def deploy(home: Home) -> Stack:
    """A sandbox of its own in `home`, deployed as `make demo` does it; ended by `lifecycle.clear`."""
    lifecycle.clear(home, print)
    steps, state = Steps(), State.new()
    home.path.mkdir(parents=True, exist_ok=True)
    state.save(home)
    tools = lifecycle.set_up(steps, home, state)
    lifecycle.start_stand_ins(steps, home, state, tools)
    return lifecycle.deploy(steps, home, state, tools)


@pytest.fixture(scope="session")
def platform() -> Iterator[Stack]:
    """The sandbox stack, deployed once for the session. A test that changes it puts it back."""
    home = Home(REPOSITORY / ".sandbox-test")
    with lifecycle.locked(home):
        try:
            stack = deploy(home)
            demo.put_credentials(Steps(), stack)
            yield stack
        finally:
            lifecycle.clear(home, print)


def copy_repository(to: Path) -> Path:
    """A copy of the repository that a test may change."""
    ignore = shutil.ignore_patterns(".git", ".venv", ".sandbox*", "__pycache__", ".*_cache", "node_modules")
    return shutil.copytree(REPOSITORY, to, ignore=ignore)


@pytest.fixture
def repository_copy(platform: Stack, tmp_path: Path) -> Stack:
    """The deployed stack, run from a copy of the repository that a test may change."""
    return Stack(platform.home, platform.state, platform.cli, repository=copy_repository(tmp_path / "repository"))
