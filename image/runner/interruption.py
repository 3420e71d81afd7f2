"""Ends a run from outside: SIGTERM (ECS, Airflow, Spot), SIGINT, and the run's own deadline."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from runner.identity import process_age
from runner.outcome import ExitCode, Interruption

GRACE = 8
"""Seconds that dbt has to cancel its queries; then it is left alone. With the upload, the run ends within 20."""

_INSISTENCE = 0.5
"""Seconds between the interruptions that follow: dbt swallows one for each connection that does not answer."""


@contextmanager
def interruptible(deadline: float, on_interrupt: Callable[[], None]) -> Iterator[None]:
    """Inside, a signal or the deadline (seconds since the process began; 0: none) raises Interruption in the main thread.

    It is raised again after `GRACE`: a warehouse that has stopped answering can't confirm a cancellation.
    """
    first: list[Interruption] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        if not first:
            on_interrupt()
            first.append(_reason(number, deadline))
            signal.setitimer(signal.ITIMER_REAL, GRACE, _INSISTENCE)
        raise first[0]

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_REAL, max(deadline - process_age(), 0.1) if deadline else 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number in before:
            signal.signal(number, signal.SIG_IGN)


def _reason(number: int, deadline: float) -> Interruption:
    if number == signal.SIGALRM:
        return Interruption(f"The run did not end within its {deadline:.0f} seconds.", ExitCode.DEADLINE)
    return Interruption(f"The run was told to end ({signal.Signals(number).name}).", ExitCode.CANCELLED)
