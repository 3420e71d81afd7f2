"""Where the seconds go between a trigger in Airflow and dbt's first query: `make benchmark-trigger`.

Runs of the demo's workstream `sales` in a sandbox of its own, each started by hand after the end of the one before it. The times
come from Airflow, ECS and the run's summary. Of Fargate's part the sandbox has nothing but the container's start: what AWS
says of the rest is in docs/orchestration.md.
"""

import argparse
import statistics
from collections.abc import Callable, Iterator
from datetime import datetime

from rich.console import Console
from rich.table import Table

from benchmarks.deployed import deployed
from benchmarks.interruption import end_cleanly_on_sigterm
from tests.e2e.airflow import Airflow, DagRun, eventually

WORKSTREAM = "sales"

PHASES = {
    "start": "Python and the runner's imports",
    "connection": "log-in, dbt's imports beside it",
    "parse": "the project, from the kept parse",
    "selection": "selection",
}
"""Of the run's summary (`image/runner/phases.py`), in their order; the next one, `freshness`, begins with the first query."""


def parts(run: DagRun) -> Iterator[tuple[str, float]]:
    """What happened, and the seconds that it took."""
    [container] = run.ecs_tasks()
    queued = datetime.fromisoformat(run.airflow.call("GET", run.path)["queued_at"])
    task = datetime.fromisoformat(run.task["start_date"])
    yield "Airflow: from the trigger to the task's worker", (task - queued).total_seconds()
    yield "its task: until RunTask has answered", (container["createdAt"] - task).total_seconds()
    yield "ECS: until the container is started", (container["startedAt"] - container["createdAt"]).total_seconds()
    summary = eventually(lambda: run.artifact("summary.json"), 60, "the summary")
    seconds = dict.fromkeys(PHASES, 0.0)
    for phase in summary["phases"]:
        if phase["name"] not in seconds:
            break
        seconds[phase["name"]] += phase["seconds"]
    yield from ((what, seconds[phase]) for phase, what in PHASES.items())


def measure(times: int, report: Callable[[str], None]) -> dict[str, float]:
    """The median of each part, after one run that does not count and leaves the parsed project."""
    found: dict[str, list[float]] = {}
    with deployed() as stack:
        airflow = Airflow(stack)
        airflow.await_dag(WORKSTREAM)
        for number in range(times + 1):
            run = airflow.trigger(WORKSTREAM)
            if (state := run.ended()) != "success":
                raise RuntimeError(f"{run.id} is {state}: {run.log()}")
            for what, seconds in parts(run) if number else ():
                found.setdefault(what, []).append(seconds)
            report(f"run {number} of {times}")
    return {what: statistics.median(seconds) for what, seconds in found.items()}


def main() -> None:
    """Print the table."""
    end_cleanly_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5, help="runs, of which the median counts")
    options = parser.parse_args()
    found = measure(options.times, lambda text: Console(stderr=True, highlight=False).print(f"[dim]{text}[/dim]"))
    table = Table("until the first query", "s", title=f"medians of {options.times} runs")
    for what, seconds in found.items():
        table.add_row(what, f"{seconds:.1f}")
    table.add_section()
    table.add_row("all of it", f"{sum(found.values()):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
