"""The first process of Airflow's container, with programs that only pretend to be PostgreSQL and Airflow."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import psutil
import pytest

from sandbox import airflow

AIRFLOW = {"scheduler", "dag-processor", "api-server", "triggerer"}

SERVES = 'echo "$1 is process $$"; sleep 600 & echo "$1 started $!"; wait'
"""A process that works, and has started another one."""

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2)."""


@dataclass
class Container:
    """A running `serve.py`."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def said(self, *starts: str) -> list[str]:
        """What stands behind each of the `starts`, once there is a line for each; lines are looked at once."""
        found: dict[str, str] = {}
        while len(found) < len(starts):
            line = cast("IO[str]", self.process.stdout).readline()
            assert line, f"it ended before it said {starts}"
            found.update({start: line.removeprefix(start).strip() for start in starts if line.startswith(start)})
        return [found[start] for start in starts]


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Container]]:
    """Starts it; the programs are those that work unless a test says otherwise."""
    (tmp_path / "database").mkdir()
    # In a container, all end with its first process; here, what that leaves behind becomes a child of this one.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    own = psutil.Process()
    before = own.children(recursive=True)
    started: list[subprocess.Popen[str]] = []

    def start(**programs: str) -> Container:
        works = {"postgres": SERVES.replace("$1", "postgres"), "airflow": SERVES, "pg_isready": "true"}
        for name, script in {**works, **programs}.items():
            program(tmp_path, name, script)
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "AIRFLOW_HOME": str(tmp_path)}
        command = [sys.executable, Path(airflow.__file__).with_name("serve.py")]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return Container(started[-1])

    yield start

    while left := [each for each in own.children(recursive=True) if each not in before]:
        for each in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
            with contextlib.suppress(ChildProcessError):  # whose parent has not ended yet
                os.waitpid(each.pid, 0)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)
    for process in started:
        process.communicate()


def test_each_line_stands_behind_the_name_of_its_process(serve):
    """The emulator sorts them into the environment's log groups by that."""
    container = serve()

    assert all(container.said(*(f"{name} | {name} is process" for name in AIRFLOW | {"postgres"})))


def test_what_ends_is_started_again_and_takes_along_what_it_had_started(serve):
    """Airflow stayed without its scheduler; and the workers of a killed one would keep its memory, and its tasks."""
    container = serve()
    scheduler, worker = map(int, container.said("scheduler | scheduler is process", "scheduler | scheduler started"))
    left = psutil.Process(worker)

    os.kill(scheduler, signal.SIGKILL)

    [code, again] = container.said("serve | scheduler ended with exit code", "scheduler | scheduler is process")
    assert int(code) == -signal.SIGKILL
    assert int(again) != scheduler
    psutil.wait_procs([left], timeout=10)
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


def test_airflow_starts_once_the_database_answers(serve, tmp_path):
    """Each of its processes would end, and take ten seconds to be there again."""
    ready = f"test -e {tmp_path}/ready"
    container = serve(pg_isready=ready, airflow=f"{ready} || exit 1; {SERVES}")
    container.said("postgres | postgres is process")

    (tmp_path / "ready").touch()

    assert all(container.said(*(f"{name} | {name} is process" for name in AIRFLOW)))


def test_what_does_not_start_ends_the_container(serve):
    """An option with which Airflow can't run would be tried for ever, and the environment stay CREATING."""
    container = serve(airflow=f'test "$1" = scheduler && echo "no such executor" && exit 3; {SERVES}')

    container.said("scheduler | no such executor", "serve | scheduler does not start")

    assert container.process.wait(10) == 1


def test_a_killed_container_can_be_started_again(serve, tmp_path):
    """PostgreSQL refuses to start when the process that its lock names is there, and in a container it always is."""
    locks = [tmp_path / "database" / name for name in ("postmaster.pid", ".s.PGSQL.5432.lock")]
    for lock in locks:
        lock.write_text("1")

    serve().said("postgres | postgres is process")

    assert not any(lock.exists() for lock in locks)


def test_docker_need_not_kill_it(serve):
    """The first process of a container ignores a signal that it does not handle: each stop would take ten seconds."""
    container = serve()
    container.said(*(f"{name} | {name} is process" for name in AIRFLOW))

    container.process.terminate()

    assert container.process.wait(10) == 0
