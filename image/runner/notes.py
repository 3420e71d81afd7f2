"""What comes before a failure: a task that has hardly any memory or disk left, a run that takes much longer than usual."""

import hashlib
import json
import resource
import shutil
import statistics
from pathlib import Path
from typing import Any

from runner.artifacts import Artifacts
from runner.environment import Environment
from runner.outcome import ExitCode
from runner.summary import Summary

FULL = 0.9
"""Share of the memory or the disk from which people are told."""

DURATIONS = "latest/durations.json"
"""`[what was asked, seconds]` of the last runs that succeeded at their first try, the newest last."""

KEPT = 50
ENOUGH = 3
"""Runs without which nobody can say what is usual."""

SLOW = 2
"""Times the usual."""

SHORT = 60
"""Seconds: what a container needs for its start varies more than the double of a run below that."""

DISK = Path("/tmp")  # noqa: S108 - on the task's ephemeral storage, as everything that is written


class Notes:
    """Of one run."""

    def __init__(self, environment: Environment, artifacts: Artifacts, asked: dict[str, Any]) -> None:
        self._environment = environment
        self._artifacts = artifacts
        self._asked = hashlib.sha256(json.dumps(asked, default=str, sort_keys=True).encode()).hexdigest()[:16]
        """Runs that were asked for the same are compared."""

    def of(self, summary: Summary) -> list[str]:
        """A sentence for each thing that is worth one. A run that was told to end has no time to look at others."""
        found = [self._memory(), self._disk()]
        if summary.code != ExitCode.CANCELLED:
            found.append(self._slowness(summary.seconds))
        return [note for note in found if note]

    def keep(self, summary: Summary) -> None:
        """Remember a success for later runs; what a further try takes says nothing."""
        if self._environment.try_number == 1:
            kept = [*self._durations(), [self._asked, summary.seconds]]
            self._artifacts.put_shared(DURATIONS, json.dumps(kept[-KEPT:]))

    def _memory(self) -> str:
        """As dbt runs in this process, its peak is the container's but for some MiB (getrusage(2): KiB on Linux)."""
        mib, limit = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, self._environment.memory
        if not limit or mib < FULL * limit:
            return ""
        return (
            f"dbt used {mib:.0f} of the task's {limit} MiB of memory: raise the workstream's `memory` before Fargate kills a run."
        )

    def _disk(self) -> str:
        disk = shutil.disk_usage(DISK)
        if disk.used < FULL * (disk.used + disk.free):
            return ""
        gib = f"{disk.free / 2**30:.1f} GiB"
        return f"The task's disk has {gib} left: raise `ephemeralStorageGib` of the workstream, or find what writes so much to it."

    def _slowness(self, seconds: float) -> str:
        try:
            former = [each for asked, each in self._durations() if asked == self._asked]
        except Exception:  # noqa: BLE001 - S3 may fail in many ways; storing will say so
            return ""
        usual = statistics.median(former) if len(former) >= ENOUGH else seconds
        if seconds < max(SLOW * usual, SHORT):
            return ""
        return (
            f"The run took {seconds:.0f} s, usually {usual:.0f} s (median of {len(former)}): the report shows what took the time."
        )

    def _durations(self) -> list[tuple[str, float]]:
        return [(asked, seconds) for asked, seconds in json.loads(self._artifacts.get_shared(DURATIONS) or b"[]")]
