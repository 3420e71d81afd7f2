"""The committed stacks against the rules of the sandbox's aws stand-in: AWS takes them, so no rule may refuse them."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.session import Session
from sandbox.providers.protocol import InvalidInputs, Operation
from sandbox.providers.values import UNKNOWN, Asset
from sandbox.testing import witnesses
from tests.unit.recorder import Stack, run_program, stack_file

KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"

STAND_INS = {"-id": UNKNOWN, "key/platform": KEY}
"""Ids of the recorder, which no AWS would give."""


def as_the_engine_sends(value: Any) -> Any:
    """Inputs as they reach a provider: whole numbers, and ids that are known only later."""
    if isinstance(value, dict):
        return {name: as_the_engine_sends(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [as_the_engine_sends(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return next((other for end, other in STAND_INS.items() if value.endswith(end)), value)
    return value


@pytest.mark.parametrize("variant", ["development", "production", "sandbox", "private"])
def test_no_rule_refuses_what_we_deploy(variant, request):
    """A rule that is stricter than AWS would stop a stack that AWS takes."""
    stack: Stack = request.getfixturevalue(variant)
    session = Session(endpoint="http://127.0.0.1:9", region="eu-west-1", default_tags={})

    refused = dict(_refused(session, stack))

    assert refused == {}


def test_a_stack_whose_alerts_go_to_a_chat_can_be_tried_in_the_sandbox():
    """Its owner would see the first deployment of it in production."""
    slack = {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}
    guid = "11111111-2222-3333-4444-555555555555"
    teams = {"tenant": guid, "team": guid, "channel": "19%3ab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2"}
    stack = run_program({**stack_file("sandbox"), "dbt-platform:alerts": {"slack": slack, "microsoftTeams": teams}})

    kinds = {one.type for one in stack.registrations() if "chatbot" in one.type}
    refused = dict(_refused(Session(endpoint="http://127.0.0.1:9", region="eu-west-1", default_tags={}), stack))

    assert len(kinds) == 2
    assert kinds <= CATALOGUE.keys()
    assert refused == {}


def test_the_page_says_what_each_type_is_checked_against():
    """Whoever asks what a green sandbox proves finds numbers that are true: `python -m sandbox.testing.witnesses`."""
    page = witnesses.PAGE.read_text()

    assert witnesses.page(page) == page
    assert witnesses.table() in page


def _refused(session: Session, stack: Stack) -> Iterator[tuple[str, str]]:
    for one in stack.registrations():
        if one.type in CATALOGUE:
            inputs = as_the_engine_sends(one.inputs)
            if isinstance(inputs.get("source"), str):
                inputs["source"] = Asset(hash="", path=inputs["source"])
            if one.type == "aws:ec2/natGateway:NatGateway":
                inputs["allocationId"] = UNKNOWN  # the recorder's addresses have no ids
            handler = TableResource(CATALOGUE[one.type], lambda: session)
            try:
                handler.check(Operation(urn="urn", name=one.name, seed=b"seed"), {}, inputs)
            except InvalidInputs as refused:
                yield f"{one.type} {one.name}", str(refused)
