"""AWS Secrets Manager: a secret's value is nowhere but in Secrets Manager."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import OWN, Finding, resource_control, stack_control
from .documents import statements
from .resource import Resource, Stack

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 (a type)
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105
VALUE = "aws:secretsmanager/secretVersion:SecretVersion"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"


@resource_control("secretsmanager-own-key", Severity.MEDIUM, "CKV_AWS_149", types=[SECRET])
def own_key(secret: Resource) -> Iterator[Finding]:
    """Secrets are encrypted with our key."""
    if not secret.get("kmsKeyId"):
        yield Finding(secret, "kmsKeyId", "is missing", "Set the platform's key: its policy decides too who can read the secret")


@stack_control("secretsmanager-rotation", Severity.MEDIUM, "SecretsManager.1", "SecretsManager.4", "CKV_AWS_304", "CKV2_AWS_57")
def rotation(stack: Stack) -> Iterator[Finding]:
    """Secrets are rotated."""
    for secret in stack.of(SECRET):
        if not stack.belonging(ROTATION, "secretId", secret):
            fix = "Add a SecretRotation; what only a person can rotate goes to policy/controls/exceptions.py with its reason"
            yield Finding(secret, "rotation", "is missing", fix)


@resource_control("secretsmanager-no-values", Severity.CRITICAL, OWN, types=[VALUE])
def no_values(value: Resource) -> Iterator[Finding]:
    """No secret's value is in a program or in its state."""
    yield Finding(
        value, "the resource", "holds a secret", "Remove it; `ops credentials put` writes the value, and nobody can read it here"
    )


@resource_control("secretsmanager-not-public", Severity.CRITICAL, OWN, types=[SECRET, SECRET_POLICY])
def not_public(resource: Resource) -> Iterator[Finding]:
    """A secret's policy is not for everybody."""
    for statement in statements(resource.get("policy")):
        if statement.for_everybody:
            yield Finding(resource, f"policy.{statement.label}", "allows everybody", "Name the roles as Principal")
