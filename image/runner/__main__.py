"""`python -m runner`."""

import os
import signal

from runner.outcome import ExitCode

# The kernel ignores what the first process of a container has no handler for. Until there is a run to cancel, it just ends.
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: os._exit(ExitCode.CANCELLED))

from runner.cli import main  # noqa: E402 - what it imports takes a while

main()
