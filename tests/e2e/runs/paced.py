"""The project tests/projects/paced as workstreams: runs whose pace a test sets, and that can be broken in the middle."""

from tests.e2e.airflow import DagRun

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

_KILL_WORKER = """
import os, pathlib, signal
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    command = folder.joinpath("cmdline").read_bytes().decode()
    if command.startswith("airflow worker") and "{task}" in command:
        os.kill(int(folder.name), signal.SIGKILL)
"""


def kill_worker(run: DagRun) -> None:
    """Kills the worker of the run's task and the process that runs its operator, as the loss of a worker's machine does."""
    code, said = run.airflow.container.exec_run(["python", "-c", _KILL_WORKER.format(task=run.task["id"])])
    assert code == 0, said


def workstream(name: str) -> dict[str, object]:
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
