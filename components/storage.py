"""Amazon S3: the bucket that Airflow reads its DAGs from, the bucket of the runs' artifacts, and the one of their access logs."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.bucket import PrivateBucket, PrivateBucketArgs
from components.iam_policy import Statement
from components.logs import Logs
from settings.sections.artifacts import ArtifactSettings


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    account: Account
    kms_key_arn: pulumi.Input[str]
    settings: ArtifactSettings
    logs: Logs
    """Access logs are kept as long as all others."""
    disposable: bool


class Storage(Component):
    """Two buckets, because they have different readers and writers, and a third that says who these were.

    Creates: a private bucket for DAGs, one for artifacts, one for the access logs of both (S3.9), and their logging.
    """

    dags: PrivateBucket
    artifacts: PrivateBucket
    logs: PrivateBucket

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts, protect=not args.disposable)
        self.dags = PrivateBucket(
            f"{name}-dags", PrivateBucketArgs(kms_key_arn=args.kms_key_arn, disposable=args.disposable), self.child()
        )
        self.artifacts = PrivateBucket(
            f"{name}-artifacts",
            PrivateBucketArgs(
                kms_key_arn=args.kms_key_arn,
                disposable=args.disposable,
                # Of the whole bucket: a rule per workstream would go with it, and leave what it wrote for ever. What a run
                # needs of earlier ones (`state/`, `latest/`) is written again by every success; a cache is made anew.
                expire_after_days=args.settings.retention_days,
            ),
            self.child(),
        )
        logged = {"dags/": self.dags, "artifacts/": self.artifacts}
        self.logs = PrivateBucket(
            f"{name}-logs",
            PrivateBucketArgs(
                # S3 delivers access logs to no bucket with a key of ours (Amazon S3, "Enabling server access logging").
                kms_key_arn=None,
                disposable=args.disposable,
                expire_after_days=args.logs.retention_days,
                permissions=lambda arn: _delivery(arn, logged, args.account),
            ),
            self.child(),
        )
        for prefix, bucket in logged.items():
            aws.s3.BucketLogging(
                f"{name}-{prefix.rstrip('/')}",
                bucket=bucket.name,
                target_bucket=self.logs.name,
                target_prefix=prefix,
                # S3 tells nobody when it may not deliver: the target's policy comes first.
                opts=self.child(depends_on=[self.logs]),
            )
        self.register_outputs({"dags": self.dags.name, "artifacts": self.artifacts.name, "logs": self.logs.name})


def _delivery(logs_arn: pulumi.Output[str], logged: Mapping[str, PrivateBucket], account: Account) -> list[Statement]:
    """S3 itself may add the logs of our buckets, each below its own prefix."""
    return [
        Statement(
            principals={"Service": "logging.s3.amazonaws.com"},
            actions=["s3:PutObject"],
            resources=[pulumi.Output.concat(logs_arn, "/", prefix, "*")],
            conditions={"ArnLike": {"aws:SourceArn": bucket.arn}, "StringEquals": {"aws:SourceAccount": account.id}},
        )
        for prefix, bucket in logged.items()
    ]
