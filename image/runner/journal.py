"""`progress.json`: stored while the run goes on, so that the next try of the run goes on where this one ended, however it ended."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from runner.artifacts import Artifacts
from runner.output import Output
from runner.progress import SUCCEEDED, Progress, Result, now
from runner.steps import Step

INTERVAL = 0.5
"""Seconds between two uploads at least."""

FILE = "progress.json"


@dataclass(frozen=True, kw_only=True)
class Former:
    """The run's earlier tries."""

    results: Mapping[str, Result]
    """What they completed, by node id."""
    began: str
    """When the first of them came to build, ISO 8601; nothing: none did, of the same image, selection and vars."""
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
        self._began = now()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="journal")

    def former(self, run_id: str, try_number: int) -> Former:
        """What earlier tries of this run did; nothing if they ran something else.

        The last try that completed anything counts: it had taken over what those before it did. One that completed nothing may
        not even have come to look for them.
        """
        began, commands = "", 0
        for earlier in range(try_number - 1, 0, -1):
            found = json.loads(self._artifacts.get(f"{self._artifacts.folder(run_id, earlier)}/{FILE}") or b"{}")
            results = {node_id: Result(**result) for node_id, result in found.get("results", {}).items()}
            completed = {node_id: result for node_id, result in results.items() if result.status in SUCCEEDED}
            same = found.get("identity") == self._identity
            if completed and not same:
                self._output.event("resume", tryNumber=earlier, ignored="it ran another image, selection or vars")
                break
            if same:
                self._began = began = found.get("began", "")
                commands = max(commands, found.get("commands", 0))
            if completed:
                return Former(results=completed, began=began, commands=commands)
        return Former(results={}, began=began, commands=commands)

    def start(self) -> None:
        """Store that the run builds now, and from now on each result."""
        self._progress.changed.set()
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
        page = {"identity": self._identity, "began": self._began, "commands": ended, "results": results}
        page["of"] = len(self._progress.nodes)
        self._artifacts.put(FILE, json.dumps(page))

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
