"""`built.json`: how each node was when it last succeeded, and who is building what, for runs that build what is new.

The file is the workstream's own, or that of all workstreams that build one project into one database. Those write it one after the
other: S3 takes a page only in the place of the one that was read (Amazon S3, "Conditional writes": `If-Match`, `If-None-Match`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from runner.artifacts import Artifacts
from runner.code import Code

SCHEMA_VERSION = 1

TRIES = 20
"""To write the page in the place of the one that was read: each means that somebody else has written it."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """A node's last success."""

    code: Code
    at: str
    """When it began, ISO 8601: the version of what it made."""
    read: Mapping[str, str]
    """Id of what it read directly: the version of that; what has no known one is missing."""


@dataclass(frozen=True, kw_only=True)
class Building:
    """What a run is about to build."""

    until: str
    """ISO 8601, UTC: a run that goes on moves it; one that was killed does not."""
    nodes: list[str]

    @property
    def counts(self) -> bool:
        return datetime.fromisoformat(self.until) > datetime.now(UTC)


@dataclass
class Page:
    """The file's content."""

    nodes: dict[str, Built] = field(default_factory=dict)
    """By a node's place in the warehouse (`Dbt.places`): a project may be built into several schemas."""
    building: dict[str, Building] = field(default_factory=dict)
    """By workstream, of which one run is on at a time (dags/dbt_operator.py)."""

    @classmethod
    def read(cls, text: bytes | None) -> "Page":
        """Empty where there is none, or one of another version."""
        found: dict[str, Any] = json.loads(text or b"{}")
        if found.get("schemaVersion") != SCHEMA_VERSION:
            return cls()
        nodes = {place: Built(**{**kept, "code": Code(**kept["code"])}) for place, kept in found["nodes"].items()}
        return cls(nodes, {workstream: Building(**each) for workstream, each in found["building"].items()})

    def json(self) -> str:
        """Without the runs that were killed."""
        self.building = {workstream: each for workstream, each in self.building.items() if each.counts}
        return json.dumps({"schemaVersion": SCHEMA_VERSION, **asdict(self)}, separators=(",", ":"))


class BuiltNodes:
    """The file, as it was when the run read or wrote it last."""

    def __init__(self, artifacts: Artifacts, key: str) -> None:
        self._artifacts = artifacts
        self._key = key
        self._version = ""

    @cached_property
    def page(self) -> Page:
        text, self._version = self._artifacts.get_version(self._key)
        return Page.read(text)

    def read(self) -> None:
        """Forget what was read: somebody else may have written."""
        self.__dict__.pop("page", None)

    def write(self) -> bool:
        """Store the page as it is now; False: somebody else has written since it was read."""
        version = self._artifacts.put_version(self._key, self.page.json(), self._version)
        self._version = version or self._version
        return bool(version)

    def change(self, change: Callable[[Page], None]) -> None:
        """Do this to the page, whoever writes it meanwhile. Raises RuntimeError if somebody always does."""
        for _ in range(TRIES):
            change(self.page)
            if self.write():
                return
            self.read()
        raise RuntimeError(f"{self._key} was written by others {TRIES} times in a row")
