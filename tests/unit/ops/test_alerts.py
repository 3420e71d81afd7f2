"""`ops alerts` against an SNS that has the subscriptions that a test wants."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ops.cli import app
from ops.stack import Stack

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"
FINANCE = "arn:aws:sns:eu-west-1:123456789012:alerts-finance"
CHAT = "arn:aws:sns:eu-west-1:123456789012:chat-alerts"
Q = "https://global.sns-api.chatbot.amazonaws.com"
URL = "https://events.pagerduty.com/integration/0123456789abcdef/enqueue"

WORKSTREAM = {
    "dagId": "dbt_x",
    "logGroup": "/dbt/x",
    "logStreamPrefix": "dbt/dbt",
    "artifactsUri": "s3://artifacts/x",
    "workloadIdentity": "arn:role",
    "taskDefinitionArn": "arn:task",
}


def subscription(topic: str, protocol: str, endpoint: str, *, confirmed: bool = True) -> dict[str, str]:
    arn = f"{topic}:0123" if confirmed else "PendingConfirmation"
    return {"SubscriptionArn": arn, "Protocol": protocol, "Endpoint": endpoint}


SUBSCRIPTIONS = {
    TOPIC: [
        subscription(TOPIC, "email", "a@example.com"),
        subscription(TOPIC, "email", "b@example.com", confirmed=False),
        subscription(TOPIC, "https", URL),
        subscription(TOPIC, "https", Q),
    ],
    CHAT: [subscription(CHAT, "https", Q)],
    FINANCE: [subscription(FINANCE, "email", "finance@example.com", confirmed=False)],
}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was sent. Stack with a chat of its own, and receivers of finance alone."""
    sent: list[dict[str, Any]] = []
    pages = SimpleNamespace(paginate=lambda TopicArn: [{"Subscriptions": SUBSCRIPTIONS[TopicArn]}])  # noqa: N803 (boto3's)
    sns = SimpleNamespace(get_paginator=lambda _: pages, publish=lambda **message: sent.append(message))
    monkeypatch.setattr(Stack, "client", lambda *_: sns)
    outputs = {
        "alertTopicArn": TOPIC,
        "chatTopicArn": CHAT,
        "workstreams": {
            "sales": {**WORKSTREAM, "alertTopic": TOPIC, "chatTopic": CHAT},
            "finance": {**WORKSTREAM, "alertTopic": FINANCE, "chatTopic": None},
        },
    }
    monkeypatch.setattr(Stack, "outputs", outputs)
    return sent


def ops(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["alerts", "test", *arguments])


def test_one_message_goes_to_the_receivers_and_each_is_named_with_its_state(published: list[dict[str, Any]]):
    """A subscription that nobody confirmed looks like one that works, until the night."""
    result = ops()

    assert result.exit_code == 0
    assert [message["TopicArn"] for message in published] == [TOPIC, CHAT]
    assert json.loads(published[1]["Message"])["source"] == "custom"
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["email", "a@example.com"],
        ["email", "b@example.com"],
        ["https", "https://events.pagerduty.com/…"],
        ["chat", "the"],
    ]
    assert [line.split()[1] for line in lines if "NOT CONFIRMED" in line] == ["b@example.com"]


def test_no_output_has_the_address_that_anybody_could_send_to(published: list[dict[str, Any]]):
    assert "0123456789abcdef" not in ops().output + ops("--json").output
    assert len(published) == 4


def test_a_teams_receivers_are_told_alone_and_an_error_says_that_nobody_listens(published: list[dict[str, Any]]):
    """Who tries it in the morning must not wake the others; and must learn that the link was never clicked."""
    result = ops("finance")

    assert [message["TopicArn"] for message in published] == [FINANCE]
    assert published[0]["MessageAttributes"]["workstream"] == {"DataType": "String", "StringValue": "finance"}
    assert result.exit_code == 1
    assert "finance@example.com" in result.stdout
    assert "nobody gets it" in result.stderr


def test_receivers_as_json(published: list[dict[str, Any]]):
    assert json.loads(ops("sales", "--json").stdout)[0] == {"kind": "email", "address": "a@example.com", "confirmed": True}
    assert published


def test_a_stack_of_an_older_version_has_one_topic(monkeypatch: pytest.MonkeyPatch):
    """`ops` is newer than what is deployed until the next `pulumi up`."""
    monkeypatch.setattr(Stack, "outputs", {"alertTopicArn": TOPIC, "workstreams": {"sales": WORKSTREAM}})

    assert Stack().workstream("sales").alert_topic == TOPIC
