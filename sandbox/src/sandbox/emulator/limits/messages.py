"""SNS: messages, topics and subscriptions; EventBridge: events."""

import json
import re
from collections.abc import Iterator

from sandbox.emulator.limits.problems import MEBIBYTE, Check, Parameters, Problem, coded
from sandbox.grammars import policies
from sandbox.rules import Json

_policy = policies.problem_of(policies.TOPIC)


def _publish(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, Publish."""
    message, subject = call.get("Message", ""), call.get("Subject")
    if not message:
        yield "InvalidParameter", "Invalid parameter: Empty message"
    if _size(call) > MEBIBYTE // 4:
        yield "InvalidParameter", "Invalid parameter: Message too long"
    if subject is not None and not re.fullmatch(r"[!-~][ -~]{0,99}", subject):
        yield "InvalidParameter", "Invalid parameter: Subject"
    fifo = call.get("TopicArn", "").endswith(".fifo")
    if fifo and not call.get("MessageGroupId"):
        yield "InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    if not fifo and call.get("MessageDeduplicationId"):
        reason = "The request includes MessageDeduplicationId parameter that is not valid for this topic type"
        yield "InvalidParameter", f"Invalid parameter: MessageDeduplicationId Reason: {reason}"
    if call.get("MessageStructure") == "json":
        try:
            parts = json.loads(message)
        except ValueError:
            parts = None
        if not isinstance(parts, dict):
            yield "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"
        elif not isinstance(parts.get("default"), str):
            yield "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"


def _publish_batch(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, PublishBatch: 256 KiB together."""
    if sum(map(_size, call["PublishBatchRequestEntries"])) > MEBIBYTE // 4:
        yield "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit."


def _size(message: Parameters) -> int:
    """Bytes that count: SNS Developer Guide, "Amazon SNS message attributes"."""
    attributes = (message.get("MessageAttributes") or {}).items()
    texts = [
        message.get("Message", ""),
        *(f"{name}{each.get('DataType', '')}{each.get('StringValue', '')}" for name, each in attributes),
    ]
    return sum(len(text.encode()) for text in texts)


def _put_events(call: Parameters) -> Iterator[Problem]:
    """EventBridge API Reference, PutEvents: 256 KiB in all."""
    size = sum(len(str(entry.get(name) or "")) for entry in call["Entries"] for name in ("Detail", "DetailType", "Source"))
    if size > MEBIBYTE // 4:
        yield "ValidationException", "Total size of the entries in the request is over the limit."


VALUES = {
    "FilterPolicyScope": ("MessageAttributes", "MessageBody"),
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("Active", "PassThrough"),
}
"""Attribute -> what it can be (SNS API Reference, SetTopicAttributes and SetSubscriptionAttributes)."""

MOST_FILTERS = 5

RAW = ("firehose", "http", "https", "sqs")
"""Protocols of raw messages (SNS Developer Guide, "Amazon SNS raw message delivery")."""


def _attribute(name: str, value: str) -> Iterator[Problem]:
    """SNS API Reference, SetTopicAttributes and SetSubscriptionAttributes."""
    if name == "Policy" and (reason := _policy(value)):
        yield coded(reason, "InvalidParameter")
    if name == "DisplayName" and len(value) > 100:
        yield "InvalidParameter", "Invalid parameter: DisplayName Reason: must be at most 100 characters long"
    if name == "RawMessageDelivery" and value.lower() not in ("true", "false"):
        reason = f"RawMessageDelivery: Invalid value [{value}]. Must be true or false."
        yield "InvalidParameter", f"Invalid parameter: Attributes Reason: {reason}"
    if name in VALUES and value not in VALUES[name]:
        yield "InvalidParameter", f"Invalid parameter: {name}: {value} is not one of {', '.join(VALUES[name])}"
    if name in ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy") and value and Json(page="").problem(value):
        yield "InvalidParameter", f"Invalid parameter: {name}: failed to parse JSON."
    elif name == "FilterPolicy" and value:
        yield from _filter_policy(json.loads(value))


def _filter_policy(policy: Parameters) -> Iterator[Problem]:
    """SNS Developer Guide, "Filter policy constraints" and "Filter policies in the JSON format"."""
    if len(policy) > MOST_FILTERS:
        yield "InvalidParameter", f"Invalid parameter: FilterPolicy: Filter policy can not have more than {MOST_FILTERS} keys"
    if wrong := next((name for name, each in policy.items() if not isinstance(each, dict | list)), None):
        yield "InvalidParameter", f'Invalid parameter: FilterPolicy: "{wrong}" must be an object or an array'


def _set_attribute(call: Parameters) -> Iterator[Problem]:
    yield from _attribute(call["AttributeName"], call.get("AttributeValue") or "")


def _topic(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, CreateTopic: FifoTopic."""
    attributes = call.get("Attributes") or {}
    fifo = attributes.get("FifoTopic", "false").lower() == "true"
    if fifo != call["Name"].endswith(".fifo"):
        yield "InvalidParameter", "Invalid parameter: Topic Name Reason: the names of FIFO topics, and of no others, end with .fifo"
    for name, value in attributes.items():
        yield from _attribute(name, value)


def _subscribe(call: Parameters) -> Iterator[Problem]:
    attributes = call.get("Attributes") or {}
    for name, value in attributes.items():
        yield from _attribute(name, value)
    if attributes.get("RawMessageDelivery") == "true" and call["Protocol"] not in RAW:
        reason = f"RawMessageDelivery: Delivery protocol [{call['Protocol']}] does not support raw message delivery."
        yield "InvalidParameter", f"Invalid parameter: Attributes Reason: {reason}"


LIMITS: dict[tuple[str, str], Check] = {
    ("events", "PutEvents"): _put_events,
    ("sns", "CreateTopic"): _topic,
    ("sns", "Publish"): _publish,
    ("sns", "PublishBatch"): _publish_batch,
    ("sns", "SetSubscriptionAttributes"): _set_attribute,
    ("sns", "SetTopicAttributes"): _set_attribute,
    ("sns", "Subscribe"): _subscribe,
}
