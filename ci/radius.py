"""How far a job's change may reach, and the proof that a preview stays within it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ci.plan import Change


class Kind(StrEnum):
    """The kinds of change, from the smallest radius to the largest; each has its job in the pipeline."""

    DAGS = "dags"
    IMAGE = "image"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Resources that a kind of change may touch, and how."""

    type: str
    operations: frozenset[str]
    properties: frozenset[str] | None = None
    """Top-level properties that may differ; None for all."""
    key_prefix: str = ""
    """Of an S3 object's key."""

    def covers(self, change: Change) -> bool:
        """Is the whole change allowed?"""
        return (
            change.type == self.type
            and change.operation in self.operations
            and (self.properties is None or self.properties.issuperset(change.properties))
            and str(change.inputs.get("key", "")).startswith(self.key_prefix)
        )


DAG_OBJECTS = Allowance(
    type="aws:s3/bucketObjectv2:BucketObjectv2",
    operations=frozenset({"create", "update", "replace", "delete"}),
    # requirements.txt is in the same bucket, and a change of it restarts Airflow.
    key_prefix="dags/",
)
IMAGES = Allowance(type="docker:index/image:Image", operations=frozenset({"update", "replace"}))
TASK_DEFINITIONS = Allowance(
    type="aws:ecs/taskDefinition:TaskDefinition",
    operations=frozenset({"update", "replace"}),
    # Holds the image. Roles, CPU, memory and volumes are properties of their own.
    properties=frozenset({"containerDefinitions"}),
)

RADIUS: dict[Kind, tuple[Allowance, ...] | None] = {
    Kind.DAGS: (DAG_OBJECTS,),
    Kind.IMAGE: (DAG_OBJECTS, IMAGES, TASK_DEFINITIONS),
    Kind.INFRASTRUCTURE: None,
}
"""What each kind may touch; None for everything."""


def allowed(change: Change, kind: Kind) -> bool:
    """May a job of this kind make the change?"""
    allowances = RADIUS[kind]
    return allowances is None or any(allowance.covers(change) for allowance in allowances)


def violations(changes: Iterable[Change], kind: Kind) -> list[Change]:
    """The changes that need a job with a larger radius."""
    return [change for change in changes if not allowed(change, kind)]


def needed(changes: Iterable[Change]) -> Kind:
    """The kind with the smallest radius that holds all these changes."""
    every = list(changes)
    return next(kind for kind in Kind if not violations(every, kind))


def refusal(outside: Iterable[Change], kind: Kind) -> str:
    """What a refused job tells its reader, one paragraph for each resource."""
    lines = [f"This deployment reaches further than a job of the kind `{kind}` may."]
    for change in outside:
        lines += [f"  {change}", f"    {change.urn}", f"    may be done by: {needed([change])}"]
    return "\n".join(lines)
