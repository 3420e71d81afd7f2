"""What holds data or history is not deleted by accident."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import OWN, Finding, resource_control
from .ecr import REPOSITORY
from .kms import KEY
from .resource import Resource
from .s3 import BUCKET
from .secretsmanager import SECRET

FORCED = ("forceDestroy", "forceDelete", "forceOverwriteReplicaSecret")
"""Properties with which a destroy takes the contents along."""


@resource_control("data-protected", Severity.HIGH, OWN, types=[BUCKET, REPOSITORY, SECRET, KEY])
def data_protected(resource: Resource) -> Iterator[Finding]:
    """In production, buckets, images, secrets and keys are protected."""
    if resource.disposable:
        return
    if not resource.protected:
        yield Finding(resource, "the option protect", "is not set", "Set protect=True; a deliberate destroy lifts it first")
    for name in FORCED:
        if resource.get(name) is True:
            yield Finding(resource, name, "is true", "Leave it out in production")
