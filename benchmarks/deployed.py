"""A deployed sandbox for one benchmark."""

import contextlib
from collections.abc import Iterator

from sandbox.demo import demo, lifecycle
from sandbox.demo.stack import Stack
from sandbox.paths import REPOSITORY, Home
from sandbox.steps import Steps
from tests.conftest import deploy


@contextlib.contextmanager
def deployed() -> Iterator[Stack]:
    """Deployed as `make demo` does it, with the warehouse's credentials; all that it started is ended."""
    home = Home(REPOSITORY / ".sandbox-benchmark")
    with lifecycle.locked(home):
        try:
            stack = deploy(home)
            demo.put_credentials(Steps(), stack)
            yield stack
        finally:
            lifecycle.clear(home, print)
