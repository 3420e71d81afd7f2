"""The whole program through hashicorp/aws into the sandbox's own emulator: made, unchanged at the second look, and gone.

What the provider trips over here, a tool of a user's trips over in the sandbox. Where a machine has no terraform or no provider,
the tests are skipped and say so.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox import emulator
from sandbox.emulator.process import start
from sandbox.network import free_port
from sandbox.processes import stop
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.services.s3_bucket import BUCKET
from sandbox.providers.aws.session import Session
from sandbox.providers.aws.shapes import canonical
from sandbox.providers.protocol import Operation
from sandbox.testing import upstream
from sandbox.virtualenvs import ensure_virtualenv
from tests.unit import recorder
from tests.unit.recorder import ACCOUNT_ID, REGION, run_program, stack_file
from tests.witness import terraform
from tests.witness.marked import Marks
from tests.witness.test_account import Deployed, tags_of
from tests.witness.test_program import bootstrapped

LAUNCHER = Path(__file__).with_name("emulator.py")

pytestmark = [
    pytest.mark.skipif(bool(terraform.absent()), reason=f"the provider can't be asked: {terraform.absent()}"),
    pytest.mark.timeout(900),
]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of an empty account."""
    found = free_port("127.0.0.1")
    process = start(
        ensure_virtualenv("emulator", emulator.REQUIREMENTS, print),
        tmp_path / "emulator.log",
        sandbox_id="witness",
        account=ACCOUNT_ID,
        region=REGION,
        port=found,
        bind=("127.0.0.1",),
        airflow_image="none",
        secret_key="test",
        launcher=LAUNCHER,
    )
    try:
        yield found
    finally:
        stop(process, seconds=30)


@pytest.mark.slow
def test_the_real_provider_makes_and_destroys_the_program_in_the_sandbox(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
):
    """The sandbox's stack and the bootstrap, which share an account in reality too; and a bucket is shown as it shows one."""
    monkeypatch.setattr(recorder, "RecordingMocks", Marks)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    values = stack_file("sandbox")
    deployed = Deployed(tmp_path, port, key=ACCOUNT_ID, calls=32)

    deployed.make(tags_of(values), run_program(values), bootstrapped())
    again, seen = deployed.look()
    buckets = {each["bucket"]: list(differing(ours(port, each["bucket"]), each)) for kind, each in seen if kind == "aws_s3_bucket"}
    deployed.down()

    assert again == []
    assert len(buckets) > 3
    assert {name: found for name, found in buckets.items() if found} == {}


def ours(port: int, bucket: str) -> dict[str, Any]:
    """A bucket as the aws stand-in reads it."""
    session = Session(endpoint=f"http://127.0.0.1:{port}", region=REGION, default_tags={})
    found = BUCKET.read(Api(BUCKET, session, Operation(urn="urn", name="bucket")), bucket, {})
    assert found
    return {**BUCKET.filled, **found}


def differing(one: Mapping[str, Any], other: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Where ours is not what hashicorp/aws says, which gives a part as a list of one and `bucketRegion` as `region`."""
    for name, value in one.items():
        names = (*upstream.properties("", name), name.removeprefix("bucket").lower())
        theirs = next((other[each] for each in names if each in other), f"no {name}")
        mine = [value] if isinstance(value, dict) and isinstance(theirs, list) else value
        if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
            for number, (item, its) in enumerate(zip(mine, theirs, strict=True)):
                parts = isinstance(item, dict) and isinstance(its, dict)
                yield from differing(*((item, its) if parts else ({name: item}, {name: its})), f"{path}{name}[{number}].")
        elif canonical(same_document(mine)) != canonical(same_document(theirs)):
            yield f"{path}{name}: {mine!r}, there {theirs!r}"
