"""What a run leaves for the next one: the parsed project, and what to compare with."""

import json

import msgpack
import pytest

from tests.sandbox.runner_process import Runs, project


def test_only_what_changed_is_built_and_what_depends_on_it(runs: Runs):
    """A change of one model would rebuild everything, or miss what depends on it."""
    project(runs.project, {"a": "select 1 as x", "b": "select x from {{ ref('a') }}", "c": "select 3 as x"})
    assert set(runs.run("run", "--changed").statuses) == {"a", "b", "c"}, "the first time, there is nothing to compare with"

    project(runs.project, {"a": "select 2 as x"})
    changed, unchanged = runs.run("run", "--changed"), runs.run("run", "--changed")

    assert (changed.code, set(changed.statuses)) == (0, {"a", "b"}), changed.text
    assert (unchanged.code, unchanged.statuses) == (0, {}), unchanged.text
    assert "Nothing has changed" in unchanged.text


@pytest.mark.slow
def test_what_was_not_selected_is_not_taken_for_built(runs: Runs):
    """A change would never be built: neither one that a run left out, nor what no run has built yet."""
    project(runs.project, dict.fromkeys(("a", "b", "c"), "select 1 as x"))
    runs.run("run", "--select", "a")
    widened = runs.run("run", "--changed")

    project(runs.project, dict.fromkeys(("a", "b"), "select 2 as x"))
    narrow = runs.run("run", "--changed", "--select", "a")
    rest, nothing = runs.run("run", "--changed"), runs.run("run", "--changed")

    assert set(widened.statuses) == {"b", "c"}, widened.text
    assert set(narrow.statuses) == {"a"}, narrow.text
    assert set(rest.statuses) == {"a", "b"}, rest.text
    assert (nothing.code, nothing.statuses) == (0, {}), nothing.text


def _foreign(cache: bytes, part: str, name: str, value: object) -> bytes:
    """What another dbt or another connection would have left: one fact in it differs."""
    manifest = msgpack.unpackb(cache)
    manifest[part][name] = value
    return bytes(msgpack.packb(manifest) or b"")


def test_a_damaged_or_foreign_cache_does_no_harm(runs: Runs):
    """One bad upload would stop a workstream for good, or have it build what another one should."""
    project(runs.project, {"a": "select 1 as x"})
    runs.run()
    [name] = [name for name in runs.objects() if name.startswith("parse/")]
    cache = runs.read(name)
    version = _foreign(cache, "metadata", "dbt_version", "1.10.0")
    connection = _foreign(cache, "state_check", "profile_hash", {"name": "none", "checksum": ""})

    for bad in (b"not what dbt wrote", version, connection):
        runs.write(name, bad)
        run = runs.run(DBT_RUN_ID="run-2")

        assert (run.code, run.statuses) == (0, {"a": "success"}), run.text
        assert [event["cached"] for event in run.of("parsed")] == [False]
        assert any("parsed project can't be used" in event["message"] for event in run.of("warning")), run.text
        assert runs.read(name) != bad


def test_variables_that_the_project_does_not_read_do_not_cost_a_parse(runs: Runs):
    """Every scheduled run has a data interval of its own: none of them would ever find a parsed project."""
    project(runs.project, {"a": "select 1 as x"})
    days = [json.dumps({"data_interval_start": day}) for day in ("2026-01-01", "2026-01-02")]
    unread = [runs.run("run", "--vars", day) for day in days]
    project(runs.project, {"b": "select '{{ var('data_interval_start') }}'::date as day"})
    read = runs.run("run", "--vars", days[1])

    assert [event["cached"] for run in (*unread, read) for event in run.of("parsed")] == [False, True, False]
    assert read.code == 0, read.text
    built = runs.server.run(f"select day::varchar from ANALYTICS.{runs.workstream.upper()}.B")
    assert built == [("2026-01-02",)]
