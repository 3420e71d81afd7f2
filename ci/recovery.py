"""After a killed `pulumi up`: takes away the lock of a job that is gone, and settles what it had begun."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from ci.engine import Engine, pending, resources
from ci.errors import CiError
from ci.locks import locks

GRACE_SECONDS = 60
"""A cancelled job's `pulumi` stops at the next resource and unlocks by itself."""

POLL_SECONDS = 5

NAMED_BY = {
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:ecr/repository:Repository": "name",
    "aws:iam/role:Role": "name",
    "aws:kms/alias:Alias": "name",
    "aws:mwaa/environment:Environment": "name",
    "aws:s3/bucket:Bucket": "bucket",
}
"""Types whose id is one of their inputs, so that a resource whose creation was cut off can be found again."""

IMAGE = "docker:index/image:Image"
"""A type whose resource is made anew: its program asks the registry first."""

State = Mapping[str, Any]
"""As `pulumi stack export` prints it."""


def recover(engine: Engine, project: str, wait: Callable[[float], object] = time.sleep) -> None:
    """Leaves a stack that `pulumi up` can go on with; does nothing to a healthy one.

    Raises:
        CiError: somebody else holds the lock.
    """
    _unlock(engine, project, wait)
    state = engine.state()
    if pending(state):
        print(explanation(state), flush=True)
        engine.replace_state(adopted(state))
        # Asks AWS about each resource: what was never made disappears from the state, what was made half is made whole.
        engine.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")


def explanation(state: State) -> str:
    """What was cut off, and what happens to it now."""
    lines = ["An earlier `pulumi up` was killed while it worked on:"]
    found = {resource["urn"]: resource["id"] for resource in _found(state)}
    for operation in pending(state):
        urn = operation["resource"]["urn"]
        lines.append(f"  {operation['type']} {urn}")
        if urn in found:
            lines.append(f"    If AWS made it, its id is {found[urn]!r}: it is taken over.")
        elif operation["resource"]["type"] == IMAGE:
            lines.append("    If it was pushed, the next `up` finds it in the registry; if not, it is built again.")
        elif operation["type"] == "creating":
            lines.append("    If AWS made it, Pulumi can't know its id, and the next `up` makes another:")
            lines.append("    look for one without use, and delete it.")
    return "\n".join(lines)


def adopted(state: State) -> dict[str, Any]:
    """The state with the resources that were being made, so that a refresh asks AWS about them.

    `pulumi refresh --import-pending-creates` should do this, but in 3.259 only marks them, and forgets them.
    """
    deployment = dict(state["deployment"])
    deployment["resources"] = [*resources(state), *_found(state)]
    deployment["pending_operations"] = []
    return {**state, "deployment": deployment}


def _found(state: State) -> list[dict[str, Any]]:
    """The resources that were being made, with the ids that they have if AWS made them.

    Not those that replace another: the old one still has the URN.
    """
    known = {resource["urn"] for resource in resources(state)}
    creations = [operation["resource"] for operation in pending(state) if operation["type"] == "creating"]
    inputs = [(resource, resource.get("inputs") or {}) for resource in creations if resource["urn"] not in known]
    named = [(resource, values, values.get(NAMED_BY.get(resource["type"], ""))) for resource, values in inputs]
    return [{**resource, "id": name, "outputs": values} for resource, values, name in named if name]


def _unlock(engine: Engine, project: str, wait: Callable[[float], object]) -> None:
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    for _ in range(GRACE_SECONDS // POLL_SECONDS):
        if not locks(backend, project, engine.stack):
            return
        wait(POLL_SECONDS)
    held = locks(backend, project, engine.stack)
    for lock in held:
        if not lock.abandoned(os.environ):
            raise CiError(
                f"The stack {engine.stack} is locked by {lock}.",
                f"Wait until it has finished. If that process is gone for good: pulumi cancel --stack {engine.stack}",
            )
    if held:
        print(f"Taking away the lock of a job that is gone: {held[0]}", flush=True)
        engine.run("cancel", "--yes")
