"""JSON documents of Amazon SNS: what a subscription wants, how often a delivery is tried, where lost messages go."""

import json
import re
from typing import Any

from sandbox.grammars import schedules
from sandbox.grammars.documents import json_problem

MOST_KEYS, MOST_VALUES = 5, 150
"""Of a filter policy: its keys, and combinations of its values (SNS Developer Guide, "Filter policy constraints")."""

QUEUE = re.compile(r"arn:aws(-[a-z-]+)?:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,85}")


def _object(value: str) -> dict[str, Any] | str:
    """What the text says, or what is wrong with it."""
    if reason := json_problem(value):
        return reason
    found = json.loads(value)
    return found if isinstance(found, dict) else "must be a JSON object"


def filtering(value: str) -> str | None:
    """SNS Developer Guide, "Amazon SNS subscription filter policies": an event pattern, with constraints of its own."""
    found = _object(value)
    if isinstance(found, str):
        return f"InvalidParameter: Invalid parameter: FilterPolicy: {found}"
    if not found:
        return None
    if reason := schedules.pattern(value):
        return f"InvalidParameter: Invalid parameter: FilterPolicy: {reason}"
    if _keys(found) > MOST_KEYS:
        return f"InvalidParameter: Invalid parameter: FilterPolicy: Filter policy can not have more than {MOST_KEYS} keys"
    combinations = 1
    for size in _sizes(found):
        combinations *= size
    if combinations > MOST_VALUES:
        return f"InvalidParameter: Invalid parameter: FilterPolicy: Filter policy is too complex: {combinations} combinations"
    return None


def _sizes(part: Any) -> list[int]:
    if isinstance(part, dict):
        return [size for value in part.values() for size in _sizes(value)]
    return [len(part)] if isinstance(part, list) else []


def _keys(part: dict[str, Any]) -> int:
    return sum(_keys(value) if isinstance(value, dict) else 1 for name, value in part.items() if name != "$or")


def nested(value: str) -> bool:
    """Whether a filter policy has parts of parts, as only a message's body has."""
    found = _object(value)
    return isinstance(found, dict) and any(isinstance(part, dict) for part in found.values())


def redrive(value: str) -> str | None:
    """SNS Developer Guide, "Amazon SNS dead-letter queues"."""
    found = _object(value)
    if isinstance(found, str):
        return f"InvalidParameter: Invalid parameter: RedrivePolicy: {found}"
    target = found.get("deadLetterTargetArn")
    if found and (set(found) != {"deadLetterTargetArn"} or not QUEUE.fullmatch(str(target))):
        return "InvalidParameter: Invalid parameter: RedrivePolicy: must have deadLetterTargetArn, the ARN of an SQS queue, alone"
    return None


RETRIES = {
    "minDelayTarget": (1, 3600), "maxDelayTarget": (1, 3600), "numRetries": (0, 100), "numNoDelayRetries": (0, 100),
    "numMinDelayRetries": (0, 100), "numMaxDelayRetries": (0, 100),
}  # fmt: skip
"""SNS Developer Guide, "Amazon SNS message delivery retries"."""

BACKOFFS = ("arithmetic", "exponential", "geometric", "linear")


def delivery(value: str) -> str | None:
    """The same page."""
    found = _object(value)
    if isinstance(found, str):
        return f"InvalidParameter: Invalid parameter: DeliveryPolicy: {found}"
    parts = found.get("http", found)
    for name in ("healthyRetryPolicy", "defaultHealthyRetryPolicy"):
        if isinstance(parts.get(name), dict) and (reason := _retries(parts[name])):
            return f"InvalidParameter: Invalid parameter: DeliveryPolicy: {name}.{reason}"
    return None


def _retries(policy: dict[str, Any]) -> str | None:
    for name, value in policy.items():
        low, high = RETRIES.get(name, (0, 0))
        if name == "backoffFunction":
            if value not in BACKOFFS:
                return f"backoffFunction is not one of {', '.join(BACKOFFS)}"
        elif name not in RETRIES:
            return f"{name} is unknown"
        elif not isinstance(value, int) or not low <= value <= high:
            return f"{name} must be between {low} and {high}"
    if policy.get("minDelayTarget", 0) > policy.get("maxDelayTarget", RETRIES["maxDelayTarget"][1]):
        return "minDelayTarget must not be above maxDelayTarget"
    return None


def archive(value: str) -> str | None:
    """SNS Developer Guide, "Amazon SNS message archiving for FIFO topic owners": days."""
    found = _object(value)
    if isinstance(found, str):
        return f"InvalidParameter: Invalid parameter: ArchivePolicy: {found}"
    days = str(found.get("MessageRetentionPeriod", ""))
    if found and not (days.isdigit() and 1 <= int(days) <= 365):
        return "InvalidParameter: Invalid parameter: ArchivePolicy: MessageRetentionPeriod is of 1 to 365 days"
    return None
