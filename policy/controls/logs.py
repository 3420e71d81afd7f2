"""Amazon CloudWatch Logs: logs are encrypted, and kept for as long as somebody may need them."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import Finding, resource_control
from .resource import UNKNOWN, Resource

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

YEAR = 365
"""Days that Security Hub asks for (CloudWatch.16); not where data may be lost anyway."""


@resource_control("logs-retention", Severity.MEDIUM, "CloudWatch.16", "CKV_AWS_66", "CKV_AWS_338", types=[LOG_GROUP])
def retention(group: Resource) -> Iterator[Finding]:
    """Logs are kept for a set time, in production a year."""
    days = group.get("retentionInDays")
    if days is UNKNOWN:
        return
    if not days:
        yield Finding(group, "retentionInDays", "is not set: logs stay, and cost, for ever", "Set a number of days")
    elif days < YEAR and not group.disposable:
        yield Finding(group, "retentionInDays", f"is {days:.0f}", f"Set at least {YEAR}")


@resource_control("logs-own-key", Severity.MEDIUM, "CKV_AWS_158", types=[LOG_GROUP])
def own_key(group: Resource) -> Iterator[Finding]:
    """Logs are encrypted with our key."""
    if not group.get("kmsKeyId"):
        yield Finding(group, "kmsKeyId", "is missing", "Set the platform's key, and let the key's policy name this group")
