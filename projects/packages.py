"""The packages that a dbt project names in its `packages.yml` or `dependencies.yml`."""

import os
from pathlib import Path
from typing import Any

import yaml

FILES = ("packages.yml", "dependencies.yml")

Entry = dict[str, Any]
"""`{package: ..., version: ...}`, `{git: ..., revision: ...}`, `{local: ...}`, as dbt documents them under "Packages"."""


def entries(folder: Path) -> list[Entry]:
    """What a project or a package names. Raises ValueError for a file that is no YAML."""
    return [entry for name in FILES if (folder / name).is_file() for entry in listed(folder / name)]


def listed(file: Path) -> list[Entry]:
    """The packages of one file. Raises ValueError if it is no YAML."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name} is no YAML: {' '.join(str(error).split())}") from None
    packages = content.get("packages") if isinstance(content, dict) else None
    return [entry for entry in packages or [] if isinstance(entry, dict)]


def local_packages(project: Path) -> list[Path]:
    """Folders of the `local:` packages, also of those that packages name: dbt takes every path from the project's own folder.

    dbt-core 1.11, `LocalPinnedPackage.resolve_path`. An address that Jinja computes is left to dbt.
    """
    found: list[Path] = []
    pending = [project]
    while pending:
        named = [str(entry["local"]) for entry in entries(pending.pop()) if "local" in entry]
        folders = {Path(os.path.normpath(project / path)) for path in named if "{{" not in path}
        pending += (new := sorted(folders.difference(found)))
        found += new
    return sorted(found)
