"""What stops a job."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class CiError(Exception):
    """A problem that the reader of the job's log can solve; `fix` says how."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


@contextmanager
def explained() -> Iterator[None]:
    """Ends the program with a problem's text and exit code 1: it is no defect, so there is no traceback."""
    try:
        yield
    except CiError as error:
        print(f"Error: {error}\nWhat to do: {error.fix}", file=sys.stderr)
        sys.exit(1)
