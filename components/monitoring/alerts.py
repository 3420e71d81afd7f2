"""Amazon SNS: who learns of failures."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document, tls_only
from components.monitoring.chat import Channel, Chat, ChatArgs
from settings.sections.alerts import AddressSettings, AlertSettings


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    account: Account
    kms_key_arn: pulumi.Input[str]
    settings: AlertSettings


class Topics(NamedTuple):
    """Where messages to some receivers go."""

    arn: pulumi.Output[str]
    """As texts, and what AWS's services send by themselves."""
    chat: pulumi.Output[str] | None
    """The same messages once more, as chat applications want them; None without any."""


class Alerts(Component):
    """Encrypted topics for everything that a person should know: one for each set of receivers.

    Creates: per set an SNS topic, its policy, a subscription per e-mail address and URL; with a chat another topic, and what
    connects the channel. Topics and no filters, because Amazon Q Developer subscribes by itself, once for all channels of a topic
    (docs/decisions/0012-a-topic-for-each-receiver.md).
    """

    topic_arn: pulumi.Output[str]
    """Of the stack's receivers. Known once its policy is in place: a service that may not publish yet says so to nobody."""
    platform: Topics
    """Of the stack's receivers."""
    receivers: dict[str, Topics]
    """Of those that some workstreams have of their own, by name."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._channels: list[tuple[Channel, list[pulumi.Output[str]]]] = []
        settings = args.settings
        self.platform = self._topics(name, settings, services=True)
        self.topic_arn = self.platform.arn
        self.receivers = {key: self._topics(f"{name}-{key}", each) for key, each in settings.receivers.items()}
        self._owners = {workstream: key for key, each in settings.receivers.items() for workstream in each.workstreams}
        if self._channels:
            Chat(name, ChatArgs(account=args.account, channels=self._channels), self.child())
        self.register_outputs({"topic_arn": self.topic_arn})

    def of(self, workstream: str) -> Topics:
        """Where the alerts of a workstream go."""
        return self.receivers[self._owners[workstream]] if workstream in self._owners else self.platform

    @property
    def arns(self) -> list[pulumi.Output[str]]:
        """Every topic."""
        return [arn for topics in (self.platform, *self.receivers.values()) for arn in topics if arn is not None]

    def _topics(self, name: str, addresses: AddressSettings, *, services: bool = False) -> Topics:
        topic = self._topic(name, services=services)
        for email in sorted(set(addresses.emails)):
            self._subscription(f"{name}-{email}", topic, "email", email)
        for key, url in addresses.addresses.items():
            self._subscription(f"{name}-{key}", topic, "https", pulumi.Output.secret(url))
        channels = [channel for channel in (addresses.slack, addresses.microsoft_teams) if channel]
        chat = self._topic(f"chat-{name}") if channels else None
        if chat is not None:
            self._channels += [(channel, [topic, chat]) for channel in channels]
        return Topics(topic, chat)

    def _topic(self, name: str, *, services: bool = False) -> pulumi.Output[str]:
        topic = aws.sns.Topic(name, kms_master_key_id=self._args.kms_key_arn, opts=self.child())
        statements = [replace(tls_only([topic.arn], ["sns:Publish"]), sid="tls")]
        statements += _services(topic.arn, self._args.account) if services else []
        return aws.sns.TopicPolicy(name, arn=topic.arn, policy=document(statements), opts=self.child()).arn

    def _subscription(self, name: str, topic: pulumi.Output[str], protocol: str, endpoint: pulumi.Input[str]) -> None:
        aws.sns.TopicSubscription(name, topic=topic, protocol=protocol, endpoint=endpoint, opts=self.child())


def _services(topic_arn: pulumi.Output[str], account: Account) -> list[Statement]:
    """The services that publish by themselves, for this account; roles have policies of their own. Each has an ID, or SNS refuses
    the policy: "Every policy statement must have a unique ID."

    CloudWatch User Guide, "Amazon SNS topic policies for alarms"; AWS Cost Management, "Creating an Amazon SNS topic for
    budget notifications".
    """
    sources = {
        "cloudwatch": account.arn("cloudwatch", "alarm:*"),
        "budgets": f"arn:{account.partition}:budgets::{account.id}:*",
    }
    return [
        Statement(
            sid=service,
            principals={"Service": f"{service}.amazonaws.com"},
            actions=["sns:Publish"],
            resources=[topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": account.id}, "ArnLike": {"aws:SourceArn": source}},
        )
        for service, source in sources.items()
    ]
