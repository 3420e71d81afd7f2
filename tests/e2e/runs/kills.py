"""Kills of Airflow's parts while runs are on, and what has to be true of the runs afterwards."""

import contextlib
import http.client
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from docker.errors import APIError

from sandbox.demo.demo import query
from tests.e2e.airflow import ENDED, Airflow, DagRun, RefusedError, eventually
from tests.e2e.runs.paced import has_worker, kill_worker

WORKSTREAMS = ("tram", "bus", "cable")
"""Of `PACED`: those without a limit or a retry of their own."""

WAITS = {"stop_2": 10, "stop_4": 15}
"""Seconds that models of a run take: so that there is something to be in the middle of."""

RECOVERY = 1200
"""Seconds within which a run ends whatever was killed: Airflow's minute, two minutes to the next try, and a busy machine."""

LAST_LINES = 20
"""Of each try's log, for whoever looks for the reason."""

VICTIMS = ("a worker", "the scheduler", "all of Airflow")

_KILL_SCHEDULER = """
import os, pathlib, signal
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    is_scheduler = b"airflow scheduler" in folder.joinpath("cmdline").read_bytes().replace(b"\\0", b" ")
    if is_scheduler and int(folder.name) != os.getpid():
        os.kill(int(folder.name), signal.SIGKILL)
"""


@dataclass
class Traffic:
    """Runs of the workstreams, of each one after another, and what became of them. Of the models of a run one adds a row."""

    airflow: Airflow
    runs: dict[str, list[DagRun]] = field(default_factory=lambda: {name: [] for name in WORKSTREAMS})

    def on(self) -> list[DagRun]:
        """Those that a worker of Airflow waits for, after a start of each workstream that has no run."""
        for name, own in self.runs.items():
            if not own or _answer(own[-1].state) in ENDED:
                own.extend(self._start(name, f"{name} {len(own)}"))
        return [own[-1] for own in self.runs.values() if own and _answer(lambda own=own: has_worker(own[-1]))]

    def _start(self, name: str, note: str) -> Iterator[DagRun]:
        """Under an id of its own, so that a request whose answer was lost is not made twice."""
        run = DagRun(self.airflow, name, note.replace(" ", "_"))
        body = {"dag_run_id": run.id, "logical_date": None, "conf": {"vars": {"wait": WAITS, "note": note}}}
        _answer(lambda: self.airflow.call("POST", f"/dags/{self.airflow.dag_id(name)}/dagRuns", body))
        if _answer(run.state):
            yield run

    def kill(self, victim: str, chance: random.Random) -> None:
        """One of `VICTIMS`."""
        container = self.airflow.container
        match victim:
            case "a worker":
                eventually(lambda: (on := self.on()) and _answer(lambda: kill_worker(chance.choice(on))), RECOVERY, "a worker")
            case "the scheduler":
                container.exec_run(["python", "-c", _KILL_SCHEDULER])
            case _:
                container.restart(timeout=0)

    def problems(self) -> Iterator[str]:
        """What is not as if nothing had been killed, once all runs have ended."""
        for name, own in self.runs.items():
            for run in own:
                state = eventually(
                    lambda run=run: (found := _answer(run.state)) in ENDED and found, RECOVERY, f"the end of {run.id}"
                )
                if state != "success":
                    yield f"{run.workstream} {run.id} is {state}\n{_ends(run)}"
            _, rows = query(self.airflow.stack, f"select note, count(*) from ANALYTICS.{name.upper()}.CALLS group by 1")
            counts = {str(note): int(str(count)) for note, count in rows}
            notes = [f"{name} {number}" for number in range(len(own))]
            yield from (f"rows of {note!r}: {counts.get(note, 0)}" for note in notes if counts.get(note) != 1)
            yield from _overlaps([task for run in own for task in run.ecs_tasks()])


def _ends(run: DagRun) -> str:
    """What each of its tries said last."""
    tries = range(1, run.task["try_number"] + 1)
    return "\n".join(f"try {number}:\n" + "\n".join(run.log(number).splitlines()[-LAST_LINES:]) for number in tries)


def _overlaps(tasks: list[dict[str, Any]]) -> Iterator[str]:
    """Containers of one workstream that were there at once, or still are."""
    yield from (f"{task['taskArn']} goes on" for task in tasks if task["lastStatus"] != "STOPPED")
    started = sorted((task for task in tasks if "startedAt" in task), key=lambda task: task["startedAt"])
    for first, second in itertools.pairwise(started):
        if first.get("stoppedAt", datetime.max.replace(tzinfo=UTC)) > second["startedAt"]:
            yield f"{first['taskArn']} and {second['taskArn']} ran at once"


def _answer(look: Callable[[], Any]) -> Any:
    """None while Airflow is away."""
    with contextlib.suppress(OSError, RefusedError, ValueError, http.client.HTTPException, APIError):
        return look()
    return None
