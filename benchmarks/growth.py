"""How the platform grows with its workstreams: `python -m benchmarks.growth` (a quarter of an hour on two cores).

One sandbox stack gets ever more workstreams; after each deployment a preview that changes nothing is timed, which is what a
person or a pipeline waits for most often. Writes the plot, docs/growth.svg, and prints the table.
"""

import argparse
import re
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
import yaml
from rich.table import Table

from benchmarks.interruption import end_cleanly_on_sigterm
from benchmarks.plot import line_chart
from sandbox.demo import lifecycle
from sandbox.demo.stack import Stack
from sandbox.docker_engine import LABEL
from sandbox.paths import REPOSITORY, Home
from sandbox.state import State
from sandbox.steps import Steps, console

WORKSTREAMS = (1, 10, 50, 200)
TIMES = 3
"""Previews of each size, of which the median counts."""
AIM = 0.1
"""Seconds that a workstream may add to a preview."""

HOME = Home(REPOSITORY / ".sandbox-growth")
PLOT = REPOSITORY / "docs" / "growth.svg"


@dataclass(frozen=True, kw_only=True)
class Size:
    """A stack with so many workstreams."""

    workstreams: int
    resources: int
    preview: float
    """Seconds of a preview without a change."""
    cpu: float
    """Seconds that it kept a processor busy, of Pulumi and all its plugins: what other work on the machine does not change."""


def configuration(workstreams: int) -> dict[str, Any]:
    """Our keys of a stack of that size: every workstream like the first one of the committed stack."""
    committed = yaml.safe_load((REPOSITORY / "Pulumi.sandbox.yaml").read_text())["config"]
    first = next(iter(committed["dbt-platform:workstreams"].values()))
    return {
        "dbt-platform:airflow": {**committed["dbt-platform:airflow"], "environmentClass": "mw1.medium"},
        "dbt-platform:workstreams": {f"team-{number:03}": first for number in range(workstreams)},
    }


def write_configuration(stack: Stack, workstreams: int) -> None:
    """Unlike `Stack.configure` this replaces the workstreams instead of adding to the committed ones."""
    document = yaml.safe_load(stack.configuration.read_text())
    document["config"] |= configuration(workstreams)
    stack.configuration.write_text(yaml.safe_dump(document))


@contextmanager
def airflow_held(sandbox_id: str) -> Iterator[None]:
    """Airflow reads hundreds of DAGs again and again, on the cores that the preview is timed on."""
    containers = docker.from_env().containers.list(filters={"label": f"{LABEL}={sandbox_id}"})
    for container in containers:
        container.pause()
    try:
        yield
    finally:
        for container in containers:
            container.unpause()


def measure(stack: Stack, workstreams: int) -> Size:
    """Deploy a size and time its previews."""
    write_configuration(stack, workstreams)
    stack.run("up", "--yes", "--skip-preview")
    seconds, busy, said = [], [], ""
    with airflow_held(stack.state.id):
        for _ in range(TIMES):
            start, used = time.monotonic(), _cpu_of_children()
            said = stack.run("preview", "--expect-no-changes")
            seconds.append(time.monotonic() - start)
            busy.append(_cpu_of_children() - used)
    (unchanged,) = re.findall(r"(\d+) unchanged", said)
    return Size(workstreams=workstreams, resources=int(unchanged), preview=statistics.median(seconds), cpu=statistics.median(busy))


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sizes() -> Iterator[Size]:
    """One size after the other, in a sandbox of the benchmark's own."""
    lifecycle.clear(HOME, print)
    steps, state = Steps(), State.new()
    HOME.path.mkdir(parents=True, exist_ok=True)
    with lifecycle.locked(HOME):
        state.save(HOME)
        try:
            tools = lifecycle.set_up(steps, HOME, state)
            lifecycle.start_stand_ins(steps, HOME, state, tools)
            stack = lifecycle.deploy(steps, HOME, state, tools)
            for workstreams in WORKSTREAMS:
                with steps.step(f"{workstreams} workstreams") as report:
                    size = measure(stack, workstreams)
                    report(f"{size.resources} resources, preview {size.preview:.1f} s, CPU {size.cpu:.1f} s")
                yield size
        finally:
            lifecycle.clear(HOME, print)


def table(found: list[Size]) -> Table:
    """What each size costs, above the first one's fixed part."""
    view = Table("workstreams", "resources", "preview, s", f"per added workstream, s (aim <= {AIM})", "CPU, s", "per added, s")
    fixed = found[0]
    for size in found:
        added = size.workstreams - fixed.workstreams
        each = [f"{(now - then) / added:.3f}" if added else "" for now, then in _pairs(size, fixed)]
        view.add_row(str(size.workstreams), str(size.resources), f"{size.preview:.1f}", each[0], f"{size.cpu:.1f}", each[1])
    return view


def _pairs(size: Size, fixed: Size) -> list[tuple[float, float]]:
    return [(size.preview, fixed.preview), (size.cpu, fixed.cpu)]


def main() -> None:
    """Measure, draw, print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    end_cleanly_on_sigterm()
    found = list(sizes())
    points = [(size.workstreams, size.preview) for size in found]
    PLOT.write_text(line_chart(points, across="workstreams", upwards="seconds of a preview without a change"))
    console.print(table(found))


if __name__ == "__main__":
    main()
