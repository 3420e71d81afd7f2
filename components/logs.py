"""Amazon CloudWatch Logs: how every log group of the platform is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Logs:
    """Encryption and retention, the same for all groups."""

    kms_key_arn: pulumi.Input[str]
    retention_days: int

    def group(
        self, name: str, log_group_name: str, opts: pulumi.ResourceOptions, tags: Mapping[str, str] | None = None
    ) -> aws.cloudwatch.LogGroup:
        """Create a log group. Its name is a contract: the key's policy and other roles' policies are scoped by it."""
        return aws.cloudwatch.LogGroup(
            name,
            name=log_group_name,
            kms_key_id=self.kms_key_arn,
            retention_in_days=self.retention_days,
            tags=tags,
            opts=opts,
        )
