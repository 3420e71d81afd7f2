"""What `onlyNew` saves: 200 models on ten sources, of which one has news, against a build of all: `make benchmark-news`.

One image, one warehouse, in turns, as other work on the machine varies; medians of the runs. Each source has a staging model, 18
models on that, and a mart that reads the next source's staging too, so that news reaches models of another source as well. The
models are as small as they get: in a real warehouse what is not built saves more than here.
"""

import argparse
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.image import MODELS, Bench, Measured, made
from benchmarks.interruption import end_cleanly_on_sigterm
from tests.sandbox.runner_process import project

SOURCES = 10
AIM = 0.85
"""Share of the models that a run with news in one source must leave as they are, at least."""

YAML = """
sources:
  - name: raw
    schema: "{{ target.schema }}"
    config: {loaded_at_field: loaded_at, freshness: {error_after: {count: 30, period: day}}}
    tables: [%s]
"""

WAYS: Mapping[str, tuple[Sequence[int], Sequence[str]]] = {
    "a build of all": ((), ("run",)),
    "onlyNew, one source of ten has news": ((3,), ("run", "--only-new")),
    "onlyNew, nothing has": ((), ("run", "--only-new")),
}
"""What is run: the sources that are loaded before it, and the container's arguments."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Medians of one way."""

    built: int
    seconds: float

    @property
    def left(self) -> float:
        """Share of the models that were not built."""
        return 1 - self.built / MODELS


def shop(folder: Path) -> None:
    """The project."""
    each = MODELS // SOURCES
    models: dict[str, str] = {}
    for number in range(SOURCES):
        following = (number + 1) % SOURCES
        models[f"stg_{number}"] = f"select x from {{{{ source('raw', 'raw_{number}') }}}}"  # noqa: S608 - dbt's, not a query
        models |= {f"m_{number}_{n}": f"select x + {n} as x from {{{{ ref('stg_{number}') }}}}" for n in range(each - 2)}  # noqa: S608
        both = f"{{{{ ref('m_{number}_0') }}}} join {{{{ ref('stg_{following}') }}}} using (x)"
        models[f"mart_{number}"] = f"select x from {both}"  # noqa: S608
    project(folder, models, models__s_yml=YAML % ", ".join(f"{{name: raw_{number}}}" for number in range(SOURCES)))


def load(bench: Bench, numbers: Sequence[int]) -> None:
    """Put a newer row into these sources."""
    for number in numbers:
        bench.query(f"create or replace table ANALYTICS.BENCH.RAW_{number} as select 1 as X, sysdate() as LOADED_AT")


def measure(times: int, report: Callable[[str], None]) -> dict[str, Found]:
    """Each way in its turn, after a run that builds all and does not count."""
    with made(report, shop) as (bench, _):
        bench.query("create schema if not exists ANALYTICS.BENCH")
        load(bench, range(SOURCES))
        bench.run(bench.ours, "run", "--only-new")
        runs: dict[str, list[Measured]] = {way: [] for way in WAYS}
        for number in range(1, times + 1):
            for way, (loaded, arguments) in WAYS.items():
                load(bench, loaded)
                runs[way].append(bench.run(bench.ours, *arguments))
                report(f"{way}, run {number} of {times}: {_built(runs[way][-1])} models, {runs[way][-1].whole:.1f} s")
    return {
        way: Found(built=max(map(_built, found)), seconds=statistics.median(run.whole for run in found))
        for way, found in runs.items()
    }


def _built(run: Measured) -> int:
    events = [json.loads(line) for line in run.log if line.startswith('{"time"')]
    return sum(event["event"] == "node_finished" for event in events)


def main() -> None:
    """Print a table; ends with 1 if the aim is missed."""
    end_cleanly_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3, help="runs of each, of which the median counts")
    options = parser.parse_args()
    found = measure(options.times, lambda text: Console(stderr=True, highlight=False).print(f"[dim]{text}[/dim]"))
    whole, some, _ = found.values()
    table = Table(
        "run", "models built", "left as they are", "seconds", "of a build of all", title=f"medians of {options.times} runs"
    )
    for way, each in found.items():
        table.add_row(way, str(each.built), f"{each.left:.1%}", f"{each.seconds:.1f}", f"{each.seconds / whole.seconds:.2f}")
    Console().print(table)
    Console().print(f"With news in one source of ten {some.left:.1%} are left as they are; aim: at least {AIM:.0%}")
    if some.left < AIM:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
