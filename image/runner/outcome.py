"""How a run ends: exit codes, and the errors that say what to do."""

from collections.abc import Mapping
from enum import IntEnum

from runner.causes import diagnose


class ExitCode(IntEnum):
    """The container's exit code; Airflow and ECS show it."""

    SUCCESS = 0
    FAILED = 1
    """Nodes or tests failed."""
    NOT_STARTED = 2
    """Configuration or connection."""
    DEADLINE = 3
    NOT_STORED = 4
    """Everything was built, and the artifacts could not be stored: the next try stores them, and builds nothing."""
    CANCELLED = 143
    """128 + SIGTERM, as a shell would report it."""


class RunnerError(Exception):
    """A failure that a person can mend, with the way to do it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.problem}\n  What to do: {self.fix}"

    @classmethod
    def about(cls, problem: str, names: Mapping[str, str] | None = None) -> "RunnerError":
        """A failure in the words of dbt or Python, with the way that the table of causes knows."""
        return cls(problem, diagnose("run", problem, names).resolution)


class Interruption(KeyboardInterrupt):
    """The run has to end now. dbt knows KeyboardInterrupt and cancels its queries on it."""

    def __init__(self, reason: str, code: ExitCode) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
