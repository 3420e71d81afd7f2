"""A recorder per test, and the whole program as each kind of stack deploys it."""

import functools
import gc
from collections.abc import Iterator
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest
from hypothesis import HealthCheck, settings

from components.account import Account
from components.logs import Logs
from tests.fake_program import FakeProgram
from tests.unit.pulumi import healthy
from tests.unit.recorder import ACCOUNT_ID, REGION, Stack, run_program, stack_file, without_internet

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
"""How long an example takes says how busy the machine is, and nothing about the code."""

gc.disable()


def pytest_collection_finish() -> None:
    """From here on there is garbage. What was imported never is: to look through all of Airflow again and again would take a
    fifth of the tests' time.
    """
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def service_models() -> Iterator[None]:
    """Reads each of botocore's service models once: every new session would parse them again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.loaders.create_loader))
        yield


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    """The program `pulumi`, as far as it notes how it is called; its stack is healthy."""
    return healthy(tmp_path, monkeypatch)


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Stack `dev` of project `dbt-platform`, still empty."""
    stack = Stack()
    yield stack
    stack.close()


@pytest.fixture
def account() -> Account:
    return Account(partition="aws", region=REGION, id=ACCOUNT_ID)


@pytest.fixture
def logs() -> Logs:
    return Logs(kms_key_arn="arn:aws:kms:eu-west-1:123456789012:key/platform", retention_days=30)


@pytest.fixture(scope="session")
def development() -> Stack:
    """Everything that Pulumi.dev.yaml deploys; for tests that only look."""
    return run_program(stack_file("dev"))


@pytest.fixture(scope="session")
def production() -> Stack:
    """Everything that Pulumi.prod.yaml deploys; for tests that only look."""
    return run_program(stack_file("prod"))


@pytest.fixture(scope="session")
def sandbox() -> Stack:
    """Everything that Pulumi.sandbox.yaml deploys; for tests that only look."""
    return run_program(stack_file("sandbox"))


@pytest.fixture(scope="session")
def private() -> Stack:
    """Production without a route to the internet; for tests that only look."""
    return run_program(without_internet(stack_file("prod")))
