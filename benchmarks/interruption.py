"""Ends a benchmark from outside as Ctrl-C does: what it started is ended too."""

import signal
import sys
from types import FrameType


def end_cleanly_on_sigterm() -> None:
    """SIGTERM would end the process at once, and leave its containers, images and servers; a second one is ignored."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)
