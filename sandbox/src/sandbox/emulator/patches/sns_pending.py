"""Subscribe tells the ARN of a subscription that nobody has confirmed yet, when it is asked to; a new topic has AWS's policy.

SNS API Reference, "Subscribe": ReturnSubscriptionArn; SNS Developer Guide, "Amazon SNS access control use cases". MiniStack says
"pending confirmation" always, and so a program could never have a subscription by HTTP; its topics may be published to and no more.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.services import sns

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_PENDING = b"<SubscriptionArn>pending confirmation<"

_stock_subscribe = sns._subscribe


@replaces(sns, "_subscribe")
def subscribe(params: dict[str, Any]) -> Answer:
    """Subscribe."""
    status, headers, body = _stock_subscribe(params)
    if _PENDING in body and sns._p(params, "ReturnSubscriptionArn") == "true":
        newest = sns._topics[sns._p(params, "TopicArn")]["subscriptions"][-1]["arn"]
        body = body.replace(_PENDING, f"<SubscriptionArn>{newest}<".encode())
    return status, headers, body


_ACTIONS = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
    "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip

_stock_create = sns._create_topic


@replaces(sns, "_create_topic")
def create_topic(params: dict[str, Any]) -> Answer:
    """CreateTopic."""
    before = set(sns._topics)
    answer = _stock_create(params)
    for arn in set(sns._topics) - before:
        attributes = sns._topics[arn]["attributes"]
        policy = json.loads(attributes["Policy"])
        policy["Statement"][0]["Action"] = [f"SNS:{action}" for action in _ACTIONS]
        attributes["Policy"] = json.dumps(policy)
    return answer
