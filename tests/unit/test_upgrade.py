"""Stacks that an earlier version deployed, deployed by this one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings.project import PLATFORM_VERSION, REPOSITORY
from tests.unit.recorder import Stack, run_program, stack_file
from tests.upgrades import ENVIRONMENT, own_files, team_clone, upgrade

STACK = "pulumi:pulumi:Stack"
STACK_FILE = "Pulumi.prod.yaml"

RELEASES = sorted(Path(__file__).with_name("released").iterdir())
"""Per version the stack file of production, and all that its program made of it: type within its parents, and name.

When a version is released: `PYTHONPATH=.:image:dags .venv/bin/python -m tests.unit.test_upgrade`.
"""


def resources(stack: Stack) -> Iterator[str]:
    """What a program registers, by every name under which the engine knows it again in a state."""
    registered = {response.urn: request for request, response in stack.exchanges}

    def types(request: Any) -> Iterator[str]:
        own = [request.type, *filter(None, (alias.spec.type for alias in request.aliases))]
        parent = registered.get(request.parent)
        around = [""] if parent is None or parent.type == STACK else [f"{each}$" for each in types(parent)]
        yield from (f"{each}{type_}" for each in around for type_ in own)
        former = filter(None, (alias.spec.parentUrn for alias in request.aliases))
        yield from (f"{urn.split('::', 2)[2].partition('::')[0].removeprefix(f'{STACK}$')}${request.type}" for urn in former)

    for request in registered.values():
        yield from (f"{each}::{request.name}" for each in types(request) if request.custom)


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_nothing_that_an_earlier_version_deployed_is_made_anew(release: Path):
    """A team that takes this version would lose a bucket, a key or its Airflow to a name that moved. Its stack file serves on."""
    known = set(resources(run_program(yaml.safe_load((release / STACK_FILE).read_text())["config"])))

    assert set((release / "resources.txt").read_text().splitlines()) - known == set()


def test_the_next_version_merges_into_a_clone_without_a_conflict(tmp_path: Path):
    """A team that rewrote what is its own would have to take our examples apart from its stacks, at each version."""
    clone = team_clone(tmp_path, {})

    upgrade(clone)

    assert own_files(clone, "upgrade") == own_files(clone, "main")
    assert ENVIRONMENT in (clone / ".gitlab-ci.yml").read_text()
    assert (clone / "docs/upgrade.md").read_text() == (REPOSITORY / "docs/upgrade.md").read_text()


if __name__ == "__main__":
    made = Path(__file__).with_name("released") / PLATFORM_VERSION
    made.mkdir(exist_ok=True)
    (made / STACK_FILE).write_text((REPOSITORY / STACK_FILE).read_text())
    (made / "resources.txt").write_text("".join(f"{each}\n" for each in sorted(set(resources(run_program(stack_file("prod")))))))
