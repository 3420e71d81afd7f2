"""Parses one DAG folder as Airflow's DAG processor does and prints what that cost, as JSON. Runs where Airflow is installed."""

import json
import os
import resource
import sys
import time
from pathlib import Path

import airflow.providers.amazon.aws.operators.ecs  # noqa: F401 (both sides stand on it)
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization


def peak() -> int:
    """Kibibytes of memory at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))  # as Airflow does with its DAG folder
memory, start, wall = peak(), time.process_time(), time.monotonic()
bag = DagBag(str(folder), bundle_path=folder)
parsed, waited, grown = time.process_time() - start, time.monotonic() - wall, peak() - memory
start = time.process_time()
stored = sum(len(json.dumps(DagSerialization.to_dict(dag))) for dag in bag.dags.values())
result = {
    "dags": len(bag.dags),
    "errors": bag.import_errors,
    "parse": parsed,
    "wall": waited,
    "memory": grown / 1024,
    "tasks": sum(len(dag.tasks) for dag in bag.dags.values()),
    "serialize": time.process_time() - start,
    "stored": stored / 1e6,
}
sys.stdout.write(f"\n{json.dumps(result)}\n")
sys.stdout.flush()
os._exit(0)  # freeing a hundred thousand objects measures nothing
