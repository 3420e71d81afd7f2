"""What a larger Fargate task buys: start and 40 models by `cpu`, with the cost of the run: `make benchmark-sizes`.

The image of `make benchmark-image`, in a container with so much of this machine's processors as the size has; a vCPU of Fargate
is another one, so the seconds count in their proportion. Of each size the fastest run counts, which other work on the machine
disturbed least. Where the seconds go: from the log of the container.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table

from benchmarks.image import PER_MODEL, Measured, made
from benchmarks.interruption import end_cleanly_on_sigterm
from ops import prices

MEMORY = {256: 1024, 512: 1024, 1024: 2048, 2048: 4096}
"""CPU units: MiB of the smallest memory that goes with them and that dbt fits into (Amazon ECS, "Task CPU and memory")."""

PHASES = {
    "run_started": "Python and the runner's imports",
    "connected": "log-in at the warehouse, dbt's imports beside it",
    "parsed": "the project, from the kept parse",
    "first query": "selection and dbt's first statement",
}
"""Event of the container's log by which it is over: what it is, in their order."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """Seconds of one size's fastest run, from the start of the container."""

    cpu: int
    until: Mapping[str, float]
    """By phase: until it was over."""
    whole: float

    def cost(self, seconds: float) -> float:
        """US$ of a run that takes so long."""
        return prices.task(seconds, cpu=self.cpu, memory=MEMORY[self.cpu], architecture="x86_64", capacity="onDemand")


def measure(times: int, report: Callable[[str], None]) -> list[Size]:
    """Each size in its turn, after one run that does not count and leaves the parsed project."""
    models = [f"m{number}" for number in range(PER_MODEL)]
    arguments = ["run", "--select", *models]
    with made(report) as (bench, _):
        bench.run(bench.ours, *arguments)
        found: dict[int, list[Measured]] = {cpu: [] for cpu in MEMORY}
        for number in range(1, times + 1):
            for cpu, runs in found.items():
                runs.append(bench.run(bench.ours, *arguments, cpu_units=cpu))
                report(f"cpu {cpu}, run {number} of {times}: {runs[-1].whole:.1f} s")
    fastest = {cpu: min(runs, key=lambda run: run.whole) for cpu, runs in found.items()}
    return [Size(cpu=cpu, until=_phases(run), whole=run.whole) for cpu, run in fastest.items()]


def _phases(run: Measured) -> dict[str, float]:
    events = [json.loads(line) for line in run.log if line.startswith('{"time"')]
    times = {event["event"]: datetime.fromisoformat(event["time"]).timestamp() - run.started for event in reversed(events)}
    return {phase: run.first_query if phase == "first query" else times[phase] for phase in PHASES}


def main() -> None:
    """Print both tables."""
    end_cleanly_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5, help="runs of each size, of which the fastest counts")
    options = parser.parse_args()
    sizes = measure(options.times, lambda text: Console(stderr=True, highlight=False).print(f"[dim]{text}[/dim]"))
    table = Table("cpu", "memory", "first query, s", f"{PER_MODEL} models, s", "cost of it, US$", "of a run of ten minutes, US$")
    for size in sizes:
        costs = [f"{size.cost(seconds):.4f}" for seconds in (size.whole, 600)]
        table.add_row(str(size.cpu), str(MEMORY[size.cpu]), f"{size.until['first query']:.1f}", f"{size.whole:.1f}", *costs)
    Console().print(table)
    seconds = Table("until the first query, s", *(f"cpu {size.cpu}" for size in sizes))
    before = dict.fromkeys(MEMORY, 0.0)
    for phase, what in PHASES.items():
        seconds.add_row(what, *(f"{size.until[phase] - before[size.cpu]:.1f}" for size in sizes))
        before = {size.cpu: size.until[phase] for size in sizes}
    Console().print(seconds)


if __name__ == "__main__":
    main()
