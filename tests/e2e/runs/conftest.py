"""Workstreams whose pace a test sets: the project tests/projects/paced, added to the deployed stack for these tests."""

import shutil
from collections.abc import Iterator

import pytest
import yaml

from sandbox.paths import REPOSITORY
from sandbox.stack import Stack
from tests.conftest import copy_repository
from tests.e2e.airflow import Airflow

PACED = {
    "tram": {},
    "ferry": {"retries": 1},
    "bus": {"retries": 1},
    "metro": {"timeoutMinutes": 1},
    "cable": {},
}


def workstream(name: str, **changes: int) -> dict[str, object]:
    size = {"cpu": 256, "memory": 512, "threads": 4, "timeoutMinutes": 10, "retries": 0}
    return {
        "project": "paced",
        "schedule": None,
        "timezone": "Europe/Amsterdam",
        "owner": "tests",
        "schema": name.upper(),
        **size,
        **changes,
    }


@pytest.fixture(scope="package")
def airflow(platform: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """The platform with five more workstreams, deployed by `pulumi up`; taken away again after the last test."""
    folder = tmp_path_factory.mktemp("paced")
    repository = copy_repository(folder / "repository")
    shutil.copytree(REPOSITORY / "tests/projects/paced", repository / "paced")
    document = yaml.safe_load(platform.configuration.read_text())
    document["config"]["dbt-platform:workstreams"] |= {name: workstream(name, **changes) for name, changes in PACED.items()}
    stack = Stack(platform.home, platform.state, platform.cli, repository=repository)
    stack.configuration = folder / "Pulumi.sandbox.yaml"
    stack.configuration.write_text(yaml.safe_dump(document))
    stack.run("up", "--yes", "--skip-preview")
    airflow = Airflow(stack)
    for name in PACED:
        airflow.await_dag(name)
    yield airflow
    platform.run("up", "--yes", "--skip-preview")
