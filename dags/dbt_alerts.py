"""Messages to the stack's SNS topic: a run has failed for good, has recovered, or is late. One each, however many tries.

And of the DAGs that look after all workstreams: one when they begin to fail, one when they work again.
"""

from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from dbt_configuration import Workstream
from dbt_fit import fit
from dbt_metrics import count
from dbt_retries import RETRY_DELAY, START_AND_STOP

SUBJECT_LIMIT = 100
"""Characters that SNS accepts (API reference, Publish)."""

RUN = "DAG: {{ dag.dag_id }}\nRun: {{ run_id }}\nTry: {{ ti.try_number }}\nLog: {{ ti.log_url }}"

REASON = "{{ exception | default('The task ended without an exception: its worker went away, or somebody marked it failed.') }}"

MESSAGE_LIMIT = 250_000
"""Bytes; SNS accepts 262,144 with its attributes (API reference, Publish)."""

METRIC = "AlertsNotSent"


class Alert(SnsNotifier):
    """Sends what fits, and shows what it could not send: in the task's log, and in a metric that has an alarm."""

    def __init__(self, *, environment: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.environment = environment

    def notify(self, context: Any) -> None:
        self.message = fit(self.message, MESSAGE_LIMIT)
        try:
            super().notify(context)
        except Exception:
            self.log.error("This alert could not be sent to %s: %s\n%s", self.target_arn, self.subject, self.message)  # noqa: TRY400
            count(str(self.region_name), METRIC, Environment=self.environment)
            raise


class RecoveryNotifier(Alert):
    """Speaks up only if the run before this one failed."""

    def notify(self, context: Any) -> None:
        if _failed_before(context):
            super().notify(context)


class OutageNotifier(Alert):
    """Speaks up unless the run before this one failed too: of what runs every few minutes, one message for all of them."""

    def notify(self, context: Any) -> None:
        if not _failed_before(context):
            super().notify(context)


def _failed_before(context: Any) -> bool:
    previous = context["ti"].get_previous_dagrun()
    return previous is not None and previous.state == "failed"


def failed(workstream: Workstream) -> Alert:
    """For `on_failure_callback`, which Airflow does not call for tries that are retried."""
    message = _message(workstream, f"dbt workstream {workstream.name} failed", f"{RUN}\n\n{REASON}")
    return Alert(environment=_environment(workstream), **message)


def recovered(workstream: Workstream) -> RecoveryNotifier:
    """For `on_success_callback`. A run without a date, started by hand, has no run before it and stays silent."""
    message = _message(workstream, f"dbt workstream {workstream.name} runs again", RUN)
    return RecoveryNotifier(environment=_environment(workstream), **message)


def outage(workstream: Workstream, dag_id: str, without: str) -> dict[str, Any]:
    """Callbacks for the task of a DAG that looks after all workstreams.

    Args:
        workstream: Any one: it says where messages go.
        dag_id: The DAG.
        without: What does not happen as long as it fails.
    """
    began = _message(workstream, f"{dag_id} fails", f"{RUN}\n\n{REASON}\n\nUntil it succeeds, {without}.")
    ended = _message(workstream, f"{dag_id} works again", RUN)
    environment = _environment(workstream)
    return {
        "on_failure_callback": OutageNotifier(environment=environment, **began),
        "on_success_callback": RecoveryNotifier(environment=environment, **ended),
    }


def late(workstream: Workstream) -> DeadlineAlert:
    """No success in the time that all tries may take, from when the run was queued.

    A backfill is never late: its runs are queued all at once and have their turns one after another. Its message has no
    address, because an alert can't choose between runs: Airflow's triggerer logs that it was not sent.

    Not deduplicated against `failed`: it reminds of a failure that nobody has mended by then.
    """
    tries = workstream.retries + 1
    allowed = tries * (timedelta(minutes=workstream.timeout_minutes) + START_AND_STOP) + workstream.retries * RETRY_DELAY
    text = "DAG: {{ dag_run.dag_id }}\nRun: {{ dag_run.dag_run_id }}\nState: {{ dag_run.state }}\nDue: {{ deadline.deadline_time }}"
    message = _message(workstream, f"dbt workstream {workstream.name} is late", text)
    topic = f"{{{{ '' if dag_run.run_type == 'backfill' else '{message['target_arn']}' }}}}"
    notifier = f"{SnsNotifier.__module__}.{SnsNotifier.__name__}"
    return DeadlineAlert(
        name="late",
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        # In seconds: clearing a task whose run has a timedelta here is answered with an error 500 (apache/airflow#70368).
        interval=allowed.total_seconds(),  # pyright: ignore[reportArgumentType]
        callback=AsyncCallback(notifier, kwargs=message | {"target_arn": topic}),
    )


def _environment(workstream: Workstream) -> str:
    """Name of the Airflow environment: everything of a stack that AWS wants a name for has the same."""
    return workstream.cluster.rpartition("/")[2]


def _message(workstream: Workstream, subject: str, text: str) -> dict[str, Any]:
    return {
        "aws_conn_id": None,
        "region_name": workstream.region,
        "target_arn": workstream.alert_topic,
        "subject": subject[:SUBJECT_LIMIT],
        "message": text,
    }
