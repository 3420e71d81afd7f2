"""A recorder per test, and the whole program as each kind of stack deploys it."""

from collections.abc import Iterator

import pytest

from components.account import Account
from components.logs import Logs
from tests.unit.recorder import ACCOUNT_ID, REGION, Stack, run_program, stack_file


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
    return run_program(stack_file("dev"))[0]


@pytest.fixture(scope="session")
def production() -> Stack:
    """Everything that Pulumi.prod.yaml deploys; for tests that only look."""
    return run_program(stack_file("prod"))[0]
