"""What Pulumi says will change: `pulumi preview --json` as plain values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

UNCHANGED = frozenset({"same", "read", "read-discard", "read-replacement", "refresh"})
"""Steps after which the cloud is as it was."""

REPLACE = "replace"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that will not be as it is."""

    urn: str
    operation: str
    """`create`, `update`, `replace`, `delete`, or a rarer one in Pulumi's words."""
    properties: tuple[str, ...] = ()
    """Top-level properties that differ; none for a resource that comes or goes."""
    inputs: Mapping[str, Any]
    """The resource's new inputs, or the last ones when it goes."""

    @property
    def type(self) -> str:
        """`aws:s3/bucket:Bucket`."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[3]

    def __str__(self) -> str:
        properties = f" ({', '.join(self.properties)})" if self.properties else ""
        return f"{self.operation:8}{self.type} {self.name}{properties}"


def changes(preview: Mapping[str, Any]) -> list[Change]:
    """The changes in a preview, in Pulumi's order; the three steps of a replacement count as one."""
    steps: dict[str, list[Mapping[str, Any]]] = {}
    for step in preview.get("steps") or ():
        if step["op"] not in UNCHANGED and _is_in_the_cloud(step):
            steps.setdefault(step["urn"], []).append(step)
    return [_change(urn, of_resource) for urn, of_resource in steps.items()]


def makes_nothing(found: Iterable[Change]) -> bool:
    """Whether all of it is there already, to be changed or deleted."""
    return all(change.operation in ("update", "delete") for change in found)


def _is_in_the_cloud(step: Mapping[str, Any]) -> bool:
    """Components, and the stack itself, are Pulumi's own grouping."""
    state = step.get("newState") or step.get("oldState") or {}
    return state.get("custom", True)


def _change(urn: str, steps: list[Mapping[str, Any]]) -> Change:
    operations = [step["op"] for step in steps]
    replaced = any("replace" in operation for operation in operations)
    states = [step.get("newState") or step.get("oldState") or {} for step in steps]
    return Change(
        urn=urn,
        operation=REPLACE if replaced else operations[-1],
        properties=tuple(sorted({_top(path) for step in steps for path in _paths(step)})),
        inputs=next((state["inputs"] for state in states if state.get("inputs")), {}),
    )


def _paths(step: Mapping[str, Any]) -> Iterable[str]:
    for key in ("diffReasons", "replaceReasons", "detailedDiff"):
        yield from step.get(key) or ()


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]
