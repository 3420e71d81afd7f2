"""One run of the operator against an ECS and a CloudWatch Logs that say what a test wants."""
# ruff: noqa: I001

import io
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.dags.support import configuration, dag_folder, form  # before Airflow: it sets Airflow's home
from tests.unit.dags.summaries import node, summary

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout
from botocore.exceptions import ClientError
from dbt_configuration import read
from dbt_operator import CompleteLogFetcher, DbtOperator
from dbt_summary import each_mart, marts
from runner.outcome import ExitCode

ARN = "arn:aws:ecs:eu-west-1:123456789012:task/dbt/0123"


class Ecs:
    """Runs one task that ends as told."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self):
        self.started, self.stopped, self.running, self.stopping = [], [], [], []
        self.awaited: list[tuple[list[str], int]] = []
        self.failures, self.refusal, self.ends = [], None, lambda: None
        self.try_number = "2"
        self.exit_code, self.stop_code, self.reason = 0, "EssentialContainerExited", "Essential container in task exited"

    def list_tasks(self, **request):
        return {"taskArns": self.running if request["desiredStatus"] == "RUNNING" else self.stopping}

    def run_task(self, **request):
        if self.refusal:
            raise self.refusal
        self.started.append(request)
        return {"failures": self.failures, "tasks": [{"taskArn": ARN}]}

    def get_waiter(self, name):
        assert name == "tasks_stopped"
        return SimpleNamespace(wait=self.wait)

    def wait(self, tasks, **_):
        self.awaited.append((tasks, len(self.started)))
        self.ends()

    def describe_tasks(self, **_):
        container = {"name": "dbt", "lastStatus": "STOPPED", "exitCode": self.exit_code}
        override = {"name": "dbt", "environment": [{"name": "DBT_TRY_NUMBER", "value": self.try_number}]}
        overrides = {"containerOverrides": [override]}
        stop = {"stopCode": self.stop_code, "stoppedReason": self.reason}
        return {"tasks": [{"containers": [container], "overrides": overrides, **stop}]}

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
    """The artifacts bucket; like S3 without ListBucket it denies what is not there."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self):
        self.objects: dict[str, Any] = {}

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
    made = DbtOperator(task_id="dbt", workstream=workstream)
    monkeypatch.setattr(made, "client", ecs)
    yield made
    if made.task_log_fetcher:
        made.task_log_fetcher.join(10)


def context(**changes):
    xcoms: dict[str, Any] = {}
    push = lambda key, value: xcoms.update({key: value})  # noqa: E731
    ti = SimpleNamespace(dag_id="dbt_sales", task_id="dbt", run_id="run", map_index=-1, try_number=2, xcom_push=push, xcoms=xcoms)
    given = {"params": form(), "dag_run": SimpleNamespace(run_type="manual")}
    outlet_events = OutletEventAccessors()
    return {"ti": ti, "run_id": "run", "logical_date": None, "outlet_events": outlet_events, **given, **changes}


def run(operator, given=None, **changes):
    given = given or context(**changes)
    operator.render_template_fields(given)
    operator.execute(given)


def test_a_run_carries_its_command_and_identity(operator, ecs):
    """Artifacts, retries and query tags hang on the identity."""
    day = pendulum.datetime(2026, 3, 1)

    run(operator, logical_date=day, data_interval_start=day, data_interval_end=day.add(days=1))

    (override,) = ecs.started[0]["overrides"]["containerOverrides"]
    assert override["command"][:4] == ["run", "--command=build", "--select", "tag:sales"]
    assert {entry["name"]: entry["value"] for entry in override["environment"]} == {
        "DBT_RUN_ID": "run",
        "DBT_TRY_NUMBER": "2",
        "DBT_LOGICAL_DATE": "2026-03-01T00:00:00+00:00",
        "DBT_SOURCE_FRESHNESS": "true",
    }
    assert ecs.started[0]["taskDefinition"].endswith("sales:3")


def test_a_workstream_gets_the_capacity_that_it_asked_for(tmp_path, monkeypatch, ecs, logs, s3):
    """With a launch type in the request ECS would ignore Spot, and the bill would not get smaller."""
    (workstream,), _ = read(dag_folder(tmp_path / "dags", configuration("sales", capacityProvider="FARGATE_SPOT")) / "config")
    made = DbtOperator(task_id="dbt", workstream=workstream)
    monkeypatch.setattr(made, "client", ecs)

    run(made)

    assert ecs.started[0]["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    assert "launchType" not in ecs.started[0]


def test_a_value_of_the_user_is_never_a_template(operator, ecs):
    """`{{ conn... }}` in a form would print credentials into a container's command line."""
    run(operator, params=form(select=["{{ run_id }}"]))

    assert ecs.started[0]["overrides"]["containerOverrides"][0]["command"] == ["run", "--command=build", "--select", "{{ run_id }}"]


def test_a_worker_that_died_finds_its_container_again(operator, ecs):
    """A second container would write the same tables at the same time."""
    ecs.running = [ARN]

    run(operator)

    assert ecs.started == []


def test_a_run_waits_for_the_end_of_its_former_container(operator, ecs):
    """A task that is cleared starts again while its container still has two minutes to cancel queries."""
    ecs.stopping = [f"{ARN}4"]

    run(operator)

    assert ecs.awaited == [([f"{ARN}4"], 0), ([ARN], 1)]


@pytest.fixture
def report(logs):
    logs.lines = ['{"event": "node finished"}', "FAILED model orders: column total is gone"]


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize(
    ("exit_code", "error", "text"),
    [(1, AirflowException, "models or tests failed"), (137, AirflowFailException, "too little memory")],
)
def test_a_failure_ends_with_the_containers_report_and_what_to_do(operator, exit_code, error, text):
    """Else the last lines of the task's log are a page of raw JSON; and no retry mends too little memory."""
    operator.client.exit_code = exit_code

    with pytest.raises(error) as failure:
        run(operator)

    assert type(failure.value) is error
    message = str(failure.value)
    assert text in message
    assert "column total is gone" in message
    assert "node finished" not in message
    assert "What to do: " in message


BUILT = node("orders", "success", rows=40)
BROKEN = node("customers", "error", message="column total is gone")
STAGING = node("stg_orders", "success", path="models/staging/stg_orders.sql")


@pytest.mark.usefixtures("report")
def test_a_failed_run_tells_airflow_which_models_failed_and_why(operator, ecs, s3):
    """The tasks that show them have nothing else to read."""
    ecs.exit_code = 1
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT, BROKEN, STAGING, code=ExitCode.FAILED)
    given = context()

    with pytest.raises(AirflowException):
        run(operator, given)

    told = given["ti"].xcoms["summary"]
    assert told["failed"] == [
        {"name": "customers", "resourceType": "model", "path": "models/marts/customers.sql", "message": "column total is gone"}
    ]
    assert told["marts"] == {"orders": 40}
    assert told["outcome"] == "failed"


def test_a_success_publishes_its_marts_with_their_rows(operator, s3):
    """Whoever builds on a mart sees when it was refreshed, and that it did not come out empty."""
    s3.objects["sales/runs/run/2/summary.json"] = summary(BUILT, STAGING)
    given = context()

    run(operator, given)

    events = given["outlet_events"]
    (each,) = events[each_mart("sales")].asset_alias_events
    assert (each.dest_asset_key.name, each.extra) == ("dbt-sales.orders", {"rows": 40})
    assert events[marts("sales")].extra["rows"] == {"orders": 40}


def test_the_summary_of_a_container_that_was_found_again_is_that_of_the_try_that_started_it(operator, ecs, s3):
    """The container writes where it was told to, and the worker that told it is gone."""
    ecs.running, ecs.try_number = [ARN], "1"
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
    console = "https://eu-west-1.console.aws.amazon.com"
    assert links == {
        "Container log": f"{console}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fdbt$252Fsales"
        "/log-events/dbt$252Fdbt$252F0123",
        "Run report": f"{console}/s3/object/artifacts?region=eu-west-1&prefix=sales/runs/run/2/report.html",
    }


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

    with pytest.raises(AirflowFailException, match="pulumi up"):
        run(operator)


def test_lack_of_capacity_is_tried_again(operator, ecs):
    """It passes by itself in minutes."""
    ecs.failures = [{"reason": "Capacity is unavailable at this time."}]

    with pytest.raises(AirflowException, match="no capacity") as failure:
        run(operator)

    assert not isinstance(failure.value, AirflowFailException)


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


def test_marking_a_task_stops_its_container(operator, ecs):
    """`Mark as failed` means: stop it."""
    run(operator)
    operator.on_kill()

    assert "marked" in ecs.stopped[0]["reason"]


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
