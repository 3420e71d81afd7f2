"""The manifest of the last success: what `run --changed` compares with, and what slim CI defers to.

It says that everything in it was built as it stands there. So only a run that built at least what the manifest before
it covers may replace it: a run of one model says nothing about the others.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from runner.artifacts import Artifacts

MANIFEST = "state/manifest.json"
COVERED = "state/nodes.json"


class State:
    """`<workstream>/state/` in the artifacts bucket."""

    def __init__(self, artifacts: Artifacts, folder: Path) -> None:
        self._artifacts = artifacts
        self.folder = folder

    def fetch(self) -> bool:
        """Put the manifest where dbt can compare with it; whether there is one."""
        manifest = self._artifacts.get_shared(MANIFEST)
        if manifest:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "manifest.json").write_bytes(manifest)
        return bool(manifest)

    def update(self, manifest: Path, built: Iterable[str], existing: Iterable[str], *, compared: bool) -> bool:
        """Replace the manifest after a full success; whether this run covers enough for that.

        Args:
            manifest: dbt's, of this run.
            built: Ids of the nodes that this run built.
            existing: Ids of all nodes of the project as it is now.
            compared: The run built whatever differs from the manifest before (`--changed`), so the rest is as it was.
        """
        before = json.loads(self._artifacts.get_shared(COVERED) or b"[]")
        needed = set() if compared else set(before).intersection(existing)
        covered = set(built).union(set(before).intersection(existing) if compared else ())
        if not needed <= covered:
            return False
        self._artifacts.put_shared(MANIFEST, manifest.read_text())
        self._artifacts.put_shared(COVERED, json.dumps(sorted(covered)))
        return True
