"""Where Pulumi keeps its state, and the key of what is secret in it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.bucket import PrivateBucket, PrivateBucketArgs
from components.iam_policy import Statement, document

ALIAS = "alias/dbt-platform-state"


@dataclass(frozen=True, kw_only=True)
class StateArgs:
    """What the state's store needs to know."""

    account: Account


class State(Component):
    """A private, versioned bucket and a key, both protected: without them nobody can change what was deployed.

    Creates: a KMS key, its alias, an S3 bucket.
    """

    bucket: PrivateBucket
    key_arn: pulumi.Output[str]

    def __init__(self, name: str, args: StateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts, protect=True)
        # AWS KMS, "Default key policy": the account's IAM policies decide.
        administrators = Statement(principals={"AWS": args.account.root_arn}, actions=["kms:*"], resources=["*"])
        key = aws.kms.Key(
            name,
            description="Pulumi state of the dbt platform",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=document([administrators]),
            opts=self.child(),
        )
        aws.kms.Alias(name, name=ALIAS, target_key_id=key.key_id, opts=self.child())
        self.key_arn = key.arn
        self.bucket = PrivateBucket(name, PrivateBucketArgs(kms_key_arn=key.arn, disposable=False), self.child())
        self.register_outputs({"bucket": self.bucket.name, "key_arn": self.key_arn})
