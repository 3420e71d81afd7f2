"""What is told of a run that went well and may be the last that does."""

import json
import resource
import shutil
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from runner.closing import closing
from runner.notes import notes

from tests.unit.image.support import environment, progress, summary

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


def told(seconds: float, *former: float, **changes: str) -> Sequence[str]:
    """Of a run, after others that were like it."""
    return notes(replace(summary(progress()), seconds=seconds, environment=environment(**changes)), former)


@pytest.mark.parametrize(("mib", "is_told"), [(900, False), (930, True)])
def test_a_container_with_hardly_any_memory_left_says_so(machine: Callable[..., None], mib: float, is_told: bool):
    """The next run, with some more rows, is killed without a word of dbt's."""
    machine(memory=mib)

    assert any("930 of the task's 1024 MiB" in note for note in told(10, TASK_MEMORY_MIB="1024")) == is_told
    assert not told(10), "a container that nobody told its memory"


@pytest.mark.parametrize(("gib", "is_told"), [(17.9, False), (18.1, True)])
def test_a_container_with_hardly_any_disk_left_says_so(machine: Callable[..., None], gib: float, is_told: bool):
    """A part of the disk is root's alone, so what is free counts and not the total."""
    machine(disk=gib)

    assert any("1.9 GiB left" in note for note in told(10)) == is_told


def test_a_run_of_twice_the_usual_time_says_so():
    """It is on its way to its deadline, and nobody looks at runs that succeed."""
    assert told(900, 100, 110) == [], "three are needed to know what is usual"
    assert told(229, 100, 900, 110, 120) == []
    (note,) = told(240, 100, 900, 110, 120)
    assert note.startswith("The run took 240 s, usually 115 s (median of 4)")
    assert told(50, 20, 20, 20) == [], "below a minute the start alone may double it"


def test_the_last_block_and_the_summary_say_it():
    """Nobody searches for it."""
    noted = replace(summary(progress()), notes=["The task's disk has 0.1 GiB left."])

    assert "Note: The task's disk has 0.1 GiB left." in closing(noted, "s3://artifacts/sales").splitlines()
    assert json.loads(noted.json())["notes"] == ["The task's disk has 0.1 GiB left."]
