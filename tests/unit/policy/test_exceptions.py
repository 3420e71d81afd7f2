"""What the policies allow against their own rules: only what AWS leaves no choice about."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policy.controls import POLICIES
from policy.controls.exceptions import EXEMPTIONS, WILDCARDS, Exemption
from tests.unit.policy.cases.case import TAGS, Fake, violations

BY_NAME = {policy.name: policy for policy in POLICIES}


@cache
def service_authorization_reference() -> list[dict[str, Any]]:
    package = importlib.util.find_spec("parliament")
    assert package is not None
    return json.loads((Path(str(package.origin)).parent / "iam_definition.json").read_text())


def resource_types(action: str) -> set[str]:
    """What AWS can limit an action to, as parliament took it from the Service Authorization Reference; "" is nothing."""
    service, _, name = action.partition(":")
    for described in service_authorization_reference():
        for privilege in described["privileges"]:
            if (described["prefix"], privilege["privilege"]) == (service, name):
                return {kind["resource_type"] for kind in privilege["resource_types"]}
    raise AssertionError(f"AWS has no action {action}")


@pytest.mark.parametrize("wildcard", WILDCARDS, ids=lambda wildcard: wildcard.actions[0])
def test_a_wildcard_is_allowed_only_where_aws_has_nothing_narrower(wildcard):
    """An entry for the sake of convenience would open every role that follows."""
    if wildcard.resource == "*" and not wildcard.only_with:
        assert {action for action in wildcard.actions if resource_types(action) != {""}} == set()
    assert len(wildcard.reason.split()) > 5


TRUST = {"Effect": "Allow", "Principal": {"Service": "chatbot.amazonaws.com"}, "Action": "sts:AssumeRole"}
WRONG = {"webserverAccessMode": "PUBLIC_ONLY", "assumeRolePolicy": json.dumps({"Statement": [TRUST]})}
"""What no resource may have."""


def exempt(exemption: Exemption, environment: str) -> Fake:
    return Fake(exemption.type, WRONG, exemption.name, TAGS | {"environment": environment})


@pytest.mark.parametrize("exemption", EXEMPTIONS, ids=lambda exemption: exemption.control)
def test_an_exemption_is_needed_and_goes_no_further(exemption: Exemption):
    """One that nothing needs any more hides the next violation; one that is too wide hides it today."""
    assert exemption.name != "*" or exemption.environments
    environment = exemption.environments[0] if exemption.environments else "production"
    other = Fake(exemption.type, WRONG, "another")

    assert violations(BY_NAME[exemption.control], [exempt(exemption, environment)]) == []
    assert violations(BY_NAME[exemption.control], [other]) != []
    assert len(exemption.reason.split()) > 5


def test_airflow_may_be_public_in_development_only():
    """The same configuration in production would put Airflow's log-in page on the internet."""
    public = next(exemption for exemption in EXEMPTIONS if exemption.control == "mwaa-private")

    assert violations(BY_NAME["mwaa-private"], [exempt(public, "production")])
