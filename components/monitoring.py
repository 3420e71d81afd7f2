"""Amazon SNS: who learns of failures."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.policy import document, tls_only


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    """What the alerts need to know."""

    kms_key_arn: pulumi.Input[str]
    emails: Sequence[str]
    """Each gets a message with a link to confirm; nothing is sent before that."""


class Alerts(Component):
    """One encrypted topic for everything that a person should know.

    Creates: an SNS topic, its policy, a subscription per e-mail address.
    """

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        topic = aws.sns.Topic(name, kms_master_key_id=args.kms_key_arn, opts=self.child())
        aws.sns.TopicPolicy(name, arn=topic.arn, policy=document([tls_only([topic.arn], ["sns:Publish"])]), opts=self.child())
        for email in args.emails:
            aws.sns.TopicSubscription(f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=self.child())
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})
