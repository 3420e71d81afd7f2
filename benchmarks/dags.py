"""Our DAG files against Cosmos on the same Airflow: `make benchmark-dags`.

What each costs Airflow for 50 and 500 workstreams, one dbt project of 40 models: the DAG processor's seconds and memory, the
tasks that the scheduler looks at in every run, the bytes that it loads from its database. Cosmos 1.15.1 makes a task per
model (execution mode AWS_ECS, loaded from the manifest: its fastest way; tests left out, in its favour).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sandbox.paths import CACHE, REPOSITORY
from tests.sandbox.runner_process import project
from tests.unit.dags.support import configuration, dag_folder

WORKSTREAMS = (50, 500)
MODELS = 40
SECONDS_AIM = 1.0
"""For 50 workstreams, beyond importing Airflow."""
RATIO_AIM = 10.0
"""Times less than Cosmos for each dbt project."""

MEASURES = (
    ("parse", "parse, seconds of processor", 2),
    ("wall", "parse, seconds", 2),
    ("memory", "memory, MiB", 0),
    ("tasks", "tasks", 0),
    ("serialize", "serialize, seconds of processor", 2),
    ("stored", "stored, MB", 1),
)

PEER = REPOSITORY / "benchmarks" / "cosmos"
PROFILE = """
platform:
  target: dev
  outputs:
    dev: {type: snowflake, account: a, user: u, password: p, role: r, database: d, warehouse: w, schema: s}
"""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a folder of DAGs costs Airflow."""

    parse: float
    """Seconds of processor time, of importing the folder's files and what they import beyond Airflow, too."""
    wall: float
    memory: float
    """MiB above Airflow's own."""
    tasks: int
    serialize: float
    """Seconds of processor time."""
    stored: float
    """Megabytes of serialized DAGs in Airflow's database."""


def peer_python() -> str:
    """Cosmos in an environment of its own, made once."""
    python = CACHE / "cosmos" / "bin" / "python"
    uv = [os.environ.get("UV", "uv"), "--no-config"]
    if not python.exists():
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, python.parents[1]], check=True)
    requirements = ["--require-hashes", "--requirement", PEER / "requirements.txt"]
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *requirements], check=True)
    return str(python)


def cost(python: str, folder: Path, workstreams: int, home: Path) -> Cost:
    """Parses the folder in a process of its own.

    Raises:
        RuntimeError: a DAG is missing.
    """
    variables = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        # Airflow gives a file 30 seconds; Cosmos needs more for 500 projects, and shall be measured all the same.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "1800",
        "WORKSTREAMS": str(workstreams),
    }
    command = [python, str(REPOSITORY / "benchmarks" / "dag_parse.py"), str(folder)]
    done = subprocess.run(command, env={**os.environ, **variables}, cwd=home, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    dags, errors = result.pop("dags"), result.pop("errors")
    if dags != workstreams or errors:
        raise RuntimeError(f"not all of the {workstreams} DAGs load: {errors or done.stderr[-2000:]}")
    return Cost(**result)


def our_folder(target: Path, workstreams: int) -> Path:
    """Our DAG files with so many configurations."""
    return dag_folder(target, *(configuration(f"team{number:03}", schedule="0 5 * * *") for number in range(workstreams)))


def peer_folder(target: Path) -> Path:
    """A project in which each model reads the one before, parsed by dbt."""
    models = {"m0": "select 1 as a"}
    models |= {f"m{number}": f"select * from {{{{ ref('m{number - 1}') }}}}" for number in range(1, MODELS)}  # noqa: S608 (no query)
    project(target / "project", models)
    (target / "profiles.yml").write_text(PROFILE)
    shutil.copy(PEER / "dags.py", target)
    dbt = ["dbt", "--quiet", "parse", "--project-dir", target / "project", "--profiles-dir", target, "--no-partial-parse"]
    subprocess.run(dbt, cwd=target, check=True)
    return target


def table(costs: dict[int, tuple[Cost, Cost]]) -> Table:
    """Ours, Cosmos, and how many times less ours is."""
    shown = Table(title=f"What DAGs cost Airflow, for dbt projects of {MODELS} models")
    for heading in ("workstreams", "", "this platform", "Cosmos", "times less"):
        shown.add_column(heading, justify="left" if heading == "" else "right")
    for workstreams, (ours, peers) in costs.items():
        for field, label, digits in MEASURES:
            less, more = getattr(ours, field), getattr(peers, field)
            shown.add_row(f"{workstreams}", label, f"{less:,.{digits}f}", f"{more:,.{digits}f}", f"{more / less:.1f}")
        shown.add_section()
    return shown


def main() -> None:
    """Prints the table; ends with 1 if an aim is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    python = peer_python()
    with tempfile.TemporaryDirectory(prefix="benchmark-dags-") as made:
        home = Path(made)
        peers = peer_folder(home / "cosmos")
        costs = {
            count: (cost(python, our_folder(home / f"ours-{count}", count), count, home), cost(python, peers, count, home))
            for count in WORKSTREAMS
        }
    console = Console()
    console.print(table(costs))
    seconds = costs[WORKSTREAMS[0]][0].parse
    ratio = min(peer.parse / ours.parse for ours, peer in costs.values())
    console.print(f"{WORKSTREAMS[0]} workstreams parse in {seconds:.2f} s beyond importing Airflow; aim: below {SECONDS_AIM:g} s")
    console.print(f"Cosmos takes {ratio:.0f} times as long for a project; aim: at least {RATIO_AIM:g} times")
    if seconds > SECONDS_AIM or ratio < RATIO_AIM:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
