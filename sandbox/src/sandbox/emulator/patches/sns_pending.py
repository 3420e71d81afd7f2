"""Subscribe tells the ARN of a subscription that nobody has confirmed yet, when it is asked to.

SNS API Reference, "Subscribe": ReturnSubscriptionArn. MiniStack says "pending confirmation" always, and so a program could never
have a subscription by HTTP.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

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
