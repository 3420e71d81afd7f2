"""The error that a user of the sandbox sees."""


class SandboxError(Exception):
    """A failure with its fix; printed without a traceback, exit code 1."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}\n{fix}")
        self.problem = problem
        self.fix = fix
