"""Amazon SNS: alerts are encrypted, and only we send them."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import Finding, resource_control
from .documents import statements
from .resource import Resource

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"


@resource_control("sns-own-key", Severity.MEDIUM, "SNS.1", "CKV_AWS_26", types=[TOPIC])
def own_key(topic: Resource) -> Iterator[Finding]:
    """Topics are encrypted with our key."""
    if not topic.get("kmsMasterKeyId"):
        yield Finding(topic, "kmsMasterKeyId", "is missing", "Set the platform's key")


@resource_control("sns-not-public", Severity.CRITICAL, "SNS.4", "CKV_AWS_169", types=[TOPIC, TOPIC_POLICY])
def not_public(resource: Resource) -> Iterator[Finding]:
    """A topic's policy is not for everybody."""
    for statement in statements(resource.get("policy")):
        if statement.for_everybody:
            fix = "Name roles or services as Principal, or limit it with aws:SourceAccount"
            yield Finding(resource, f"policy.{statement.label}", "allows everybody", fix)
