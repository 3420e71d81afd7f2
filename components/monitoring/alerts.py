"""Amazon SNS: who learns of failures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document, tls_only


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    account: Account
    kms_key_arn: pulumi.Input[str]
    emails: Sequence[str]
    """Each gets a message with a link to confirm; nothing is sent before that."""


class Alerts(Component):
    """One encrypted topic for everything that a person should know.

    Creates: an SNS topic, its policy, a subscription per e-mail address.
    """

    topic_arn: pulumi.Output[str]
    """Known once its policy is in place: a service that may not publish yet says so to nobody."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        topic = aws.sns.Topic(name, kms_master_key_id=args.kms_key_arn, opts=self.child())
        policy = aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=document(_statements(topic.arn, args.account)),
            opts=self.child(),
        )
        for email in sorted(set(args.emails)):
            aws.sns.TopicSubscription(f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=self.child())
        self.topic_arn = policy.arn
        self.register_outputs({"topic_arn": self.topic_arn})


def _statements(topic_arn: pulumi.Output[str], account: Account) -> list[Statement]:
    """Each with an ID of its own, or SNS refuses the policy: "Every policy statement must have a unique ID."

    The services that publish by themselves, for this account; roles have policies of their own.

    CloudWatch User Guide, "Amazon SNS topic policies for alarms"; AWS Cost Management, "Creating an Amazon SNS topic for
    budget notifications".
    """
    sources = {
        "cloudwatch": account.arn("cloudwatch", "alarm:*"),
        "budgets": f"arn:{account.partition}:budgets::{account.id}:*",
    }
    publishers = [
        Statement(
            sid=service,
            principals={"Service": f"{service}.amazonaws.com"},
            actions=["sns:Publish"],
            resources=[topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": account.id}, "ArnLike": {"aws:SourceArn": source}},
        )
        for service, source in sources.items()
    ]
    return [replace(tls_only([topic_arn], ["sns:Publish"]), sid="tls"), *publishers]
