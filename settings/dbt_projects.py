"""Where dbt projects lie in the repository."""

import os
from collections.abc import Iterator
from pathlib import Path

from projects.packages import local_packages

NOT_OURS = {"dbt_packages", "dbt_modules", "node_modules", "site-packages", "target", "tests", "venv"}
"""Names of folders whose projects nobody runs: packages, templates, what the platform's own tests bring."""


def dbt_projects(root: Path) -> list[Path]:
    """The folders of all dbt projects below `root`, but for those that are packages of others, and not around them either."""
    found = sorted(_found(root))
    packages = {package for project in found for package in local_packages(project) if not project.is_relative_to(package)}
    return [project for project in found if project not in packages]


def _found(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.startswith(".")]
        if "dbt_project.yml" in files:
            yield Path(folder)
