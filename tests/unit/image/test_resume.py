"""What a run leaves for the next one: results for the next try, the manifest for `--changed`, the parsed project."""

import io
import json
from pathlib import Path

import pytest
from runner.artifacts import Artifacts
from runner.committed import _built
from runner.journal import Former, Journal
from runner.output import Output
from runner.parse_cache import FILE, ParseCache
from runner.progress import CANCELLED, NOT_RUN, Progress
from runner.state import State

from tests.unit.image.support import Bucket, environment, node, progress, result

IDENTITY = {"image": "abc", "selection": {"select": ["tag:sales"]}}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def _artifacts(bucket: Bucket, try_number: int = 1) -> Artifacts:
    return Artifacts(environment(DBT_TRY_NUMBER=str(try_number)), Output(stream=io.StringIO()), bucket)


def _journal(bucket: Bucket, try_number: int, made: Progress, **changes: object) -> Journal:
    return Journal(_artifacts(bucket, try_number), made, IDENTITY | changes, Output(stream=io.StringIO()))


def test_the_next_try_keeps_what_succeeded_and_nothing_else(bucket: Bucket):
    """A retry would do everything again, or leave out what failed."""
    made = progress(customers=result("success"), orders=result("error"), unique_orders=result("skipped"), sales=result(CANCELLED))
    made.close()
    _journal(bucket, 1, made).store()

    former = _journal(bucket, 2, Progress()).former("run-1", 2)

    assert {node_id: found.status for node_id, found in former.results.items()} == {"model.customers": "success"}


@pytest.mark.parametrize("image", ["abc", "other"])
def test_a_try_that_completed_nothing_is_passed_over(bucket: Bucket, image: str):
    """One that could not connect stores what it has, too: the next would forget what the one before completed."""
    _journal(bucket, 1, progress(customers=result("success"))).store()
    _journal(bucket, 2, Progress(), image=image).store()

    former = _journal(bucket, 4, Progress()).former("run-1", 4)  # the third could not even start

    assert set(former.results) == {"model.customers"}


@pytest.mark.parametrize("change", [{"image": "other"}, {"selection": {"select": ["tag:finance"]}}, {"full_refresh": True}])
def test_a_try_that_ran_something_else_is_ignored(bucket: Bucket, change: dict[str, object]):
    """A corrected model would not be built, because the wrong one had been."""
    _journal(bucket, 1, progress(customers=result("success"))).store()

    assert _journal(bucket, 2, Progress(), **change).former("run-1", 2) == Former(results={}, began="")


def test_a_try_that_was_killed_in_its_first_model_is_known_to_have_begun(bucket: Bucket):
    """What it may have committed is asked for; and a third try must ask as far back as the second."""
    first = _journal(bucket, 1, progress())
    first.store()
    began = first.former("run-1", 1).began or json.loads(bucket.objects["sales/runs/run-1/1/progress.json"])["began"]
    second = _journal(bucket, 2, progress())

    assert second.former("run-1", 2) == Former(results={}, began=began)
    second.store()

    assert _journal(bucket, 3, progress()).former("run-1", 3).began == began


def test_results_are_stored_while_the_run_goes_on(bucket: Bucket):
    """A container that is killed would leave nothing."""
    from sandbox.network import wait_until  # noqa: PLC0415

    made = progress()
    journal = _journal(bucket, 1, made)
    journal.start()

    made.finish("model.orders", result("success"))

    key = "sales/runs/run-1/1/progress.json"
    assert wait_until(lambda: set(json.loads(bucket.objects.get(key, b'{"results": {}}'))["results"]) == {"model.orders"}, 60)
    journal.end()


def test_after_an_interruption_failures_are_cancellations_and_the_rest_did_not_run():
    """The report would blame a model for having been cancelled."""
    made = progress(customers=result("success"))
    made.start("model.orders")
    made.start("model.sales")

    made.interrupt()
    made.finish("model.orders", result("error", message="SQL execution canceled"))
    made.close()

    statuses = {node_id: found.status for node_id, found in made.results.items()}
    assert statuses == {
        "model.customers": "success",
        "model.orders": CANCELLED,
        "model.sales": CANCELLED,
        "test.unique_orders": NOT_RUN,
        "unit_test.adds_up": NOT_RUN,
        "model.report": NOT_RUN,
    }


def test_a_run_of_one_model_does_not_vouch_for_the_others(bucket: Bucket, tmp_path: Path):
    """`run --changed` would leave out a model that was changed but never built."""
    state, manifest, project = State(_artifacts(bucket), tmp_path / "state"), tmp_path / "manifest.json", ["a", "b", "c"]
    manifest.write_text("first")
    assert state.update(manifest, built=["a", "b"], existing=project)
    assert state.covered() == {"a", "b"}

    manifest.write_text("only a")
    assert not state.update(manifest, built=["a"], existing=project)
    manifest.write_text("of what changed, only a")
    assert not state.update(manifest, built=["a"], existing=project, changed=["a", "b"])
    manifest.write_text("all that changed")
    assert state.update(manifest, built=["a"], existing=project, changed=["a", "c"])
    assert state.covered() == {"a", "b"}
    manifest.write_text("b is gone")
    assert state.update(manifest, built=["a", "c"], existing=["a", "c"])

    assert state.fetch()
    assert (tmp_path / "state" / "manifest.json").read_text() == "b is gone"
    assert state.covered() == {"a", "c"}


def test_there_is_nothing_to_compare_with_at_first(bucket: Bucket, tmp_path: Path):
    """The first run of a workstream would crash."""
    assert not State(_artifacts(bucket), tmp_path).fetch()


def test_a_parsed_project_is_kept_per_image_and_connection(bucket: Bucket, tmp_path: Path):
    """dbt would read names of another schema from it, or parse each time."""

    def cache(image: str, name: str, **changes: str) -> ParseCache:
        return ParseCache(_artifacts(bucket), environment(**changes), image, tmp_path / name)

    first = cache("image-1", "a")
    assert not first.fetch()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / FILE).write_bytes(b"parsed")
    first.store()

    assert cache("image-1", "b").fetch()
    assert (tmp_path / "b" / FILE).read_bytes() == b"parsed"
    assert not cache("image-2", "c").fetch()
    assert not cache("image-1", "d", SNOWFLAKE_SCHEMA="OTHER").fetch()
    assert cache("image-1", "e", DBT_RUN_ID="another").fetch()


CREATED = "create or replace transient table ANALYTICS.SALES.CALLS as (select 1)"
INSERTED = 'insert into "ANALYTICS"."SALES"."CALLS" (X) (select 1)'


@pytest.mark.parametrize(
    ("statements", "built"),
    [
        ([CREATED], True),
        (["BEGIN", INSERTED, "COMMIT\n/* {} */"], True),
        (["BEGIN", INSERTED], False),
        (["BEGIN", "COMMIT", INSERTED], False),
        (["create or replace temporary table ANALYTICS.SALES.CALLS__dbt_tmp as (select 1)"], False),
        (["BEGIN", INSERTED.replace("CALLS", "CALLS_BY_DAY"), "COMMIT"], False),
        (["BEGIN", INSERTED.replace("insert", "/* run by hand */ insert"), "COMMIT"], False),
        ([], False),
    ],
    ids=["made", "added to", "not committed", "committed something else", "not yet added", "another table", "not dbt's", "nothing"],
)
def test_rows_count_as_added_once_they_are_committed(statements: list[str], built: bool):
    """Rows that are there would be added again, or rows that are not there would never be."""
    calls = node("calls")

    assert bool(_built(calls, [(text, f"query-{number}") for number, text in enumerate(statements)])) == built
