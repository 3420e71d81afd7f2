"""How a run ends: from outside, and what is stored in which order."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from runner import ending
from runner.artifacts import Artifacts
from runner.cli import main
from runner.dbt import Dbt
from runner.ending import Ending
from runner.interruption import interruptible
from runner.journal import Journal
from runner.outcome import ExitCode, Interruption
from runner.output import Output

from tests.unit.runner_support import Bucket, environment, progress, result, summary


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


class NothingCompiled(Dbt):
    """A dbt that failed before it compiled anything."""

    def __init__(self) -> None:
        self.manifest = None


def _end(bucket: Bucket, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ExitCode, str]:
    """A run with one failure; code and output."""
    for name in ("manifest.json", "run_results.json"):
        (folder / name).write_text("{}")
    monkeypatch.setattr(ending, "TARGET", folder)
    monkeypatch.setattr(ending, "LOGS", folder)
    stream, made = io.StringIO(), progress(customers=result("success"), orders=result("error", message="no such column"))
    output = Output(stream=stream)
    artifacts = Artifacts(environment(), output, bucket)
    journal = Journal(artifacts, made, {}, output)
    end = Ending(artifacts=artifacts, journal=journal, dbt=NothingCompiled(), output=output, to_first_query=None)
    return end.end(summary(made, ExitCode.FAILED)), stream.getvalue()


def test_whoever_finds_the_summary_finds_everything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The DAG reads a run as soon as its summary is there: it would explain half of it."""
    bucket = Bucket()

    _end(bucket, tmp_path, monkeypatch)

    stored = [key.removeprefix("sales/runs/run-1/1/") for key in bucket.objects]
    assert {"manifest.json", "run_results.json", "progress.json", "report.html"} <= set(stored)
    assert stored[-1] == "summary.json"


@pytest.mark.parametrize("broken", ["manifest.json", "progress.json", "report.html", "latest/summary.json"])
def test_half_a_run_has_no_summary(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """S3 may fail at any object; what failed in dbt is still said."""

    class Failing(Bucket):
        def put_object(self, *, Key: str, Body: bytes, **options: object) -> None:  # noqa: N803 - as boto3's
            if Key.endswith(broken):
                raise OSError("the bucket is gone")
            super().put_object(Key=Key, Body=Body, **options)

    bucket = Failing()
    code, said = _end(bucket, tmp_path, monkeypatch)

    assert code == ExitCode.FAILED
    assert "could not be stored" in said
    assert "no such column" in said
    assert "sales/runs/run-1/1/summary.json" not in bucket.objects


@pytest.mark.parametrize(("verb", "words"), [("run", ("--select", "--vars", "--changed")), ("check", ()), ("debug", ())])
def test_each_verb_explains_itself(verb: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    """Somebody in front of a container would have to read its source."""
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"])

    said = capsys.readouterr().out
    assert end.value.code == 0
    assert all(word in said for word in (verb, *words))
