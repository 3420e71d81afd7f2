"""One warehouse and one AWS account for all tests of the runner: each has a workstream of its own in them."""

from collections.abc import Iterator

import pytest

from sandbox.testing.account import REGION, Account, account
from sandbox.testing.warehouse_server import Server, running
from tests.sandbox.runner_process import BUCKET


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("warehouse")) as found:
        yield found


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with account(tmp_path_factory.mktemp("emulator")) as made:
        yield made


@pytest.fixture(scope="package")
def bucket(cloud: Account) -> str:
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return BUCKET
