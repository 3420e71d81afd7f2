"""The files that a dbt project consists of: its folder, and those of the packages beside it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from projects.packages import local_packages

LEFT = ("__pycache__", ".user.yml", ".env", ".venv", ".DS_Store", ".git")
"""What Python, Git and people's machines leave, anywhere."""

LITTER = shutil.ignore_patterns(*LEFT)

WRITTEN_BY_DBT = {"target", "logs", "dbt_packages"}
"""Directly in a project; further down somebody may call a folder of models so."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """A dbt project and the packages that lie beside it."""

    project: Path
    packages: tuple[Path, ...]
    """Outside of the project's folder; one may be around it, as where a package's own tests are a project."""

    @classmethod
    def of(cls, project: Path) -> "Sources":
        """Those of a project in its folder. Raises ValueError if what it names can't be read."""
        beside = tuple(folder for folder in local_packages(project) if not folder.is_relative_to(project))
        return cls(project=project, packages=beside)

    @property
    def root(self) -> Path:
        """The innermost folder around all of them: the project's own, if nothing lies beside it."""
        return Path(os.path.commonpath([self.project, *self.packages]))

    @property
    def place(self) -> str:
        """Where the project is below `root`: `.`, or for instance `core`."""
        return self.project.relative_to(self.root).as_posix()

    def copy(self, target: Path) -> None:
        """Copy them, each to where it lies below `root`."""
        for folder in (self.project, *self.packages):
            around = [other for other in (self.project, *self.packages) if other != folder and folder.is_relative_to(other)]
            if not around:
                shutil.copytree(folder, target / folder.relative_to(self.root), ignore=self._left_out, dirs_exist_ok=True)

    @property
    def _left_out(self) -> Callable[[str, list[str]], set[str]]:
        """For copytree, which asks about the names of one folder after the other."""
        own = {self.project, *self.packages}
        return lambda folder, names: LITTER(folder, names) | (WRITTEN_BY_DBT if Path(folder) in own else set())
