"""200 workstreams whose schedules say the same minute: `make benchmark-same-minute`.

The platform's own operator starts and watches each of them, with boto as it is, against an ECS that throttles as AWS says it does
(`throttling_ecs.py`). Nobody waits: whoever sleeps is woken when all others sleep too.
"""
# ruff: noqa: I001

import argparse
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "CRITICAL"

from tests.unit.dags.support import configuration, dag_folder, form  # before Airflow: it sets Airflow's home

import boto3
import dbt_operator
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from botocore.config import Config
from botocore.retries import bucket, standard
from dbt_configuration import Workstream, read
from dbt_containers import POOL
from dbt_retries import RETRY_DELAY
from rich.console import Console
from rich.table import Table

from benchmarks.throttling_ecs import Clock, Ecs

AIRFLOWS_PART = 5
"""Seconds from the end of a run to the start of the next one in its place of the pool."""

NOBODY_SAYS = ("fetch", "count")
"""What the operator asks of S3 and CloudWatch: neither is part of this."""


@dataclass
class Found:
    """What happened to all of them."""

    workstreams: int
    begun: list[float] = field(default_factory=list)
    """Second of each container's start, as ECS has it."""
    ended: float = 0.0
    doubled: int = 0
    """Workstreams of which two containers were there."""
    failed: int = 0
    """Tries that Airflow has to make again, after two minutes."""
    lost: int = 0
    """Workstreams that never ran."""
    requests: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)


@contextmanager
def passing(clock: Clock) -> Iterator[None]:
    """Boto and the operator sleep and look at the time by this clock."""

    class Condition:
        """For the pace that boto sets itself (`adaptive`), whose lock belongs to one client."""

        def __init__(self, lock: Any) -> None:
            self._lock = lock

        def __enter__(self) -> None:
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

        def wait(self, seconds: float) -> None:
            clock.sleep(max(seconds, 1e-6))  # boto asks again until the time has passed, and less is lost in rounding

        def notify(self) -> None: ...

    def now(_: object) -> float:
        return clock.now

    handler = standard.RetryHandler.__init__
    defaults = tuple(clock.sleep if each is time.sleep else each for each in handler.__defaults__ or ())
    shim = SimpleNamespace(Lock=bucket.threading.Lock, Condition=Condition)
    with ExitStack() as patches:
        for patch in (
            mock.patch("time.sleep", clock.sleep),
            mock.patch.object(bucket.Clock, "current_time", now),
            mock.patch.object(bucket, "threading", shim),
            mock.patch.object(handler, "__defaults__", defaults),
            *(mock.patch.object(dbt_operator, name, mock.Mock(side_effect=OSError("not asked"))) for name in NOBODY_SAYS),
        ):
            patches.enter_context(patch)
        yield


def execute(workstream: Workstream, session: boto3.Session, ecs: Ecs, try_number: int) -> None:
    """One try, as a worker of Airflow's makes it: in a process, and so with a client of its own."""
    with DAG(f"{workstream.dag_id}-{try_number}"):
        operator = dbt_operator.DbtOperator(task_id="dbt", workstream=workstream)
    operator.client = session.client("ecs", config=Config(**(operator.botocore_config or {})))
    operator.client.meta.events.register("before-send.ecs", ecs.answer)
    operator.awslogs_group = None  # the log is another service's
    instance = SimpleNamespace(
        dag_id=workstream.dag_id, task_id="dbt", run_id="run", map_index=-1, try_number=try_number, log_url="https://airflow",
        xcom_push=lambda **_: None, get_task_states=lambda **_: {"run": {"dbt": "running"}},
    )  # fmt: skip
    context = {
        "ti": instance,
        "run_id": "run",
        "logical_date": None,
        "params": form(),
        "dag_run": SimpleNamespace(run_type="manual"),
    }
    operator.render_template_fields(context)
    operator.execute(context)


def measure(workstreams: int, at_once: int, minutes: float) -> Found:
    """All of them, of which the pool lets so many run at a time."""
    clock = Clock()
    ecs, found = Ecs(clock, minutes), Found(workstreams)
    nobodys = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "nobody's")
    session = boto3.Session(region_name="eu-west-1", **nobodys)
    with tempfile.TemporaryDirectory() as folder, passing(clock):
        configurations = [
            configuration(f"w{number:03}", retries=0, poolSlots=max(1, POOL // at_once)) for number in range(workstreams)
        ]
        known, _ = read(dag_folder(Path(folder) / "dags", *configurations) / "config")
        waiting = [(workstream, 1) for workstream in known]

        def place_in_the_pool() -> None:
            while waiting:
                workstream, try_number = waiting.pop(0)
                try:
                    execute(workstream, session, ecs, try_number)
                except AirflowFailException:
                    found.lost += 1
                except AirflowException:
                    found.failed += 1
                    clock.sleep(RETRY_DELAY.total_seconds())
                    waiting.append((workstream, try_number + 1))
                clock.sleep(AIRFLOWS_PART)

        for _ in range(at_once):
            clock.start(place_in_the_pool)
        clock.run()
    families = Counter(task["family"] for task in ecs.tasks.values())
    found.begun = sorted(task["began"] for task in ecs.tasks.values())
    found.ended = clock.now
    found.doubled = sum(count > 1 for count in families.values())
    found.lost += workstreams - len(families)
    found.requests, found.throttled = ecs.requests, ecs.throttled
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workstreams", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5, help="how long each runs")
    parser.add_argument("--at-once", type=int, nargs="*", default=[8, 32, 64, 200], help="`airflow.concurrentRuns`; 200: no pool")
    options = parser.parse_args()
    table = Table(title=f"{options.workstreams} workstreams of {options.minutes:g} minutes, in the same minute")
    for column in (
        "at once",
        "last start, min",
        "end, min",
        "RunTask throttled",
        "looks throttled",
        "tries again",
        "doubled",
        "lost",
    ):
        table.add_column(column, justify="right")
    for at_once in options.at_once:
        random.seed(1)
        found = measure(options.workstreams, at_once, options.minutes)
        looks = sum(found.throttled[name] for name in ("ListTasks", "DescribeTasks"))
        asked = sum(found.requests[name] for name in ("ListTasks", "DescribeTasks"))
        table.add_row(
            str(at_once), f"{found.begun[-1] / 60:.1f}", f"{found.ended / 60:.1f}",
            f"{found.throttled['RunTask']} of {found.requests['RunTask']}", f"{looks} of {asked}",
            str(found.failed), str(found.doubled), str(found.lost),
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
