"""What comes before a failure: a task that has hardly any memory or disk left, a run that takes much longer than usual."""

import resource
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from runner.summary import Summary

FULL = 0.9
"""Share of the memory or the disk from which people are told."""

ENOUGH = 3
"""Runs without which nobody can say what is usual."""

SLOW = 2
"""Times the usual."""

SHORT = 60
"""Seconds: what a container needs for its start varies more than the double of a run below that."""

DISK = Path("/tmp")  # noqa: S108 - on the task's ephemeral storage, as everything that is written


def notes(summary: Summary, former: Sequence[float]) -> list[str]:
    """A sentence for each thing that is worth one.

    Args:
        summary: Of the run.
        former: Seconds of the runs before it that are like it.
    """
    found = [_memory(summary.environment.memory), _disk(), _slowness(summary.seconds, former)]
    return [note for note in found if note]


def _memory(limit: int) -> str:
    """As dbt runs in this process, its peak is the container's but for some MiB (getrusage(2): KiB on Linux)."""
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if not limit or mib < FULL * limit:
        return ""
    return f"dbt used {mib:.0f} of the task's {limit} MiB of memory: raise the workstream's `memory` before Fargate kills a run."


def _disk() -> str:
    disk = shutil.disk_usage(DISK)
    if disk.used < FULL * (disk.used + disk.free):
        return ""
    gib = f"{disk.free / 2**30:.1f} GiB"
    return f"The task's disk has {gib} left: raise `ephemeralStorageGib` of the workstream, or find what writes so much to it."


def _slowness(seconds: float, former: Sequence[float]) -> str:
    usual = statistics.median(former) if len(former) >= ENOUGH else seconds
    if seconds < max(SLOW * usual, SHORT):
        return ""
    return f"The run took {seconds:.0f} s, usually {usual:.0f} s (median of {len(former)}): the report shows what took the time."
