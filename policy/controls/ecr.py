"""Amazon ECR: images can't be changed once pushed, are scanned, and do not pile up."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import Finding, resource_control, stack_control
from .documents import statements
from .resource import Resource, Stack, is_not, items

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE_POLICY = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"


@resource_control("ecr-scan-on-push", Severity.HIGH, "ECR.1", "CKV_AWS_163", types=[REPOSITORY])
def scan_on_push(repository: Resource) -> Iterator[Finding]:
    """Images are scanned when they are pushed."""
    if is_not(repository.get("imageScanningConfiguration", "scanOnPush"), True):
        yield Finding(repository, "imageScanningConfiguration.scanOnPush", "is not true", "Set it to true")


@resource_control("ecr-immutable-tags", Severity.MEDIUM, "ECR.2", "CKV_AWS_51", types=[REPOSITORY])
def immutable_tags(repository: Resource) -> Iterator[Finding]:
    """A pushed tag can't be moved."""
    if is_not(repository.get("imageTagMutability"), "IMMUTABLE"):
        yield Finding(repository, "imageTagMutability", "is not IMMUTABLE", "Set it: a rollback must run what was tested")


@stack_control("ecr-lifecycle-policy", Severity.MEDIUM, "ECR.3")
def lifecycle_policy(stack: Stack) -> Iterator[Finding]:
    """Old images are deleted."""
    for repository in stack.of(REPOSITORY):
        if not stack.belonging(LIFECYCLE_POLICY, "repository", repository):
            yield Finding(repository, "lifecycle policy", "is missing", "Add a LifecyclePolicy that keeps the newest releases")


@resource_control("ecr-own-key", Severity.MEDIUM, "ECR.5", "CKV_AWS_136", types=[REPOSITORY])
def own_key(repository: Resource) -> Iterator[Finding]:
    """Images are encrypted with our key."""
    fix = "Set encryption_type to KMS and kms_key to the platform's key"
    configurations = repository.get("encryptionConfigurations")
    if not configurations:
        yield Finding(repository, "encryptionConfigurations", "is missing", fix)
    for configuration in items(configurations):
        if is_not(configuration.get("encryptionType"), "KMS", "KMS_DSSE") or not configuration.get("kmsKey"):
            yield Finding(repository, "encryptionConfigurations", "names no key of ours", fix)


@resource_control("ecr-not-public", Severity.CRITICAL, "CKV_AWS_32", types=[REPOSITORY_POLICY])
def not_public(policy: Resource) -> Iterator[Finding]:
    """A repository's policy is not for everybody."""
    for statement in statements(policy.get("policy")):
        if statement.for_everybody:
            yield Finding(policy, f"policy.{statement.label}", "allows everybody", "Name the accounts or roles as Principal")
