"""`projects.lock.yaml`: the commit that each branch or tag of a dbt project in Git stands for, until somebody moves it."""

from collections.abc import Mapping
from pathlib import Path

import yaml

FILE = "projects.lock.yaml"

_HEAD = """\
# Written by `uv run ops projects pin`: the commit that each branch or tag stands for, until somebody runs that again.
"""

Pins = Mapping[str, Mapping[str, str]]
"""By address and ref."""


def read(folder: Path) -> Pins:
    """What is pinned; nothing where nobody has pinned anything."""
    file = folder / FILE
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}


def write(folder: Path, pins: Pins) -> None:
    """Replace the file."""
    text = yaml.safe_dump({address: dict(refs) for address, refs in pins.items()}, sort_keys=True)
    (folder / FILE).write_text(_HEAD + text, encoding="utf-8")
