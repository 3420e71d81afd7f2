"""One run of the operator against an ECS and a CloudWatch Logs that say what a test wants."""
# ruff: noqa: I001

import io
import json
import logging
import threading
from types import SimpleNamespace
from typing import Any, get_args
from urllib.parse import quote, unquote

import pytest

from tests.unit.dags.support import configuration, dag_folder, form  # before Airflow: it sets Airflow's home
from tests.unit.dags.summaries import node, summary

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.providers.amazon.aws.utils.identifiers import generate_uuid
from airflow.sdk import DAG
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.sdk.execution_time.task_runner import _handle_current_task_failed
from airflow.sdk.exceptions import AirflowTaskTimeout
from botocore.exceptions import ClientError, EndpointConnectionError, WaiterError
from dbt_causes import BY_ID
from dbt_configuration import read
from dbt_containers import POOL
from dbt_log import CompleteLogFetcher
from dbt_operator import REPORT_LINES, DbtOperator
from dbt_retries import LOST_WORKERS, RETRY_DELAY, START_AND_STOP, RunFailedError
from dbt_summary import each_mart
from runner import metrics
from runner.closing import LINES
from runner.outcome import ExitCode
from structlog import get_logger
from structlog.testing import capture_logs

from settings.sections.airflow import DEFAULT_POOL_SLOTS, AirflowSettings, ConcurrentRuns
from settings.sections.workstream import AROUND_A_TRY

ARN = "arn:aws:ecs:eu-west-1:123456789012:task/dbt/0123"
NOW = pendulum.datetime(2026, 3, 1, 12)
STARTED_BY = generate_uuid("dbt_sales", "dbt", "run", "-1")
"""As the provider's operator says which task of Airflow starts a container."""


def task(arn=ARN, *, status="RUNNING", desired="RUNNING", run_id="run", try_number="2", started_by=STARTED_BY, **more):
    """One entry of DescribeTasks."""
    told = [{"name": name, "value": value} for name, value in {"DBT_RUN_ID": run_id, "DBT_TRY_NUMBER": try_number}.items()]
    overrides = {"containerOverrides": [{"name": "dbt", "environment": told}]}
    own = {"taskArn": arn, "lastStatus": status, "desiredStatus": desired, "startedBy": started_by, "overrides": overrides}
    return {**own, "createdAt": NOW, **more}


class Ecs:
    """Runs one task that ends as told; knows of others that are there before."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self):
        self.started, self.stopped = [], []
        self.others: list[dict[str, Any]] = []
        self.rivals: list[dict[str, Any]] = []
        """Containers that somebody else starts in the same moment."""
        self.unseen = 0
        """Starts that ECS does not list."""
        self.awaited: list[tuple[list[str], int]] = []
        self.failures, self.refusal, self.ends, self.unlisted = [], None, lambda: None, None
        self.exit_code, self.stop_code, self.reason = 0, "EssentialContainerExited", "Essential container in task exited"

    def list_tasks(self, *, cluster, desiredStatus, family):  # noqa: N803
        if self.unlisted:
            raise self.unlisted
        assert family == "sales"
        return {"taskArns": [other["taskArn"] for other in self.known() if other["desiredStatus"] == desiredStatus]}

    def known(self):
        own = task(run_id="run", desired="STOPPED" if self.stopped else "RUNNING")
        return [*self.others, *([own] if len(self.started) > self.unseen else [])]

    def run_task(self, **request):
        if self.refusal:
            raise self.refusal
        self.started.append(request)
        self.others += self.rivals
        self.rivals = []
        return {"failures": self.failures, "tasks": [{"taskArn": ARN}]}

    def get_waiter(self, name):
        assert name == "tasks_stopped"
        return SimpleNamespace(wait=self.wait)

    def wait(self, tasks, **_):
        self.awaited.append((tasks, len(self.started)))
        self.ends()
        for other in self.others:
            if other["taskArn"] in tasks:
                other["lastStatus"] = other["desiredStatus"] = "STOPPED"

    def describe_tasks(self, *, tasks, **_):
        container = {"name": "dbt", "lastStatus": "STOPPED", "exitCode": self.exit_code}
        end = {"containers": [container], "stopCode": self.stop_code, "stoppedReason": self.reason}
        known = {other["taskArn"]: other for other in self.known()}
        return {"tasks": [(known.get(arn) or task(arn)) | end for arn in tasks]}

    def stop_task(self, **request):
        self.stopped.append(request)


class Logs:
    """A log stream; its token is the number of lines that were read."""

    exceptions = SimpleNamespace(ResourceNotFoundException=type("ResourceNotFoundException", (ClientError,), {}))

    def __init__(self):
        self.lines = []

    def get_log_events(self, *, startFromHead=True, nextToken="0", limit=0, **_):  # noqa: N803
        lines = self.lines[int(nextToken) :] if startFromHead else self.lines[-limit:]
        return {"events": [{"timestamp": 0, "message": line} for line in lines], "nextForwardToken": str(len(self.lines))}


class S3:
    """The artifacts bucket; like S3 without ListBucket it denies what is not there. Beside it CloudWatch's metrics."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self):
        self.objects: dict[str, Any] = {}
        self.counted: list[dict[str, Any]] = []

    def put_metric_data(self, **data):
        self.counted.append(data)

    def get_object(self, *, Bucket, Key):  # noqa: N803
        if Bucket != "artifacts" or Key not in self.objects:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")
        return {"Body": io.BytesIO(json.dumps(self.objects[Key]).encode())}


@pytest.fixture
def s3(monkeypatch):
    bucket = S3()
    monkeypatch.setattr(AwsBaseHook, "conn", bucket)
    return bucket


@pytest.fixture
def logs(monkeypatch):
    stream = Logs()
    monkeypatch.setattr(AwsLogsHook, "conn", stream)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return stream


@pytest.fixture
def ecs():
    return Ecs()


@pytest.fixture
def operator(tmp_path, monkeypatch, ecs, logs, s3):
    (workstream,), _ = read(dag_folder(tmp_path / "dags", configuration("sales")) / "config")
    with DAG("dbt_sales"):
        made = DbtOperator(task_id="dbt", workstream=workstream)
    monkeypatch.setattr(made, "client", ecs)
    yield made
    if made.task_log_fetcher:
        made.task_log_fetcher.join(10)


class Instance(SimpleNamespace):
    """Airflow's task instance, and what Airflow holds of the runs."""

    def __init__(self):
        named = {"dag_id": "dbt_sales", "task_id": "dbt", "run_id": "run", "map_index": -1, "try_number": 2}
        super().__init__(**named, xcoms={}, states={}, log_url="https://airflow/dags/dbt_sales/runs/run/tasks/dbt?try_number=2")

    def xcom_push(self, key, value):
        self.xcoms[key] = value

    def get_task_states(self, *, dag_id, task_ids, run_ids):
        if isinstance(self.states, Exception):
            raise self.states
        assert (dag_id, task_ids) == ("dbt_sales", ["dbt"])
        return {run: {"dbt": found} for run, found in self.states.items() if run in run_ids}


def context(states=None, **changes):
    ti = Instance()
    ti.states = states or {}
    given = {"params": form(), "dag_run": SimpleNamespace(run_type="scheduled")}
    outlet_events = OutletEventAccessors()
    return {"ti": ti, "run_id": "run", "logical_date": None, "outlet_events": outlet_events, **given, **changes}


def run(operator, given=None, **changes):
    given = given or context(**changes)
    operator.render_template_fields(given)
    operator.execute(given)


CONSOLE = "https://eu-west-1.console.aws.amazon.com"


def test_a_run_carries_its_command_and_identity(operator, ecs):
    """Artifacts, retries and query tags hang on the identity."""
    day = pendulum.datetime(2026, 3, 1)

    run(operator, logical_date=day, data_interval_start=day, data_interval_end=day.add(days=1))

    (override,) = ecs.started[0]["overrides"]["containerOverrides"]
    assert override["command"][:4] == ["run", "--command=build", "--select", "tag:sales"]
    told = {entry["name"]: entry["value"] for entry in override["environment"]}
    assert json.loads(told.pop("DBT_PAGES")) == {
        "Airflow": "https://airflow/dags/dbt_sales/runs/run/tasks/dbt?try_number=2",
        "Container log": f"{CONSOLE}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fdbt$252Fsales"
        "/log-events/dbt$252Fdbt$252F{task}",
        "Artifacts": f"{CONSOLE}/s3/buckets/artifacts?prefix=sales/runs/run/2/",
    }
    assert told == {
        "DBT_RUN_ID": "run",
        "DBT_TRY_NUMBER": "2",
        "DBT_LOGICAL_DATE": "2026-03-01T01:00:00+01:00",
        "DBT_SOURCE_FRESHNESS": "true",
        "DBT_OWNER": "analytics",
    }
    assert ecs.started[0]["taskDefinition"].endswith("sales:3")


def made(tmp_path, monkeypatch, ecs, **changes):
    """An operator of a workstream that is configured otherwise."""
    (workstream,), _ = read(dag_folder(tmp_path / "dags", configuration("sales", **changes)) / "config")
    operator = DbtOperator(task_id="dbt", workstream=workstream)
    monkeypatch.setattr(operator, "client", ecs)
    return operator


def pages(ecs):
    """Where the report of the run that was started leads."""
    (override,) = ecs.started[0]["overrides"]["containerOverrides"]
    return json.loads(next(entry["value"] for entry in override["environment"] if entry["name"] == "DBT_PAGES"))


def test_a_report_leads_to_the_commit_that_ran(tmp_path, monkeypatch, ecs, logs, s3):
    """Who sees a failure wants to know whose change it is, before reading any log."""
    page = "https://gitlab.example.com/data/platform/-/commit/0123456789abcdef"

    run(made(tmp_path, monkeypatch, ecs, commitPage=page))

    assert pages(ecs)["Commit 01234567"] == page


def test_pages_of_the_console_are_opened_as_people_log_in(tmp_path, monkeypatch, ecs, logs, s3):
    """Without the portal's link a console says that the account is another one, and shows an empty list."""
    portal = "https://acme.awsapps.com/start/#/console?account_id=111111111111&role_name=Operator&destination="
    operator = made(tmp_path, monkeypatch, ecs, consoleLink=f"{portal}{{page}}")
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT)

    run(operator)

    log = f"{CONSOLE}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fdbt$252Fsales/log-events/dbt$252Fdbt$252F"
    assert unquote(pages(ecs)["Container log"]) == f"{portal}{log}{{task}}"
    assert pages(ecs)["Container log"].endswith("{task}"), "the container puts its id there"
    assert operator.log_page == portal + quote(f"{log}0123", safe="")
    assert operator.report_page.startswith(portal + quote(f"{CONSOLE}/s3/object/artifacts?region=eu-west-1&prefix=", safe=""))


@pytest.mark.parametrize("runs", get_args(ConcurrentRuns))
def test_all_runs_together_look_half_as_often_as_ecs_answers(tmp_path, runs):
    """ECS answers 20 such requests a second for a whole account; 64 runs that look every three seconds are 21, all night."""
    slots = AirflowSettings.model_construct(concurrent_runs=runs).pool_slots
    (workstream,), _ = read(dag_folder(tmp_path / "dags", configuration("sales", poolSlots=slots)) / "config")
    every = DbtOperator(task_id="dbt", workstream=workstream).waiter_delay

    assert runs / every <= 10
    assert every == 3 or runs > 30, "a few runs are seen to end at once"
    assert POOL == DEFAULT_POOL_SLOTS


def test_a_workstream_gets_the_capacity_that_it_asked_for(tmp_path, monkeypatch, ecs, logs, s3):
    """With a launch type in the request ECS would ignore Spot, and the bill would not get smaller."""
    run(made(tmp_path, monkeypatch, ecs, capacityProvider="FARGATE_SPOT"))

    assert ecs.started[0]["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    assert "launchType" not in ecs.started[0]


def test_a_value_of_the_user_is_never_a_template(operator, ecs):
    """`{{ conn... }}` in a form would print credentials into a container's command line."""
    run(operator, params=form(select=["{{ run_id }}"]))

    assert ecs.started[0]["overrides"]["containerOverrides"][0]["command"] == ["run", "--command=build", "--select", "{{ run_id }}"]


def test_a_worker_that_died_finds_its_container_again(operator, ecs):
    """A second container would write the same tables at the same time."""
    ecs.others = [task()]

    run(operator)

    assert ecs.started == []


OTHER = f"{ARN}4"
OTHER_RUN = {"run_id": "other", "started_by": "another-run"}


@pytest.mark.parametrize(
    "former",
    [task(OTHER, desired="STOPPED"), task(OTHER, desired="STOPPED", **OTHER_RUN), task(OTHER, **OTHER_RUN)],
    ids=["of this run, cleared", "of a run marked failed", "of a run that will try again"],
)
def test_a_run_waits_for_the_end_of_every_container_of_its_workstream(operator, ecs, former):
    """Two of them at once write the same tables; whichever run they are of, a container has two minutes to end."""
    ecs.others = [former]

    run(operator, states={"other": "up_for_retry"})

    assert ecs.awaited == [([OTHER], 0), ([ARN], 1)]
    assert ecs.stopped == []


def test_a_container_that_no_run_waits_for_is_stopped_before_the_next_begins(operator, ecs):
    """A run that is marked as failed while its worker is gone has nobody else to stop it."""
    ecs.others = [task(OTHER, **OTHER_RUN)]

    run(operator, states={"other": "failed"})

    assert [stop["task"] for stop in ecs.stopped] == [OTHER]
    assert ecs.awaited[0] == ([OTHER], 0)


def test_a_container_that_somebody_runs_by_hand_is_waited_for_and_not_stopped(operator, ecs):
    """It belongs to no run, so no run may end it."""
    ecs.others = [task(OTHER, run_id="other", started_by="me", overrides={})]

    run(operator)

    assert ecs.stopped == []
    assert ecs.awaited[0] == ([OTHER], 0)


def test_the_wait_for_another_container_has_an_end(operator, ecs):
    """The run would hold a worker's place for hours, without a word of why."""
    ecs.others = [task(OTHER, **OTHER_RUN)]

    def too_long():
        raise WaiterError("TasksStopped", "Max attempts exceeded", {})

    ecs.ends = too_long

    with pytest.raises(RunFailedError, match=f"(?s)Another container of this workstream still runs\n.*{OTHER}"):
        run(operator, states={"other": "up_for_retry"})

    assert ecs.started == []


EARLIER, LATER = NOW.subtract(seconds=1), NOW.add(seconds=1)


@pytest.mark.parametrize(
    ("rival", "gives_way"),
    [
        ({"createdAt": EARLIER}, True),
        ({"createdAt": LATER}, False),
        ({"createdAt": NOW, "arn": ARN.replace("0123", "0122")}, True),
        ({"createdAt": NOW, "arn": ARN.replace("0123", "0124")}, False),
        ({"createdAt": EARLIER, "desired": "STOPPED"}, False),
    ],
    ids=["before", "after", "in the same moment, and first by name", "in the same moment, and last by name", "one that gives way"],
)
def test_of_two_containers_that_were_started_at_once_the_later_gives_way(operator, ecs, rival, gives_way):
    """Neither saw the other before its start: both would write the same tables. Both judge alike, so that one of them stays."""
    ecs.rivals = [task(**{"arn": OTHER, **OTHER_RUN, **rival})]

    run(operator, states={"other": "running"})

    assert [stop["task"] for stop in ecs.stopped] == [ARN] * gives_way
    assert len(ecs.started) == 1 + gives_way
    if gives_way:
        assert ecs.awaited[0] == ([rival.get("arn", OTHER), ARN], 1), "and it starts once both have ended"


def test_a_try_that_gave_way_to_one_of_its_own_run_waits_for_that_container(operator, ecs):
    """A worker that was cut off comes back beside its successor: the run needs one container, and has it."""
    ecs.rivals = [task(OTHER, createdAt=EARLIER)]

    run(operator)

    assert [stop["task"] for stop in ecs.stopped] == [ARN]
    assert len(ecs.started) == 1
    assert operator.arn == OTHER


def test_a_container_that_ecs_does_not_list_yet_goes_on(operator, ecs):
    """Nobody can be older than what can't be seen, and the look must not last."""
    ecs.unseen = 1

    run(operator)

    assert (len(ecs.started), ecs.stopped) == (1, [])


def test_a_run_starts_when_aws_does_not_tell_of_former_containers(operator, ecs):
    """The look for them must never be what fails a run."""
    ecs.unlisted = ClientError({"Error": {"Code": "InvalidParameterException", "Message": "no"}}, "ListTasks")

    run(operator)

    assert len(ecs.started) == 1


@pytest.fixture
def report(logs):
    logs.lines = ['{"event": "node finished"}', "FAILED model orders: column total is gone"]


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize(
    ("exit_code", "again", "text"),
    [(1, True, "exit code 1"), (137, False, "too little memory")],
)
def test_a_failure_ends_with_the_containers_report_and_what_to_do(operator, exit_code, again, text):
    """Who is told of it sees no log; and no retry mends too little memory."""
    operator.client.exit_code = exit_code

    with pytest.raises(RunFailedError) as failure, capture_logs() as said:
        run(operator)

    assert failure.value.again is again
    message = str(failure.value)
    [last] = [entry["event"] for entry in said if entry["log_level"] == "error"]
    assert message.endswith(f"\n{last}"), "Airflow logs it without any frames"
    assert "column total is gone" not in last, "it stands above, with the container's lines"
    assert text in message
    assert "column total is gone" in message
    assert "node finished" not in message
    assert "What to do: " in message


def test_what_the_container_has_explained_is_not_explained_once_more(operator, ecs, logs):
    """Two pieces of advice below each other make people look for the difference."""
    ecs.exit_code = 1
    advice = f"  What to do: {BY_ID['contract'].todo}"
    logs.lines = ["model orders: error", advice, "Tried again by itself: no. More: docs/errors.md#contract"]

    with pytest.raises(RunFailedError) as failure, capture_logs() as said:
        run(operator)

    assert str(failure.value).count("What to do") == 1
    assert sum("What to do" in entry["event"] for entry in said) == 1, "the container's own line, above"
    assert str(failure.value).endswith("(stop code EssentialContainerExited, exit code 1)")


def test_the_log_in_airflow_is_for_people(logs):
    """CloudWatch has the events for machines; on Airflow's page they are five rows each, and the metrics are of no use at all."""
    told = []
    logger: Any = SimpleNamespace(log=lambda level, line: told.append((level, line)))
    fetcher = CompleteLogFetcher(
        log_group="g", log_stream_name="s", fetch_interval=pendulum.duration(seconds=0), logger=logger, aws_conn_id=None
    )
    event = {"time": "2026-01-01T12:01:33.000+00:00", "event": "node_finished", "level": "error", "node": "model.a.orders"}
    logs.lines = ['{"_aws": {}}', json.dumps(event | {"status": "error", "message": "column total is gone"}), "dbt failed"]

    fetcher.start()
    fetcher.stop()
    fetcher.join(10)

    [(level, line), (_, last)] = told
    assert level == logging.ERROR  # Airflow shows it in red
    assert line.startswith("12:01:33  ERROR creating model orders ...")
    assert line.endswith("\n  column total is gone")
    assert last == "dbt failed"


def counted(s3):
    """Names and dimensions of the metrics that Airflow counted."""
    return [
        (data["Namespace"], metric["MetricName"], {each["Name"]: each["Value"] for each in metric["Dimensions"]})
        for data in s3.counted
        for metric in data["MetricData"]
    ]


def test_a_failure_of_a_container_that_never_started_is_counted_by_its_cause(operator, ecs, s3):
    """The container counts its own; of one that never began, the dashboard would show nothing."""
    ecs.exit_code, ecs.stop_code = None, "TaskFailedToStart"
    ecs.reason = "CannotPullContainerError: ref not found: manifest unknown"

    with pytest.raises(RunFailedError) as failure:
        run(operator)

    assert not failure.value.again
    assert counted(s3) == [(metrics.NAMESPACE, "RunFailed", {"Platform": "dbt", "Cause": "image-gone"})]
    assert tuple(counted(s3)[0][2]) == metrics.BY_CAUSE


def test_a_failure_that_the_container_has_counted_is_not_counted_again(operator, ecs, s3, logs):
    """Each would be two on the dashboard."""
    ecs.exit_code = 1
    logs.lines = ["Tried again by itself: no. More: docs/errors.md#sql"]

    with pytest.raises(RunFailedError) as failure:
        run(operator)

    assert not failure.value.again
    assert counted(s3) == []


def test_a_failure_ends_as_it_is_also_when_it_can_not_be_counted(operator, ecs, s3):
    """CloudWatch's trouble is not the run's."""
    ecs.exit_code, ecs.stop_code, ecs.reason = None, "TaskFailedToStart", "manifest unknown: image not found"
    s3.put_metric_data = lambda **_: (_ for _ in ()).throw(ConnectionError("no route"))

    with pytest.raises(RunFailedError, match="image") as failure:
        run(operator)

    assert not failure.value.again


BUILT = node("orders", "success", rows=40)
BROKEN = node("customers", "error", message="column total is gone")
STAGING = node("stg_orders", "success", path="models/staging/stg_orders.sql")


@pytest.mark.usefixtures("report")
def test_a_failed_run_tells_airflow_which_models_failed_and_why(operator, ecs, s3):
    """The tasks that show them have nothing else to read."""
    ecs.exit_code = 1
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT, BROKEN, STAGING, code=ExitCode.FAILED)
    given = context()

    with pytest.raises(RunFailedError):
        run(operator, given)

    told = given["ti"].xcoms["summary"]
    (broken,) = told["failed"]
    assert (broken["name"], broken["path"]) == ("customers", "models/marts/customers.sql")
    assert (broken["message"], broken["rerun"]) == ("column total is gone", "ops run sales --select customers+")
    assert told["report"] == operator.report_page
    assert told["marts"] == {"orders": 40}
    assert told["outcome"] == "failed"


def test_a_success_publishes_its_marts_with_their_rows(operator, s3):
    """Whoever builds on a mart sees when it was refreshed, and that it did not come out empty."""
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT, STAGING)
    given = context()

    run(operator, given)

    published = {event.dest_asset_key.name: event.extra["rows"] for event in refreshed(given)}
    assert published == {"dbt-sales": {"orders": 40}, "dbt-sales.orders": 40}


def test_a_run_without_news_starts_nobody_who_waits(operator, s3):
    """A chain of workstreams would run each hour for nothing."""
    s3.objects["sales/runs/run/2/summary.json"] = summary()
    given = context()

    run(operator, given)

    assert refreshed(given) == []


def refreshed(given):
    """The asset events of a run."""
    return given["outlet_events"][each_mart("sales")].asset_alias_events


def test_a_run_of_a_part_publishes_what_it_built_and_not_the_whole(operator, s3):
    """Who waits for the whole would start on marts that still lack what a failed run has not built."""
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT)
    given = context(params=form(select=["orders"]))

    run(operator, given)

    assert [event.dest_asset_key.name for event in refreshed(given)] == ["dbt-sales.orders"]


def test_the_summary_of_a_container_that_was_found_again_is_that_of_the_try_that_started_it(operator, ecs, s3):
    """The container writes where it was told to, and the worker that told it is gone."""
    ecs.others = [task(try_number="1")]
    s3.objects["sales/runs/run/1/summary.json"] = summary(BUILT)
    given = context()

    run(operator, given)

    assert given["ti"].xcoms["summary"]["marts"] == {"orders": 40}
    assert operator.report_page.endswith("sales/runs/run/1/report.html")


@pytest.mark.parametrize("page", [None, {"schemaVersion": 2}], ids=["none", "of a newer image"])
def test_a_run_without_a_readable_summary_ends_as_it_ended(operator, s3, page):
    """What is nice to have must not fail a run that has built everything."""
    if page:
        s3.objects["sales/runs/run/2/summary.json"] = page
    given = context()

    run(operator, given)

    assert "summary" not in given["ti"].xcoms


def test_a_run_succeeds_also_when_s3_is_out_of_reach(operator, s3):
    """As above; boto's own errors are no ClientErrors."""
    s3.get_object = lambda **_: (_ for _ in ()).throw(ConnectionError("no route"))

    run(operator)


def test_the_tasks_page_leads_to_its_own_log_and_report(operator, s3):
    """Nobody on call should search a log group with a year of streams."""
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT)

    run(operator)

    links = {link.name: link.get_link(operator, ti_key=None) for link in operator.operator_extra_links}
    assert links == {
        "Container log": f"{CONSOLE}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fdbt$252Fsales"
        "/log-events/dbt$252Fdbt$252F0123",
        "Run report": f"{CONSOLE}/s3/object/artifacts?region=eu-west-1&prefix=sales/runs/run/2/report.html",
    }


def test_the_log_ends_with_the_ways_to_report_and_container_log(operator, s3):
    """Airflow opens the end of a log, and has its buttons on another tab."""
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT)

    with capture_logs() as said:
        run(operator)

    assert [entry["event"] for entry in said][-2:] == [f"Run report: {operator.report_page}", f"Container log: {operator.log_page}"]


def test_the_form_can_ask_for_a_day(operator, ecs):
    """A day that is built again must get that day's dates in the workstream's own time zone, whenever that is done."""
    run(operator, params=form(select=[], date="2026-03-29"))

    (override,) = ecs.started[0]["overrides"]["containerOverrides"]
    # The day of the change to summer time: 23 hours.
    arguments = override["command"]
    assert arguments[-3:] == ["--event-time", "2026-03-29T00:00:00", "2026-03-30T00:00:00"]
    assert json.loads(arguments[arguments.index("--vars") + 1]) == {
        "data_interval_start": "2026-03-29T00:00:00+01:00",
        "data_interval_end": "2026-03-30T00:00:00+02:00",
    }
    assert {"name": "DBT_LOGICAL_DATE", "value": "2026-03-29T00:00:00+01:00"} in override["environment"]


def test_a_task_definition_that_is_gone_is_not_tried_again(operator, ecs):
    """Two more tries take minutes and end the same."""
    error = {"Error": {"Code": "ClientException", "Message": "TaskDefinition is inactive"}}
    ecs.refusal = ClientError(error, "RunTask")

    with pytest.raises(RunFailedError, match="pulumi up") as failure:
        run(operator)

    assert not failure.value.again


def test_lack_of_capacity_is_tried_again(operator, ecs):
    """It passes by itself in minutes."""
    ecs.failures = [{"reason": "Capacity is unavailable at this time."}]

    with pytest.raises(RunFailedError, match="no capacity") as failure:
        run(operator)

    assert failure.value.again


def test_a_timeout_stops_the_container_and_says_so(operator, ecs):
    """Else the container goes on, and pays, and writes, for hours."""

    def timed_out():
        raise AirflowTaskTimeout

    ecs.ends = timed_out

    with pytest.raises(AirflowTaskTimeout):
        run(operator)
    operator.on_kill()  # as Airflow does

    (request,) = ecs.stopped
    assert (request["task"], request["reason"]) == (ARN, "Timed out in Airflow after 1:10:00")


@pytest.mark.parametrize("state", ["failed", "success", "restarting"])
def test_marking_or_clearing_a_task_stops_its_container(operator, ecs, state):
    """`Mark as failed` means: stop it."""
    run(operator, states={"run": state})
    operator.on_kill()

    assert "marked" in ecs.stopped[0]["reason"]


@pytest.mark.parametrize(
    "states",
    [{"run": "running"}, {"run": "up_for_retry"}, ConnectionError("no answer")],
    ids=["the next try waits for it", "the next try will", "Airflow does not answer"],
)
def test_a_try_that_is_no_longer_its_runs_own_leaves_the_container_alone(operator, ecs, states):
    """A worker that was cut off and comes back would stop the container that the next try has found again."""
    run(operator, states=states)
    operator.on_kill()

    assert ecs.stopped == []


@pytest.mark.parametrize(("try_number", "action"), [(1, "default"), (2, "default"), (3, "fail")])
def test_a_lost_worker_does_not_end_a_run_and_a_failure_does(operator, try_number, action):
    """The container of a lost worker goes on, and the run would say failed; its own failures are tried as often as asked."""
    assert operator.retries == 2 + LOST_WORKERS

    decision = operator.retry_policy.evaluate(ValueError(), try_number, operator.retries)

    assert decision.action.value == action


@pytest.mark.parametrize(("again", "state"), [(True, "up_for_retry"), (False, "failed")])
def test_airflow_tries_again_only_what_another_try_may_mend(operator, again, state):
    """An error of the code would be tried twice more, minutes each, and end the same. Asked of Airflow's own worker."""
    server = SimpleNamespace(max_tries=operator.retries, should_retry=True)
    ti = SimpleNamespace(task=operator, try_number=1, _ti_context_from_server=server, stats_tags={}, rendered_map_index=None)
    ti.end_date, ti._failure_metrics_emitted = None, False

    _, reached = _handle_current_task_failed(ti, RunFailedError("why", again=again), get_logger(), None)  # pyright: ignore[reportArgumentType]

    assert reached == state


def test_the_last_lines_reach_the_log(logs):
    """The last lines say why a run failed; the provider's fetcher loses what comes after its last fetch."""
    lines: list[str] = []
    logger: Any = SimpleNamespace(log=lambda _, line: lines.append(line.rpartition("] ")[2]))
    fetcher = CompleteLogFetcher(
        log_group="g", log_stream_name="s", fetch_interval=pendulum.duration(seconds=0), logger=logger, aws_conn_id=None
    )
    fetched, late = threading.Event(), threading.Event()

    def get_log_events(**request):
        answer = Logs.get_log_events(logs, **request)
        if not answer["events"]:
            fetched.set()
            late.wait(10)  # the container's last line and the stop come when this fetch has seen the end
        return answer

    logs.lines = ["first"]
    logs.get_log_events = get_log_events
    fetcher.start()
    assert fetched.wait(10)
    logs.lines.append("last")
    fetcher.stop()
    late.set()
    fetcher.join(10)

    assert not fetcher.is_alive()
    assert lines == ["first", "last"]


@pytest.mark.parametrize(
    ("error", "words", "again"),
    [
        (EndpointConnectionError(endpoint_url="https://ecs.eu-west-1.amazonaws.com/"), "can't reach ECS", True),
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "ecs:RunTask"}}, "RunTask"), "may not start", False),
    ],
)
def test_whatever_keeps_airflow_from_asking_aws_is_explained(operator, ecs, error, words, again):
    """Only what RunTask refused was; the rest was a page of Python."""

    ecs.refusal = error

    with pytest.raises(RunFailedError, match=words) as failure:
        run(operator)

    assert failure.value.again is again
    assert "What to do: " in str(failure.value)


def test_a_look_that_fails_is_made_again(operator, ecs):
    """Throttling of DescribeTasks stopped a container that was well."""
    looks = []

    def throttled():
        looks.append(1)
        if len(looks) < 3:
            raise WaiterError(name="TasksStopped", reason="ThrottlingException: Rate exceeded", last_response={})

    ecs.ends = throttled

    run(operator)

    assert (len(looks), ecs.stopped) == (3, [])


@pytest.mark.parametrize(
    ("reason", "again"),
    [("ThrottlingException: Rate exceeded", True), ("AccessDeniedException: ecs:DescribeTasks", False)],
)
def test_a_container_that_nobody_can_look_at_goes_on(operator, ecs, reason, again):
    """The provider would stop it: hours of work, for a fault of the one who looks."""

    def fails():
        raise WaiterError(name="TasksStopped", reason=reason, last_response={})

    ecs.ends = fails

    with pytest.raises(RunFailedError) as failure:
        run(operator)

    assert failure.value.again is again
    assert ecs.stopped == []


def test_what_the_runner_found_out_decides_about_another_try(operator, ecs, s3):
    """A model that does not compile would be tried twice more, and told as "models or tests failed"."""
    ecs.exit_code = 1
    broken = node("customers", "error", message="Compilation Error in model customers\n  'total' is undefined")
    s3.objects["sales/runs/run/2/summary.json"] = summary(broken, code=ExitCode.FAILED)

    with pytest.raises(RunFailedError, match="#macro-undefined") as failure:
        run(operator)

    assert not failure.value.again


def test_without_a_summary_the_last_block_decides(operator, ecs, logs):
    """Where the artifacts could not be stored, only the log is left."""
    ecs.exit_code = 1
    logs.lines = ["dbt failed: 1 error", "Tried again by itself: no. More: docs/errors.md#contract", "Artifacts: s3://x/"]

    with pytest.raises(RunFailedError, match="does not keep its contract") as failure:
        run(operator)

    assert not failure.value.again


def test_airflow_repeats_the_whole_last_block():
    """The headline would be lost, or the cause."""
    assert LINES == REPORT_LINES


def test_the_settings_know_what_is_around_a_try():
    """The pipeline awaits a run as long as the settings say that it may take."""
    assert (START_AND_STOP + RETRY_DELAY).total_seconds() == AROUND_A_TRY * 60
