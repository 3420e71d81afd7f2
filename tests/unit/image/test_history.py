"""What a workstream's last runs were like."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from runner.commands import parse
from runner.history import KEPT, History
from runner.outcome import ExitCode
from runner.progress import Progress, Result
from runner.steps import Step

from tests.unit.image.support import environment, progress, result, summary


def stored(*runs: Progress) -> bytes | None:
    """The file after these runs, a day apart."""
    text = None
    for number, made in enumerate(runs):
        run = replace(
            summary(made, ExitCode.FAILED if made.failed() else ExitCode.SUCCESS),
            environment=environment(DBT_RUN_ID=f"run-{number}"),
            ended=summary(made).ended + timedelta(days=number),
        )
        text = History(text).add(run).encode()
    return text


def test_a_run_is_there_once_however_often_it_is_stored():
    """S3 may take the history and refuse the summary: the next attempt would count the run twice."""
    once = History(None).add(summary(progress(orders=result("success"))))
    twice = History(once.encode()).add(summary(progress(orders=result("success"))))

    assert json.loads(twice) == json.loads(once)


def test_what_a_node_usually_takes_is_of_its_successes():
    """A model that fails at once would look like one that is slow ever after."""
    text = stored(
        progress(orders=result("success", seconds=10)),
        progress(orders=result("error", seconds=0.1)),
        progress(orders=result("success", seconds=12)),
        progress(orders=result("success", seconds=90)),
    )

    assert History(text).usual() == {"model.orders": 12}


def test_a_run_names_what_failed_and_why():
    """The page of the stack says no more than that something failed."""
    page = json.loads(
        stored(progress(orders=result("error", message="invalid identifier 'TOTAL'"), sales=Result(status="skipped"))) or b""
    )

    (run,) = page["runs"]
    assert (run["outcome"], run["failed"], run["counts"]) == ("failed", ["orders"], {"error": 1, "skipped": 1})
    assert run["cause"]
    assert list(page["nodes"]) == ["model.orders"], "what did not run says nothing about a node"


def test_what_is_older_than_the_page_goes():
    """The file would grow for ever, and each run reads it."""
    first = summary(progress(orders=result("success")))
    later = replace(
        summary(progress(customers=result("success"))),
        environment=environment(DBT_RUN_ID="run-2"),
        ended=first.ended + KEPT + timedelta(days=1),
    )

    page = json.loads(History(History(None).add(first).encode()).add(later))

    assert [run["run"] for run in page["runs"]] == ["run-2"]
    assert list(page["nodes"]) == ["model.customers"]


@pytest.mark.parametrize("text", [None, b'{"schemaVersion": 99, "somewhere": "else"}'])
def test_a_file_of_another_version_begins_anew(text: bytes | None):
    """A rollback of the platform must not end every run."""
    assert len(json.loads(History(text).add(summary(progress(orders=result("success")))))["runs"]) == 1


def test_a_run_that_only_writes_documentation_is_not_one_of_the_workstreams():
    """It takes seconds: every run after it would look slow, and a source would look unread."""
    docs = replace(summary(progress()), steps=[Step(number=0, command=parse("docs generate --static"))])

    assert json.loads(History(None).add(docs))["runs"] == []


def test_a_run_is_compared_with_those_that_are_like_it():
    """A run of one model is quick, and the whole after it is not slow; what a further try takes says nothing."""
    text, made = None, progress(orders=result("success"))
    runs = [
        replace(summary(made, code), seconds=seconds, alike=alike, environment=environment(DBT_RUN_ID=run, DBT_TRY_NUMBER=number))
        for run, number, seconds, alike, code in (
            ("a", "1", 20, "one model", ExitCode.SUCCESS),
            ("b", "1", 300, "all", ExitCode.SUCCESS),
            ("c", "1", 2, "all", ExitCode.FAILED),
            ("c", "2", 30, "all", ExitCode.SUCCESS),
            ("d", "1", 310, "all", ExitCode.SUCCESS),
        )
    ]
    for run in runs:
        text = History(text).add(run).encode()

    assert History(text).alike(runs[-1]) == [300, 310]
