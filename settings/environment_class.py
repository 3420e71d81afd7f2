"""Rules of the stack configuration about what Amazon MWAA's environment classes can do.

The figures are AWS's (Amazon MWAA, "Configuring the environment class").
"""

from collections.abc import Mapping
from math import ceil

from pydantic.alias_generators import to_camel

from settings.errors import InvalidSetting

DAGS_PER_CLASS = {
    "mw1.micro": 25,
    "mw1.small": 50,
    "mw1.medium": 250,
    "mw1.large": 1000,
    "mw1.xlarge": 2000,
    "mw1.2xlarge": 4000,
}
"""Workstreams that each class has room for, largest last."""

TASKS_PER_WORKER = {
    "mw1.micro": 3,
    "mw1.small": 5,
    "mw1.medium": 10,
    "mw1.large": 20,
    "mw1.xlarge": 40,
    "mw1.2xlarge": 80,
}
"""Tasks that a worker of each class runs at the same time."""


def class_holds(environment_class: str | None, workstreams: int) -> list[InvalidSetting]:
    """An environment class with room for one DAG per workstream."""
    if environment_class is None or workstreams <= DAGS_PER_CLASS[environment_class]:
        return []
    fitting = next((name for name, dags in DAGS_PER_CLASS.items() if dags >= workstreams), None)
    fix = f"Set {fitting} or larger" if fitting else "Divide the workstreams between several stacks"
    room = f"It has room for {DAGS_PER_CLASS[environment_class]} workstreams, and there are {workstreams}"
    return [InvalidSetting(at="airflow.environmentClass", value=environment_class, fix=f"{room}. {fix}")]


def runs_fit(environment_class: str, workers: int, runs: int) -> list[InvalidSetting]:
    """As many runs at the same time as all workers have room for: each occupies its place until dbt has ended."""
    tasks = TASKS_PER_WORKER[environment_class]
    if runs <= tasks * workers:
        return []
    room = f"There is room for {tasks * workers}: {tasks} on each worker of {environment_class}, {workers} of them at most"
    larger = (
        "environmentClass to mw1.small or larger" if environment_class == "mw1.micro" else f"maxWorkers to {ceil(runs / tasks)}"
    )
    return [InvalidSetting(at="airflow.concurrentRuns", value=runs, fix=f"{room}. Lower it, or set {larger}")]


def fleet_fits(environment_class: str, fleet: Mapping[str, int]) -> list[InvalidSetting]:
    """Numbers of workers, schedulers and web servers that the class can have."""
    invalid = []
    for name, number in fleet.items():
        least, most = fleet.get(f"min_{name[4:]}"), fleet.get(f"max_{name[4:]}")
        if environment_class == "mw1.micro":
            if number == 1:
                continue
            fix = "mw1.micro has exactly one of each. Leave it out, or set environmentClass to mw1.small or larger"
        elif number < 2 and "workers" not in name:
            fix = f"{environment_class} needs 2 to 5"
        elif name.startswith("max_") and least and most and least > most:
            fix = f"It is less than {to_camel(f'min_{name[4:]}')}, {least}. Raise it, or lower that"
        else:
            continue
        invalid.append(InvalidSetting(at=f"airflow.{to_camel(name)}", value=number, fix=fix))
    return invalid
