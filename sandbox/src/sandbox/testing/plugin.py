"""Fixtures of pytest (`-p sandbox.testing.plugin`): Docker, and an AWS account and a warehouse of a test module's own."""

from collections.abc import Iterator

import pytest

from sandbox.demo import lifecycle
from sandbox.docker_engine import bridge_gateway
from sandbox.paths import REPOSITORY, Home
from sandbox.testing.account import Account, account
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
