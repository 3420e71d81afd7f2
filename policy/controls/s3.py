"""Amazon S3: buckets are private, versioned, encrypted, logged and tidied. Each of these is a resource beside its bucket."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import Finding, resource_control, stack_control
from .documents import refuses_plain_http, statements
from .resource import UNKNOWN, Resource, Stack, at, is_not, items

BUCKET = "aws:s3/bucket:Bucket"
ACL = "aws:s3/bucketAcl:BucketAcl"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_PUBLIC_ACCESS_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"


@resource_control(
    "s3-public-access-blocked",
    Severity.HIGH,
    "S3.1",
    "S3.8",
    "CKV_AWS_53",
    "CKV_AWS_54",
    "CKV_AWS_55",
    "CKV_AWS_56",
    types=[PUBLIC_ACCESS_BLOCK, ACCOUNT_PUBLIC_ACCESS_BLOCK],
)
def public_access_blocked(block: Resource) -> Iterator[Finding]:
    """All four ways to make a bucket public are blocked."""
    for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        if is_not(block.get(name), True):
            yield Finding(block, name, "is not true", "Set it to true")


@stack_control("s3-public-access-block", Severity.HIGH, "S3.8", "CKV2_AWS_6")
def public_access_block(stack: Stack) -> Iterator[Finding]:
    """Every bucket has a public access block."""
    yield from _without(stack, PUBLIC_ACCESS_BLOCK, "public access block", "Add a BucketPublicAccessBlock with all four set")


@resource_control(
    "s3-not-public", Severity.CRITICAL, "S3.2", "S3.3", "CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_70", types=[BUCKET, ACL, POLICY]
)
def not_public(resource: Resource) -> Iterator[Finding]:
    """Nobody outside can read or write a bucket."""
    acl = resource.get("acl")
    if isinstance(acl, str) and acl.startswith(("public", "authenticated")):
        yield Finding(resource, "acl", f"is {acl}", "Leave it out")
    for statement in statements(resource.get("policy")):
        if statement.for_everybody:
            fix = "Name the roles or services as Principal, or limit it with aws:SourceArn or aws:PrincipalOrgID"
            yield Finding(resource, f"policy.{statement.label}", "allows everybody", fix)


@stack_control("s3-tls-only", Severity.MEDIUM, "S3.5")
def tls_only(stack: Stack) -> Iterator[Finding]:
    """A bucket refuses requests without TLS."""
    fix = 'Add a statement that denies s3:* to "*" on the bucket and its objects when aws:SecureTransport is false'
    yield from _without(stack, POLICY, "bucket policy", fix)
    for policy in stack.of(POLICY):
        if policy.get("policy") is not UNKNOWN and not refuses_plain_http(policy.get("policy")):
            yield Finding(policy, "policy", "does not deny requests without TLS", fix)


@stack_control("s3-access-logs", Severity.MEDIUM, "S3.9", "CKV_AWS_18")
def access_logs(stack: Stack) -> Iterator[Finding]:
    """A bucket logs who reads and writes it."""
    for bucket in stack.of(BUCKET):
        if not stack.belonging(LOGGING, "bucket", bucket) and not _receives_logs(stack, bucket):
            yield Finding(bucket, "access logs", "are missing", "Add a BucketLogging with a target bucket for logs only")


@resource_control("s3-acls-off", Severity.MEDIUM, "S3.12", types=[OWNERSHIP])
def acls_off(controls: Resource) -> Iterator[Finding]:
    """ACLs are off: policies alone decide."""
    if is_not(controls.get("rule", "objectOwnership"), "BucketOwnerEnforced"):
        yield Finding(controls, "rule.objectOwnership", "is not BucketOwnerEnforced", "Set it")


@stack_control("s3-lifecycle", Severity.LOW, "S3.13", "CKV2_AWS_61", "CKV_AWS_300")
def lifecycle(stack: Stack) -> Iterator[Finding]:
    """A bucket is tidied."""
    yield from _without(stack, LIFECYCLE, "lifecycle configuration", "Add a BucketLifecycleConfiguration that expires old versions")
    for configuration in stack.of(LIFECYCLE):
        rules = configuration.get("rules")
        enabled = [rule for rule in items(rules) if not is_not(rule.get("status"), "Enabled")]
        aborts = any(rule.get("abortIncompleteMultipartUpload") for rule in enabled)
        if rules is not UNKNOWN and not aborts:
            fix = "Add abort_incomplete_multipart_upload to a rule: parts of dead uploads cost, and no listing shows them"
            yield Finding(configuration, "rules", "never abort an incomplete upload", fix)


@stack_control("s3-versioning", Severity.LOW, "S3.14", "CKV_AWS_21")
def versioning(stack: Stack) -> Iterator[Finding]:
    """An overwritten or deleted object can be brought back."""
    fix = "Add a BucketVersioning with status Enabled"
    yield from _without(stack, VERSIONING, "versioning", fix)
    for setting in stack.of(VERSIONING):
        if is_not(setting.get("versioningConfiguration", "status"), "Enabled"):
            yield Finding(setting, "versioningConfiguration.status", "is not Enabled", fix)


@stack_control("s3-own-key", Severity.MEDIUM, "S3.17", "CKV_AWS_145")
def own_key(stack: Stack) -> Iterator[Finding]:
    """Objects are encrypted with our key."""
    fix = "Add a BucketServerSideEncryptionConfiguration with sse_algorithm aws:kms and the platform's key"
    yield from _without(stack, ENCRYPTION, "encryption configuration", fix)
    for bucket in stack.of(BUCKET):
        # S3 delivers access logs only to a bucket that encrypts with S3's own key (Amazon S3, "Enabling server access logging").
        logs = _receives_logs(stack, bucket)
        for setting in [] if logs else stack.belonging(ENCRYPTION, "bucket", bucket):
            for rule in items(setting.get("rules")):
                by_default = rule.get("applyServerSideEncryptionByDefault")
                unlike_kms = is_not(at(by_default, "sseAlgorithm"), "aws:kms", "aws:kms:dsse")
                if unlike_kms or not at(by_default, "kmsMasterKeyId"):
                    yield Finding(setting, "rules.applyServerSideEncryptionByDefault", "names no key of ours", fix)


def _without(stack: Stack, kind: str, what: str, fix: str) -> Iterator[Finding]:
    """A finding for each bucket that has no resource of type `kind`."""
    for bucket in stack.of(BUCKET):
        if not stack.belonging(kind, "bucket", bucket):
            yield Finding(bucket, what, "is missing", fix)


def _receives_logs(stack: Stack, bucket: Resource) -> bool:
    return bool(stack.belonging(LOGGING, "targetBucket", bucket))
