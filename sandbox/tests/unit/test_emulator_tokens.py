"""Calls that come again, because their answer was lost."""

from typing import Any

import pytest

from sandbox.emulator.tokens import Tokens

HERE = ("123456789012", "eu-west-1")


def again(service: str, operation: str, before: dict[str, Any], after: dict[str, Any], where: tuple[str, str] = HERE) -> Any:
    """What the second of two calls gets: the first one's answer, why it gets none, or nothing when it is a new one."""
    tokens = Tokens()
    tokens.keep(HERE, service, operation, before, "answered")
    return tokens.mismatch(where, service, operation, after) or tokens.answer(where, service, operation, after)


@pytest.mark.parametrize(
    ("service", "operation", "before", "after", "found"),
    [
        (
            "ecs",
            "RunTask",
            {"taskDefinition": "dbt", "clientToken": "a"},
            {"taskDefinition": "dbt", "clientToken": "a"},
            "answered",
        ),
        ("ecs", "RunTask", {"taskDefinition": "dbt", "clientToken": "a"}, {"taskDefinition": "dbt", "clientToken": "b"}, None),
        (
            "ecs",
            "RunTask",
            {"taskDefinition": "dbt", "clientToken": "a"},
            {"taskDefinition": "x", "clientToken": "a"},
            "ConflictException",
        ),
        ("ecs", "RunTask", {"taskDefinition": "dbt"}, {"taskDefinition": "dbt"}, None),
        ("ec2", "CreateNatGateway", {"SubnetId": "s", "ClientToken": "a"}, {"SubnetId": "s", "ClientToken": "a"}, "answered"),
        ("ec2", "CreateNatGateway", {"SubnetId": "s", "ClientToken": "a"}, {"SubnetId": "t", "ClientToken": "a"}, "Idempotent"),
        ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.0.0.0/16"}, None),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k"}, {"Bucket": "b", "Key": "k"}, None),
    ],
)
def test_a_token_makes_a_second_call_none(service: str, operation: str, before: Any, after: Any, found: str | None):
    """Without it the sandbox would start two containers where AWS starts one."""
    got = again(service, operation, before, after)

    assert (got is None) == (found is None)
    assert (found or "") in str(got)


def test_a_token_is_an_accounts_own():
    call = {"taskDefinition": "dbt", "clientToken": "a"}

    assert again("ecs", "RunTask", call, call, where=("210987654321", "eu-west-1")) is None
