"""Amazon S3: the bucket that Airflow reads its DAGs from, and the bucket of the runs' artifacts."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.bucket import PrivateBucket, PrivateBucketArgs


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """What the buckets need to know."""

    kms_key_arn: pulumi.Input[str]
    workstreams: Sequence[str]
    """Each keeps the artifacts of its runs below `<workstream>/runs/`."""
    run_retention_days: int
    disposable: bool


class Storage(Component):
    """Two buckets, because they have different readers and writers.

    Creates: a private bucket for DAGs, one for artifacts.
    """

    dags: PrivateBucket
    artifacts: PrivateBucket

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.dags = PrivateBucket(
            f"{name}-dags", PrivateBucketArgs(kms_key_arn=args.kms_key_arn, disposable=args.disposable), self.child()
        )
        self.artifacts = PrivateBucket(
            f"{name}-artifacts",
            PrivateBucketArgs(
                kms_key_arn=args.kms_key_arn,
                disposable=args.disposable,
                expiring_prefixes=[f"{workstream}/runs/" for workstream in args.workstreams],
                expire_after_days=args.run_retention_days,
            ),
            self.child(),
        )
        self.register_outputs({"dags": self.dags.name, "artifacts": self.artifacts.name})
