"""How a run ends: from outside, and what is stored in which order."""

import io
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from runner import ending, notes
from runner.artifacts import Artifacts
from runner.cli import main
from runner.dbt import Dbt
from runner.ending import Ending
from runner.history import History
from runner.interruption import interruptible
from runner.journal import Journal
from runner.outcome import ExitCode, Interruption
from runner.output import Output
from runner.phases import Phases
from runner.progress import Progress

from tests.unit.image.support import Bucket, environment, node, progress, result, summary


@pytest.fixture
def handlers() -> Iterator[None]:
    """Puts back what the runner leaves ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 143), (signal.SIGALRM, 3)])
def test_every_way_to_end_a_run_has_its_exit_code(number: int, code: int):
    """Airflow would report a cancelled run, or one past its deadline, as one that failed."""
    told: list[None] = []

    with pytest.raises(Interruption) as interruption, interruptible(600, lambda: told.append(None)):
        os.kill(os.getpid(), number)

    assert (interruption.value.code, len(told)) == (code, 1)


class Compiled(Dbt):
    """A dbt that compiled just this, by node id."""

    def __init__(self, sql: dict[str, str]) -> None:
        self.sql = sql

    def compiled(self, node_id: str) -> str:
        return self.sql.get(node_id, "")


@pytest.fixture(autouse=True)
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What dbt left."""
    for name in ("manifest.json", "run_results.json"):
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(ending, "TARGET", tmp_path)
    monkeypatch.setattr(ending, "LOGS", tmp_path)


def _end(
    bucket: Bucket, made: Progress | None = None, code: ExitCode = ExitCode.FAILED, compiled: dict[str, str] | None = None
) -> tuple[ExitCode, str]:
    """A run, with one failure unless another is given; code and output."""
    stream = io.StringIO()
    made = made or progress(customers=result("success"), orders=result("error", message="no such column"))
    output = Output(stream=stream)
    artifacts = Artifacts(environment(), output, bucket)
    journal = Journal(artifacts, made, {}, output)
    end = Ending(
        artifacts=artifacts,
        journal=journal,
        dbt=Compiled(compiled or {}),
        output=output,
        phases=Phases(lambda: 12.3),
        to_first_query=None,
    )
    return end.end(summary(made, code)), stream.getvalue()


def test_whoever_finds_the_summary_finds_everything_else():
    """The DAG reads a run as soon as its summary is there: it would explain half of it."""
    bucket = Bucket()

    _end(bucket)

    stored = [key.removeprefix("sales/runs/run-1/1/") for key in bucket.objects]
    assert {"manifest.json", "run_results.json", "progress.json", "report.html"} <= set(stored)
    assert stored[-1] == "summary.json"


@pytest.mark.parametrize("broken", ["manifest.json", "progress.json", "report.html", "latest/summary.json"])
def test_half_a_run_has_no_summary(broken: str):
    """S3 may fail at any object; what failed in dbt is still said."""

    class Failing(Bucket):
        def put_object(self, *, Key: str, Body: bytes, **options: object) -> dict[str, str]:  # noqa: N803 - as boto3's
            if Key.endswith(broken):
                raise OSError("the bucket is gone")
            return super().put_object(Key=Key, Body=Body, **options)

    bucket = Failing()
    code, said = _end(bucket)

    assert code == ExitCode.FAILED
    assert "could not be stored" in said
    assert "no such column" in said
    assert "sales/runs/run-1/1/summary.json" not in bucket.objects


class Struggling(Bucket):
    """An S3 that fails at the report, some times."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def put_object(self, *, Key: str, Body: bytes, **options: object) -> dict[str, str]:  # noqa: N803 - as boto3's
        if Key.endswith("report.html") and self.errors:
            raise self.errors.pop(0)
        return super().put_object(Key=Key, Body=Body, **options)


def _answer(status: int, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")  # pyright: ignore[reportArgumentType]


SUCCESS = progress(customers=result("success"))


@pytest.mark.parametrize("error", [ReadTimeoutError(endpoint_url="s3"), _answer(503, "SlowDown")], ids=["no answer", "a fault"])
def test_a_success_is_one_also_when_s3_needs_a_while(monkeypatch: pytest.MonkeyPatch, error: Exception):
    """Twelve seconds without an answer made a run a failure that had built everything."""
    monkeypatch.setattr(ending, "PAUSE", 0)
    bucket = Struggling(error, error, error)

    code, said = _end(bucket, SUCCESS, ExitCode.SUCCESS)

    assert code == ExitCode.SUCCESS
    assert "could not be stored yet" in said
    assert "sales/runs/run-1/1/summary.json" in bucket.objects


def test_what_was_built_and_could_not_be_stored_is_no_failure_of_dbt():
    """People would look for a broken model; and the next try has to store, not to build."""
    code, said = _end(Struggling(_answer(403, "AccessDenied")), SUCCESS, ExitCode.SUCCESS)

    assert code == ExitCode.NOT_STORED
    assert "dbt succeeded, but what it leaves could not be stored: 1 success" in said


def test_a_run_that_was_told_to_end_does_not_wait_for_s3():
    """ECS kills it after two minutes, and its last words with it."""
    assert _end(Struggling(_answer(503, "SlowDown")), SUCCESS, ExitCode.CANCELLED)[0] == ExitCode.CANCELLED


def test_two_versions_of_a_model_leave_the_sql_of_both():
    """They have one name: the link at the first would lead to the second's statement."""
    versions = [replace(node("orders"), id=f"model.shop.orders.v{number}") for number in (1, 2)]
    bucket, made = Bucket(), Progress()
    made.select(versions)
    made.carry_over({version.id: result("error") for version in versions})

    _, said = _end(bucket, made, compiled={version.id: f"select '{version.id}'" for version in versions})

    for version in versions:
        assert bucket.objects[f"sales/runs/run-1/1/compiled/{version.id}.sql"].decode() == f"select '{version.id}'"
        assert f"  compiled: s3://artifacts/sales/runs/run-1/1/compiled/{version.id}.sql" in said


def test_rows_are_compared_with_the_last_run_that_wrote_them_and_succeeded():
    """After a night without a network, or a run of one model, no report would show that half of the rows are missing."""
    bucket = Bucket()
    _end(bucket, progress(customers=result("success", rows=4), orders=result("success", rows=10)), ExitCode.SUCCESS)
    _end(bucket, progress(), ExitCode.NOT_STARTED)
    _end(bucket, progress(customers=result("success", rows=5)), ExitCode.SUCCESS)
    _end(bucket, progress(orders=result("success", rows=7), sales=result("error")), ExitCode.FAILED)

    _end(bucket, progress(customers=result("success", rows=6), orders=result("success", rows=8)), ExitCode.SUCCESS)

    report = bucket.objects["sales/runs/run-1/1/report.html"].decode()
    assert '+1<span class="minor"> (+20%)' in report, "customers, of the run of one model"
    assert '-2<span class="minor"> (-20%)' in report, "orders, not of the try that failed"


@pytest.mark.parametrize(("verb", "words"), [("run", ("--select", "--vars", "--changed")), ("check", ()), ("debug", ())])
def test_each_verb_explains_itself(verb: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    """Somebody in front of a container would have to read its source."""
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"])

    said = capsys.readouterr().out
    assert end.value.code == 0
    assert all(word in said for word in (verb, *words))


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"schemaVersion": 1}'])
def test_a_history_that_cant_be_read_costs_no_run(text: bytes):
    """Somebody may have edited it by hand; all was built."""
    bucket = Bucket()
    bucket.objects["sales/latest/history.json"] = text

    code, said = _end(bucket, SUCCESS, ExitCode.SUCCESS)

    assert code == ExitCode.SUCCESS
    assert "begins anew" in said
    assert b'"run-1"' in bucket.objects["sales/latest/history.json"]


@pytest.mark.parametrize(("code", "is_told"), [(ExitCode.SUCCESS, True), (ExitCode.FAILED, True), (ExitCode.CANCELLED, False)])
def test_a_run_is_compared_with_former_ones_unless_it_has_no_time_for_it(
    monkeypatch: pytest.MonkeyPatch, code: ExitCode, is_told: bool
):
    """Told to end it has seconds, and S3 may be what it waits for."""
    monkeypatch.setattr(notes, "SHORT", 0)
    bucket, text = Bucket(), b""
    for number in range(3):
        quick = replace(summary(SUCCESS), seconds=2, environment=environment(DBT_RUN_ID=f"before-{number}"))
        text = History(text).add(quick).encode()
    bucket.objects["sales/latest/history.json"] = text

    said = _end(bucket, SUCCESS, code)[1]

    assert ("The run took 12 s, usually 2 s" in said) is is_told


def test_dbts_documentation_outlives_the_run_that_made_it(tmp_path: Path):
    """It would be looked for in the folder of a run that nobody can name."""
    (tmp_path / "static_index.html").write_text("<html>")
    bucket = Bucket()

    _end(bucket, SUCCESS, ExitCode.SUCCESS)

    assert bucket.objects["sales/docs/index.html"] == b"<html>"
