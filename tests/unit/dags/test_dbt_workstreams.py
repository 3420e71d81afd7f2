"""The DAG files as the real Airflow loads them."""
# ruff: noqa: I001

import ast
import json
import pkgutil
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.dags import dag_files
from tests.unit.dags.support import DAGS, configuration, dag_folder  # before Airflow: it sets Airflow's home

import pendulum
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from airflow.sdk import Asset, AssetAll, AssetAny
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.decoders import decode_deadline_alert
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.utils.file import list_py_file_paths
from components.monitoring.alarms import SYMPTOMS
from dbt_causes import BY_ID, diagnosis
from dbt_notice import quoted
from ops.airflow import DOCUMENTATION
from dbt_summary import marts


@pytest.fixture
def bag(tmp_path, monkeypatch):
    """Loads a DAG folder with the given configurations."""

    def load(*configurations):
        folder = dag_folder(tmp_path / "dags", *configurations)
        monkeypatch.syspath_prepend(str(folder))
        for module in [m for m in sys.modules if m.startswith("dbt_") and m.partition(".")[0] in {f.stem for f in DAGS.iterdir()}]:
            monkeypatch.delitem(sys.modules, module)
        return DagBag(str(folder), bundle_path=folder)

    return load


def test_each_configuration_becomes_one_dag(bag):
    """A workstream that has no DAG never runs, and nobody notices."""
    loaded = bag(configuration("sales"), configuration("finance"))

    assert set(loaded.dags) == {"dbt_sales", "dbt_finance", "dbt-watch", "dbt-credentials", "dbt-catalogue"}
    assert loaded.import_errors == {}


def test_a_bad_configuration_is_one_import_error_and_the_others_load(bag):
    """One typing error must not stop every other team's schedule."""
    bad = configuration("finance", timeoutMinutes="soon", retires=2)
    del bad["retries"]
    loaded = bag(configuration("sales"), bad)

    assert set(loaded.dags) == {"dbt_sales", "dbt-watch", "dbt-credentials", "dbt-catalogue"}
    (error,) = loaded.import_errors.values()
    assert "config/finance.json: timeoutMinutes: 'soon' should be a whole number" in error
    assert "config/finance.json: retries: is missing: is it 'retires'?: expected a whole number" in error


def test_an_import_error_is_not_in_the_file_of_the_good_dags(bag):
    """Airflow stops scheduling all DAGs of a file that has an import error."""
    loaded = bag(configuration("sales"), configuration("finance", retries=-1))

    assert list(loaded.import_errors) == ["dbt_configuration_check.py"]
    assert loaded.dags["dbt_sales"].relative_fileloc == "dbt_workstreams.py"


def test_a_file_of_a_newer_platform_says_which_version_it_needs(bag):
    """Whoever rolls back the DAG files alone must learn what belongs together."""
    loaded = bag(configuration("sales", schemaVersion=9))

    (error,) = loaded.import_errors.values()
    assert "config/sales.json: schemaVersion: 9" in error
    assert "it needs platform version 4.2.0" in error


def test_a_clock_schedule_gives_each_run_the_interval_since_the_last(bag):
    """Without data intervals a backfill would build every day with today's dates."""
    dag = bag(configuration("sales", schedule="0 5 * * *")).dags["dbt_sales"]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable

    # 29 March 2026: the clock goes forward; the run stays at five o'clock in Amsterdam.
    restriction = TimeRestriction(earliest=pendulum.datetime(2026, 3, 28, tz="Europe/Amsterdam"), latest=None, catchup=True)
    run = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert run
    assert run.data_interval == DataInterval(
        start=pendulum.datetime(2026, 3, 28, 5, tz="Europe/Amsterdam"), end=pendulum.datetime(2026, 3, 29, 5, tz="Europe/Amsterdam")
    )


def test_a_workstream_can_wait_for_the_marts_of_another(bag):
    """Else its clock must guess when the other one is done."""
    dags = bag(configuration("sales"), configuration("board", schedule={"asset": "sales"})).dags

    published = marts("sales")
    assert dags["dbt_board"].timetable.asset_condition == published


def test_each_night_every_workstream_writes_its_documentation(bag):
    """A catalogue that somebody has to remember shows a project that is no more."""
    dags = bag(configuration("sales"), configuration("finance")).dags
    document = dags["dbt-catalogue"].get_task("document")

    assert set(document.expand_input.value["trigger_dag_id"]) == {"dbt_sales", "dbt_finance"}
    assert document.partial_kwargs["logical_date"] is None, "no run of a date: the next one by the clock does not follow it"
    assert document.partial_kwargs["conf"] == DOCUMENTATION, "as `ops` knows it"
    dags["dbt_sales"].params.update(DOCUMENTATION)
    assert dags["dbt_sales"].params.validate()["commands"] == ["docs generate --static"]


@pytest.mark.parametrize("hour", [0, 1, 2, 12, 23])
def test_the_catalogue_of_a_new_stack_waits_for_its_night(bag, monkeypatch, hour: int):
    """At once it would find nothing built, and stand before the first runs."""
    now = pendulum.datetime(2026, 1, 1, hour, 30, tz="UTC")
    monkeypatch.setattr("airflow.timetables.trigger.utcnow", lambda: now)
    dag = bag(configuration("sales")).dags["dbt-catalogue"]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable

    restriction = TimeRestriction(earliest=dag.start_date, latest=None, catchup=False)
    first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert first
    assert now < first.run_after < now.add(days=1)


LANDED = "s3://landing/orders"
BOTH = [marts("sales"), marts("stock"), Asset(uri=LANDED)]


@pytest.mark.parametrize(("mode", "condition"), [("all", AssetAll(*BOTH)), ("any", AssetAny(*BOTH))])
def test_a_workstream_can_wait_for_several_and_for_what_others_load(bag, mode, condition):
    """One that reads two workstreams and a loader's table would run on what only one of them has refreshed."""
    start = {"cron": None, "mode": mode, "upstreams": ["sales", "stock", LANDED]}
    loaded = bag(configuration("board", schedule=start))

    assert loaded.import_errors == {}
    assert loaded.dags["dbt_board"].timetable.asset_condition == condition


def test_a_clock_can_start_what_an_upstream_starts_too(bag):
    """Figures that are due at six are made of what is there then, whether the other one is done or not."""
    start = {"cron": "0 6 * * *", "mode": "all", "upstreams": ["sales"]}
    dag = bag(configuration("board", schedule=start)).dags["dbt_board"]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable

    restriction = TimeRestriction(earliest=pendulum.datetime(2026, 3, 28, tz="Europe/Amsterdam"), latest=None, catchup=True)
    run = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert run
    assert run.run_after == pendulum.datetime(2026, 3, 29, 6, tz="Europe/Amsterdam")
    assert dag.timetable.asset_condition == marts("sales")


@pytest.mark.parametrize(
    "start", [{"cron": "0 6 *", "mode": "all", "upstreams": ["sales"]}, {"cron": None, "mode": "any", "upstreams": []}]
)
def test_a_start_that_never_comes_is_refused(bag, start):
    """A DAG without one waits for ever, and nobody is told."""
    (error,) = bag(configuration("board", schedule=start)).import_errors.values()

    assert "config/board.json: schedule" in error


def test_runs_never_overlap_and_the_past_is_not_caught_up(bag):
    """Two runs of one workstream would write the same tables; a deployment must not start a year of runs."""
    dag = bag(configuration("sales", schedule="@daily")).dags["dbt_sales"]

    assert (dag.max_active_runs, dag.get_task("dbt").max_active_tis_per_dag, dag.catchup) == (1, 1, False)


def test_a_run_takes_its_share_of_the_pool_that_every_airflow_has(bag):
    """Without it, fifty workstreams that are due at five start fifty containers on one warehouse."""
    task = bag(configuration("sales", poolSlots=43)).dags["dbt_sales"].get_task("dbt")

    assert (task.pool, task.pool_slots) == ("default_pool", 43)


def test_what_failed_becomes_a_task_each_in_the_real_scheduler_too(bag):
    """Airflow's scheduler sees the serialized DAG only."""
    dag = DagSerialization.from_dict(DagSerialization.to_dict(bag(configuration("sales")).dags["dbt_sales"]))

    assert set(dag.task_dict) == {"dbt", "failed.list", "failed.model"}
    assert dag.get_task("failed.list").trigger_rule == "all_failed"
    assert dag.get_task("failed.model").is_mapped
    assert dag.get_task("dbt").operator_extra_link_dict.keys() == {"Container log", "Run report"}


def test_the_tasks_for_what_failed_can_be_left_out(bag):
    """Fifty workstreams on a small environment may want fewer tasks."""
    assert set(bag(configuration("sales", failedModelTasks=0)).dags["dbt_sales"].task_dict) == {"dbt"}


def test_airflow_gives_up_only_after_the_container_itself_would(bag):
    """If Airflow were first, the runner could neither say what it left undone nor upload its artifacts."""
    task = bag(configuration("sales", timeoutMinutes=30, retries=4)).dags["dbt_sales"].get_task("dbt")

    assert timedelta(minutes=32) < task.execution_timeout <= timedelta(minutes=45)
    assert task.retries >= 4
    assert task.retry_delay >= timedelta(seconds=120)


def test_the_containers_lines_appear_within_seconds(bag):
    """Airflow's default shows them half a minute late, to whoever sits there and waits."""
    assert bag(configuration("sales")).dags["dbt_sales"].get_task("dbt").awslogs_fetch_interval <= timedelta(seconds=5)


def test_the_task_has_no_public_address(bag):
    """The container holds the warehouse's credentials."""
    task = bag(configuration("sales")).dags["dbt_sales"].get_task("dbt")

    assert task.network_configuration == {
        "awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"select": "tag:sales"},
        {"select": ["--target prod"]},
        {"select": ["a b"]},
        {"full_refresh": "yes"},
        {"vars": ["a"]},
        {"date": "1 May"},
    ],
    ids=["not a list", "an option", "two words", "not a flag", "not an object", "not a date"],
)
def test_a_malformed_parameter_is_refused_before_anything_runs(bag, bad):
    """Else it would cost a container's start to learn it, or do what nobody asked for."""
    params = bag(configuration("sales")).dags["dbt_sales"].params

    with pytest.raises(ParamValidationError):
        params.update(bad)


def test_the_form_shows_what_a_scheduled_run_would_do(bag):
    """A user changes the selection from what it is, not from nothing."""
    params = bag(configuration("sales", exclude=["tag:slow"])).dags["dbt_sales"].params

    assert params.dump() == {
        "select": ["tag:sales"],
        "exclude": ["tag:slow"],
        "selector": None,
        "commands": ["build"],
        "full_refresh": False,
        "only_new": False,
        "threads": None,
        "warehouse": None,
        "date": None,
        "vars": {},
    }


@pytest.fixture
def sent(monkeypatch):
    """Messages that reached SNS."""
    messages = []
    monkeypatch.setattr(SnsHook, "publish_to_target", lambda _, **message: messages.append(message))
    return messages


def call(callbacks, dag, previous=None, **more):
    """Calls back as Airflow does when a task has ended."""
    ti = SimpleNamespace(try_number=3, log_url="http://airflow/log", get_previous_dagrun=lambda: previous)
    for callback in callbacks:
        callback({"dag": dag, "run_id": "manual__1", "ti": ti, **more})


def test_a_failure_is_told_once_with_dag_run_log_and_reason(bag, sent):
    """Whoever is on call decides by the message whether to get up."""
    dag = bag(configuration("sales")).dags["dbt_sales"]
    task = dag.get_task("dbt")

    call(task.on_failure_callback, dag, exception=ValueError("orders: column {{ no }} is gone"))

    (message,) = sent
    assert message["target_arn"] == "arn:aws:sns:eu-west-1:123456789012:alerts"
    assert message["subject"] == "dbt workstream sales failed"
    for part in ("dbt_sales", "manual__1", "http://airflow/log", "column {{ no }} is gone"):
        assert part in message["message"]
    assert not task.on_retry_callback


def test_an_alert_fits_whatever_its_reason(bag, sent):
    """SNS refuses more than 256 KiB, and nobody would learn of the failure."""
    dag = bag(configuration("sales")).dags["dbt_sales"]

    call(dag.get_task("dbt").on_failure_callback, dag, exception=ValueError("é" * 200_000 + "What to do: this"))

    [text] = [message["message"] for message in sent]
    assert len(text.encode()) <= 256 * 1024
    assert text.startswith("DAG: dbt_sales")
    assert "left out here" in text
    assert text.endswith("What to do: this")


def test_an_alert_that_could_not_be_sent_shows_in_the_log_and_as_an_alarm(bag, monkeypatch, capsys):
    """Silence would be taken for success."""
    counted = []
    monkeypatch.setattr(AwsBaseHook, "conn", SimpleNamespace(put_metric_data=lambda **data: counted.append(data)))
    monkeypatch.setattr(SnsHook, "publish_to_target", lambda *_, **__: (_ for _ in ()).throw(ConnectionError("no route")))
    dag = bag(configuration("sales")).dags["dbt_sales"]

    with pytest.raises(ConnectionError):
        call(dag.get_task("dbt").on_failure_callback, dag, exception=ValueError("orders is gone"))

    assert "orders is gone" in "".join(capsys.readouterr())
    symptom = SYMPTOMS["alerts"]
    [data] = counted
    [metric] = data["MetricData"]
    assert (data["Namespace"], metric["MetricName"]) == (symptom.namespace, symptom.metric)
    assert metric["Dimensions"] == [{"Name": "Environment", "Value": "dbt"}]


CHAT = "arn:aws:sns:eu-west-1:123456789012:chat"


def test_a_failure_in_a_chat_has_cause_what_to_do_and_links(bag, sent):
    """Amazon Q Developer drops what is not in its form, and nobody learns of the failure (its page "Custom notifications")."""
    dag = bag(configuration("sales", chatTopic=CHAT)).dags["dbt_sales"]
    task = dag.get_task("dbt")
    task.report_page, task.log_page = "http://report", "http://container"
    task.found = diagnosis(BY_ID["snowflake-locked"], "Object 'RAW.ORDERS' does not exist", {})

    call(task.on_failure_callback, dag, exception=ValueError("the whole report"), task=task)

    mail, chat = sent
    assert (mail["target_arn"], chat["target_arn"]) == (configuration("sales")["alertTopic"], CHAT)
    assert "the whole report" in mail["message"]
    shown = json.loads(chat["message"])
    assert (shown["version"], shown["source"], shown["content"]["textType"]) == ("1.0", "custom", "client-markdown")
    assert shown["content"]["title"] == chat["subject"] == "dbt workstream sales failed"
    assert shown["content"]["nextSteps"] == [quoted(task.found.resolution)]
    for part in (quoted(task.found.summary), "http://airflow/log", "http://report", "http://container", "manual__1"):
        assert part in shown["content"]["description"]


def test_what_an_error_says_calls_nobody(bag, sent):
    """In Slack `<!channel>` in a row of data would ring everybody."""
    dag = bag(configuration("sales", chatTopic=CHAT)).dags["dbt_sales"]

    call(dag.get_task("dbt").on_failure_callback, dag, exception=ValueError("not a number: '<!channel>'"))

    assert "not a number: '&lt;!channel&gt;'" in json.loads(sent[1]["message"])["content"]["description"]


def test_who_subscribes_can_choose_by_workstream_and_event(bag, sent):
    """A subscription's filter sees a message's attributes, and not its text."""
    dag = bag(configuration("sales", chatTopic=CHAT)).dags["dbt_sales"]

    call(dag.get_task("dbt").on_failure_callback, dag, exception=ValueError("gone"))

    assert [message["message_attributes"] for message in sent] == [{"event": "failed", "workstream": "sales"}] * 2


def test_a_chat_of_a_long_error_fits(bag, sent):
    dag = bag(configuration("sales", chatTopic=CHAT)).dags["dbt_sales"]

    call(dag.get_task("dbt").on_failure_callback, dag, exception=ValueError("x" * 200_000))

    assert len(json.loads(sent[1]["message"])["content"]["description"]) < 3000


def test_a_late_run_is_told_in_the_chat_too(bag, sent):
    """The triggerer knows one form of a message at a time."""
    alerts = bag(configuration("sales", chatTopic=CHAT)).dags["dbt_sales"].deadline
    run = {"dag_id": "dbt_sales", "dag_run_id": "scheduled__1", "state": "queued", "run_type": "scheduled"}

    for alert in alerts:
        context = {"dag_run": run, "deadline": {"deadline_time": "2026-01-01"}}
        pkgutil.resolve_name(alert.callback.path)(**alert.callback.kwargs)(context)

    mail, chat = sent
    assert chat["target_arn"] == CHAT
    assert json.loads(chat["message"])["content"]["title"] == mail["subject"] == "dbt workstream sales is late"
    assert "Run: scheduled__1" in json.loads(chat["message"])["content"]["description"]


@pytest.mark.parametrize(("before", "messages"), [("failed", 1), ("success", 0), (None, 0)])
def test_a_recovery_is_told_only_after_a_failure(bag, sent, before, messages):
    """Without it nobody knows that the night's failure is over; on every success it would be noise."""
    dag = bag(configuration("sales")).dags["dbt_sales"]

    call(dag.get_task("dbt").on_success_callback, dag, previous=SimpleNamespace(state=before) if before else None)

    assert [message["subject"] for message in sent] == ["dbt workstream sales runs again"] * messages


@pytest.mark.parametrize("dag_id", ["dbt-watch", "dbt-credentials"])
def test_who_looks_after_the_others_is_missed_when_it_fails(bag, sent, dag_id):
    """Containers went on and credentials ended, and its red squares were on a page that nobody opens."""
    dag = bag(configuration("sales")).dags[dag_id]
    task = dag.get_task("watch")

    for before in ("success", "failed", None):
        call(task.on_failure_callback, dag, previous=before and SimpleNamespace(state=before), exception=ValueError("no access"))
    for before in ("failed", "success"):
        call(task.on_success_callback, dag, previous=SimpleNamespace(state=before))

    assert [message["subject"] for message in sent] == [f"{dag_id} fails"] * 2 + [f"{dag_id} works again"]
    assert "no access" in sent[0]["message"]
    assert "Until it succeeds" in sent[0]["message"]
    assert {message["target_arn"] for message in sent} == {"arn:aws:sns:eu-west-1:123456789012:platform"}


def test_a_run_is_late_when_all_its_tries_should_be_over(bag):
    """A run that hangs in a queue fails never, so nothing else would tell."""
    dag = bag(configuration("sales", timeoutMinutes=30, retries=1)).dags["dbt_sales"]
    core: Any = DagSerialization.from_dict(DagSerialization.to_dict(dag))

    (alert,) = core.deadline
    assert decode_deadline_alert(alert).interval == timedelta(minutes=2 * 40 + 2)


def test_a_late_run_is_told_with_dag_run_and_state(bag, sent):
    """The message is rendered by Airflow's triggerer, which knows nothing but the run."""
    (alert,) = bag(configuration("sales")).dags["dbt_sales"].deadline
    run = {"dag_id": "dbt_sales", "dag_run_id": "scheduled__1", "state": "queued"}

    pkgutil.resolve_name(alert.callback.path)(**alert.callback.kwargs)(
        {"dag_run": run, "deadline": {"deadline_time": "2026-01-01"}}
    )

    (message,) = sent
    assert message["subject"] == "dbt workstream sales is late"
    for part in ("dbt_sales", "scheduled__1", "queued", "2026-01-01"):
        assert part in message["message"]


def test_a_backfill_is_never_late(bag, sent):
    """Its runs are queued all at once: the last of forty-nine would be late before it starts."""
    (alert,) = bag(configuration("sales")).dags["dbt_sales"].deadline

    for kind in ("backfill", "scheduled"):
        run = {"dag_id": "dbt_sales", "dag_run_id": "1", "state": "queued", "run_type": kind}
        pkgutil.resolve_name(alert.callback.path)(**alert.callback.kwargs)({"dag_run": run, "deadline": {"deadline_time": ""}})

    assert [message["target_arn"] for message in sent] == ["", "arn:aws:sns:eu-west-1:123456789012:alerts"]


def test_the_dag_page_leads_to_logs_and_artifacts(bag):
    """At night nobody searches for the right log group."""
    commit = "https://gitlab.com/acme/platform/-/commit/0123456789abcdef"
    text = bag(configuration("sales", commitPage=commit)).dags["dbt_sales"].doc_md

    assert f"[Commit 01234567]({commit})" in text
    assert "log-group/$252Fdbt$252Fsales" in text
    assert "s3/buckets/artifacts?prefix=sales/" in text
    assert "dashboards:name=dbt" in text
    for words in (
        "analytics",
        "tag:sales",
        "by hand",
        "Europe/Amsterdam",
        "60 min a try, 3 tries",
        "/assets?name_pattern=dbt-sales",
    ):
        assert words in text, words


def test_the_list_of_dags_says_what_each_is_for_and_which_starts_by_hand(bag):
    """Airflow's list shows no description, and nothing at all in the place of a schedule."""
    long = "Orders, returns and customers of all shops, ready for the reports of the board and of the regions"
    dags = bag(configuration("sales", schedule="@daily", description=long), configuration("finance")).dags

    assert dags["dbt_sales"].dag_display_name == "dbt_sales: Orders, returns and customers of all shops, ready for the…"
    assert dags["dbt-watch"].dag_display_name == "dbt-watch: stops containers for which no run waits"
    assert all(dag.dag_display_name.startswith(f"{dag_id}: ") for dag_id, dag in dags.items())
    assert "by hand" in dags["dbt_finance"].tags
    assert "by hand" not in dags["dbt_sales"].tags


@pytest.mark.parametrize("field", ["select", "exclude", "selector", "full_refresh", "threads", "warehouse", "date", "vars"])
def test_a_field_that_may_be_empty_is_not_marked_as_required(bag, field):
    """Airflow's form puts a star at each whose schema has no null (its `isRequired`), and refuses it empty."""
    params = bag(configuration("sales")).dags["dbt_sales"].params

    params[field] = None
    assert params.validate()[field] is None


def test_dag_files_need_nothing_that_mwaa_lacks():
    """MWAA's image has Airflow with its Amazon provider and what they need; anything else is an import error there only."""
    own = {file.stem for file in DAGS.iterdir()}
    allowed = {"airflow", "botocore", "pendulum", "pydantic", "pydantic_core", *own, *sys.stdlib_module_names}
    for file in dag_files():
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert {name.partition(".")[0] for name in names} <= allowed, file.name


def test_airflow_looks_for_dags_in_the_files_that_have_some_and_for_errors_in_the_one_that_shows_them():
    """A file that it overlooks is a DAG that is not there, without a word; one too many is run alone, every half a minute."""
    with_dags = {file for file in dag_files() if "DAG(" in file.read_text()}

    found = {Path(path) for path in list_py_file_paths(DAGS)}

    assert found == with_dags | {DAGS / "dbt_configuration_check.py"}
