"""A third and a fourth list of requests that AWS refuses, and of neighbours that it takes: of all types and all properties.

`aws_refusals.json` has for each type pairs of inputs and a part of the reason, which is empty where AWS takes the request. They
were written from AWS's and the provider's pages before the rules were asked; what depends on the account is in
`integration/aws_account_refusals.json`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.session import Session
from sandbox.testing.requests import misjudged

CASES: dict[str, list[tuple[dict[str, Any], str]]] = json.loads((Path(__file__).parent / "aws_refusals.json").read_text())


@pytest.mark.parametrize("token", CASES)
def test_what_aws_refuses_is_refused_and_its_neighbours_pass(token):
    aws = Session(endpoint="http://127.0.0.1:9", region="eu-west-1", default_tags={})

    assert misjudged(aws, [(token, inputs, reason) for inputs, reason in CASES[token]]) == []


def test_every_type_is_there_with_a_neighbour():
    """A type without one could be refused whatever it is, and no test would tell."""
    assert {f"aws:{token}" for token in CASES} == set(CATALOGUE)
    assert [token for token, cases in CASES.items() if all(reason for _, reason in cases)] == []
