"""Amazon S3: one bucket that is private, versioned and encrypted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.iam_policy import Statement, document, tls_only

OLD_VERSIONS_KEPT_DAYS = 90
"""How long an overwritten or deleted object can be brought back."""

ABANDONED_UPLOADS_KEPT_DAYS = 7
"""Parts of an upload that never finished cost storage and show up in no listing."""


class Bucket(NamedTuple):
    """A bucket as policies and programs know it, whoever made it."""

    name: pulumi.Input[str]
    arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    kms_key_arn: pulumi.Input[str] | None
    """Encrypts the objects; None: S3's own key does, for a writer that may use no other."""
    disposable: bool
    """Destroy deletes the objects too."""
    expire_after_days: int | None = None
    """Age at which an object is deleted; None: it stays."""
    permissions: Callable[[pulumi.Output[str]], Sequence[Statement]] = lambda arn: ()  # noqa: ARG005
    """Who else may use the bucket with this ARN; callers of our account have their own policies."""


class PrivateBucket(Component):
    """A bucket with everything that FSBP asks of one.

    Creates: a bucket, its ownership controls (S3.12), public access block (S3.8), versioning (S3.14), default encryption with
    our key or S3's (S3.17), policy (S3.5) and lifecycle (S3.13).
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts, protect=not args.disposable)
        bucket = aws.s3.Bucket(name, force_destroy=args.disposable, opts=self.child())
        aws.s3.BucketOwnershipControls(name, bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self.child())
        access_block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        versioning = aws.s3.BucketVersioning(
            name, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=self.child()
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.id,
            rules=[_encryption(args.kms_key_arn)],
            opts=self.child(),
        )
        aws.s3.BucketPolicy(
            name,
            bucket=bucket.id,
            policy=document(_bucket_policy(bucket.arn, args)),
            # S3 refuses two changes of a bucket's public access at the same time (OperationAborted).
            opts=self.child(depends_on=[access_block]),
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=_lifecycle(args),
            # Rules for old versions count only once versioning is on.
            opts=self.child(depends_on=[versioning]),
        )
        self.name = bucket.id
        self.arn = bucket.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _encryption(kms_key_arn: pulumi.Input[str] | None) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if kms_key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key_arn},
        # One data key per bucket and hour instead of one KMS request per object.
        "bucket_key_enabled": True,
    }


def _bucket_policy(bucket_arn: pulumi.Output[str], args: PrivateBucketArgs) -> list[Statement]:
    objects = pulumi.Output.concat(bucket_arn, "/*")
    only_our_key = [] if args.kms_key_arn is None else _refuse_other_encryption(objects, args.kms_key_arn)
    return [tls_only([bucket_arn, objects], ["s3:*"]), *only_our_key, *args.permissions(bucket_arn)]


def _refuse_other_encryption(objects: pulumi.Input[str], kms_key_arn: pulumi.Input[str]) -> list[Statement]:
    # An upload that names no encryption gets the bucket's default; one that names another must fail.
    other_algorithm = {
        "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
        "Null": {"s3:x-amz-server-side-encryption": "false"},
    }
    other_key = {
        "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": kms_key_arn},
        "Null": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"},
    }
    return [
        Statement(effect="Deny", principals="*", actions=["s3:PutObject"], resources=[objects], conditions=conditions)
        for conditions in (other_algorithm, other_key)
    ]


def _lifecycle(args: PrivateBucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    tidy_up: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "tidy-up",
        "status": "Enabled",
        "filter": {},
        "abort_incomplete_multipart_upload": {"days_after_initiation": ABANDONED_UPLOADS_KEPT_DAYS},
        "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSIONS_KEPT_DAYS},
    }
    return [tidy_up, *([] if args.expire_after_days is None else [_expire(args.expire_after_days)])]


def _expire(days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    return {"id": "expire", "status": "Enabled", "filter": {}, "expiration": {"days": days}}
