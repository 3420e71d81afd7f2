"""`progress.json`: stored while the run goes on, so that the next try of the run goes on where this one ended, however it ended."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from runner.artifacts import Artifacts
from runner.output import Output
from runner.progress import SUCCEEDED, Progress, Result
from runner.steps import Step

INTERVAL = 2.0
"""Seconds between two uploads at least; so much work at most is done twice after a kill."""

FILE = "progress.json"


@dataclass(frozen=True, kw_only=True)
class Former:
    """What earlier tries of a run completed."""

    results: Mapping[str, Result] = field(default_factory=dict)
    """By the id of the node."""
    commands: int = 0
    """So many of the run's commands, from the first on, ended well."""


class Journal:
    """Uploads the results in a thread of its own."""

    def __init__(
        self, artifacts: Artifacts, progress: Progress, identity: Mapping[str, object], output: Output, steps: Sequence[Step] = ()
    ) -> None:
        self._artifacts = artifacts
        self._progress = progress
        self._steps = steps
        self._identity = json.loads(json.dumps(identity))
        self._output = output
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="journal")

    def former(self, run_id: str, try_number: int) -> Former:
        """What earlier tries of this run completed; nothing if they ran something else.

        The last try that completed anything counts: it had taken over what those before it did. One that completed nothing may
        not even have come to look for them.
        """
        for earlier in range(try_number - 1, 0, -1):
            found = json.loads(self._artifacts.get(f"{self._artifacts.folder(run_id, earlier)}/{FILE}") or b"{}")
            results = {node_id: Result(**result) for node_id, result in found.get("results", {}).items()}
            completed = {node_id: result for node_id, result in results.items() if result.status in SUCCEEDED}
            if completed and found["identity"] != self._identity:
                self._output.event("resume", tryNumber=earlier, ignored="it ran another image, selection or vars")
                return Former()
            if completed:
                return Former(results=completed, commands=found.get("commands", 0))
        return Former()

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Stop following; the caller stores the rest."""
        self._ended.set()
        self._progress.changed.set()
        if self._thread.is_alive():
            self._thread.join(INTERVAL)

    def store(self) -> None:
        """Upload the results as they are now."""
        results = {node_id: asdict(result) for node_id, result in list(self._progress.results.items())}
        ended = sum(step.status == "success" for step in self._steps)
        self._artifacts.put(FILE, json.dumps({"identity": self._identity, "commands": ended, "results": results}))

    def _follow(self) -> None:
        while not self._ended.is_set():
            self._progress.changed.wait()
            self._progress.changed.clear()
            if self._ended.is_set():
                return
            try:
                self.store()
            except Exception as error:  # noqa: BLE001 - the run goes on; its end says what could not be stored
                self._output.event("warning", message=f"The progress could not be stored: {error}")
            self._ended.wait(INTERVAL)
