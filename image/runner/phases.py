"""Where the time of a run goes: one phase after the other, without a gap, from the start of the container's process."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of the run."""

    name: str
    start: float
    """Seconds since the container's process began."""
    seconds: float


class Phases:
    """A clock that is told what begins; what was before ends with it."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._begun: list[tuple[str, float]] = [("start", 0)]

    def begin(self, name: str) -> None:
        """Nothing, if that is what is on."""
        if name != self._begun[-1][0]:
            self._begun.append((name, self._elapsed()))

    @property
    def now(self) -> str:
        """Name of what is on."""
        return self._begun[-1][0]

    def so_far(self) -> list[Phase]:
        """All of them, the last up to now."""
        ends = [*(start for _, start in self._begun[1:]), self._elapsed()]
        return [
            Phase(name=name, start=round(start, 3), seconds=round(end - start, 3))
            for (name, start), end in zip(self._begun, ends, strict=True)
        ]
