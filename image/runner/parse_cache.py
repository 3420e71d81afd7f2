"""Keeps dbt's parsed project between runs, in S3: an unchanged project is not parsed again.

One entry per image, target, connection and the workstream's own variables: dbt parses anew when any of these differs, because
they go into the names that it computes while parsing. A damaged entry does no harm: dbt says so and parses.
"""

import hashlib
from pathlib import Path

from runner.artifacts import Artifacts
from runner.environment import Environment

FILE = "partial_parse.msgpack"


class ParseCache:
    """The entry of this run."""

    def __init__(self, artifacts: Artifacts, environment: Environment, fingerprint: str, target: Path) -> None:
        connection = repr((environment.warehouse, environment.target, environment.variables)).encode()
        self._key = f"parse/{fingerprint}/{hashlib.sha256(connection).hexdigest()[:16]}/{FILE}"
        self._artifacts = artifacts
        self._path = target / FILE
        self._fetched = b""

    @property
    def fetched(self) -> bool:
        """Whether there was one."""
        return bool(self._fetched)

    def fetch(self) -> bool:
        """Put the entry where dbt looks for it; whether there was one."""
        self._fetched = self._artifacts.get_shared(self._key) or b""
        if self._fetched:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(self._fetched)
        return bool(self._fetched)

    def store(self) -> None:
        """Keep what dbt parsed; only if there was no entry, or dbt could not use it."""
        if self._path.exists() and (parsed := self._path.read_bytes()) != self._fetched:
            self._artifacts.put_shared(self._key, parsed)
