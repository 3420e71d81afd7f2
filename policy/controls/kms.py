"""AWS KMS: keys are rotated, and not for everybody."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import Finding, resource_control
from .documents import statements
from .resource import Resource, is_not

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"


@resource_control("kms-rotation", Severity.MEDIUM, "KMS.4", "CKV_AWS_7", types=[KEY])
def rotation(key: Resource) -> Iterator[Finding]:
    """Keys are rotated."""
    symmetric = key.get("customerMasterKeySpec") in (None, "SYMMETRIC_DEFAULT")
    if symmetric and is_not(key.get("enableKeyRotation"), True):
        yield Finding(key, "enableKeyRotation", "is not true", "Set it to true")


@resource_control("kms-not-public", Severity.CRITICAL, "KMS.5", "CKV_AWS_33", types=[KEY, KEY_POLICY])
def not_public(key: Resource) -> Iterator[Finding]:
    """A key's policy is not for everybody."""
    for statement in statements(key.get("policy")):
        if statement.for_everybody:
            fix = "Name the account's root, roles or services as Principal, or limit it with kms:CallerAccount"
            yield Finding(key, f"policy.{statement.label}", "allows everybody", fix)
