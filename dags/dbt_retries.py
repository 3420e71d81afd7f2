"""How often airflow tries a run, and when: what a try itself reports counts, and a worker that was lost does not end the run."""

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

START_AND_STOP = timedelta(minutes=10)
"""Time around dbt's own: Fargate starts the task and pulls the image, and the container has 120 s to stop (`stopTimeout`)."""

RETRY_DELAY = timedelta(minutes=2)
"""As long as `stopTimeout`, so that the container of the former try is gone before the next one writes."""

LOST_WORKERS = 10
"""Tries beyond the workstream's own: they find the container of a try whose worker was lost, and wait for that.

Each costs only the wait. With two of them, a run under random kills (`make benchmark-kills`) met a third and failed, and with five
one of 23 runs failed.
"""


class RunFailedError(SystemExit):
    """A try that has said in its log why it failed.

    As a process that ends with a code: for any other exception Airflow logs the frames of its own stack below the message.
    """

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(1)
        self.message = message
        self.again = again
        """Another try may succeed."""

    def __str__(self) -> str:
        return self.message


class OwnFailures(RetryPolicy):
    """Ends a run at what no other try would mend, and at its last own failure. Of a lost worker Airflow asks no policy: that gets
    one of the tries that are left.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Any = None,  # noqa: ARG002 (Airflow's signature)
    ) -> RetryDecision:
        if isinstance(exception, RunFailedError) and not exception.again:
            return RetryDecision.fail("Another try would end the same.")
        if try_number > max_tries - LOST_WORKERS:
            return RetryDecision.fail(f"All of the workstream's own tries are used; the other {LOST_WORKERS} are for lost workers.")
        return RetryDecision.default()
