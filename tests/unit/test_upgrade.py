"""Stacks that an earlier version deployed, deployed by this one."""

from pathlib import Path

import pytest
import yaml

from components.airflow import FORMER_TYPE
from settings.project import PLATFORM_VERSION, REPOSITORY
from tests.unit.recorder import run_program

RELEASES = sorted(Path(__file__).with_name("released").iterdir())
"""Per version the stack file of production, and all that its program made of it: type within its parents, and name.

When a version is released: `PYTHONPATH=.:image:dags .venv/bin/python -m tests.unit.test_upgrade`.
"""

RENAMED = {"dbt-platform:airflow:Airflow": str(FORMER_TYPE.type_)}
"""Type of a component -> the one that its alias names."""


def resources(stack_file: Path) -> set[str]:
    """What a program registers, as the engine knows it again in a state."""
    stack = run_program(yaml.safe_load(stack_file.read_text())["config"])
    return {response.urn.split("::", 2)[2] for request, response in stack.exchanges if request.custom}


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_nothing_that_an_earlier_version_deployed_is_made_anew(release: Path):
    """A team that takes this version would lose a bucket, a key or its Airflow to a name that moved. Its stack file serves on."""
    known = resources(release / "Pulumi.prod.yaml")
    known |= {resource.replace(new, former) for resource in known for new, former in RENAMED.items()}

    assert set((release / "resources.txt").read_text().splitlines()) - known == set()


if __name__ == "__main__":
    made = Path(__file__).with_name("released") / PLATFORM_VERSION
    made.mkdir(exist_ok=True)
    stack_file = REPOSITORY / "Pulumi.prod.yaml"
    (made / stack_file.name).write_text(stack_file.read_text())
    (made / "resources.txt").write_text("".join(f"{resource}\n" for resource in sorted(resources(stack_file))))
