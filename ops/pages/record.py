"""What the runs of a workstream left behind, as `image/runner/history.py` writes it down."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any, NamedTuple

from croniter import croniter
from runner.history import FILE, SCHEMA_VERSION
from runner.progress import FAILED, TESTS

from ops import prices
from ops.stack import Workstream

USUAL = 10
"""Runs of which the median is what is usual; a trend compares the newest of them with those before."""


class Result(NamedTuple):
    """How a node ended in one run."""

    started: str
    status: str
    seconds: float
    rows: int | None


@dataclass(frozen=True, kw_only=True)
class Node:
    """A model, a test, a seed, with its last results, oldest first."""

    workstream: str
    name: str
    kind: str
    path: str
    results: Sequence[Result]

    @property
    def is_test(self) -> bool:
        return self.kind in TESTS

    @property
    def is_mart(self) -> bool:
        """As the DAG has it, which makes an asset of each (dags/dbt_summary.py)."""
        return self.kind == "model" and "marts" in self.path.split("/")[:-1]

    @cached_property
    def failures(self) -> int:
        return sum(result.status in FAILED for result in self.results)

    @cached_property
    def seconds(self) -> float:
        """What it usually takes."""
        return median([result.seconds for result in self.results[-USUAL:]] or [0])

    @cached_property
    def rows(self) -> list[int]:
        """That it wrote, run by run."""
        return [result.rows for result in self.results if result.rows is not None and result.status not in FAILED]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run, with all its tries: its end is that of the last one."""

    id: str
    try_number: int
    started: datetime
    seconds: float
    outcome: str
    cause: str | None
    failed: Sequence[str]
    spent: float
    """Dollars, of all tries."""

    @property
    def good(self) -> bool:
        return self.outcome == "success"

    @property
    def ended(self) -> datetime:
        return self.started + timedelta(seconds=self.seconds)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One workstream."""

    workstream: Workstream
    runs: Sequence[Run] = ()
    """Oldest first."""
    nodes: Sequence[Node] = ()
    sources: Sequence[Mapping[str, Any]] = field(default_factory=list)
    """As its last run that checked any found them."""

    @property
    def last(self) -> Run | None:
        return self.runs[-1] if self.runs else None

    @cached_property
    def success_rate(self) -> float | None:
        """From 0 to 1; None before the first run."""
        return sum(run.good for run in self.runs) / len(self.runs) if self.runs else None

    @cached_property
    def usual(self) -> float | None:
        """Seconds of a run that succeeds: the median of the newest."""
        seconds = [run.seconds for run in self.runs if run.good]
        return median(seconds[-USUAL:]) if seconds else None

    @cached_property
    def trend(self) -> float | None:
        """By which part runs have become longer, as against the ones before; None with too few to say."""
        seconds = [run.seconds for run in self.runs if run.good]
        if len(seconds) < 2 * USUAL:
            return None
        before = median(seconds[-3 * USUAL : -USUAL])
        return median(seconds[-USUAL:]) / before - 1 if before else None

    def spent(self, since: datetime) -> float:
        """Dollars for Fargate."""
        return sum(run.spent for run in self.runs if run.started >= since)

    def stale(self) -> list[Mapping[str, Any]]:
        """Sources that nobody but others could make younger."""
        return [source for source in self.sources if source["status"] in {"warn", "error"} and not source["own"]]

    def late(self, now: datetime, others: Mapping[str, "Record"]) -> datetime | None:
        """Since when a run should have ended that has not even begun; None if all is well, or nothing starts it."""
        due = self._due(now, others)
        if due is None or self.last is None or self.last.started >= due:
            return None
        by = due + timedelta(minutes=self.workstream.longest_minutes)
        return by if by < now else None

    def next(self, now: datetime) -> datetime | None:
        """When it begins, in its time zone; None if nothing but people or another workstream starts it."""
        clock = self._clock(now)
        return clock.get_next(datetime) if clock else None

    def _due(self, now: datetime, others: Mapping[str, "Record"]) -> datetime | None:
        """When it should have begun last."""
        schedule = self.workstream.schedule
        if schedule in others:
            good = [run.ended for run in others[schedule].runs if run.good]
            return max(good, default=None)
        clock = self._clock(now)
        return clock.get_prev(datetime) if clock else None

    def _clock(self, now: datetime) -> croniter | None:
        cron = self.workstream.cron
        return croniter(cron, now.astimezone(self.workstream.zone)) if cron else None


def read(workstream: Workstream, text: bytes | None) -> Record:
    """One file; a workstream that has none, or one of another version, has no runs yet.

    Args:
        workstream: Whose.
        text: Contents of its `latest/history.json`.
    """
    page: dict[str, Any] = json.loads(text or b"{}")
    if page.get("schemaVersion") != SCHEMA_VERSION:
        return Record(workstream=workstream)
    nodes = [
        Node(
            workstream=workstream.name,
            name=node["name"],
            kind=node["kind"],
            path=node["path"],
            results=[Result(*result) for result in node["results"]],
        )
        for node in page["nodes"].values()
    ]
    return Record(workstream=workstream, runs=_runs(workstream, page["runs"]), nodes=nodes, sources=page["sources"])


def _runs(workstream: Workstream, tries: Sequence[Mapping[str, Any]]) -> list[Run]:
    runs: dict[str, Run] = {}
    for found in tries:
        before = runs.pop(found["run"], None)
        runs[found["run"]] = Run(
            id=found["run"],
            try_number=found["try"],
            started=datetime.fromisoformat(found["started"]),
            seconds=found["seconds"],
            outcome=found["outcome"],
            cause=found["cause"],
            failed=found["failed"],
            spent=prices.task(found["seconds"], **workstream.size) + (before.spent if before else 0),
        )
    return list(runs.values())


def key(workstream: Workstream) -> tuple[str, str]:
    """Bucket and key of its file."""
    bucket, prefix = workstream.artifacts
    return bucket, f"{prefix}/{FILE}"
