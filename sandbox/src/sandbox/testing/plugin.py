"""Fixtures of pytest (`-p sandbox.testing.plugin`): Docker, and an AWS account and a warehouse of a test module's own."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from sandbox import engine
from sandbox.demo import lifecycle
from sandbox.docker_engine import bridge_gateway
from sandbox.errors import SandboxError
from sandbox.paths import CACHE
from sandbox.testing.account import Account, account
from sandbox.testing.programs import Bench
from sandbox.testing.warehouse_server import Server, running

WITHOUT_DOCKER = {"unit", "witness"}
"""Folders of tests that need none."""

SHARED = {"platform", "account"}
"""Fixtures that live longer than a module."""

LONGEST = (
    "platform",
    "account",
    "test_demo",
    "test_upgrade",
    "test_aws_provider",
    "test_stack",
    "test_going_back",
    "test_image",
    "test_news",
)
"""Groups of tests that take minutes. They begin in this order, so that none of them is alone at the end."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Starts Docker when none runs, and makes what every sandbox is made of, before tests begin in processes side by side.

    Left to the tests, each process would make it, and the first that ends would end the daemon of the others.
    """
    config = session.config
    if (
        hasattr(config, "workerinput")
        or config.option.collectonly
        or all(WITHOUT_DOCKER.intersection(Path(argument).parts) for argument in config.args)
    ):
        return
    things = contextlib.ExitStack()
    config.add_cleanup(things.close)
    try:
        things.enter_context(lifecycle.everything_made(print))
    except SandboxError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps tests in one process (`--dist loadgroup`) that share what is dear: a deployed stack, an account, a warehouse.

    A test that names a group itself stays in that one.
    """
    for item in items:
        shared = SHARED.intersection(getattr(item, "fixturenames", ()))
        item.add_marker(pytest.mark.xdist_group(min(shared, default=item.path.stem)))
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    group = next(item.iter_markers("xdist_group")).args[0]
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


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
