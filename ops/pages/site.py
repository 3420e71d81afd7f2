"""A folder with the morning page and the reports that it leads to, made of what the runs left in S3."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import botocore.config
from botocore.exceptions import ClientError

from ops.credits import by_workstream, credits_of
from ops.pages import record
from ops.pages.catalogue import Entry, catalogue
from ops.pages.morning import DAYS, morning
from ops.pages.record import Record, Run
from ops.stack import Stack, Workstream

REPORTS = 5
"""Of the newest runs of each workstream that are fetched too, beside its last failure's."""

AT_ONCE = 16
"""Requests to S3."""

INDEX, CATALOGUE = "index.html", "catalogue.html"

Item = TypeVar("Item")
Found = TypeVar("Found")


class Site:
    """The folder. What is in it already is not fetched again: a report never changes."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack, self._folder = stack, folder
        config = botocore.config.Config(max_pool_connections=AT_ONCE)
        self._s3: Any = stack.session.client("s3", config=config)

    def build(self, snowflake: str | None = None) -> Path:
        """The page of all workstreams; returns its file. With credits, where somebody names a connection to Snowflake."""
        workstreams = self._stack.workstreams()
        records = _each(self._record, workstreams)
        wanted = [(found.workstream, run) for found in records for run in _shown(found)]
        urls = zip(wanted, _each(self._report, wanted), strict=True)
        there = {(workstream.name, run.id): url for (workstream, run), url in urls if url}  # at five o'clock runs have one id
        name, further = self._stack.output("airflowEnvironment"), CATALOGUE if (self._folder / CATALOGUE).exists() else ""
        page = morning(
            name,
            records,
            lambda whose, run: there.get((whose, run.id)),
            datetime.now(UTC),
            catalogue=further,
            credits=by_workstream(credits_of(name, DAYS, snowflake)) if snowflake else None,
        )
        return self._written(INDEX, page.encode())

    def report(self, workstream: Workstream, run_id: str | None) -> Path | None:
        """The report of a run, or of the last one that left one; None if there is none."""
        runs = [run for run in self._record(workstream).runs if run_id in {None, run.id}]
        for run in reversed(runs[-REPORTS:]):
            if self._report((workstream, run)):
                return self._folder / _place(workstream, run)
        return None

    def catalogue(self) -> Path:
        """The entry to dbt's documentation of all workstreams; returns its file."""
        workstreams = self._stack.workstreams()
        entries = _each(self._entry, workstreams)
        there = dict(zip((found.name for found in workstreams), _each(self._docs, workstreams), strict=True))
        return self._written(CATALOGUE, catalogue(self._stack.output("airflowEnvironment"), entries, there).encode())

    def docs(self, workstream: Workstream) -> Path | None:
        """The documentation of one workstream's project, by dbt; None if nobody has made it yet."""
        place = self._docs(workstream)
        return self._folder / place if place else None

    def _docs(self, workstream: Workstream) -> str | None:
        bucket, prefix = workstream.artifacts
        content = self._get(bucket, f"{prefix}/docs/index.html")
        if content is None:
            return None
        place = f"docs/{workstream.name}/index.html"
        self._written(place, content)
        return place

    def _entry(self, workstream: Workstream) -> Entry:
        """As the workstream's last full success left it."""
        bucket, prefix = workstream.artifacts
        manifest, covered = (self._get(bucket, f"{prefix}/state/{name}.json") for name in ("manifest", "nodes"))
        return Entry.of(workstream, json.loads(manifest or b"{}"), json.loads(covered or b"[]"))

    def _record(self, workstream: Workstream) -> Record:
        return record.read(workstream, self._get(*record.key(workstream)))

    def _report(self, wanted: tuple[Workstream, Run]) -> str | None:
        """Address of the report in the folder, once it is there."""
        workstream, run = wanted
        place, (bucket, prefix) = _place(workstream, run), workstream.artifacts
        if not (self._folder / place).exists():
            content = self._get(bucket, f"{prefix}/runs/{run.id}/{run.try_number}/report.html")
            if content is None:
                return None
            self._written(place, content)
        return quote(place)

    def _get(self, bucket: str, key: str) -> bytes | None:
        """An object, or None: there is none, or it has expired."""
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def _written(self, place: str, content: bytes) -> Path:
        path = self._folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def _shown(found: Record) -> list[Run]:
    """Runs whose reports people open."""
    newest = list(found.runs[-REPORTS:])
    failed = [run for run in found.runs if not run.good][-1:]
    return [*newest, *(run for run in failed if run not in newest)]


def _place(workstream: Workstream, run: Run) -> str:
    """Of a report in the folder; a run's id may hold a colon, which not every file system takes."""
    return f"reports/{workstream.name}/{run.id.replace(':', '-')}/{run.try_number}.html"


def _each(function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(function, items))
