"""Random kills of Airflow while runs are on: `make benchmark-kills`. What is lost, doubled or left behind is told, and fails.

A sandbox of its own with workstreams of seven models, of which one adds a row for each run; of three of them a run is always on. Of
a worker, the scheduler and all of Airflow one is killed at a time, when and which a seed says. Whatever happens, each run has to
succeed, its row is there once, no two containers of a workstream ran at once, and none goes on at the end. A worker that is lost is
missed after a minute, and its run goes on two minutes later. Twenty kills take about 30 minutes on two cores.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.deployed import deployed
from benchmarks.interruption import end_cleanly_on_sigterm
from tests.e2e.runs.kills import VICTIMS, Traffic
from tests.e2e.runs.paced import deploy_paced

LONGEST = 120
"""Seconds between two kills at most: in that time a run comes to its end, or Airflow back from the last kill, or neither."""


def measure(kills: int, seed: int, report: Callable[[str], None]) -> tuple[Counter[str], list[str], int]:
    """How often each was killed, what is wrong afterwards, and the number of runs."""
    chance, killed = random.Random(seed), Counter[str]()  # noqa: S311 - no secret
    with deployed() as stack, tempfile.TemporaryDirectory() as folder:
        traffic = Traffic(deploy_paced(stack, Path(folder)))
        for number in range(1, kills + 1):
            moment, victim = time.monotonic() + chance.uniform(0, LONGEST), chance.choice(VICTIMS)
            while time.monotonic() < moment:
                traffic.on()
                time.sleep(1)
            report(f"kill {number} of {kills}: {victim}")
            killed[victim] += 1
            traffic.kill(victim, chance)
        return killed, list(traffic.problems()), sum(map(len, traffic.runs.values()))


def main() -> None:
    """Print what was killed and what is wrong; exit code 1 if anything is."""
    end_cleanly_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    killed, problems, runs = measure(options.kills, options.seed, lambda text: Console(stderr=True).print(text))
    table = Table("killed", "times")
    for victim in VICTIMS:
        table.add_row(victim, str(killed[victim]))
    Console().print(table)
    print(f"{runs} runs; {len(problems)} problems", *problems, sep="\n  ")
    raise SystemExit(bool(problems))


if __name__ == "__main__":
    main()
