"""What dbt, the project and the runner itself fail of."""

from .dbt_project import FAILED, PROJECT
from .dbt_run import MACHINE, RUNNER, TESTS
from .model import Cause

BEFORE: tuple[Cause, ...] = (*RUNNER, *MACHINE, *TESTS)
"""Told by the runner, or so special that no message of the warehouse has their words."""

AFTER: tuple[Cause, ...] = (*PROJECT, FAILED)
"""Words that a statement's message could have too: after the warehouse's."""
