"""Says every minute what the run waits for: a warehouse that does not answer would leave a log without a word."""

import threading
import time

from runner.output import Output
from runner.phases import Phases
from runner.progress import Progress

INTERVAL = 60.0
"""Seconds."""


class Pulse:
    """Speaks up in a thread of its own, as long as nothing ends: no node, and nothing that the run does before them."""

    def __init__(self, progress: Progress, phases: Phases, output: Output, interval: float = INTERVAL) -> None:
        self._progress = progress
        self._phases = phases
        self._output = output
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="pulse")

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()

    def _follow(self) -> None:
        done, since = self._done(), time.monotonic()
        while not self._ended.wait(self._interval):
            if self._done() != done:
                done, since = self._done(), time.monotonic()
                continue
            waited = {"nodes": list(self._progress.running), "phase": self._phases.now, "seconds": round(time.monotonic() - since)}
            self._output.event("still_running", **waited)

    def _done(self) -> tuple[int, str]:
        return len(self._progress.results), self._phases.now
