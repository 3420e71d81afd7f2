"""What the benchmarks rest on, so that they still run when somebody needs a figure."""

import os
import re
import subprocess
import sys

import pytest

from benchmarks.growth import WORKSTREAMS, airflow, configuration
from benchmarks.plot import line_chart
from sandbox.paths import REPOSITORY
from settings.stack import Settings
from tests.unit.recorder import set_configuration, stack_file


@pytest.mark.parametrize("name", ["dags", "diagnosis", "growth", "image", "kills", "news", "sizes"])
def test_a_benchmark_says_what_it_does_before_it_takes_half_an_hour(name: str):
    """And it can be imported as `make` starts it, which is not how pytest does."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stderr) == (0, "")
    assert len(said.stdout.splitlines()) > 5


def test_a_case_of_the_diagnosis_goes_through_the_operator_of_today():
    """It drives the operator's inside, and a form with one field more ended it."""
    command = [sys.executable, "-m", "benchmarks.diagnosis", "--set", "fresh", "--case", "spot-not-associated"]
    found = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": "dags"}
    )

    assert found.returncode == 0, found.stderr
    assert "wrong in nothing; told capacity-provider" in " ".join(found.stdout.split())


def test_runs_that_start_together_are_neither_lost_nor_doubled():
    """An answer of RunTask that is lost on its way, and a request that is throttled, are asked again: one container each."""
    command = [sys.executable, "-m", "benchmarks.same_minute", "--workstreams", "25", "--at-once", "25", "--minutes", "0.1"]
    found = subprocess.run(
        command,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": "dags", "COLUMNS": "160"},
    )

    assert found.returncode == 0, found.stderr
    [row] = [line for line in found.stdout.splitlines() if line.startswith("│")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[0] == "25"
    assert cells[-2:] == ["0", "0"]


@pytest.mark.parametrize("workstreams", WORKSTREAMS)
def test_a_stack_of_every_size_is_a_valid_one(workstreams: int):
    """The benchmark would find out after many minutes."""
    set_configuration({**stack_file("sandbox"), **airflow(), **configuration(workstreams)})

    assert len(Settings.load().workstreams) == workstreams


def test_the_plot_shows_every_point_in_proportion():
    """A chart that lies is worse than none."""
    chart = line_chart([(50, 4), (100, 8)], across="workstreams", upwards="seconds")

    (half_x, half_y), (full_x, full_y) = [tuple(map(float, point)) for point in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', chart)]
    floor = float(re.search(r"M[\d.]+ [\d.]+V([\d.]+)H", chart)[1])  # pyright: ignore[reportOptionalSubscript]
    left = float(re.search(r"M([\d.]+) ", chart)[1])  # pyright: ignore[reportOptionalSubscript]
    assert (full_x - left, floor - full_y) == pytest.approx((2 * (half_x - left), 2 * (floor - half_y)), abs=0.2)
