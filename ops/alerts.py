"""`ops alerts`: who learns of failures, and whether they would."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from components.monitoring.notice import Notice
from ops.context import examples, messages, results, stack_of
from ops.errors import OpsError
from ops.explained import Whole
from ops.stack import Stack

app = typer.Typer(cls=Whole, no_args_is_help=True, help="Who learns of failures, and whether they would.")

CHAT = "global.sns-api.chatbot.amazonaws.com"
"""Where Amazon Q Developer hears a topic, for all channels that it shows it in."""

WHAT_TO_DO = {
    "email": "the link in AWS's mail waits to be clicked",
    "https": "the address has not answered AWS's request to confirm",
}


@app.callback()
def group() -> None:
    """Keeps `test` a verb of its own."""


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """One subscription of a topic."""

    kind: str
    """SNS's protocol, or `chat`."""
    address: str
    """Of a web address the host alone: who knows the rest can send to it."""
    confirmed: bool

    def __str__(self) -> str:
        state = "gets it" if self.confirmed else f"NOT CONFIRMED: {WHAT_TO_DO.get(self.kind, 'it waits to be confirmed')}"
        return f"{self.kind:>6}  {self.address}  {state}"


@app.command("test", epilog=examples("alerts test", "alerts test sales", "alerts test sales --json"))
def send_test(
    context: typer.Context,
    workstream: Annotated[
        str | None, typer.Argument(metavar="WORKSTREAM", help="Whose receivers to tell; without it the platform's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receivers as JSON.")] = False,
) -> None:
    """Send one message to the receivers of a workstream or of the platform, and say who gets it."""
    stack = stack_of(context)
    topic, chat = _topics(stack, workstream)
    found = list(receivers(stack, topic, chat))
    _send(stack, _notice(workstream), topic, chat)
    if as_json:
        typer.echo(json.dumps([asdict(receiver) for receiver in found]))
    for receiver in () if as_json else found:
        results.print(escape(str(receiver)))
    if not any(receiver.confirmed for receiver in found):
        raise OpsError(
            "The message is sent, and nobody gets it: no subscription is confirmed.",
            "Confirm one, or add receivers to dbt-platform:alerts (docs/operations.md, Alerts). A link is good for two days: "
            "after that take the address out, deploy, and put it back.",
        )
    messages.print("Sent. A mail is there within a minute; a chat that stays silent: docs/operations.md, Alerts.")


def receivers(stack: Stack, topic: str, chat: str | None) -> Iterator[Receiver]:
    """Who is subscribed to the topic of texts, and the chat channels."""
    for subscription in _subscriptions(stack, topic):
        if CHAT not in subscription["Endpoint"]:
            yield _receiver(subscription)
    for subscription in _subscriptions(stack, chat) if chat else ():
        yield _receiver(subscription)


def _receiver(subscription: dict[str, Any]) -> Receiver:
    kind, address = subscription["Protocol"], subscription["Endpoint"]
    if CHAT in address:
        kind, address = "chat", "the channels of Slack and Teams, by Amazon Q Developer"
    elif kind == "https":
        address = f"https://{urlsplit(address).hostname}/…"
    # SNS API Reference, ListSubscriptionsByTopic: one that nobody has confirmed has no ARN.
    return Receiver(kind=kind, address=address, confirmed=subscription["SubscriptionArn"].startswith("arn:"))


def _subscriptions(stack: Stack, topic: str) -> Iterator[dict[str, Any]]:
    pages = stack.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return (subscription for page in pages for subscription in page["Subscriptions"])


def _topics(stack: Stack, workstream: str | None) -> tuple[str, str | None]:
    if workstream is None:
        return stack.output("alertTopicArn"), stack.outputs.get("chatTopicArn")
    found = stack.workstream(workstream)
    return found.alert_topic, found.chat_topic


def _notice(workstream: str | None) -> Notice:
    whose = f"workstream {workstream}" if workstream else "the platform"
    return Notice(
        subject=f"Test of the alerts of {whose}",
        event="test",
        workstream=workstream or "",
        why=f"Somebody tries whether alerts of {whose} arrive here. Nothing has failed.",
        steps=["Nothing"],
    )


def _send(stack: Stack, notice: Notice, topic: str, chat: str | None) -> None:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in notice.attributes.items()}
    for target, message in {topic: notice.text, **({chat: notice.chat} if chat else {})}.items():
        stack.client("sns").publish(TopicArn=target, Subject=notice.title, Message=message, MessageAttributes=attributes)
