"""What this project is called, where it lies, and its version."""

import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
"""Folder of `Pulumi.yaml`: dbt projects, DAG files and the image are found relative to it."""

NAMESPACE = "dbt-platform"
"""Of our keys in a stack file, and of our components' type tokens; the project's name too, as `Settings.load` makes sure."""

PLATFORM_VERSION: str = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
"""Of this program, so that older DAG files can say what they lack."""
