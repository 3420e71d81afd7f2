"""One account for all tests of the pipeline."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import engine
from sandbox.demo import lifecycle
from sandbox.demo.stack import Stack
from sandbox.paths import REPOSITORY, Home
from sandbox.state import State
from sandbox.steps import Steps
from tests.sandbox.pipeline.account import Bootstrapped, configuration


@pytest.fixture(scope="package")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bootstrapped]:
    """An empty account, set up for development from `main` and production from release tags."""
    home, state, steps = Home(REPOSITORY / ".sandbox-bootstrap"), State.new(), Steps()
    lifecycle.clear(home, print)
    home.path.mkdir(parents=True, exist_ok=True)
    state.save(home)
    try:
        tools = lifecycle.set_up(steps, home, state)
        lifecycle.start_stand_ins(steps, home, state, tools)
        own = Home(tmp_path_factory.mktemp("account"))
        engine.prepare_home(own.pulumi_home, Path(sys.executable))
        stack = Stack(own, state, tools.cli, name="dev-account", repository=REPOSITORY / "bootstrap")
        stack.init(configuration(state.account))
        stack.run("up", "--yes", "--skip-preview")
        yield Bootstrapped(stack=stack, outputs=stack.outputs(), tools=tools)
    finally:
        lifecycle.clear(home, print)
