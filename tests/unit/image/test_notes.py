"""What is told of a run that went well and may be the last that does."""

import io
import json
import resource
import shutil
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from runner.artifacts import Artifacts
from runner.closing import closing
from runner.notes import DURATIONS, KEPT, Notes
from runner.outcome import ExitCode
from runner.output import Output

from tests.unit.image.support import Bucket, environment, progress, summary

GIB = 2**30
Disk = namedtuple("Disk", "total used free")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """How much of the task's memory (MiB) and disk (GiB) is in use; a little, unless a test says more."""

    def uses(*, memory: float = 300, disk: float = 2) -> None:
        monkeypatch.setattr(resource, "getrusage", lambda _: SimpleNamespace(ru_maxrss=memory * 1024))
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(21 * GIB, disk * GIB, (20 - disk) * GIB))

    uses()
    return uses


class Runs:
    """Of one workstream, one after another."""

    def __init__(self) -> None:
        self.bucket = Bucket()

    def run(
        self, seconds: float, asked: str = "all", code: ExitCode = ExitCode.SUCCESS, number: int = 1, **changes: str
    ) -> Sequence[str]:
        """What is told of it."""
        settings = environment(DBT_TRY_NUMBER=str(number), **changes)
        notes = Notes(settings, Artifacts(settings, Output(stream=io.StringIO()), self.bucket), {"select": asked})
        ended = replace(summary(progress(), code), seconds=seconds)
        told = notes.of(ended)
        if code == ExitCode.SUCCESS:
            notes.keep(ended)
        return told


@pytest.mark.parametrize(("mib", "told"), [(900, False), (930, True)])
def test_a_container_with_hardly_any_memory_left_says_so(machine: Callable[..., None], mib: float, told: bool):
    """The next run, with some more rows, is killed without a word of dbt's."""
    machine(memory=mib)

    notes = Runs().run(10, TASK_MEMORY_MIB="1024")

    assert any("930 of the task's 1024 MiB" in note for note in notes) == told
    assert not Runs().run(10), "a container that nobody told its memory"


@pytest.mark.parametrize(("gib", "told"), [(17.9, False), (18.1, True)])
def test_a_container_with_hardly_any_disk_left_says_so(machine: Callable[..., None], gib: float, told: bool):
    """A part of the disk is root's alone, so what is free counts and not the total."""
    machine(disk=gib)

    assert any("1.9 GiB left" in note for note in Runs().run(10)) == told


def test_a_run_of_twice_the_usual_time_says_so():
    """It is on its way to its deadline, and nobody looks at runs that succeed."""
    runs = Runs()
    assert [runs.run(seconds) for seconds in (100, 900, 110, 120)] == [[], [], [], []], "three are needed to know what is usual"

    assert runs.run(229) == []
    (told,) = runs.run(240)
    assert told.startswith("The run took 240 s, usually 120 s (median of 5)")


def test_only_runs_of_the_same_kind_are_compared():
    """A run of one model is quick, and the whole after it is not slow."""
    runs = Runs()
    for _ in range(5):
        runs.run(20, asked="one model")
        runs.run(30, number=2)

    assert runs.run(500) == []
    assert runs.run(50, asked="one model") == [], "below a minute the start alone may double it"


def test_a_run_that_was_told_to_end_asks_nobody():
    """It has seconds."""
    runs = Runs()
    for _ in range(3):
        runs.run(100)

    assert runs.run(900, code=ExitCode.CANCELLED) == []
    assert runs.run(900, code=ExitCode.FAILED) != []


def test_what_is_kept_of_former_runs_does_not_grow():
    """Every run reads it."""
    runs = Runs()
    for number in range(KEPT + 5):
        runs.run(number)

    kept = json.loads(next(content for key, content in runs.bucket.objects.items() if key.endswith(DURATIONS)))
    assert [seconds for _, seconds in kept] == list(range(5, KEPT + 5))


def test_a_bucket_that_does_not_answer_costs_a_note_and_nothing_else():
    """Whether the run can be stored is another matter."""
    runs = Runs()
    runs.bucket.get_object = lambda **_: 1 / 0  # pyright: ignore[reportAttributeAccessIssue]

    assert runs.run(900, code=ExitCode.FAILED) == []


def test_the_last_block_and_the_summary_say_it():
    """Nobody searches for it."""
    noted = replace(summary(progress()), notes=["The task's disk has 0.1 GiB left."])

    assert "Note: The task's disk has 0.1 GiB left." in closing(noted, "s3://artifacts/sales").splitlines()
    assert json.loads(noted.json())["notes"] == ["The task's disk has 0.1 GiB left."]
