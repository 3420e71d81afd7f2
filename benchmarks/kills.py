"""Random kills of Airflow while runs are on: `make benchmark-kills`. What is lost, doubled or left behind is told, and fails.

A sandbox of its own with three workstreams of seven models, of which one adds a row for each run; a run of each is always on. Of a
worker, the scheduler and all of Airflow one is killed at a time, when and which a seed says. Whatever happens, each run has to
succeed, its row is there once, no two containers of a workstream ran at once, and none goes on at the end. Twenty kills take about
40 minutes on two cores: a worker that is lost is missed after a minute, and its run goes on two minutes later.
"""

import argparse
import contextlib
import itertools
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.interruption import end_cleanly_on_sigterm
from sandbox.demo import demo, lifecycle
from sandbox.demo.stack import Stack
from sandbox.paths import REPOSITORY, Home
from sandbox.steps import Steps
from tests.conftest import copy_repository, deploy
from tests.e2e.airflow import ENDED, Airflow, DagRun, RefusedError, eventually
from tests.e2e.runs.paced import kill_worker, workstream

WORKSTREAMS = ("tram", "bus", "cable")
WAITS = {"stop_2": 10, "stop_4": 15}
"""Seconds that models of a run take: so that there is something to be in the middle of."""

RECOVERY = 900
"""Seconds within which a run ends whatever was killed: Airflow's minute, two minutes to the next try, and a busy machine."""

_KILL_SCHEDULER = """
import os, pathlib, signal
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    is_scheduler = b"airflow scheduler" in folder.joinpath("cmdline").read_bytes().replace(b"\\0", b" ")
    if is_scheduler and int(folder.name) != os.getpid():
        os.kill(int(folder.name), signal.SIGKILL)
"""

Report = Callable[[str], None]


@dataclass
class Traffic:
    """Runs of all workstreams, one after another, and what became of them."""

    airflow: Airflow
    runs: list[DagRun] = field(default_factory=list)

    def keep_going(self) -> None:
        """Starts a run of each workstream that has none."""
        for name in WORKSTREAMS:
            own = [run for run in self.runs if run.workstream == name]
            if not own or _answered(own[-1].state) in ENDED:
                note = f"{name} {len(own)}"
                self.runs.append(
                    _patiently(lambda name=name, note=note: self.airflow.trigger(name, vars={"wait": WAITS, "note": note}))
                )

    def on(self) -> list[DagRun]:
        """Those whose task Airflow calls running."""
        return [run for run in self.runs[-len(WORKSTREAMS) :] if (_answered(lambda run=run: run.task["state"])) == "running"]

    def problems(self) -> Iterator[str]:
        """What is not as if nothing had been killed."""
        for run in self.runs:
            state = eventually(lambda run=run: (found := _answered(run.state)) in ENDED and found, RECOVERY, f"the end of {run.id}")
            if state != "success":
                yield f"{run.workstream} {run.id} is {state}"
        for name in WORKSTREAMS:
            own = [run for run in self.runs if run.workstream == name]
            _, rows = demo.query(self.airflow.stack, f"select note, count(*) from ANALYTICS.{name.upper()}.CALLS group by 1")  # noqa: S608
            counts = {str(note): int(str(count)) for note, count in rows}
            expected = {f"{name} {number}": 1 for number in range(len(own))}
            yield from (f"rows of {note!r}: {counts.get(note, 0)}" for note in expected if counts.get(note) != 1)
            yield from self._overlaps([task for run in own for task in run.ecs_tasks()])

    def _overlaps(self, tasks: list[dict[str, Any]]) -> Iterator[str]:
        """Containers of one workstream that were there at once, or still are."""
        yield from (f"{task['taskArn']} goes on" for task in tasks if task["lastStatus"] != "STOPPED")
        started = sorted((task for task in tasks if "startedAt" in task), key=lambda task: task["startedAt"])
        for first, second in itertools.pairwise(started):
            if first.get("stoppedAt", datetime.max.replace(tzinfo=UTC)) > second["startedAt"]:
                yield f"{first['taskArn']} and {second['taskArn']} ran at once"


def _answered(look: Callable[[], str]) -> str:
    """Nothing while Airflow is away."""
    with contextlib.suppress(OSError, RefusedError, ValueError):
        return look()
    return ""


def _patiently(start: Callable[[], DagRun]) -> DagRun:
    def attempt() -> DagRun | None:
        with contextlib.suppress(OSError, RefusedError):
            return start()
        return None

    return eventually(attempt, RECOVERY, "an Airflow that takes a run")


def kill(victim: str, traffic: Traffic, chance: random.Random) -> None:
    """One of `VICTIMS`."""
    container = traffic.airflow.container
    match victim:
        case "a worker":
            kill_worker(chance.choice(traffic.on() or traffic.runs[-len(WORKSTREAMS) :]))
        case "the scheduler":
            container.exec_run(["python", "-c", _KILL_SCHEDULER])
        case _:
            container.restart(timeout=0)


VICTIMS = ("a worker", "the scheduler", "all of Airflow")


def measure(kills: int, seed: int, report: Report) -> tuple[Counter[str], list[str], int]:
    """How often each was killed, what is wrong afterwards, and the number of runs."""
    chance, killed = random.Random(seed), Counter[str]()  # noqa: S311 - no secret
    with _platform() as airflow:
        traffic = Traffic(airflow)
        for number in range(1, kills + 1):
            traffic.keep_going()
            eventually(traffic.on, RECOVERY, "a run that is on")
            time.sleep(chance.uniform(0, 30))
            victim = chance.choice(VICTIMS)
            report(f"kill {number} of {kills}: {victim}")
            killed[victim] += 1
            kill(victim, traffic, chance)
        return killed, list(traffic.problems()), len(traffic.runs)


@contextlib.contextmanager
def _platform() -> Iterator[Airflow]:
    """A sandbox with the workstreams of tests/projects/paced; all that it started is ended."""
    home = Home(REPOSITORY / ".sandbox-benchmark")
    with lifecycle.locked(home), tempfile.TemporaryDirectory() as folder:
        try:
            stack = deploy(home)
            demo.put_credentials(Steps(), stack)
            airflow = Airflow(_with_paced(stack, Path(folder)))
            for name in WORKSTREAMS:
                airflow.await_dag(name)
            yield airflow
        finally:
            lifecycle.clear(home, print)


def _with_paced(platform: Stack, folder: Path) -> Stack:
    repository = copy_repository(folder / "repository")
    shutil.copytree(REPOSITORY / "tests/projects/paced", repository / "dbt_paced")
    document = yaml.safe_load(platform.configuration.read_text())
    document["config"]["dbt-platform:workstreams"] |= {name: workstream(name) for name in WORKSTREAMS}
    stack = Stack(platform.home, platform.state, platform.cli, repository=repository)
    stack.configuration = folder / "Pulumi.sandbox.yaml"
    stack.configuration.write_text(yaml.safe_dump(document))
    stack.run("up", "--yes", "--skip-preview")
    return stack


def main() -> None:
    """Print what was killed and what is wrong; exit code 1 if anything is."""
    end_cleanly_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    killed, problems, runs = measure(options.kills, options.seed, lambda text: Console(stderr=True).print(text))
    table = Table("killed", "times")
    for victim in VICTIMS:
        table.add_row(victim, str(killed[victim]))
    Console().print(table)
    print(f"{runs} runs; {len(problems)} problems", *problems, sep="\n  ")
    raise SystemExit(bool(problems))


if __name__ == "__main__":
    main()
