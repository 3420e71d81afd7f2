"""Reads a stack file, and adds a workstream to it: every other line, comment and blank stays as it is."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ops.errors import OpsError
from settings.errors import SettingsError
from settings.stack import Settings

WORKSTREAMS = "dbt-platform:workstreams"


def values_of(file: Path) -> dict[str, Any]:
    """What a stack file says. Raises OpsError if it can't be read."""
    try:
        with file.open(encoding="utf-8") as text:  # so that an error names the file
            page = yaml.safe_load(text)
    except OSError as error:
        raise OpsError(f"{file} can't be read: {error.strerror}.", "Copy Pulumi.dev.yaml, or give --config-file.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise OpsError(f"{file.name} is no YAML: {error}", "Correct it where it says, or copy Pulumi.dev.yaml.") from error
    values = page.get("config") if isinstance(page, dict) else None
    if not isinstance(values, dict):
        raise OpsError(f"{file} has no `config:` with keys below it.", "Write it as in Pulumi.dev.yaml.")
    if not values.get("aws:region"):
        raise OpsError(f"{file} has no aws:region.", "Add it, for instance aws:region: eu-west-1")
    return values


def section(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What stands below a key; nothing if it is not there. Raises OpsError if it has no keys of its own."""
    found = values.get(key) or {}
    if not isinstance(found, dict):
        raise OpsError(f"{key} is {found!r}, and should have keys of its own.", "Write them below it, as in Pulumi.dev.yaml.")
    return found


def settings_of(name: str, values: dict[str, Any]) -> Settings:
    """The settings of a stack. Raises OpsError with all that is wrong."""
    try:
        return Settings.read(name, values)
    except SettingsError as error:
        raise OpsError(str(error), "Correct them in the stack's file; docs/configuration.md explains each key.") from error


def with_workstream(text: str, name: str, entry: dict[str, Any]) -> str:
    """The file's text with one more workstream, behind the others.

    Raises:
        ValueError: its workstreams are not written as a block, a line for each key.
    """
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip().startswith(f"{WORKSTREAMS}:")), None)
    if start is None or lines[start].strip() != f"{WORKSTREAMS}:":
        raise ValueError(f"the file has no `{WORKSTREAMS}:` with its entries below it")
    outer = _indent(lines[start])
    end = next((n for n in range(start + 1, len(lines)) if lines[n].strip() and _indent(lines[n]) <= outer), len(lines))
    while not lines[end - 1].strip():
        end -= 1
    inner = next((_indent(line) for line in lines[start + 1 : end] if line.strip() and not line.strip().startswith("#")), outer + 2)
    block = yaml.safe_dump({name: entry}, sort_keys=False, allow_unicode=True, width=120)
    added = textwrap.indent(block, " " * inner).splitlines()
    result = "\n".join([*lines[:end], *added, *lines[end:]]) + "\n"
    before = yaml.safe_load(text)
    before["config"][WORKSTREAMS] = {**(before["config"][WORKSTREAMS] or {}), name: entry}
    if yaml.safe_load(result) != before:
        raise ValueError("the file is written in a way that takes no further entry behind the others")
    return result


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
