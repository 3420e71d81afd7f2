"""What the tests of a module share: an AWS account, a warehouse, and the runs of a workstream against them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.docker_engine import bridge_gateway
from tests.sandbox.emulator_account import REGION, Account, account
from tests.sandbox.runner_process import BUCKET, Runs
from tests.sandbox.warehouse_server import Server, running


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
def bucket(cloud: Account) -> str:
    """Where runs put their artifacts."""
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return BUCKET


@pytest.fixture
def runs(server: Server, cloud: Account, bucket: str, tmp_path: Path, request: pytest.FixtureRequest) -> Runs:
    """A workstream of the test's own; its project is made by the test in `project`."""
    name = f"w{abs(hash(request.node.name)) % 10**8}"
    return Runs(server, cloud, tmp_path, tmp_path / "project", name)
