"""The project tests/projects/paced as workstreams: runs whose pace a test sets, and that can be broken in the middle."""

import shutil
import signal
from pathlib import Path

import yaml

from sandbox.demo.stack import Stack
from sandbox.paths import REPOSITORY
from tests.conftest import copy_repository
from tests.e2e.airflow import Airflow, DagRun

PACED: dict[str, dict[str, int]] = {
    "tram": {},
    "ferry": {"retries": 1},
    "bus": {},
    "metro": {"timeoutMinutes": 1},
    "cable": {},
}
"""Workstream: what differs from the others."""

LONG = 600
"""Seconds that a model waits for somebody to end it."""

STARTED = "  START "
"""What Airflow's log has once a model runs."""

LOST_WORKER = 240
"""Seconds for which a run goes on without its worker: until Airflow misses that (60 to 80), and its retry (120) is there."""

_SIGNAL_WORKER = """
import os, pathlib
found = False
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    command = folder.joinpath("cmdline").read_bytes().decode()
    if command.startswith("airflow worker") and "{task}" in command:
        os.kill(int(folder.name), {signal})
        found = True
raise SystemExit(not found)
"""


def deploy_paced(platform: Stack, folder: Path) -> Airflow:
    """The platform with `PACED`, deployed from a copy of the repository in the folder, once Airflow has the DAGs."""
    repository = copy_repository(folder / "repository")
    shutil.copytree(REPOSITORY / "tests/projects/paced", repository / "dbt_paced")
    document = yaml.safe_load(platform.configuration.read_text())
    document["config"]["dbt-platform:workstreams"] |= {name: _workstream(name) for name in PACED}
    stack = Stack(platform.home, platform.state, platform.cli, repository=repository)
    stack.configuration = folder / "Pulumi.sandbox.yaml"
    stack.configuration.write_text(yaml.safe_dump(document))
    stack.run("up", "--yes", "--skip-preview")
    airflow = Airflow(stack)
    for name in PACED:
        airflow.await_dag(name)
    return airflow


def has_worker(run: DagRun) -> bool:
    """Whether a worker of Airflow waits for the run's container."""
    return _signal_worker(run, 0)


def kill_worker(run: DagRun) -> bool:
    """Kills the worker of the run's task and the process that runs its operator, as the loss of a worker's machine does.

    False: it has none.
    """
    return _signal_worker(run, signal.SIGKILL)


def _signal_worker(run: DagRun, number: int) -> bool:
    script = _SIGNAL_WORKER.format(task=run.task["id"], signal=int(number))
    code, _ = run.airflow.container.exec_run(["python", "-c", script])
    return code == 0


def _workstream(name: str) -> dict[str, object]:
    """Its entry in the stack's configuration."""
    size = {"cpu": 256, "memory": 512, "threads": 4, "timeoutMinutes": 10, "retries": 0}
    return {
        "project": "dbt_paced",
        "schedule": None,
        "timezone": "Europe/Amsterdam",
        "owner": "tests",
        "schema": name.upper(),
        **size,
        **PACED[name],
    }
