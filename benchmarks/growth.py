"""How the platform grows with its workstreams: what each operation on a stack of 1, 10, 50 and 200 takes.

A sandbox stack of each size is made from nothing, previewed, changed in the ways that people change it, and destroyed. Prints the
table and draws the plots (docs/growth.svg, docs/growth-up.svg). An hour on two idle cores; other work on the machine changes the
seconds much and the processor's little.
"""

import argparse
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import yaml
from rich.table import Table

from benchmarks.interruption import end_cleanly_on_sigterm
from benchmarks.plot import line_chart
from benchmarks.s3_like import s3_like
from sandbox import engine
from sandbox.demo import lifecycle
from sandbox.demo.stack import NAME, Stack
from sandbox.docker_engine import LABEL
from sandbox.paths import REPOSITORY, Home
from sandbox.state import State
from sandbox.steps import Steps, console

WORKSTREAMS = (1, 10, 50, 200)

HOME = Home(REPOSITORY / ".sandbox-growth")
DOCS = REPOSITORY / "docs"

UP = ("up", "--yes", "--skip-preview")
PREVIEW, FROM_NOTHING, MORE, DESTROY = "preview without a change", "up from nothing", "one workstream more", "destroy"
OPERATIONS = (PREVIEW, FROM_NOTHING, MORE, "a setting of one", "a tag of all", DESTROY)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one operation took."""

    seconds: float
    cpu: float
    """Seconds that it kept a processor busy, of Pulumi and all its plugins: what other work on the machine changes little."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """A stack with so many workstreams."""

    workstreams: int
    resources: int
    state: int
    """Bytes of the state's JSON."""
    costs: Mapping[str, Cost]
    """By operation."""


class GrowingStack(Stack):
    """The sandbox's stack, with variables of Pulumi's own."""

    variables: Mapping[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.variables}


def configuration(workstreams: int) -> dict[str, Any]:
    """Our keys of a stack of that size: every workstream like the first one of the committed stack."""
    committed = yaml.safe_load((REPOSITORY / "Pulumi.sandbox.yaml").read_text())["config"]
    first = next(iter(committed["dbt-platform:workstreams"].values()))
    return {
        "dbt-platform:airflow": {**committed["dbt-platform:airflow"], "environmentClass": "mw1.medium"},
        "dbt-platform:workstreams": {f"team-{number:03}": first for number in range(workstreams)},
    }


def write_configuration(stack: Stack, keys: Mapping[str, Any]) -> None:
    """Unlike `Stack.configure` this replaces the workstreams instead of adding to the committed ones."""
    document = yaml.safe_load(stack.configuration.read_text())
    document["config"] |= keys
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
    """Makes a stack of that size, does with it what people do, and destroys it."""
    costs: dict[str, Cost] = {}

    def timed(operation: str, *command: str) -> str:
        start, used = time.monotonic(), _cpu_of_children()
        said = stack.run(*command)
        costs[operation] = Cost(seconds=time.monotonic() - start, cpu=_cpu_of_children() - used)
        return said

    keys = configuration(workstreams)
    write_configuration(stack, keys)
    timed(FROM_NOTHING, *UP)
    with airflow_held(stack.state.id):
        (unchanged,) = re.findall(r"(\d+) unchanged", timed(PREVIEW, "preview", "--expect-no-changes"))
        state = len(stack.run("stack", "export"))
        for operation, changed in _changes(workstreams).items():
            write_configuration(stack, changed)
            timed(operation, *UP)
    timed(DESTROY, "destroy", "--yes", "--skip-preview")
    return Size(workstreams=workstreams, resources=int(unchanged), state=state, costs=costs)


def _changes(workstreams: int) -> dict[str, dict[str, Any]]:
    """What people change, one after the other."""
    more = configuration(workstreams + 1)
    everyone = more["dbt-platform:workstreams"]
    setting = {**everyone, "team-000": {**everyone["team-000"], "cpu": 1024, "memory": 2048}}
    tags = {"tags": {"project": "dbt-platform", "environment": NAME, "owner": "data-platform", "cost-center": "2"}}
    return {
        MORE: more,
        "a setting of one": {"dbt-platform:workstreams": setting},
        "a tag of all": {"aws:defaultTags": tags},
    }


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sizes(workstreams: tuple[int, ...], variables: Mapping[str, str]) -> Iterator[Size]:
    """One size after the other, in a sandbox of the benchmark's own."""
    lifecycle.clear(HOME, print)
    steps, state = Steps(), State.new()
    HOME.path.mkdir(parents=True, exist_ok=True)
    with lifecycle.locked(HOME):
        state.save(HOME)
        try:
            tools = lifecycle.set_up(steps, HOME, state)
            lifecycle.start_stand_ins(steps, HOME, state, tools)
            engine.prepare_home(HOME.pulumi_home, Path(sys.executable))
            stack = GrowingStack(HOME, state, tools.cli)
            stack.variables = variables
            stack.init(lifecycle.configuration(state, tools))
            stack.log_in()
            for count in workstreams:
                with steps.step(f"{count} workstreams") as report:
                    size = measure(stack, count)
                    report(f"{size.resources} resources, {size.state / 1e6:.1f} MB")
                yield size
        finally:
            lifecycle.clear(HOME, print)


def table(found: list[Size], of: Callable[[Cost], float], unit: str) -> Table:
    """A row for each operation, a column for each size; and what each workstream beyond the first one added."""
    view = Table(unit, *(str(size.workstreams) for size in found), *(f"each of {size.workstreams}" for size in found[1:]))
    fixed = found[0]
    for operation in OPERATIONS:
        values = [of(size.costs[operation]) for size in found]
        added = [
            f"{(value - values[0]) / (size.workstreams - fixed.workstreams):.3f}"
            for size, value in zip(found[1:], values[1:], strict=True)
        ]
        view.add_row(operation, *(f"{value:.1f}" for value in values), *added)
    view.add_row("state, MB", *(f"{size.state / 1e6:.2f}" for size in found))
    view.add_row("resources", *(str(size.resources) for size in found))
    return view


def draw(found: list[Size], operation: str, file: str) -> None:
    """One operation's seconds."""
    points = [(size.workstreams, size.costs[operation].seconds) for size in found]
    (DOCS / file).write_text(line_chart(points, across="workstreams", upwards=f"seconds: {operation}"))


def main() -> None:
    """Measure, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(WORKSTREAMS), help="Other sizes, without plots.")
    parser.add_argument("--s3", action="store_true", help="Keep the state in what answers as slowly as S3, instead of in a file.")
    options = parser.parse_args()
    end_cleanly_on_sigterm()
    with s3_like() if options.s3 else nullcontext() as backend:
        found = list(sizes(tuple(options.sizes), {"PULUMI_BACKEND_URL": backend} if backend else {}))
    if tuple(options.sizes) == WORKSTREAMS and not options.s3:
        draw(found, PREVIEW, "growth.svg")
        draw(found, FROM_NOTHING, "growth-up.svg")
    console.print(table(found, lambda cost: cost.seconds, "seconds"))
    console.print(table(found, lambda cost: cost.cpu, "seconds of processor"))


if __name__ == "__main__":
    main()
