"""Properties that the tables of the aws stand-in don't have: what the real provider takes is taken, and kept as it was said."""

import json
from typing import Any

import pytest

from sandbox.providers.aws import carried
from sandbox.providers.aws.comparison import must_replace
from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.naming import SUFFIX
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.session import Session
from sandbox.providers.protocol import Operation
from sandbox.testing import sdk
from sandbox.testing.requests import TOPIC_TYPE, alarm, refusal, slack, subscription

TOPIC = CATALOGUE[f"aws:{TOPIC_TYPE}"]


@pytest.fixture
def aws() -> Session:
    return Session(endpoint="http://127.0.0.1:9", region="eu-west-1", default_tags={})


def checked(session: Session, token: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    handler = TableResource(CATALOGUE[f"aws:{token}"], lambda: session)
    return handler.check(Operation(urn="urn", name="x", seed=b"seed"), old, new)


def test_the_table_is_that_of_the_sdk():
    """After an update of pulumi-aws: `python -m sandbox.testing.sdk`."""
    assert json.loads(carried.TABLE.read_text()) == sdk.table()


def test_every_property_that_replaces_is_one_that_is_carried():
    """A misspelt one would be changed in place, where AWS makes another resource."""
    known = {token: carried.known(CATALOGUE[f"aws:{token}"]) for token in carried.REPLACING}

    assert [(token, name) for token, names in carried.REPLACING.items() for name in sorted(names) if name not in known[token]] == []


def test_what_is_not_modelled_is_taken_as_the_provider_takes_it(aws):
    """A program that AWS takes was refused for a property that the sandbox had no use for."""
    for token, inputs, _ in (slack("", loggingLevel="ERROR"), alarm("", statistic=None, extendedStatistic="p99")):
        assert refusal(aws, token, inputs) == ""


def test_a_part_that_there_is_not_is_refused(aws):
    token, inputs, _ = alarm(
        "", statistic=None, metricName=None, namespace=None, period=None, metricQueries=[{"id": "m", "exp": "1"}]
    )

    assert "'exp' was unexpected" in refusal(aws, token, inputs)


def test_numbers_and_texts_are_taken_for_one_another(aws):
    assert checked(aws, TOPIC_TYPE, {}, {"signatureVersion": "2", "fifoTopic": "false"})["signatureVersion"] == 2


def test_a_prefix_makes_a_name_that_stays_until_it_changes(aws):
    made = checked(aws, TOPIC_TYPE, {}, {"namePrefix": "dbt-"})
    again = checked(aws, TOPIC_TYPE, made, {"namePrefix": "dbt-", "displayName": "dbt"})
    other = checked(aws, TOPIC_TYPE, made, {"namePrefix": "data-"})

    assert made["name"].startswith("dbt-")
    assert len(made["name"]) == len("dbt-") + SUFFIX
    assert again["name"] == made["name"]
    assert other["name"].startswith("data-")


@pytest.mark.parametrize(("name", "replaced"), [("region", True), ("fifoTopic", True), ("tracingConfig", False)])
def test_a_change_replaces_where_aws_makes_another_resource(name, replaced):
    assert must_replace(TOPIC, name, {}, {}) == replaced


def test_a_resource_of_another_region_is_asked_for_there(aws):
    """Each resource may say its region since version 7 of pulumi-aws."""
    assert aws.at("eu-central-1").region == "eu-central-1"
    assert refusal(aws, TOPIC_TYPE, {"region": "eu-central-1"}) == ""
    assert "Invalid AWS Region" in refusal(aws, TOPIC_TYPE, {"region": "eu-north-9"})


def test_a_policy_that_is_a_property_of_something_else_is_read_too(aws):
    """A policy inside of a topic or a subscription fails in AWS for the same reasons."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]})
    token, inputs, _ = subscription("", "sqs", "arn:aws:sqs:eu-west-1:123456789012:q", filterPolicy=json.dumps({"a": "b"}))

    assert "Principal" in refusal(aws, TOPIC_TYPE, {"policy": document})
    assert "must be an object or an array" in refusal(aws, token, inputs)


def test_what_does_nothing_here_is_said(aws):
    """Whoever sees nothing of it in the sandbox would look for a mistake of his own."""
    said: list[str] = []
    handler = TableResource(CATALOGUE["aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"], lambda: aws)
    handler.check(Operation(urn="urn", name="x", seed=b"seed", warn=said.append), {}, slack("", loggingLevel="ERROR")[1])
    handler.check(Operation(urn="urn", name="x", seed=b"seed", warn=said.append), {}, slack("")[1])

    assert len(said) == 1
    assert "takes loggingLevel as AWS does" in said[0]
