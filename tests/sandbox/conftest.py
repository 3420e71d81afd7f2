"""The runs of a workstream against the account and the warehouse that the tests of a module share."""

from pathlib import Path

import pytest

from sandbox.testing.account import REGION, Account
from sandbox.testing.warehouse_server import Server
from tests.sandbox.runner_process import BUCKET, Runs


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
