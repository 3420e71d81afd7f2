"""What a run does, what it says and what it leaves, with a real dbt, the warehouse and an emulated S3."""

import json
import shlex
from datetime import datetime, timedelta

import pytest

from tests.sandbox.runner_process import BUCKET, Runs, project


def test_a_run_leaves_everything_that_the_next_one_and_people_need(runs: Runs):
    """Nobody could say afterwards what ran, how long, and with which result."""
    project(runs.project, {"a": "select 1 as x", "b": "select x from {{ ref('a') }} union all select 2"})

    first = runs.run()
    second = runs.run(DBT_RUN_ID="run-2")

    assert (first.code, first.statuses) == (0, {"a": "success", "b": "success"}), first.text
    tries = {"manifest.json", "run_results.json", "dbt.log", "progress.json", "report.html", "summary.json"}
    stored = runs.objects()
    assert tries == {name.removeprefix("runs/run-1/1/") for name in stored if name.startswith("runs/run-1/1/")}
    assert {"state/manifest.json", "state/nodes.json", "latest/summary.json", "latest/rows.json"} <= set(stored)
    summary = json.loads(runs.read("runs/run-1/1/summary.json"))
    assert summary["outcome"] == "success"
    schema = f"ANALYTICS.{runs.workstream.upper()}"
    assert [(node["name"], node["status"], node["rows"], node["relation"].upper()) for node in summary["nodes"]] == [
        ("a", "success", 1, f"{schema}.A"),
        ("b", "success", 2, f"{schema}.B"),
    ]
    assert {datetime.fromisoformat(node["started"]).utcoffset() for node in summary["nodes"]} == {timedelta(0)}
    head = runs.cloud.client("s3").head_object(Bucket=BUCKET, Key=f"{runs.workstream}/runs/run-1/1/report.html")
    assert head["ContentType"] == "text/html; charset=utf-8"
    [metrics] = [json.loads(line) for line in first.lines if '"_aws"' in line]
    assert metrics["NodesSucceeded"] == 2
    assert 0 < metrics["TimeToFirstQuery"] < metrics["RunDuration"] == summary["seconds"]
    began = datetime.fromisoformat(summary["started"]).replace(tzinfo=None)
    assert abs((_first_of_dbt(runs) - began).total_seconds() - metrics["TimeToFirstQuery"]) < 5
    assert [event["cached"] for event in (*first.of("parsed"), *second.of("parsed"))] == [False, True]


def test_a_long_log_is_stored_from_its_beginning(runs: Runs):
    """dbt begins another file after 10 MB; a night of a thousand models would leave its last minutes."""
    project(runs.project, {"a": "select 1 as x"})

    run = runs.run(DBT_LOG_FILE_MAX_BYTES="2000")

    assert run.code == 0, run.text
    log = runs.read("runs/run-1/1/dbt.log").decode()
    assert len(log) > 2000
    assert [path.name for path in (runs.folder / "logs").iterdir()] == ["dbt.log"]


def _first_of_dbt(runs: Runs) -> datetime:
    """When the first of dbt's statements arrived at the warehouse, UTC."""
    history = "select min(start_time) from snowflake.account_usage.query_history"
    [(first,)] = runs.server.run(f"{history} where query_text like '%\"app\": \"dbt\"%' and query_tag like '%{runs.workstream}%'")
    return first


def test_another_try_after_a_success_builds_nothing(runs: Runs):
    """Airflow may try again a run whose end it did not see: a model that appends would have its rows twice."""
    project(runs.project, {"a": "{{ config(materialized='incremental') }} select 1 as x"})

    tries = [runs.run(DBT_TRY_NUMBER=number) for number in ("1", "2")]

    assert [run.code for run in tries] == [0, 0], tries[1].text
    assert runs.server.run(f"select count(*) from ANALYTICS.{runs.workstream}.a") == [(1,)]


def test_a_failure_is_explained_and_everything_is_stored_all_the_same(runs: Runs):
    """The artifacts of a failed run are the ones that somebody needs."""
    project(runs.project, {"a": "select 1 as x", "b": "select nope from {{ ref('a') }}", "c": "select * from {{ ref('b') }}"})

    run = runs.run()

    assert (run.code, run.statuses) == (1, {"a": "success", "b": "error", "c": "skipped"})
    block = run.text.partition("dbt failed: ")[2]
    for part in ("model b: error", "models/b.sql", "NOPE", "skipped because of it: c", "--select b+"):
        assert part in block, run.text
    assert "Traceback" not in run.text
    compiled = runs.read("runs/run-1/1/compiled/model.made_for_a_test.b.sql").decode()
    assert "select nope from ANALYTICS." in compiled
    assert "nope" in runs.read("runs/run-1/1/report.html").decode().lower()
    assert "state/manifest.json" not in runs.objects()


def test_the_command_that_a_failed_run_prints_builds_all_that_is_missing(runs: Runs):
    """It selected the test that failed; that passed, "dbt succeeded", and what was skipped because of it stayed unbuilt."""
    schema = f"ANALYTICS.{runs.workstream.upper()}"
    runs.server.run(f"create schema {schema}")
    runs.server.run(f"create table {schema}.RAW as select null::int as X")
    models = {"a": f"{{{{ config(materialized='view') }}}} select x from {schema}.raw", "b": "select x from {{ ref('a') }}"}
    models |= {"c": "select x from {{ ref('b') }}", "d": "select nope", "e": "select x from {{ ref('d') }}"}
    project(runs.project, models, models__a_yml="models: [{name: a, columns: [{name: x, data_tests: [not_null]}]}]")

    failed = runs.run()
    runs.server.run(f"update {schema}.RAW set X = 1")
    project(runs.project, {"d": "select 1 as x"})
    printed = failed.text.partition("Run just these again: ops run ")[2].splitlines()[0]
    selected = [word for word in shlex.split(printed)[1:] if word != "--select"]
    again = runs.run("run", "--select", *selected, DBT_RUN_ID="run-2")

    missing = {name for name, status in failed.statuses.items() if status != "success"}
    assert missing == {"not_null_a_x", "b", "c", "d", "e"}, failed.text
    assert again.code == 0, again.text
    assert again.statuses == {name: "pass" if name == "not_null_a_x" else "success" for name in missing}


def test_artifacts_that_cannot_be_stored_fail_a_good_run_and_do_not_hide_a_bad_one(runs: Runs):
    """Success without artifacts breaks the next `--changed`; a failure about S3 would hide the model that failed."""
    project(runs.project, {"a": "select 1 as x", "b": "select nope from {{ ref('a') }}"})
    nowhere = {"ARTIFACTS_URI": "s3://no-such-bucket/runs"}

    good, bad = runs.run("run", "--select", "a", **nowhere), runs.run("run", **nowhere)

    assert (good.code, bad.code) == (4, 1)
    for run in (good, bad):
        assert "could not be stored" in run.text
    assert good.statuses == {"a": "success"}
    assert "model b: error" in bad.text


def test_every_query_carries_its_run_and_node(runs: Runs):
    """Snowflake's bill could not be split by workstream, run or model; nor by a tag that the project has set itself."""
    models = {"a": "select 1 as x", "b": "{{ config(query_tag='cost-centre 7') }} select 2 as x"}
    models["c"] = """{{ config(query_tag='{"team": "finance", "year": 2026}') }} select 3 as x"""
    project(runs.project, models)
    before = len(_tags(runs))

    runs.run()

    tags = [json.loads(tag or "{}") for tag in _tags(runs)[before:]]
    assert {f"model.made_for_a_test.{name}" for name in models} == {tag["node"] for tag in tags if "node" in tag}
    own = {tag["node"].rpartition(".")[2]: tag for tag in tags if "query_tag" in tag or "team" in tag}
    assert {name: {key: tag[key] for key in ("query_tag", "team", "year") if key in tag} for name, tag in own.items()} == {
        "b": {"query_tag": "cost-centre 7"},
        "c": {"team": "finance", "year": 2026},
    }
    assert all({"platform", "workstream", "run", "try", "image"} <= set(tag) for tag in tags), "the check of the connection too"
    assert {tag["workstream"] for tag in tags} == {runs.workstream}


def _tags(runs: Runs) -> list[str]:
    """Of every statement of dbt's user, in order."""
    history = "select query_tag from snowflake.account_usage.query_history where user_name = 'DBT' order by start_time"
    return [tag for (tag,) in runs.server.run(history)]


def test_half_a_character_is_shown_escaped_and_ends_nothing(runs: Runs):
    """It fits into no message of dbt's: models were cancelled without a reason, and the report could not be stored."""
    refuse = "{% if execute %}{{ exceptions.raise_compiler_error('row \\ud800 is bad') }}{% endif %}"
    models = {"a": f"{refuse} select 1 as x", "b": "select '{{ '\\udc80' }}' as x", "c": "{{ log('\\ud83d') }} select 1 as x"}
    project(runs.project, models)

    run = runs.run()

    assert (run.code, run.statuses) == (1, {"a": "error", "b": "error", "c": "success"}), run.text
    assert "row \\ud800 is bad" in run.text
    assert {"runs/run-1/1/report.html", "runs/run-1/1/run_results.json"} <= set(runs.objects())


def test_a_selection_that_matches_nothing_is_an_error(runs: Runs):
    """A typing error in a tag would be a green run that builds nothing."""
    project(runs.project, {"a": "select 1 as x"})

    run = runs.run("run", "--select", "tag:slaes")

    assert run.code == 2
    assert "The selection matches nothing: --select tag:slaes." in run.text


@pytest.mark.parametrize(
    ("hook", "sql", "said"),
    [
        ("on-run-start", "insert into no_such_table select 1", "no_such_table"),
        ("on-run-end", "insert into no_such_table select 1", "no_such_table"),
        ("on-run-end", "{{ results[99].status }}", "list object has no element 99"),
    ],
)
def test_a_hook_that_fails_is_a_failure_with_its_message(runs: Runs, hook: str, sql: str, said: str):
    """The log would say that dbt was not started, under the models that it built, and not why."""
    project(runs.project, {"a": "select 1 as x"})
    settings = runs.project / "dbt_project.yml"
    settings.write_text(f'{settings.read_text()}\n{hook}: ["{sql}"]')

    run = runs.run()

    assert (run.code, run.statuses) == (1, {"a": "success"}), run.text
    block = run.text.partition("dbt failed: ")[2]
    assert said in block.lower(), run.text
    assert hook in block
    assert "state/manifest.json" not in runs.objects()


def test_a_hook_that_failed_at_the_end_is_run_by_the_next_try_and_by_no_other(runs: Runs):
    """All was built and nothing left to do, so that the grants of the hook never came, and the run was green."""
    project(runs.project, {"a": "select 1 as x"})
    settings = runs.project / "dbt_project.yml"
    settings.write_text(f'{settings.read_text()}\non-run-end: ["insert into {{{{ target.schema }}}}.audit values (1)"]')

    failed = runs.run()
    runs.server.run(f"create table ANALYTICS.{runs.workstream.upper()}.AUDIT (X int)")
    again, cleared = runs.run(DBT_TRY_NUMBER="2"), runs.run(DBT_TRY_NUMBER="3")

    assert (failed.code, failed.statuses) == (1, {"a": "success"}), failed.text
    assert (again.code, again.statuses) == (0, {}), again.text
    assert (cleared.code, cleared.statuses) == (0, {}), cleared.text
    assert "nothing was built again" in cleared.text
    assert "nothing was built again" not in again.text
    assert runs.server.run(f"select count(*) from ANALYTICS.{runs.workstream.upper()}.AUDIT") == [(1,)]
    assert "state/manifest.json" in runs.objects()


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


@pytest.mark.slow
def test_a_source_that_the_run_loads_itself_may_be_old(runs: Runs):
    """A project whose seeds make its sources could never run again once it was left alone for longer than they allow."""
    project(runs.project, {"a": "select x from {{ source('raw', 'old') }}"}, models__sources_yml=SOURCES)
    (runs.project / "seeds").mkdir()
    (runs.project / "seeds" / "old.csv").write_text("x,loaded_at\n1,2020-01-01 00:00:00\n")
    first = runs.run("run", "--select", "old")

    both, alone = runs.run(DBT_RUN_ID="run-2"), runs.run("run", "--select", "a", DBT_RUN_ID="run-3")

    assert first.code == 0, first.text
    assert [event["status"] for event in both.of("freshness")] == ["error"]
    assert (both.code, set(both.statuses)) == (0, {"old", "a"}), both.text
    assert (alone.code, alone.statuses) == (1, {}), alone.text
    assert "Too old, so nothing was built: source.made_for_a_test.raw.old" in alone.text


def test_the_check_of_the_sources_leaves_the_hooks_to_the_build(runs: Runs):
    """A hook that logs or grants would do so twice per run, and one that fails would be called a source that is too old."""
    schema = f"ANALYTICS.{runs.workstream.upper()}"
    runs.server.run(f"create schema {schema}")
    runs.server.run(f"create table {schema}.OLD as select 1 as X, sysdate() as LOADED_AT")
    runs.server.run(f"create table {schema}.AUDIT (X int)")
    project(runs.project, {"a": "select x from {{ source('raw', 'old') }}"}, models__sources_yml=SOURCES)
    settings = runs.project / "dbt_project.yml"
    settings.write_text(f'{settings.read_text()}\non-run-start: ["insert into {{{{ target.schema }}}}.audit values (1)"]')

    run = runs.run()

    assert [event["status"] for event in run.of("freshness")] == ["pass"], run.text
    assert (run.code, run.statuses) == (0, {"a": "success"})
    assert runs.server.run(f"select count(*) from {schema}.AUDIT") == [(1,)]


def test_a_source_that_is_not_there_yet_is_the_build_s_business(runs: Runs):
    """A project whose seeds make its sources could never run for the first time."""
    project(runs.project, {"a": "select 1 as x from {{ source('raw', 'missing') }}"}, models__sources_yml=SOURCES)

    run = runs.run()

    assert [event["status"] for event in run.of("freshness")] == ["runtime error"]
    assert (run.code, run.statuses) == (1, {"a": "error"}), run.text
