"""The manifest of the last success: what `run --changed` compares with, and what slim CI defers to.

Beside it lies which of its nodes were built as they stand in it: a run of one model says nothing about the others. Only a
run that built all of these again, or those of them that differ, may replace it.
"""

import json
from collections.abc import Collection
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

    def covered(self) -> set[str]:
        """Ids of the nodes that were built as they stand in the manifest."""
        return set(json.loads(self._artifacts.get_shared(COVERED) or b"[]"))

    def update(
        self, manifest: Path, built: Collection[str], existing: Collection[str], changed: Collection[str] | None = None
    ) -> bool:
        """Replace the manifest after a full success; whether this run built enough for that.

        Args:
            manifest: dbt's, of this run.
            built: Ids of the nodes that this run built.
            existing: Ids of all nodes of the project as it is now.
            changed: Of these, what differs from the manifest before, or depends on what does; None: nobody has looked.
        """
        before = self.covered().intersection(existing)
        needed = before if changed is None else before.intersection(changed)
        if not needed.issubset(built):
            return False
        self._artifacts.put_shared(MANIFEST, manifest.read_text())
        self._artifacts.put_shared(COVERED, json.dumps(sorted(before.union(built))))
        return True
