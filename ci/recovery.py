"""After a killed `pulumi up`: takes away the lock of a job that is gone, and settles what it had begun."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from ci.engine import Engine, pending
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


def recover(engine: Engine, project: str, wait: Callable[[float], object] = time.sleep) -> None:
    """Leaves a stack that `pulumi up` can go on with; does nothing to a healthy one.

    Raises:
        CiError: somebody else holds the lock.
    """
    _unlock(engine, project, wait)
    operations = pending(engine.state())
    if operations:
        print(explanation(operations), flush=True)
        engine.run("refresh", "--yes", "--skip-preview", *_imports(operations), "--clear-pending-creates")


def explanation(operations: list[dict[str, Any]]) -> str:
    """What was cut off, and what happens to it now."""
    lines = ["An earlier `pulumi up` was killed while it worked on:"]
    for operation in operations:
        lines.append(f"  {operation['type']} {operation['resource']['urn']}")
        if operation["type"] == "creating":
            lines.append(f"    {_fate(operation['resource'])}")
    return "\n".join(lines)


def _fate(resource: Mapping[str, Any]) -> str:
    name = _id(resource)
    if name:
        return f"If AWS made it, its id is {name!r}: it is taken over."
    return "If AWS made it, Pulumi can't know its id, and the next `up` makes another: look for one without use, and delete it."


def _imports(operations: list[dict[str, Any]]) -> list[str]:
    """Options of `pulumi refresh` that take over what can be found again."""
    known = [(o["resource"]["urn"], _id(o["resource"])) for o in operations if o["type"] == "creating"]
    return [f"--import-pending-creates={part}" for urn, name in known if name for part in (urn, name)]


def _id(resource: Mapping[str, Any]) -> str | None:
    return (resource.get("inputs") or {}).get(NAMED_BY.get(resource["type"], ""))


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
