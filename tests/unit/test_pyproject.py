"""Who installs what: each part of the repository against the dependency groups of pyproject.toml."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from settings.project import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
OURS = {"bootstrap", "ci", "components", "controls", "image", "ops", "projects", "runner", "settings"}

ROLES: dict[str, tuple[str, ...]] = {
    "__main__.py": ("deploy",),
    "settings": ("deploy",),
    "components": ("deploy",),
    "projects": (),
    "bootstrap": ("deploy",),
    "policy": ("policy",),
    "ops": (),
    "ops/credits.py": ("models",),
    "ops/preflight.py": ("deploy",),
    "ci": (),
    "ci/comparison.py": ("models",),
    "ci/models.py": ("models",),
    "ci/scan.py": ("scan",),
}
"""Part of the repository -> the groups that whoever runs it installs, beside the project's own dependencies."""


def installed(*groups: str) -> set[str]:
    """What the lock installs for the project with these groups, on any machine."""
    locked = {package["name"]: package for package in tomllib.loads((REPOSITORY / "uv.lock").read_text())["package"]}
    project = locked[PROJECT["project"]["name"]]
    direct = [*project["dependencies"], *(each for group in groups for each in project["dev-dependencies"][group])]
    found, waiting = set(), [each["name"] for each in direct]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [each["name"] for each in locked[name].get("dependencies", ())]
    return found


def imported(files: list[Path]) -> set[str]:
    """Distributions that the files import from, by their top-level module."""
    trees = [ast.parse(file.read_text()) for file in files]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    providers = packages_distributions()
    return {providers[name][0].lower().replace("_", "-") for name in modules - OURS - sys.stdlib_module_names}


@pytest.mark.parametrize("part", [part for part in ROLES if (REPOSITORY / part).exists()])
def test_every_import_is_installed_by_who_runs_it(part: str):
    """A job installs what its role declares: anything else is missing there, at night, though every test here has it."""
    place = REPOSITORY / part
    files = [place] if place.is_file() else [file for file in place.rglob("*.py") if str(file.relative_to(REPOSITORY)) not in ROLES]

    assert imported(files) - installed(*ROLES[part]) == set()


def test_who_deploys_installs_nothing_of_the_tests_or_of_dbt():
    """Pulumi installs the default groups before each run (its toolchain `uv`): those of the tests too would be 1 GB, not 240 MB."""
    assert PROJECT["tool"]["uv"]["default-groups"] == ["deploy"]

    packages = installed("deploy", "policy")

    assert packages >= {"pulumi-aws", "pulumi-policy", "boto3", "typer"}
    assert packages & {"apache-airflow", "dbt-core", "docker", "pytest", "ruff"} == set()
