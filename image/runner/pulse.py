"""Says every minute what the run waits for: a warehouse that does not answer would leave a log without a word."""

import threading
import time

from runner.output import Output
from runner.progress import Progress

INTERVAL = 60.0
"""Seconds."""


class Pulse:
    """Speaks up in a thread of its own, as long as nodes are running and none has ended."""

    def __init__(self, progress: Progress, output: Output, interval: float = INTERVAL) -> None:
        self._progress = progress
        self._output = output
        self._interval = interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="pulse")

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()

    def _follow(self) -> None:
        done, since = len(self._progress.results), time.monotonic()
        while not self._ended.wait(self._interval):
            if len(self._progress.results) != done:
                done, since = len(self._progress.results), time.monotonic()
            elif running := list(self._progress.running):
                self._output.event("still_running", nodes=running, seconds=round(time.monotonic() - since))
