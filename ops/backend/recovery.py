"""After a killed `pulumi up`: takes away the lock of a job that is gone, and settles what it had begun."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ops.backend.identities import Aws, identity
from ops.backend.locks import locks
from ops.backend.state import State, pending, region, resources
from ops.engine import Engine
from ops.errors import OpsError
from settings.project import NAMESPACE

GRACE_SECONDS = 60
"""A cancelled job's `pulumi` stops at the next resource and unlocks by itself."""

POLL_SECONDS = 5

IMAGE = "docker:index/image:Image"
"""A type whose resource is made anew: its program asks the registry first."""

Resource = dict[str, Any]
"""As the state has it."""


def recover(engine: Engine, project: str = NAMESPACE, wait: Callable[[float], object] = time.sleep) -> None:
    """Leaves a stack that `pulumi up` can go on with; does nothing to a healthy one.

    Args:
        engine: Of the stack.
        project: Name in Pulumi.yaml.
        wait: Lets so many seconds pass.

    Raises:
        OpsError: somebody else holds the lock.
    """
    cut_off = _unlock(engine, project, wait)
    state = engine.state()
    if pending(state):
        # Without `aws:region` in its settings a stack is where AWS_REGION says, which boto3 does not read.
        found = list(found_again(state, Aws(region(state) or os.environ.get("AWS_REGION"))))
        print(explanation(state, found), flush=True)
        engine.replace_state(adopted(state, found))
    if cut_off or pending(state):
        # What was never made, or is deleted already, disappears from the state; what was made half is made whole.
        engine.refresh()


def explanation(state: State, found: Iterable[Resource]) -> str:
    """What was cut off, and what happens to it now."""
    lines = ["An earlier `pulumi up` was killed while it worked on:"]
    ids = {resource["urn"]: resource["id"] for resource in found}
    for operation in pending(state):
        urn = operation["resource"]["urn"]
        lines.append(f"  {operation['type']} {urn}")
        if urn in ids:
            lines.append(f"    If AWS made it, its id is {ids[urn]!r}: it is taken over.")
        elif operation["resource"]["type"] == IMAGE:
            lines.append("    If it was pushed, the next `up` finds it in the registry; if not, it is built again.")
        elif operation["type"] == "creating":
            lines.append("    If AWS made it, Pulumi can't know its id, and the next `up` makes another:")
            lines.append("    look for one without use, and delete it.")
    return "\n".join(lines)


def adopted(state: State, found: Iterable[Resource]) -> dict[str, Any]:
    """The state with the resources that were being made, so that a refresh asks AWS about them.

    `pulumi refresh --import-pending-creates` should do this, but in 3.259 only marks them, and forgets them.
    """
    deployment = dict(state["deployment"])
    deployment["resources"] = [*resources(state), *found]
    deployment["pending_operations"] = []
    return {**state, "deployment": deployment}


def found_again(state: State, aws: Aws) -> Iterator[Resource]:
    """The resources that were being made, with the ids that they have if AWS made them.

    Not those that replace another: the old one still has the URN.
    """
    known = {resource["urn"] for resource in resources(state)}
    for operation in pending(state):
        resource = operation["resource"]
        if operation["type"] == "creating" and resource["urn"] not in known:
            inputs = resource.get("inputs") or {}
            made = identity(resource["type"], inputs, aws)
            if made:
                yield {**resource, "id": made, "outputs": inputs}


def _unlock(engine: Engine, project: str, wait: Callable[[float], object]) -> bool:
    """Whether there was a lock of somebody who is gone."""
    backend = os.environ.get("PULUMI_BACKEND_URL") or engine.backend()
    held = locks(backend, project, engine.stack)
    for _ in range(GRACE_SECONDS // POLL_SECONDS):
        if all(lock.dead() for lock in held):
            break
        wait(POLL_SECONDS)
        held = locks(backend, project, engine.stack)
    for lock in held:
        if not lock.abandoned(os.environ):
            raise OpsError(
                f"The stack {engine.stack} is locked by {lock}.",
                f"Wait until it has finished. If that process is gone for good: pulumi cancel --stack {engine.stack}",
            )
    if held:
        print(f"Taking away the lock of a process that is gone: {held[0]}", flush=True)
        engine.run("cancel", "--yes")
    return bool(held)
