"""The airflow operator that runs dbt as one Fargate task: Amazon's own, plus what people who read a DAG's log miss in it."""

import json
import time
from datetime import timedelta
from typing import Any, NoReturn

from airflow.providers.amazon.aws.exceptions import EcsOperatorError
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.providers.amazon.aws.utils.task_log_fetcher import AwsTaskLogFetcher
from airflow.sdk.exceptions import AirflowTaskTimeout
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from dbt_causes import BY_ID, diagnosis, heard, names_of
from dbt_command import command, event_time, overrides
from dbt_configuration import Workstream
from dbt_console import ContainerLog, RunReport, artifact_page, artifacts_page, commit, log_page
from dbt_containers import ABANDONED, OVER, SECOND, Task, containers, exit_code, family, is_second, look_every, started_with, state
from dbt_diagnosis import Diagnosis, diagnose_error, diagnose_refused, diagnose_stopped
from dbt_fit import fit
from dbt_intervals import interval
from dbt_log import CompleteLogFetcher
from dbt_metrics import count
from dbt_retries import LOST_WORKERS, RETRY_DELAY, START_AND_STOP, OwnFailures, RunFailedError
from dbt_summary import XCOM_KEY, digest, fetch, folder, is_whole, publish_all, publish_each
from dbt_turns import take_turn

MESSAGE_LIMIT = 100_000
"""Bytes of a failure's message: CloudWatch drops an event of more than 256 KiB, and what to do stands at the end."""

REPORT_LINES = 60
"""Last lines of the container that a failure repeats: the runner's summary for people (`image/runner/closing.py`)."""

LOOKS = 5
"""Times that Airflow looks at its task again although AWS could not be asked, each after boto's own ten attempts."""

LOOK_AGAIN = timedelta(seconds=30)

LISTED_AGAIN = timedelta(seconds=2)
"""Amazon ECS API Reference, ListTasks: what it tells is consistent eventually."""

TRY_NUMBER = "DBT_TRY_NUMBER"

FAILED = "RunFailed"
"""Metric of the runs that failed, by cause (`image/runner/metrics.py`)."""


class DbtOperator(EcsRunTaskOperator):
    """Runs the workstream's container once and waits for it.

    Not deferrable: deferrable mode ignores `execution_timeout`, and marking its task failed leaves the container running.
    """

    custom_operator_name = "dbt"
    operator_extra_links = (ContainerLog(), RunReport())

    def __init__(self, *, workstream: Workstream, **kwargs: Any) -> None:
        awsvpc = {"subnets": workstream.subnets, "securityGroups": workstream.security_groups, "assignPublicIp": "DISABLED"}
        super().__init__(
            aws_conn_id=None,
            region_name=workstream.region,
            botocore_config={"retries": {"mode": "adaptive", "max_attempts": 10}},
            cluster=workstream.cluster,
            task_definition=workstream.task_definition,
            container_name=workstream.container,
            capacity_provider_strategy=[{"capacityProvider": workstream.capacity_provider, "weight": 1}],
            platform_version="LATEST",
            network_configuration={"awsvpcConfiguration": awsvpc},
            propagate_tags="TASK_DEFINITION",
            overrides={},
            awslogs_group=workstream.log_group,
            awslogs_region=workstream.region,
            awslogs_stream_prefix=workstream.log_stream_prefix,
            awslogs_fetch_interval=timedelta(seconds=5),
            number_logs_exception=REPORT_LINES,
            reattach=True,
            deferrable=False,
            waiter_delay=look_every(workstream.pool_slots),
            stop_task_on_failure=False,  # A look that fails says nothing about the container, and the next try finds it.
            pool_slots=workstream.pool_slots,
            max_active_tis_per_dag=1,  # A backfill does not keep to the DAG's max_active_runs; its own is 10 unless asked.
            execution_timeout=timedelta(minutes=workstream.timeout_minutes) + START_AND_STOP,
            retries=workstream.retries + LOST_WORKERS,
            retry_policy=OwnFailures(),
            retry_delay=RETRY_DELAY,
            **kwargs,
        )
        self.workstream = workstream
        self.names = names_of(workstream.cluster.rpartition("/")[2], workstream.name)
        self.identity: dict[str, str] = {}
        self.summary: dict[str, Any] | None = None
        self.log_page = self.report_page = ""
        self.found: Diagnosis | None = None
        """Why the try failed, once it has; its alert tells it."""
        self.stop_reason = ""
        """Why this try itself stops its container; empty as long as it does not."""

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Sets the override after all templates are rendered, so that a value of the user is never a template."""
        super().render_template_fields(context, jinja_env)
        period = interval(context, self.workstream)
        logical_date = period[0] if period else context.get("logical_date")
        self.identity = {
            "DBT_RUN_ID": context["run_id"],
            TRY_NUMBER: str(context["ti"].try_number),
            "DBT_LOGICAL_DATE": logical_date.isoformat() if logical_date else "",
            "DBT_SOURCE_FRESHNESS": str(self.workstream.freshness).lower(),
            "DBT_OWNER": self.workstream.owner,
            "DBT_PAGES": json.dumps(self._pages(context["run_id"], context["ti"])),
        }
        arguments = command(context["params"], self.workstream, period, event_time(context, period))
        self.overrides = overrides(self.workstream.container, arguments, self.identity)

    def _pages(self, run_id: str, instance: Any) -> dict[str, str]:
        """Where the run's report leads. Only the container knows its task's id: it puts that in the place of `{task}`."""
        where = folder(self.workstream, run_id, str(instance.try_number))
        log = log_page(self.workstream, f"{self.workstream.log_stream_prefix}/{{task}}")
        pages = {"Airflow": instance.log_url, "Container log": log, "Artifacts": artifacts_page(self.workstream, where)}
        return pages | commit(self.workstream)

    def execute(self, context: Any) -> None:
        self.instance = context["ti"]
        take_turn(context, self.workstream)
        try:
            super().execute(context)
        except AirflowTaskTimeout:
            self.stop_reason = f"Timed out in Airflow after {self.execution_timeout}"
            self.log.warning("Raise the workstream's timeoutMinutes, or select less.")
            raise
        except (BotoCoreError, ClientError, WaiterError) as error:
            self._fail(diagnose_error(error, self.names))
        finally:
            if self.summary:
                context["ti"].xcom_push(key=XCOM_KEY, value=self.summary)
        if self.summary and self.summary["counts"]:  # else the run had nothing new to work on, and nobody has to follow it
            if is_whole(context["params"], self.workstream):
                publish_all(self.workstream.name, self.summary, context["outlet_events"])
            publish_each(self.workstream.name, self.summary, context["outlet_events"])

    def on_kill(self) -> None:
        """Stops the container, unless another try waits for it or will, and says why, where both logs show it.

        A worker that goes away, or is told by Airflow that the try is no longer its own, may be one of several: the container
        belongs to the run. Whether to stop it only Airflow knows; if it can't say, the next try or `dbt-watch` decides.
        """
        if self.task_log_fetcher:
            self.task_log_fetcher.stop()
        if not self.arn or not (self.stop_reason or self._is_over()):
            return
        reason = self.stop_reason or "Stopped in Airflow: the task was marked or cleared"
        self.log.warning("%s. Stopping ECS task %s.", reason, self.arn)
        self.client.stop_task(cluster=self.cluster, task=self.arn, reason=reason)

    def _is_over(self) -> bool:
        """Whether no try of this run waits for its container any more."""
        try:
            found = state(self.instance, self.instance.dag_id, self.instance.run_id)
        except Exception as error:  # noqa: BLE001 - whatever keeps Airflow from answering
            found = f"not told: {error}"
        if found not in OVER:
            self.log.warning("Leaving ECS task %s to the next try of its run, which is %s in Airflow.", self.arn, found)
        return found in OVER

    def _get_task_log_fetcher(self) -> AwsTaskLogFetcher:
        self.log_page = log_page(self.workstream, self._get_logs_stream_name())
        self.log.info("Container log: %s", self.log_page)
        return CompleteLogFetcher(
            aws_conn_id=self.aws_conn_id,
            region_name=self.workstream.region,
            log_group=self.workstream.log_group,
            log_stream_name=self._get_logs_stream_name(),
            fetch_interval=self.awslogs_fetch_interval,
            logger=self.log,
        )

    def _start_task(self) -> None:
        try:
            self._await_former_containers()
            super()._start_task()
            while self._is_second():
                self.log.warning("%s: %s", SECOND, self.arn)
                self.client.stop_task(cluster=self.cluster, task=self.arn, reason=SECOND)
                self.arn = None
                self._try_reattach_task(str(self._started_by))
                if self.arn:
                    return
                self._await_former_containers()
                super()._start_task()
        except EcsOperatorError as error:
            first = error.failures[0]
            self._fail(diagnose_refused(first.get("reason", ""), first.get("detail", ""), self.names))

    def _wait_for_task_ended(self) -> None:
        """As the provider's, but a look that fails for a passing reason is made again."""
        for _ in range(LOOKS):
            try:
                return super()._wait_for_task_ended()
            except (BotoCoreError, ClientError, WaiterError) as error:
                found = diagnose_error(error, self.names)
                if not found.transient:
                    raise
                self.log.warning("Can't look at the container, which goes on: %s", found)
                time.sleep(LOOK_AGAIN.total_seconds())
        return super()._wait_for_task_ended()

    def _living(self) -> list[Task]:
        """The workstream's containers that have not ended, whichever run or try started them."""
        try:
            found = containers(self.client, self.cluster, family=family(self.workstream.task_definition))
        except self.client.exceptions.ClientError as error:
            self.log.warning("Whether a former container still runs can't be seen: %s", error)
            return []
        return [task for task in found if task["lastStatus"] != "STOPPED"]

    def _is_second(self) -> bool:
        """Whether the container that was just started has to give way; it has not begun yet. ECS may need seconds to list it."""
        for _ in range(LOOKS):
            found = is_second(str(self.arn), self._living())
            if found is not None:
                return found
            time.sleep(LISTED_AGAIN.total_seconds())
        return False

    def _try_reattach_task(self, started_by: str) -> None:
        """As the provider's, which asks for `startedBy` and a status at once."""
        own = [task for task in self._living() if task.get("startedBy") == started_by and task["desiredStatus"] == "RUNNING"]
        if own:
            self.arn = own[0]["taskArn"]
            self.log.info("An earlier try of this run has started ECS task %s: waiting for that one.", self.arn)

    def _await_former_containers(self) -> None:
        """No two containers of a workstream write at once: neither those of one run's tries, nor those of two runs."""
        former = self._living()
        if not former:
            return
        for task in former:
            run_id = started_with(task).get("DBT_RUN_ID")
            self.log.info("Waiting for the end of ECS task %s of run %s (%s).", task["taskArn"], run_id, task["lastStatus"])
            if run_id and task["desiredStatus"] == "RUNNING" and state(self.instance, self.dag_id, run_id) in OVER:
                self.log.warning("%s: %s", ABANDONED, task["taskArn"])
                self.client.stop_task(cluster=self.cluster, task=task["taskArn"], reason=ABANDONED)
        arns = [task["taskArn"] for task in former]
        attempts = int(START_AND_STOP.total_seconds()) // self.waiter_delay
        try:
            waiter = self.client.get_waiter("tasks_stopped")
            waiter.wait(cluster=self.cluster, tasks=arns, WaiterConfig={"Delay": self.waiter_delay, "MaxAttempts": attempts})
        except WaiterError as error:
            if "Max attempts" not in str(error):
                raise
            detail = f"{', '.join(arns)} did not end within {START_AND_STOP}"
            self._fail(diagnosis(BY_ID["former-container"], detail, self.names))
        for task in self.client.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"]:
            self.log.info("ECS task %s has ended with exit code %s.", task["taskArn"], exit_code(task))

    def _check_success_task(self) -> None:
        tasks = self.client.describe_tasks(cluster=self.cluster, tasks=[self.arn])["tasks"]
        task = tasks[0] if tasks else {}
        self._read_summary(task)
        told = (self.summary or {}).get("diagnosis")
        if found := diagnose_stopped(task, self.workstream.container, log=self._report(), summary=told, names=self.names):
            self._fail(found)
        for way in self._ways():  # At the end, where the page of a log begins.
            self.log.info(way)

    def _read_summary(self, task: Task) -> None:
        """What the container left in S3. A container that was found again keeps the number of the try that started it."""
        started = started_with(task).get(TRY_NUMBER, self.identity[TRY_NUMBER])
        where = folder(self.workstream, self.identity["DBT_RUN_ID"], started)
        try:
            address = f"s3://{self.workstream.artifacts_bucket}/{where}"
            self.summary = digest(fetch(self.workstream, where), self.workstream.failed_model_tasks, address)
        except Exception as error:  # noqa: BLE001 - the run ends as it ended, whatever is wrong with its summary
            self.log.warning("No summary of the run: %s", error)
        else:
            self.report_page = artifact_page(self.workstream, f"{where}/report.html")
            self.summary["report"] = self.report_page

    def _fail(self, found: Diagnosis) -> NoReturn:
        """Ends the try: Airflow retries what may pass by itself, and nothing else. What the container has explained is not
        explained once more, nor repeated where its own lines stand above; a message to people has both.
        """
        self.found, report = found, self._report()
        if not self.summary and not heard(report):
            self._count(found.cause)
        explained = any(found.resolution in line for line in report)
        last = fit("\n".join([*self._ways(), found.detail if explained else str(found)]), MESSAGE_LIMIT)
        self.log.error("%s", last)
        raise RunFailedError(fit("\n".join([*report, last]), MESSAGE_LIMIT), again=found.transient) from None

    def _ways(self) -> list[str]:
        """To where there is more."""
        pages = {"Run report": self.report_page, "Container log": self.log_page}
        return [f"{name}: {url}" for name, url in pages.items() if url]

    def _count(self, cause: str) -> None:
        """By cause, as a container does that came to say why it failed."""
        try:
            count(self.workstream.region, FAILED, Platform=self.names["platform"], Cause=cause)
        except Exception as error:  # noqa: BLE001 - the run fails of what it fails of
            self.log.warning("The failure is missing on the dashboard: %s", error)

    def _report(self) -> list[str]:
        """The container's last words for people, without the events for machines."""
        if not self.task_log_fetcher:
            return []
        try:
            lines = self.task_log_fetcher.get_last_log_messages(REPORT_LINES)
        except (BotoCoreError, ClientError):
            return []  # A container that never started has no log stream; and what failed must be told without the log too.
        return [line for line in lines if not line.startswith("{")]
