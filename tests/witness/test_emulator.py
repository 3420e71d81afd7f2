"""The whole program through hashicorp/aws into the sandbox's own emulator: made, unchanged at the second look, and gone.

What the provider trips over here, a tool of a user's trips over in the sandbox. Where a machine has no terraform or no provider,
the tests are skipped and say so.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import emulator
from sandbox.emulator.process import start
from sandbox.network import free_port
from sandbox.processes import stop
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


PROGRAMS = {
    "stack": lambda: (run_program(stack_file("sandbox")), tags_of(stack_file("sandbox"))),
    "bootstrap": lambda: (bootstrapped(), {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_real_provider_makes_and_destroys_the_program_in_the_sandbox(
    tmp_path: Path, port: int, program: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recorder, "RecordingMocks", Marks)
    stack, tags = PROGRAMS[program]()
    deployed = Deployed(tmp_path, port, ACCOUNT_ID)

    deployed.up(stack, tags)

    assert deployed.plan() == []
    deployed.down()
