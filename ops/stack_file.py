"""Adds an entry to a stack file and leaves every other line, comment and blank as it is."""

import textwrap
from typing import Any

import yaml

WORKSTREAMS = "dbt-platform:workstreams"


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
