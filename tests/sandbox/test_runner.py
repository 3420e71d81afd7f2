"""The runner with a real dbt, against the warehouse and an emulated S3: what a run does, and what it leaves."""

import base64
import json
import signal
import socket
import time
from pathlib import Path

import pytest
from runner import connection
from runner.environment import read
from runner.outcome import RunnerError

from sandbox.network import wait_until
from sandbox.paths import REPOSITORY
from tests.sandbox.emulator_account import Account
from tests.sandbox.runner_process import BUCKET, Runs, project
from tests.sandbox.warehouse_server import NAMES, Server, new_key, pem

SLOW = "select system$wait(300) as x"
ANNOUNCED = """{{ config(pre_hook="select 'here it comes'") }} """


def _cancelled(server: Server, workstream: str) -> list[str]:
    """Names of the nodes whose queries were cancelled at the warehouse."""
    history = "select query_tag from snowflake.account_usage.query_history where error_code = '000604'"
    tags = [json.loads(tag) for (tag,) in server.run(history)]
    return [tag["node"].split(".")[2] for tag in tags if tag["workstream"] == workstream]


def test_a_run_leaves_everything_that_the_next_one_and_people_need(runs: Runs):
    """Nobody could say afterwards what ran, how long, and with which result."""
    project(runs.project, {"a": "select 1 as x", "b": "select x from {{ ref('a') }} union all select 2"})

    first = runs.run()
    second = runs.run(DBT_RUN_ID="run-2")

    assert (first.code, first.statuses) == (0, {"a": "success", "b": "success"}), first.text
    tries = {"manifest.json", "run_results.json", "dbt.log", "progress.json", "report.html", "summary.json"}
    stored = runs.objects()
    assert tries == {name.removeprefix("runs/run-1/1/") for name in stored if name.startswith("runs/run-1/1/")}
    assert {"state/manifest.json", "state/nodes.json", "latest/summary.json"} <= set(stored)
    summary = json.loads(runs.read("runs/run-1/1/summary.json"))
    assert summary["outcome"] == "success"
    schema = f"ANALYTICS.{runs.workstream.upper()}"
    assert [(node["name"], node["status"], node["rows"], node["relation"].upper()) for node in summary["nodes"]] == [
        ("a", "success", 1, f"{schema}.A"),
        ("b", "success", 2, f"{schema}.B"),
    ]
    head = runs.cloud.client("s3").head_object(Bucket=BUCKET, Key=f"{runs.workstream}/runs/run-1/1/report.html")
    assert head["ContentType"] == "text/html; charset=utf-8"
    [metrics] = [json.loads(line) for line in first.lines if '"_aws"' in line]
    assert metrics["NodesSucceeded"] == 2
    assert 0 < metrics["TimeToFirstQuery"] < metrics["RunDuration"]
    assert [event["cached"] for event in (*first.of("parsed"), *second.of("parsed"))] == [False, True]


def test_another_try_after_a_success_does_everything_again(runs: Runs):
    """Who clears a finished run in Airflow wants it to run; it would be green without having done anything."""
    project(runs.project, {"a": "select 1 as x"})

    tries = [runs.run(DBT_TRY_NUMBER=number) for number in ("1", "2")]

    assert [(run.code, run.statuses) for run in tries] == [(0, {"a": "success"})] * 2, tries[1].text


def test_a_failure_is_explained_and_everything_is_stored_all_the_same(runs: Runs):
    """The artifacts of a failed run are the ones that somebody needs."""
    project(runs.project, {"a": "select 1 as x", "b": "select nope from {{ ref('a') }}", "c": "select * from {{ ref('b') }}"})

    run = runs.run()

    assert (run.code, run.statuses) == (1, {"a": "success", "b": "error", "c": "skipped"})
    block = run.text.partition("dbt failed: ")[2]
    for part in ("model b: error", "models/b.sql", "NOPE", "skipped because of it: c", "--select b+"):
        assert part in block, run.text
    assert "Traceback" not in run.text
    compiled = runs.read("runs/run-1/1/compiled/b.sql").decode()
    assert "select nope from ANALYTICS." in compiled
    assert "nope" in runs.read("runs/run-1/1/report.html").decode().lower()
    assert "state/manifest.json" not in runs.objects()


def test_artifacts_that_cannot_be_stored_fail_a_good_run_and_do_not_hide_a_bad_one(runs: Runs):
    """Success without artifacts breaks the next `--changed`; a failure about S3 would hide the model that failed."""
    project(runs.project, {"a": "select 1 as x", "b": "select nope from {{ ref('a') }}"})
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    good, bad = runs.run("run", "--select", "a", **nowhere), runs.run("run", **nowhere)

    for run in (good, bad):
        assert run.code == 1
        assert "The artifacts could not be stored" in run.text
    assert good.statuses == {"a": "success"}
    assert "model b: error" in bad.text


def test_every_query_carries_its_run_and_node(runs: Runs):
    """Snowflake's bill could not be split by workstream, run or model."""
    project(runs.project, {"a": "select 1 as x"})

    runs.run()

    history = runs.server.run("select query_tag from snowflake.account_usage.query_history where user_name = 'DBT'")
    tags = [json.loads(tag) for (tag,) in history if runs.workstream in tag]
    assert {"model.made_for_a_test.a"} == {tag["node"] for tag in tags if "node" in tag}
    assert all({"workstream", "run", "try", "image"} <= set(tag) for tag in tags)


def test_a_run_that_is_told_to_end_cancels_its_queries_and_goes_on_in_the_next_try(runs: Runs):
    """The warehouse would go on working, and the next try would begin from the beginning."""
    project(
        runs.project, {"a": "select 1 as x", "b": ANNOUNCED + SLOW + " from {{ ref('a') }}", "c": "select * from {{ ref('b') }}"}
    )
    run = runs.start("run")
    assert wait_until(lambda: _announced(runs), 120), run.log.read_text()

    told = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    ended = run.finish(30)

    assert ended.code == 143, ended.text
    assert time.monotonic() - told < 20
    assert "1 cancelled, 1 not run, 1 success" in ended.text
    assert _cancelled(runs.server, runs.workstream) == ["b"]
    assert json.loads(runs.read("runs/run-1/1/summary.json"))["outcome"] == "cancelled"

    project(runs.project, {"b": "select 2 as x"})
    again = runs.run(DBT_TRY_NUMBER="2")
    assert (again.code, again.statuses) == (0, {"b": "success", "c": "success"}), again.text
    assert "3 success" in again.text


def _announced(runs: Runs) -> bool:
    """Whether the next statement of the workstream is its slow one."""
    sql = (
        "select query_tag from snowflake.account_usage.query_history where query_text like '%here it comes%' and user_name = 'DBT'"
    )
    return any(runs.workstream in tag for (tag,) in runs.server.run(sql))


@pytest.mark.slow
def test_the_run_s_own_deadline_ends_it_even_when_the_warehouse_has_stopped_answering(server: Server, runs: Runs):
    """It would hang until somebody looks, and Airflow's timeout leaves the container running."""
    project(runs.project, {"a": "select 1 as x", **{f"b{number}": SLOW + " from {{ ref('a') }}" for number in range(4)}})
    run = runs.start("run", RUN_TIMEOUT_SECONDS="35")
    run.wait_for('"node_started", "node": "model.made_for_a_test.b3"')

    server.process.send_signal(signal.SIGSTOP)
    try:
        ended = run.finish(90)
    finally:
        server.process.send_signal(signal.SIGCONT)

    assert ended.code == 3, ended.text
    assert "did not end within its 35 seconds" in ended.text
    summary = json.loads(runs.read("runs/run-1/1/summary.json"))
    assert summary["counts"] == {"success": 1, "cancelled": 4}
    assert summary["seconds"] < 35 + 15


@pytest.mark.slow
def test_after_a_kill_the_next_try_runs_exactly_the_rest(runs: Runs):
    """Twenty models of ten minutes each would take three hours more."""
    models = {f"m{number:02}": f"select 1 as x from {{{{ ref('m{number - 1:02}') }}}}" for number in range(2, 21)}
    models |= {"m01": "select 1 as x", "m10": SLOW + " from {{ ref('m09') }}"}
    project(runs.project, models)
    run = runs.start("run")
    run.wait_for('"node_started", "node": "model.made_for_a_test.m10"')
    assert wait_until(lambda: _stored(runs) == 9, 30)

    run.process.kill()
    assert run.finish().code == -signal.SIGKILL
    project(runs.project, {"m10": "select 1 as x from {{ ref('m09') }}"})
    again = runs.run(DBT_TRY_NUMBER="2")

    assert again.code == 0, again.text
    assert list(again.statuses) == [f"m{number:02}" for number in range(10, 21)]
    assert "20 success" in again.text


def _stored(runs: Runs) -> int:
    name = "runs/run-1/1/progress.json"
    return len(json.loads(runs.read(name))["results"]) if name in runs.objects() else 0


def test_only_what_changed_is_built_and_what_depends_on_it(runs: Runs):
    """A change of one model would rebuild everything, or miss what depends on it."""
    project(runs.project, {"a": "select 1 as x", "b": "select x from {{ ref('a') }}", "c": "select 3 as x"})
    assert set(runs.run("run", "--changed").statuses) == {"a", "b", "c"}, "the first time, there is nothing to compare with"

    project(runs.project, {"a": "select 2 as x"})
    changed, unchanged = runs.run("run", "--changed"), runs.run("run", "--changed")

    assert (changed.code, set(changed.statuses)) == (0, {"a", "b"}), changed.text
    assert (unchanged.code, unchanged.statuses) == (0, {}), unchanged.text
    assert "Nothing has changed" in unchanged.text


def test_a_damaged_cache_does_no_harm(runs: Runs):
    """One bad upload would stop a workstream for good."""
    project(runs.project, {"a": "select 1 as x"})
    runs.run()
    [cache] = [name for name in runs.objects() if name.startswith("parse/")]
    runs.write(cache, b"not what dbt wrote")

    run = runs.run(DBT_RUN_ID="run-2")

    assert (run.code, run.statuses) == (0, {"a": "success"}), run.text
    assert any("parsed project" in event.get("message", "") for event in run.events), run.text
    assert runs.read(cache) != b"not what dbt wrote"


def test_a_selection_that_matches_nothing_is_an_error(runs: Runs):
    """A typing error in a tag would be a green run that builds nothing."""
    project(runs.project, {"a": "select 1 as x"})

    run = runs.run("run", "--select", "tag:slaes")

    assert run.code == 2
    assert "The selection matches nothing: --select tag:slaes." in run.text


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select {{ no_such_macro() }}", "no_such_macro"),
        ("select {{ 1", "models/a.sql"),
        ("select * from {{ ref('gone') }}", "gone"),
    ],
)
def test_a_project_that_cannot_be_read_names_the_file(runs: Runs, sql: str, said: str):
    """A person would get dbt's stack trace."""
    project(runs.project, {"a": sql})

    run = runs.run()

    assert run.code in {1, 2}, run.text
    assert said in run.text
    assert "Traceback" not in run.text


SOURCES = """
sources:
  - name: raw
    schema: "{{ target.schema }}"
    config:
      loaded_at_field: loaded_at
      freshness: {error_after: {count: 1, period: day}}
    tables: [{name: old}, {name: missing}]
"""


def test_nothing_is_built_on_a_source_that_is_too_old(runs: Runs):
    """Yesterday's figures would look like today's."""
    schema = f"ANALYTICS.{runs.workstream.upper()}"
    runs.server.run(f"create schema {schema}")
    runs.server.run(f"create table {schema}.OLD as select 1 as X, '2020-01-01'::timestamp_ntz as LOADED_AT")
    models = {"a": "select x from {{ source('raw', 'old') }}", "b": "select 1 as y"}
    project(runs.project, models, models__sources_yml=SOURCES)

    checked, unchecked = runs.run(), runs.run(DBT_SOURCE_FRESHNESS="false")

    assert (checked.code, checked.statuses) == (1, {}), checked.text
    assert "Too old, so nothing was built: source.made_for_a_test.raw.old (loaded 2020-01-01" in checked.text
    assert (unchecked.code, set(unchecked.statuses)) == (0, {"a", "b"})


def test_a_source_that_is_not_there_yet_is_the_build_s_business(runs: Runs):
    """A project whose seeds make its sources could never run for the first time."""
    project(runs.project, {"a": "select 1 as x from {{ source('raw', 'missing') }}"}, models__sources_yml=SOURCES)

    run = runs.run()

    assert [event["status"] for event in run.of("freshness")] == ["runtime error"]
    assert (run.code, run.statuses) == (1, {"a": "error"}), run.text


def test_no_secret_leaves_the_container(runs: Runs):
    """Logs and artifacts are read by many; the key opens the warehouse."""
    key, passphrase = pem(runs.server.key), "correct horse battery staple"
    sql = f"select '{key.splitlines()[3]}' as x, '{passphrase}' as y, nope"
    yml = f"models: [{{name: a, description: 'the passphrase is {passphrase}'}}]"
    project(runs.project, {"a": sql}, models__a_yml=yml)

    run = runs.run(SNOWFLAKE_PRIVATE_KEY_PASSPHRASE=passphrase)
    debug = runs.run("debug", SNOWFLAKE_PRIVATE_KEY_PASSPHRASE=passphrase)

    left = {name: runs.read(name) for name in runs.objects()} | {"log": run.text.encode(), "debug": debug.text.encode()}
    assert run.code == 1
    assert {"runs/run-1/1/dbt.log", "runs/run-1/1/compiled/a.sql", "runs/run-1/1/run_results.json"} <= set(left)
    secrets = [passphrase, *key.splitlines()[1:-1], base64.b64encode(key.encode()).decode()[:60]]
    found = [(name, secret) for name, content in left.items() for secret in secrets if secret.encode() in content]
    assert not found


def test_a_user_with_a_password_can_still_log_in(runs: Runs):
    """An account that has not changed to keys yet could not use the platform."""
    project(runs.project, {"a": "select 1 as x"})
    runs.server.run("create user LEGACY password = 'an old password' default_role = TRANSFORMER")
    runs.server.run("grant role TRANSFORMER to user LEGACY")
    legacy = {"SNOWFLAKE_AUTHENTICATOR": "password", "SNOWFLAKE_USER": "LEGACY", "SNOWFLAKE_PRIVATE_KEY": ""}

    right, wrong = (runs.run(SNOWFLAKE_PASSWORD=password, **legacy) for password in ("an old password", "a wrong password"))

    assert (right.code, right.statuses) == (0, {"a": "success"}), right.text
    assert wrong.code == 2
    assert "does not accept user LEGACY or its password" in wrong.text


@pytest.mark.parametrize(
    ("changes", "revoked", "problem", "fix"),
    [
        ({"SNOWFLAKE_PRIVATE_KEY": pem(new_key())}, "", "does not accept the private key of user DBT", "RSA_PUBLIC_KEY"),
        ({"SNOWFLAKE_ROLE": "OTHER"}, "", "Role OTHER does not exist, or user DBT may not use it", "GRANT ROLE OTHER TO USER DBT"),
        ({"SNOWFLAKE_DATABASE": "NOPE"}, "", "Database NOPE does not exist", "GRANT USAGE ON DATABASE NOPE"),
        ({}, "usage on warehouse TRANSFORMING", "Warehouse TRANSFORMING does not exist", "GRANT USAGE ON WAREHOUSE"),
        ({}, "usage on database ANALYTICS", "Database ANALYTICS does not exist", "GRANT USAGE ON DATABASE ANALYTICS"),
        (
            {"SNOWFLAKE_SCHEMA": "NEW"},
            "create schema on database ANALYTICS",
            "may not create the schema NEW",
            "GRANT CREATE SCHEMA",
        ),
        ({"SNOWFLAKE_PORT": "9"}, "", "can't be reached at 127.0.0.1:9", "port 9"),
        ({"SNOWFLAKE_HOST": "no-such-host.invalid"}, "", "can't be reached at no-such-host.invalid", "SNOWFLAKE_ACCOUNT"),
    ],
)
def test_a_connection_that_cannot_work_is_one_sentence_and_its_fix(
    runs: Runs, changes: dict[str, str], revoked: str, problem: str, fix: str
):
    """dbt hangs for minutes, or says something about JWT."""
    settings = read(runs.environment(**changes)).warehouse
    if revoked:
        runs.server.run(f"revoke {revoked} from role TRANSFORMER")
    try:
        with pytest.raises(RunnerError) as error:
            connection.check(settings)
    finally:
        if revoked:
            runs.server.run(f"grant {revoked} to role TRANSFORMER")

    assert problem in error.value.problem
    assert "\n" not in error.value.problem
    assert fix in error.value.fix


@pytest.mark.slow
def test_a_warehouse_that_accepts_and_never_answers_is_given_up_within_a_minute(runs: Runs):
    """dbt alone waits for two minutes and more, at every try."""
    project(runs.project, {"a": "select 1 as x"})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        run = runs.run(SNOWFLAKE_PORT=str(silent.getsockname()[1]))

    assert run.code == 2
    assert time.monotonic() - started < 60
    assert "Snowflake can't be reached at 127.0.0.1:" in run.text or "refuses" in run.text


def test_check_says_for_each_thing_whether_it_is_there(runs: Runs):
    """Somebody who sets a workstream up would find one mistake per run."""
    good = runs.run("check")
    bad = runs.run("check", SNOWFLAKE_ROLE="OTHER", ARTIFACTS_URI="s3://no-such-bucket/x", SNOWFLAKE_PRIVATE_KEY="no key")

    assert good.code == 0, good.text
    assert "A run has everything that it needs." in good.text
    assert bad.code == 2
    assert [line.split("  ")[0] for line in bad.lines if " FAILED " in line] == [
        "artifacts at s3://no-such-bucket/x",
        "private key",
        "log-in of DBT with role OTHER",
    ], bad.text


SALES = ["--select", "tag:sales"]
SHOP = REPOSITORY / "dbt_project"


@pytest.mark.slow
def test_the_shop_s_workstreams_build_what_its_readme_promises(server: Server, cloud: Account, bucket: str, tmp_path: Path):
    """The project that teams copy would be wrong."""
    for name in ("sales", "finance"):
        run = Runs(server, cloud, tmp_path, SHOP, name).run("run", "--select", f"tag:{name}")
        assert run.code == 0, run.text
        assert not [event for event in run.of("dbt") if "deprecat" in json.dumps(event).lower()]
        assert set(run.statuses.values()) <= {"success", "pass"}

    assert _rows(server, "SALES.CUSTOMERS", "CUSTOMER_ID, CUSTOMER_NAME, ORDERS, REVENUE") == [
        "1 Ada 2 45.50",
        "2 Brook 2 17.00",
        "3 Chidi 2 16.50",
        "4 Dara 0 0.00",
    ]
    assert _rows(server, "SALES.DAILY_SALES", "ORDERED_ON, ORDERS, PIECES, REVENUE") == [
        "2025-01-03 2 7 50.00",
        "2025-01-04 1 1 12.50",
        "2025-01-05 1 2 0.00",
        "2025-01-06 2 4 16.50",
    ]
    assert _rows(server, "FINANCE.RECEIVABLES", "INVOICE_ID, OUTSTANDING, STATUS") == [
        "5001 0.00 paid",
        "5002 7.00 partly paid",
        "5003 12.50 open",
        "5004 0.00 paid",
        "5005 40.00 open",
    ]
    assert _rows(server, "FINANCE.MONTHLY_REVENUE", "MONTH, INVOICED, COLLECTED") == [
        "2025-01-01 152.50 43.00",
        "2025-02-01 40.00 90.00",
    ]


@pytest.mark.slow
def test_the_shop_s_incremental_model_is_right_twice_and_after_late_data(
    server: Server, cloud: Account, bucket: str, tmp_path: Path
):
    """Orders would be counted twice, or those that arrive late never."""
    shop = Runs(server, cloud, tmp_path, SHOP, "shop2", {"SNOWFLAKE_SCHEMA": "SHOP2"})
    assert shop.run("run", *SALES).code == 0
    before = _rows(server, "SHOP2.ORDERS", "ORDER_ID, REVENUE")
    again = ("run", *SALES, "--exclude", "resource_type:seed")

    assert shop.run(*again, DBT_RUN_ID="run-2").code == 0
    assert _rows(server, "SHOP2.ORDERS", "ORDER_ID, REVENUE") == before

    now = "current_timestamp()::timestamp_ntz"
    server.run(f"insert into ANALYTICS.SHOP2_RAW.ORDERS values (99, 4, '2024-12-31', 'completed', {now})")
    server.run(f"insert into ANALYTICS.SHOP2_RAW.ORDER_ITEMS values (90, 99, 3, 1, 8.00, {now}), (91, 103, 2, 2, 4.25, {now})")
    run = shop.run(*again, DBT_RUN_ID="run-3")

    assert run.code == 0, run.text
    after = _rows(server, "SHOP2.ORDERS", "ORDER_ID, REVENUE")
    assert after == ["99 8.00", *(row if not row.startswith("103 ") else "103 21.00" for row in before)]
    assert _rows(server, "SHOP2.CUSTOMERS", "CUSTOMER_ID, FIRST_ORDER_ON")[-1] == "4 2024-12-31"


def _rows(server: Server, table: str, columns: str) -> list[str]:
    return [" ".join(map(str, row)) for row in server.run(f"select {columns} from {NAMES['database']}.{table} order by 1")]
