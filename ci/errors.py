"""What stops a job."""


class CiError(Exception):
    """A problem that the reader of the job's log can solve; `fix` says how."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix
