"""The dbt image against the plain way, on the same base and the same warehouse: `python -m benchmarks.image`.

The plain way: pip install of the same versions without bytecode, `dbt build`, no cache of the parsed project. And against
one container per model. Medians of the runs; ratios below 1 are in our favour.
"""

import argparse
import gzip
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from rich.console import Console
from rich.table import Table

from sandbox.base.image import ensure_base
from sandbox.docker_engine import bridge_gateway
from sandbox.paths import CACHE, REPOSITORY
from tests.sandbox.emulator_account import REGION, account
from tests.sandbox.runner_process import BUCKET, Runs, project
from tests.sandbox.warehouse_server import running

MODELS = 200
THREADS = "8"
PER_MODEL = 40
"""Models that are also run in a container each."""
AT_ONCE = 4
"""Containers at the same time."""

PLAIN = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY image/requirements.txt /build/requirements.txt
RUN python3 -m venv /opt/dbt && /opt/dbt/bin/pip install --quiet --no-cache-dir --no-compile --no-deps -r /build/requirements.txt
ENV PATH=/opt/dbt/bin:$PATH PYTHONDONTWRITEBYTECODE=1 DBT_TARGET_PATH=/tmp/target DBT_LOG_PATH=/tmp/logs HOME=/tmp
COPY image/profiles.yml /app/
COPY benchmark /app/project
USER 50000
ENTRYPOINT ["dbt", "build", "--project-dir", "/app/project", "--profiles-dir", "/app"]
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds of one run, from the start of its container."""

    first_query: float
    """Until dbt's first statement arrived at the warehouse."""
    whole: float


@contextmanager
def _bench(folder: Path) -> Iterator[Runs]:
    with running(folder, bind=("127.0.0.1", bridge_gateway())) as server, account(folder) as cloud:
        cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield Runs(server, cloud, folder, folder / "context" / "benchmark", "bench", {"DBT_THREADS": THREADS})


def _build(context: Path, dockerfile: str, tag: str) -> str:
    arguments = {"BASE_IMAGE": ensure_base(CACHE, print), "PROJECT": "benchmark"}
    docker.from_env().images.build(
        path=str(context), dockerfile=dockerfile, buildargs=arguments, network_mode="host", tag=tag, rm=True
    )
    return tag


def _run(runs: Runs, image: str, *arguments: str, **changes: str) -> Measured:
    """One container, from start to end."""
    gateway = bridge_gateway()
    names = ("AWS_", "DBT_RUN", "DBT_THREADS", "SNOWFLAKE_", "WORKSTREAM", "ARTIFACTS_URI")
    variables = {name: value for name, value in runs.environment(**changes).items() if name.startswith(names)}
    variables |= {"SNOWFLAKE_HOST": gateway, "AWS_ENDPOINT_URL": f"http://{gateway}:{runs.cloud.port}"}
    variables["DBT_ENV_SECRET_PRIVATE_KEY"] = variables["SNOWFLAKE_PRIVATE_KEY"]
    started = time.time()
    container = docker.from_env().containers.run(
        image,
        list(arguments),
        environment=variables,
        tmpfs={"/tmp": "mode=1777"},  # noqa: S108 - of the container
        detach=True,
    )
    code = container.wait()["StatusCode"]
    whole = time.time() - started
    if code:
        raise RuntimeError(container.logs().decode()[-3000:])
    container.remove()
    return Measured(first_query=_first_statement(runs, started) - started, whole=whole)


def _first_statement(runs: Runs, since: float) -> float:
    """When the first of dbt's statements after `since` arrived; seconds since the epoch."""
    arrived = "date_part(epoch_millisecond, start_time)"
    history = f"select min({arrived}) from snowflake.account_usage.query_history"  # noqa: S608 - our own words
    [(moment,)] = runs.server.run(f'{history} where query_text like \'%"app": "dbt"%\' and {arrived} > {since * 1000:.0f}')
    return float(moment) / 1000


def _median(runs: Runs, image: str, times: int, *arguments: str) -> Measured:
    measured = [_run(runs, image, *arguments, DBT_RUN_ID=f"{image}-{number}") for number in range(times)]
    return Measured(
        first_query=statistics.median(one.first_query for one in measured), whole=statistics.median(one.whole for one in measured)
    )


def _size(image: str) -> float:
    """MB, compressed as a registry stores it."""
    with tempfile.TemporaryFile() as file:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6) as archive:
            for chunk in docker.from_env().images.get(image).save():
                archive.write(chunk)
        return file.tell() / 1e6


def _one_container_per_model(runs: Runs, image: str) -> float:
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = [pool.submit(_run, runs, image, "run", "--select", f"m{number}") for number in range(PER_MODEL)]
    for future in done:
        future.result()
    return time.monotonic() - started


def measure(times: int, report: Callable[[str], None]) -> dict[str, tuple[float, float]]:
    """What is measured: (ours, the other way)."""
    with tempfile.TemporaryDirectory() as name, _bench(Path(name)) as runs:
        context = Path(name) / "context"
        project(runs.project, {f"m{number}": f"select {number} as x" for number in range(MODELS)})
        shutil.copytree(REPOSITORY / "image", context / "image", ignore=shutil.ignore_patterns("__pycache__"))
        (context / "plain.Dockerfile").write_text(PLAIN)
        report("building both images")
        ours, plain = _build(context, "image/Dockerfile", "benchmark-ours"), _build(context, "plain.Dockerfile", "benchmark-plain")
        _run(runs, ours, "run", DBT_RUN_ID="warm")
        _run(runs, plain)
        report(f"{times} runs each of {MODELS} models with {THREADS} threads")
        ours_run, plain_run = _median(runs, ours, times, "run"), _median(runs, plain, times)
        report(f"{PER_MODEL} models, in one container and in one each, {AT_ONCE} at once")
        some = [f"m{number}" for number in range(PER_MODEL)]
        together = _median(runs, ours, times, "run", "--select", *some).whole
        found = {
            "container start to first query, s": (ours_run.first_query, plain_run.first_query),
            f"whole build of {MODELS} models, s": (ours_run.whole, plain_run.whole),
            "image, compressed MB": (_size(ours), _size(plain)),
            f"{PER_MODEL} models against a container each, s": (together, _one_container_per_model(runs, ours)),
        }
        for image in (ours, plain):
            docker.from_env().images.remove(image, force=True)
        return found


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.times, lambda text: Console(stderr=True).print(f"[dim]{text}[/dim]"))
    if options.json:
        print(json.dumps({what: {"ours": ours, "other": other, "ratio": ours / other} for what, (ours, other) in found.items()}))
        return
    table = Table("measured", "ours", "the other way", "ratio")
    for what, (ours, other) in found.items():
        table.add_row(what, f"{ours:.1f}", f"{other:.1f}", f"{ours / other:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
