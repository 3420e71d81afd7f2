"""Fixtures of pytest (`-p sandbox.testing.plugin`): Docker, and an AWS account and a warehouse of a test module's own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from sandbox import engine
from sandbox.demo import lifecycle
from sandbox.docker_engine import bridge_gateway
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.testing.account import Account, account
from sandbox.testing.programs import Bench
from sandbox.testing.warehouse_server import Server, running


@pytest.fixture(scope="session", autouse=True)
def docker_daemon(request: pytest.FixtureRequest) -> Iterator[None]:
    """A Docker daemon for the whole session when tests were chosen that need one and none runs."""
    if all("unit" in item.path.parts for item in request.session.items):
        yield
        return
    with lifecycle.docker_daemon(Home(REPOSITORY / ".sandbox-daemon"), print):  # `.ci/run` ends it when this is killed
        yield


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A warehouse that containers reach too."""
    with running(tmp_path_factory.mktemp("warehouse"), bind=("127.0.0.1", bridge_gateway())) as found:
        yield found


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An AWS account of the module's own, empty at the start."""
    with account(tmp_path_factory.mktemp("emulator")) as made:
        yield made


@pytest.fixture(scope="module")
def bench(cloud: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The engine, told of nothing but this cloud."""
    home = tmp_path_factory.mktemp("pulumi")
    engine.prepare_home(home, Path(sys.executable))
    cli = engine.ensure_cli(CACHE, print)
    (home / "state").mkdir()
    (home / "work").mkdir()
    values = {
        "PATH": f"{cli.parent}:/usr/bin:/bin",
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.id,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield Bench(automation.PulumiCommand(), home / "work")


@pytest.fixture
def new_stack(bench: Bench) -> Iterator[Callable[..., automation.Stack]]:
    """Makes stacks; what a test leaves in them is destroyed after it."""
    made: list[automation.Stack] = []

    def make(name: str, **config: Any) -> automation.Stack:
        made.append(bench.stack(name, **config))
        return made[-1]

    yield make
    for stack in made:
        stack.destroy()
