"""Who changed what behind Pulumi's back, as far as its own look at the cloud can tell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ci import plan

GONE = "delete"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One resource that is not as Pulumi left it."""

    change: plan.Change
    set_by_us: tuple[str, ...]
    """Properties that differ and that the program sets: somebody changed them."""
    filled_in: tuple[str, ...]
    """Properties that differ and that the program leaves to AWS."""

    @property
    def by_somebody(self) -> bool:
        """Did a person, or a tool, do this? AWS deletes nothing, and changes nothing that it was told."""
        return self.change.operation == GONE or bool(self.set_by_us)

    def __str__(self) -> str:
        name = f"{self.change.type} {self.change.name}"
        if self.change.operation == GONE:
            return f"{name}: is gone; somebody deleted it"
        parts = [f"somebody changed {', '.join(self.set_by_us)}"] if self.set_by_us else []
        parts += [f"AWS filled in {', '.join(self.filled_in)}, which the program does not set"] if self.filled_in else []
        return f"{name}: {'; '.join(parts)}"


def differences(refresh: Mapping[str, Any]) -> Iterator[Difference]:
    """What `pulumi refresh --preview-only --json` found, in its order."""
    set_by_us = {step["urn"]: (step.get("oldState") or {}).get("inputs") or {} for step in refresh.get("steps") or ()}
    for change in plan.changes(refresh):
        ours = set_by_us[change.urn]
        yield Difference(
            change=change,
            set_by_us=tuple(name for name in change.properties if name in ours),
            filled_in=tuple(name for name in change.properties if name not in ours),
        )
