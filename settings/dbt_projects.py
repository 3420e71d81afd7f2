"""Where dbt projects lie in the repository."""

from pathlib import Path

FOLDERS = ("dbt_*", "dbt_*/*")
"""What the stack's configuration takes a project from, and where the pipeline looks. The packages of a project lie deeper."""


def dbt_projects(root: Path) -> list[Path]:
    """The folders of all dbt projects below `root`."""
    return sorted(file.parent for folders in FOLDERS for file in root.glob(f"{folders}/dbt_project.yml"))
