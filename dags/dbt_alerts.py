"""Messages to the people who look after a workstream: a run has failed for good, has recovered, or is late. One each, however many
tries.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from dbt_causes import Diagnosis
from dbt_configuration import Workstream
from dbt_fit import fit
from dbt_metrics import count
from dbt_notice import Notice, quoted
from dbt_retries import RETRY_DELAY, START_AND_STOP

MESSAGE_LIMIT = 250_000
"""Bytes; SNS accepts 262,144 with its attributes (API reference, Publish)."""

METRIC = "AlertsNotSent"

NO_EXCEPTION = "The task ended without an exception: its worker went away, or somebody marked it failed."

LAST_LINES = 5
"""Of an error that the table of causes does not know, in a chat."""


def tell(notice: Notice, *, region: str, topic: str, chat_topic: str | None) -> None:
    """Sends a message to all who are subscribed. Raises what boto3 raises."""
    hook = SnsHook(aws_conn_id=None, region_name=region)
    for target, message in _forms(notice, topic, chat_topic).items():
        hook.publish_to_target(
            target_arn=target, subject=notice.title, message=fit(message, MESSAGE_LIMIT), message_attributes=notice.attributes
        )


def told(found: Diagnosis) -> dict[str, Any]:
    """Cause, steps and detail of a message."""
    return {"why": quoted(f"{found.summary} {found.why}"), "steps": [quoted(found.resolution)], "detail": str(found)}


class Alert(BaseNotifier):
    """Sends a message, and shows one that it could not send: in the task's log, and in a metric that has an alarm."""

    def __init__(self, *, workstream: Workstream, event: str, what: str) -> None:
        super().__init__()
        self.workstream, self.event, self.what = workstream, event, what

    def notify(self, context: Any) -> None:
        notice = self.notice(context)
        try:
            tell(notice, **self.receivers())
        except Exception:
            self.log.error("This alert could not be sent to %s: %s\n%s", self.receivers()["topic"], notice.title, notice.text)  # noqa: TRY400
            count(self.workstream.region, METRIC, Environment=_environment(self.workstream))
            raise

    def notice(self, context: Any) -> Notice:
        """The message about a run."""
        task, instance = context.get("task"), context["ti"]
        pages = {"Run report": getattr(task, "report_page", ""), "Container log": getattr(task, "log_page", "")}
        facts = {"DAG": context["dag"].dag_id, "Run": context["run_id"], "Try": str(instance.try_number)}
        return Notice(
            subject=_subject(self.workstream, self.what),
            event=self.event,
            workstream=self.workstream.name,
            facts=facts,
            links={"Log": instance.log_url, **{name: page for name, page in pages.items() if page}},
            **self.reason(context),
        )

    def receivers(self) -> dict[str, Any]:
        """Arguments for `tell`."""
        own = self.workstream
        return {"region": own.region, "topic": own.alert_topic, "chat_topic": own.chat_topic}

    def reason(self, context: Any) -> Mapping[str, Any]:  # noqa: ARG002 (others need it)
        """Cause, steps and detail of the message."""
        return {}


class FailureAlert(Alert):
    """What happened, why and what to do, as the table of causes says it; and the whole message in a mail."""

    def reason(self, context: Any) -> Mapping[str, Any]:
        detail = str(context.get("exception") or NO_EXCEPTION)
        if found := getattr(context.get("task"), "found", None):
            return {**told(found), "detail": detail}
        return {"why": quoted("\n".join(detail.splitlines()[-LAST_LINES:])), "detail": detail}


class RecoveryAlert(Alert):
    """Speaks up only if the run before this one failed."""

    def notify(self, context: Any) -> None:
        if _failed_before(context):
            super().notify(context)


class PlatformAlert(Alert):
    """Of a DAG that looks after all workstreams, to the platform's own receivers. Any workstream knows them."""

    def notice(self, context: Any) -> Notice:
        return replace(super().notice(context), subject=f"{context['dag'].dag_id} {self.what}", workstream="")

    def receivers(self) -> dict[str, Any]:
        own = self.workstream
        return {"region": own.region, "topic": own.platform_topic, "chat_topic": own.platform_chat_topic}


class OutageAlert(PlatformAlert, FailureAlert):
    """Speaks up unless the run before this one failed too: of what runs every few minutes, one message for all of them."""

    def __init__(self, *, workstream: Workstream, without: str) -> None:
        super().__init__(workstream=workstream, event="failed", what="fails")
        self.without = without

    def notify(self, context: Any) -> None:
        if not _failed_before(context):
            super().notify(context)

    def reason(self, context: Any) -> Mapping[str, Any]:
        until = f"Until it succeeds, {self.without}."
        return {name: f"{text}\n\n{until}" if name in {"why", "detail"} else text for name, text in super().reason(context).items()}


class OutageOverAlert(PlatformAlert, RecoveryAlert):
    """At the first success after that."""


def _failed_before(context: Any) -> bool:
    previous = context["ti"].get_previous_dagrun()
    return previous is not None and previous.state == "failed"


def failed(workstream: Workstream) -> Alert:
    """For `on_failure_callback`, which Airflow does not call for tries that are retried."""
    return FailureAlert(workstream=workstream, event="failed", what="failed")


def recovered(workstream: Workstream) -> Alert:
    """For `on_success_callback`. A run without a date, started by hand, has no run before it and stays silent."""
    return RecoveryAlert(workstream=workstream, event="recovered", what="runs again")


def outage(workstream: Workstream, without: str) -> dict[str, Any]:
    """Callbacks for the task of a DAG that looks after all workstreams.

    Args:
        workstream: Any one.
        without: What does not happen as long as it fails.
    """
    return {
        "on_failure_callback": OutageAlert(workstream=workstream, without=without),
        "on_success_callback": OutageOverAlert(workstream=workstream, event="recovered", what="works again"),
    }


def late(workstream: Workstream) -> list[DeadlineAlert]:
    """No success in the time that all tries may take, from when the run was queued.

    Airflow's triggerer sends it, which knows nothing of this folder: a notifier of the provider's for each form of the message. A
    backfill is never late: its runs are queued all at once and have their turns one after another. Its message has no address,
    because an alert can't choose between runs: the triggerer logs that it was not sent.

    Not deduplicated against `failed`: it reminds of a failure that nobody has mended by then.
    """
    run = {"DAG": "{{ dag_run.dag_id }}", "Run": "{{ dag_run.dag_run_id }}", "State": "{{ dag_run.state }}"}
    due = "{{ deadline.deadline_time }}"
    notice = Notice(
        subject=_subject(workstream, "is late"),
        event="late",
        workstream=workstream.name,
        facts={**run, "Due": due},
        why="No try has succeeded in the time that all of them may take.",
        steps=[f"`ops explain {workstream.name}` says why, if one failed; else it waits, or is stuck: docs/operations.md, Alerts"],
    )
    forms = _forms(notice, workstream.alert_topic, workstream.chat_topic)
    return [_deadline(workstream, notice, topic, message) for topic, message in forms.items()]


def _deadline(workstream: Workstream, notice: Notice, topic: str, message: str) -> DeadlineAlert:
    tries = workstream.retries + 1
    allowed = tries * (timedelta(minutes=workstream.timeout_minutes) + START_AND_STOP) + workstream.retries * RETRY_DELAY
    arguments = {
        "aws_conn_id": None,
        "region_name": workstream.region,
        "target_arn": f"{{{{ '' if dag_run.run_type == 'backfill' else '{topic}' }}}}",
        "subject": notice.title,
        "message": message,
        "message_attributes": notice.attributes,
    }
    return DeadlineAlert(
        name="late",
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        # In seconds: clearing a task whose run has a timedelta here is answered with an error 500 (apache/airflow#70368).
        interval=allowed.total_seconds(),  # pyright: ignore[reportArgumentType]
        callback=AsyncCallback(f"{SnsNotifier.__module__}.{SnsNotifier.__name__}", kwargs=arguments),
    )


def _forms(notice: Notice, topic: str, chat_topic: str | None) -> dict[str, str]:
    """The message that each topic gets."""
    return {topic: notice.text} | ({chat_topic: notice.chat} if chat_topic else {})


def _environment(workstream: Workstream) -> str:
    """Name of the Airflow environment: everything of a stack that AWS wants a name for has the same."""
    return workstream.cluster.rpartition("/")[2]


def _subject(workstream: Workstream, what: str) -> str:
    return f"dbt workstream {workstream.name} {what}"
