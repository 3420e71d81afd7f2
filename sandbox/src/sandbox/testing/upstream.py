"""Names of our resource types and their properties in hashicorp/aws, the provider that pulumi-aws wraps."""

import re
from collections.abc import Container, Iterator

NAMES = {
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
}
"""Types whose name there does not follow from ours."""

RENAMED = {("aws_cloudwatch_metric_alarm", "name"): "alarm_name", ("aws_sns_topic_subscription", "topic"): "topic_arn"}


def resource_type(token: str, known: Container[str]) -> str:
    """`aws:ec2/vpc:Vpc` -> `aws_vpc`, one of those that are known."""
    _, module, _, name = re.split(r"[:/]", token)
    names = (NAMES.get(token, ""), f"aws_{module}_{snake(name)}", f"aws_{snake(name)}")
    return next(each for each in names if each in known)


def properties(kind: str, name: str) -> Iterator[str]:
    """The names that a property of ours may have in a type of theirs: Pulumi gives lists and blocks in the plural."""
    own = snake(name)
    if (kind, own) in RENAMED:
        yield RENAMED[kind, own]
    yield own
    yield own.removesuffix("s")
    yield own.removesuffix("es")
    yield re.sub("ies$", "y", own)


def snake(name: str) -> str:
    """`kmsKeyId` -> `kms_key_id`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower().replace("open_id", "openid")
