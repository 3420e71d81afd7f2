"""Cases of Amazon S3, KMS, Secrets Manager and SNS, and of what protects and tags data."""

from typing import Any

from tests.unit.policy.cases.case import NOT_PUBLIC, PUBLIC, TAGS, Case, Fake, allow, document

BUCKET = Fake("aws:s3/bucket:Bucket", {"id": "b"})
LOG_BUCKET = Fake("aws:s3/bucket:Bucket", {"id": "logs"}, "logs")
KEY = "aws:kms/key:Key"
SECRET = "aws:secretsmanager/secret:Secret"
TOPIC = "aws:sns/topic:Topic"
NO_HTTP = {
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": "*",
    "Principal": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def setting(kind: str, bucket: str = "b", **properties: Any) -> Fake:
    """A resource beside a bucket."""
    return Fake(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}", {"bucket": bucket, **properties}, f"{bucket}-{kind}")


def access_block(**properties: Any) -> Fake:
    blocked = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
    return setting("BucketPublicAccessBlock", **{**blocked, **properties})


def encryption(bucket: str = "b", **by_default: Any) -> Fake:
    rules = [{"applyServerSideEncryptionByDefault": by_default}]
    return setting("BucketServerSideEncryptionConfiguration", bucket, rules=rules)


def versioning(status: str) -> Fake:
    return setting("BucketVersioning", versioningConfiguration={"status": status})


def rules(**rule: Any) -> Fake:
    return setting("BucketLifecycleConfiguration", rules=[{"status": "Enabled", **rule}])


def policy(*statements: dict[str, Any]) -> Fake:
    return setting("BucketPolicy", policy=document(*statements))


TIDY = rules(abortIncompleteMultipartUpload={"daysAfterInitiation": 7})
LOGGING = setting("BucketLogging", targetBucket="logs")
ENCRYPTED = encryption(sseAlgorithm="aws:kms", kmsMasterKeyId="key")

S3 = [
    Case("s3-public-access-blocked", "blockPublicAcls is not", wrong=[access_block(blockPublicAcls=False)], right=[access_block()]),
    Case(
        "s3-public-access-blocked", "ignorePublicAcls is not", wrong=[access_block(ignorePublicAcls=None)], right=[access_block()]
    ),
    Case("s3-public-access-block", "public access block is missing", wrong=[BUCKET], right=[BUCKET, access_block()]),
    Case(
        "s3-not-public",
        "policy.Statement[0] allows everybody",
        wrong=[setting("BucketPolicy", policy=PUBLIC)],
        right=[setting("BucketPolicy", policy=NOT_PUBLIC)],
    ),
    Case(
        "s3-not-public",
        "acl is public-read",
        wrong=[setting("BucketAcl", acl="public-read")],
        right=[setting("BucketAcl", acl="private"), BUCKET],
    ),
    Case("s3-tls-only", "bucket policy is missing", wrong=[BUCKET], right=[BUCKET, policy(NO_HTTP)]),
    Case("s3-tls-only", "does not deny", wrong=[BUCKET, policy(allow("s3:GetObject"))], right=[BUCKET, policy(NO_HTTP)]),
    Case("s3-access-logs", "it (aws:s3/bucket:Bucket): access logs", wrong=[BUCKET], right=[BUCKET, LOG_BUCKET, LOGGING]),
    Case(
        "s3-acls-off",
        "rule.objectOwnership is not",
        wrong=[setting("BucketOwnershipControls", rule={"objectOwnership": "ObjectWriter"})],
        right=[setting("BucketOwnershipControls", rule={"objectOwnership": "BucketOwnerEnforced"})],
    ),
    Case("s3-lifecycle", "lifecycle configuration is missing", wrong=[BUCKET], right=[BUCKET, TIDY]),
    Case("s3-lifecycle", "never abort", wrong=[BUCKET, rules(expiration={"days": 1})], right=[BUCKET, TIDY]),
    Case("s3-versioning", "versioning is missing", wrong=[BUCKET], right=[BUCKET, versioning("Enabled")]),
    Case(
        "s3-versioning",
        "versioningConfiguration.status is not",
        wrong=[BUCKET, versioning("Suspended")],
        right=[BUCKET, versioning("Enabled")],
    ),
    Case("s3-own-key", "encryption configuration is missing", wrong=[BUCKET], right=[BUCKET, ENCRYPTED]),
    *(
        Case("s3-own-key", "names no key of ours", wrong=[BUCKET, encryption(**wrong)], right=[BUCKET, ENCRYPTED])
        for wrong in ({"sseAlgorithm": "AES256"}, {"sseAlgorithm": "aws:kms"})
    ),
    Case(
        "s3-own-key",
        "names no key of ours",
        wrong=[LOG_BUCKET, encryption("logs", sseAlgorithm="AES256")],
        right=[BUCKET, ENCRYPTED, LOG_BUCKET, LOGGING, encryption("logs", sseAlgorithm="AES256")],
    ),
]

KMS = [
    Case("kms-rotation", "enableKeyRotation is not", wrong=[Fake(KEY, {})], right=[Fake(KEY, {"enableKeyRotation": True})]),
    Case(
        "kms-not-public",
        "policy.Statement[0] allows everybody",
        wrong=[Fake(KEY, {"policy": PUBLIC})],
        right=[Fake(KEY, {"policy": NOT_PUBLIC})],
    ),
]

SECRETS = [
    Case("secretsmanager-own-key", "kmsKeyId is missing", wrong=[Fake(SECRET, {})], right=[Fake(SECRET, {"kmsKeyId": "key"})]),
    Case(
        "secretsmanager-rotation",
        "rotation is missing",
        wrong=[Fake(SECRET, {"arn": "s"})],
        right=[Fake(SECRET, {"arn": "s"}), Fake("aws:secretsmanager/secretRotation:SecretRotation", {"secretId": "s"})],
    ),
    Case(
        "secretsmanager-no-values",
        "holds a secret",
        wrong=[Fake("aws:secretsmanager/secretVersion:SecretVersion", {"secretString": "x"})],
        right=[Fake(SECRET, {})],
    ),
    Case(
        "secretsmanager-not-public",
        "policy.Statement[0] allows everybody",
        wrong=[Fake("aws:secretsmanager/secretPolicy:SecretPolicy", {"policy": PUBLIC})],
        right=[Fake("aws:secretsmanager/secretPolicy:SecretPolicy", {"policy": NOT_PUBLIC})],
    ),
]

SNS = [
    Case("sns-own-key", "kmsMasterKeyId is missing", wrong=[Fake(TOPIC, {})], right=[Fake(TOPIC, {"kmsMasterKeyId": "key"})]),
    Case(
        "sns-not-public",
        "policy.Statement[0] allows everybody",
        wrong=[Fake("aws:sns/topicPolicy:TopicPolicy", {"policy": PUBLIC})],
        right=[Fake("aws:sns/topicPolicy:TopicPolicy", {"policy": NOT_PUBLIC})],
    ),
]

DEVELOPMENT = TAGS | {"environment": "development"}

EVERYWHERE = [
    *(
        Case("data-protected", "protect is not set", wrong=[Fake(kind, {}, protect=False)], right=[Fake(kind, {})])
        for kind in (BUCKET.type, KEY, SECRET, "aws:ecr/repository:Repository")
    ),
    *(
        Case(
            "data-protected",
            f"{forced} is true",
            wrong=[Fake(kind, {forced: True})],
            right=[Fake(kind, {forced: True}, tags=DEVELOPMENT, protect=False)],
        )
        for kind, forced in ((BUCKET.type, "forceDestroy"), ("aws:ecr/repository:Repository", "forceDelete"))
    ),
    Case(
        "tags-present",
        "tags lack owner, cost-center",
        wrong=[Fake(TOPIC, {"tags": {"project": "p", "environment": "e", "repository": "r"}}, tags={})],
        right=[
            Fake(TOPIC, {"tagsAll": TAGS}, tags={}),
            Fake(TOPIC, {}),
            setting("BucketVersioning"),
            Fake("docker:index/image:Image", {}),
        ],
    ),
    Case(
        "tags-present",
        "tags lack workstream",
        wrong=[Fake("aws:ecs/taskDefinition:TaskDefinition", {})],
        right=[Fake("aws:ecs/taskDefinition:TaskDefinition", {"tags": {"workstream": "sales"}})],
    ),
]

CASES = [*S3, *KMS, *SECRETS, *SNS, *EVERYWHERE]
