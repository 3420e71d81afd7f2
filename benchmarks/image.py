"""The dbt image against the plain way, on the same base, warehouse and emulator: `make benchmark-image`.

The plain way: pip install of the same versions without bytecode, `dbt build`, no cache of the parsed project; and one task
of it per model, as Cosmos' ECS mode runs dbt. Medians of the runs; a ratio below 1 is in our favour.
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from rich.console import Console
from rich.table import Table

from benchmarks.interruption import end_cleanly_on_sigterm
from benchmarks.tasks import Tasks
from sandbox.base.image import ensure_base
from sandbox.demo import lifecycle
from sandbox.docker_engine import bridge_gateway
from sandbox.errors import SandboxError
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.testing.account import REGION, account
from sandbox.testing.warehouse_server import running
from tests.sandbox.runner_process import BUCKET, Runs, project

MODELS = 200
THREADS = "8"
PER_MODEL = 40
"""Models that are also run in a task each."""

PLAIN = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY image/requirements.txt /build/requirements.txt
RUN python3 -m venv /opt/dbt && /opt/dbt/bin/pip install --quiet --no-cache-dir --no-compile --no-deps -r /build/requirements.txt
ENV PATH=/opt/dbt/bin:$PATH PYTHONDONTWRITEBYTECODE=1 DBT_TARGET_PATH=/tmp/target DBT_LOG_PATH=/tmp/logs HOME=/tmp
COPY image/profiles.yml /app/
COPY benchmark /app/project
USER 50000
ENTRYPOINT ["dbt"]
"""
LABEL = "dbt-platform.benchmark"
"""Of its images and containers; the value is the benchmark's folder, so that two of them leave each other alone."""
PLAIN_OPTIONS = ("--project-dir", "/app/project", "--profiles-dir", "/app")

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where something is measured in seconds or megabytes: this must be at most `aim` times the other way's."""

    what: str
    aim: float


FIRST_QUERY = Target(what="container start to first query, s", aim=0.4)
WHOLE = Target(what=f"build of {MODELS} models, s", aim=1)
SIZE = Target(what="image, compressed MB", aim=1)
MANY = Target(what=f"{PER_MODEL} models against a task each, s", aim=0.2)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds of one run, from the start of its container."""

    first_query: float
    """Until dbt's first statement arrived at the warehouse."""
    whole: float
    started: float = 0
    """When, seconds since the epoch."""
    log: Sequence[str] = ()


class Bench:
    """The images, and what they run against; all that it makes in Docker is removed at its end."""

    def __init__(self, runs: Runs, folder: Path, report: Report) -> None:
        self._runs = runs
        self._folder = folder
        self._report = report
        self._labels = {LABEL: str(folder)}
        self.ours, self.plain = f"benchmark-ours-{os.getpid()}", f"benchmark-plain-{os.getpid()}"

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        daemon, ours = docker.from_env(), f"{LABEL}={self._folder}"
        for container in daemon.containers.list(all=True, filters={"label": ours}):
            container.remove(force=True)
        for image in daemon.images.list(filters={"label": ours}):
            daemon.images.remove(str(image.id), force=True)

    def build(self, write: Callable[[Path], object]) -> None:
        """Make both images, of the project that is written into a folder."""
        context = self._folder / "context"
        write(context / "benchmark")
        shutil.copytree(REPOSITORY / "image", context / "image", ignore=shutil.ignore_patterns("__pycache__"))
        (context / "plain.Dockerfile").write_text(PLAIN)
        self._build(context, "image/Dockerfile", self.ours)
        self._build(context, "plain.Dockerfile", self.plain)

    def _build(self, context: Path, dockerfile: str, tag: str) -> None:
        self._report(f"building {tag}")
        arguments = {"BASE_IMAGE": ensure_base(CACHE, self._report), "PROJECT": "benchmark"}
        docker.from_env().images.build(
            path=str(context),
            dockerfile=dockerfile,
            buildargs=arguments,
            network_mode="host",
            tag=tag,
            labels=self._labels,
            rm=True,
            forcerm=True,
        )

    def medians(self, times: int, ways: Mapping[str, Sequence[str]]) -> list[Measured]:
        """Of each image with its arguments, after one run that does not count; in turns, as other work on the machine varies."""
        for image, arguments in ways.items():
            self.run(image, *arguments)
        measured: dict[str, list[Measured]] = {image: [] for image in ways}
        for number in range(1, times + 1):
            for image, arguments in ways.items():
                one = self.run(image, *arguments)
                measured[image].append(one)
                said = f"{one.whole:.1f} s, first query after {one.first_query:.1f} s"
                self._report(f"{image}, run {number} of {times}: {said}")
        return [
            Measured(
                first_query=statistics.median(one.first_query for one in all_of_it),
                whole=statistics.median(one.whole for one in all_of_it),
            )
            for all_of_it in measured.values()
        ]

    def run(self, image: str, *arguments: str, cpu_units: int | None = None) -> Measured:
        """One container, with as much of the processors as ECS calls so many units; None: with all of them."""
        started = time.time()
        container = docker.from_env().containers.run(
            image,
            list(arguments),
            environment=self.variables(),
            tmpfs={"/tmp": "mode=1777"},  # noqa: S108 - of the container
            detach=True,
            labels=self._labels,
            nano_cpus=int(cpu_units / 1024 * 1e9) if cpu_units else None,
        )
        code = container.wait()["StatusCode"]
        whole = time.time() - started
        log = container.logs().decode()
        if code:
            raise RuntimeError(log[-3000:])
        container.remove()
        return Measured(first_query=self._first_statement(started) - started, whole=whole, started=started, log=log.splitlines())

    def variables(self) -> dict[str, str]:
        """The containers' environment: ours and the plain one's."""
        gateway = bridge_gateway()
        names = ("AWS_", "DBT_RUN", "DBT_THREADS", "SNOWFLAKE_", "PLATFORM", "WORKSTREAM", "ARTIFACTS_URI")
        found = {name: value for name, value in self._runs.environment().items() if name.startswith(names)}
        found |= {"SNOWFLAKE_HOST": gateway, "AWS_ENDPOINT_URL": f"http://{gateway}:{self._runs.cloud.port}"}
        return found | {"DBT_RUN_ID": f"run-{time.time_ns()}", "DBT_ENV_SECRET_PRIVATE_KEY": found["SNOWFLAKE_PRIVATE_KEY"]}

    def query(self, statement: str) -> None:
        """Run a statement of nobody's."""
        self._runs.server.run(statement)

    def _first_statement(self, since: float) -> float:
        """When the first of dbt's statements after `since` arrived; seconds since the epoch."""
        arrived = "date_part(epoch_millisecond, start_time)"
        history = f"select min({arrived}) from snowflake.account_usage.query_history"  # noqa: S608 - our own words
        condition = f'query_text like \'%"app": "dbt"%\' and {arrived} > {since * 1000:.0f}'
        [(moment,)] = self._runs.server.run(f"{history} where {condition}")
        return float(moment) / 1000

    def size(self, image: str) -> float:
        """MB, compressed as a registry stores it."""
        self._report(f"compressing {image}")
        with tempfile.TemporaryFile() as file:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6) as archive:
                for chunk in docker.from_env().images.get(image).save():
                    archive.write(chunk)
            return file.tell() / 1e6


def flat(folder: Path) -> None:
    """A project of `MODELS` models of which none reads another."""
    project(folder, {f"m{number}": f"select {number} as x" for number in range(MODELS)})


@contextmanager
def made(report: Report, write: Callable[[Path], object] = flat) -> Iterator[tuple[Bench, Tasks]]:
    """The images of the project that is written into a folder, with what they run against."""
    with lifecycle.docker_daemon(Home(REPOSITORY / ".sandbox-benchmark"), report), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report("starting warehouse and emulator")
        with running(folder, bind=("127.0.0.1", bridge_gateway())) as server, account(folder) as cloud:
            cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
            cloud.furnish()
            runs = Runs(server, cloud, folder, folder, "bench", {"DBT_THREADS": THREADS})
            with Bench(runs, folder, report) as bench:
                bench.build(write)
                yield bench, Tasks(cloud, bench.variables, report)


def measure(times: int, report: Report) -> dict[Target, tuple[float, float]]:
    """What is measured: (ours, the other way)."""
    with made(report) as (bench, tasks):
        ours, plain = bench.medians(times, {bench.ours: ["run"], bench.plain: ["build", *PLAIN_OPTIONS]})
        some = [f"m{number}" for number in range(PER_MODEL)]
        together = tasks.median(times, bench.ours, [["run", "--select", *some]])
        apart = tasks.median(times, bench.plain, [["build", "--select", name, *PLAIN_OPTIONS] for name in some])
        return {
            FIRST_QUERY: (ours.first_query, plain.first_query),
            WHOLE: (ours.whole, plain.whole),
            SIZE: (bench.size(bench.ours), bench.size(bench.plain)),
            MANY: (together, apart),
        }


def main() -> None:
    """Print a table, or JSON."""
    end_cleanly_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        found = measure(options.times, lambda text: Console(stderr=True, highlight=False).print(f"[dim]{text}[/dim]"))
    except SandboxError as error:
        parser.exit(1, f"{error}\n")
    if options.json:
        print(
            json.dumps(
                {
                    target.what: {"ours": ours, "other": other, "ratio": ours / other, "aim": target.aim}
                    for target, (ours, other) in found.items()
                }
            )
        )
        return
    table = Table("measured", "ours", "the plain way", "ratio", "aim", title=f"medians of {options.times} runs")
    for target, (ours, other) in found.items():
        table.add_row(target.what, f"{ours:.1f}", f"{other:.1f}", f"{ours / other:.2f}", f"{target.aim:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
