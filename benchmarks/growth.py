"""How the platform grows with its workstreams: what each operation on a stack of 1, 10, 50 and 200 takes.

A sandbox stack of each size is made from nothing, previewed, changed in the ways that people change it, and destroyed. Prints the
table and draws the plots (docs/growth.svg, docs/growth-up.svg). A quarter of an hour on two idle cores; other work on the machine
changes the seconds much and the processor's little. With `--s3 compressed`, which takes an hour, from 10 workstreams on and another
plot (docs/growth-s3.svg). With `--teams` the same number of workstreams is spread over stacks of ten (docs/teams.md).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import yaml
from rich.table import Table

from benchmarks.growing_stack import (
    DESTROY,
    DOWN,
    FROM_NOTHING,
    MORE,
    OPERATIONS,
    PREVIEW,
    SETTING,
    TAG,
    UP,
    Cost,
    GrowingStack,
    Stopwatch,
)
from benchmarks.interruption import end_cleanly_on_sigterm
from benchmarks.plot import line_chart
from benchmarks.s3_like import s3_like
from sandbox import engine
from sandbox.demo import lifecycle
from sandbox.demo.stack import NAME
from sandbox.paths import REPOSITORY, Home
from sandbox.state import LABEL, State
from sandbox.steps import Steps, console

WORKSTREAMS = (1, 10, 50, 200)

HOME = Home(REPOSITORY / ".sandbox-growth")
DOCS = REPOSITORY / "docs"

TEAM = 10
"""Workstreams of a team's stack."""

PLOTS = {None: {PREVIEW: "growth.svg", FROM_NOTHING: "growth-up.svg"}, "compressed": {FROM_NOTHING: "growth-s3.svg"}, "plain": {}}
"""Files of docs/, by operation and `--s3`."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """So many workstreams."""

    workstreams: int
    resources: int
    """In all stacks."""
    state: int
    """Bytes of the JSON of the largest stack's state."""
    costs: Mapping[str, Cost]
    """By operation."""

    @classmethod
    def of(cls, workstreams: int, states: list[str], watch: Stopwatch) -> "Size":
        """Of stacks whose exported states these are."""
        return cls(
            workstreams=workstreams,
            resources=sum(len(json.loads(state)["deployment"]["resources"]) for state in states),
            state=max(map(len, states)),
            costs=watch.costs,
        )


Measured = Callable[[GrowingStack, int], Size]


def configuration(workstreams: int, team: str = "team") -> dict[str, Any]:
    """Our keys of a stack of that size: every workstream like the first one of the committed stack."""
    first = next(iter(_committed()["dbt-platform:workstreams"].values()))
    return {"dbt-platform:workstreams": {f"{team}-{number:03}": first for number in range(workstreams)}}


@contextmanager
def airflow_held(sandbox_id: str) -> Iterator[None]:
    """Airflow reads hundreds of DAGs again and again, on the cores that the preview is timed on."""
    containers = docker.from_env().containers.list(filters={"label": f"{LABEL}={sandbox_id}"}, ignore_removed=True)
    for container in containers:
        container.pause()
    try:
        yield
    finally:
        for container in containers:
            container.unpause()


def measure(stack: GrowingStack, workstreams: int) -> Size:
    """Makes a stack of that size, does with it what people do, and destroys it."""
    watch = Stopwatch()
    stack.render()
    stack.write({**airflow(), **configuration(workstreams)})
    watch.run(FROM_NOTHING, stack, *UP)
    with airflow_held(stack.state.id):
        watch.run(PREVIEW, stack, "preview", "--expect-no-changes")
        state = stack.exported()
        _change_one(watch, stack, workstreams)
        stack.write(_tagged())
        watch.run(TAG, stack, *UP)
    watch.run(DESTROY, stack, *DOWN)
    return Size.of(workstreams, [state], watch)


def measure_teams(platform: GrowingStack, workstreams: int) -> Size:
    """The same with a stack for each ten: what one team does is done in its own stack, what concerns all in each, in turn."""
    watch = Stopwatch()
    platform.render()
    names = [f"team{chr(ord('a') + number // 26)}{chr(ord('a') + number % 26)}" for number in range(workstreams // TEAM)]
    platform.write({**airflow(), "dbt-platform:teams": {name: {} for name in names}, **configuration(1, "own")})
    watch.run(FROM_NOTHING, platform, *UP)
    teams = {name: platform.of_team(name) for name in names}
    with airflow_held(platform.state.id):
        for name, stack in teams.items():
            stack.write(configuration(TEAM, name))
            watch.run(FROM_NOTHING, stack, *UP)
        one = teams[names[0]]
        watch.run(PREVIEW, one, "preview", "--expect-no-changes")
        states = [stack.exported() for stack in (platform, *teams.values())]
        _change_one(watch, one, TEAM, names[0])
        for stack in (platform, *teams.values()):
            stack.write(_tagged())
            watch.run(TAG, stack, *UP)
        for stack in teams.values():
            watch.run(DESTROY, stack, *DOWN)
            stack.run("stack", "rm", "--yes")
    watch.run(DESTROY, platform, *DOWN)
    return Size.of(workstreams, states, watch)


def airflow() -> dict[str, Any]:
    """With room for the DAGs of all."""
    return {"dbt-platform:airflow": {**_committed()["dbt-platform:airflow"], "environmentClass": "mw1.medium"}}


def _tagged() -> dict[str, Any]:
    """With one tag changed of all."""
    return {"aws:defaultTags": {"tags": {**_committed()["aws:defaultTags"]["tags"], "cost-center": "2"}}}


def _committed() -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / f"Pulumi.{NAME}.yaml").read_text())["config"]


def _change_one(watch: Stopwatch, stack: GrowingStack, workstreams: int, team: str = "team") -> None:
    """What people change of one workstream, one after the other."""
    more = configuration(workstreams + 1, team)
    stack.write(more)
    watch.run(MORE, stack, *UP)
    everyone = more["dbt-platform:workstreams"]
    first = f"{team}-000"
    stack.write({"dbt-platform:workstreams": {**everyone, first: {**everyone[first], "cpu": 1024, "memory": 2048}}})
    watch.run(SETTING, stack, *UP)


def sizes(workstreams: Sequence[int], measured: Measured, variables: Mapping[str, str]) -> Iterator[Size]:
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
                    size = measured(stack, count)
                    seconds = ", ".join(f"{operation} {cost.seconds:.1f} s" for operation, cost in size.costs.items())
                    report(f"{seconds}; {size.resources} resources, {size.state / 1e6:.1f} MB")
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
    parser.add_argument("--sizes", type=int, nargs="+", help="Other sizes, without plots.")
    parser.add_argument(
        "--s3",
        choices=("compressed", "plain"),
        help="Keep the state in what answers as slowly as S3, instead of in a file; compressed as the pipeline does.",
    )
    parser.add_argument("--teams", action="store_true", help="In stacks of ten workstreams on one platform.")
    options = parser.parse_args()
    counts: Sequence[int] = options.sizes or (WORKSTREAMS[1:] if options.teams or options.s3 else WORKSTREAMS)
    end_cleanly_on_sigterm()
    with s3_like() if options.s3 else nullcontext() as backend:
        variables = {"PULUMI_BACKEND_URL": backend} if backend else {}
        if options.s3 == "compressed":
            variables["PULUMI_DIY_BACKEND_ZSTD"] = "true"
        found = list(sizes(counts, measure_teams if options.teams else measure, variables))
    if not (options.sizes or options.teams):
        for operation, file in PLOTS[options.s3].items():
            draw(found, operation, file)
    console.print(table(found, lambda cost: cost.seconds, "seconds"))
    console.print(table(found, lambda cost: cost.cpu, "seconds of processor"))


if __name__ == "__main__":
    main()
