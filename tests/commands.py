"""Commands as the pages for people write them."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from settings.project import REPOSITORY

PAGES = subprocess.run(["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()

PROGRAMS = {"ops", "ci", "sandbox", "make", "pulumi"}

_BLOCK = re.compile(r"^ *```(?:sh|text)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_ANY_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_INSIDE = re.compile(r"`([^`]+)`")

_STARTER = re.compile(r"\A(?:\w+=\S* +|uv run +|\.venv/bin/|sandbox exec +)+")
"""What stands before a program: variables, and how it is found."""


class Command(NamedTuple):
    """One command of a page."""

    words: list[str]
    """The program first."""
    whole: bool
    """It stands in a block, to be run as it is; inside of a line a page may speak of a verb, or of one option of it."""


def commands(page: str) -> Iterator[Command]:
    """Every command of a page."""
    text = (REPOSITORY / page).read_text()
    lines = [line for block in _BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    spans = [" ".join(span.split()) for span in _INSIDE.findall(_ANY_BLOCK.sub("", text))]
    for written, whole in [*((line, True) for line in lines), *((span, False) for span in spans)]:
        told = re.split(r"\s{2,}|[│┃]", _STARTER.sub("", written.strip()))[
            0
        ]  # what a line says of the command stands apart from it
        if told.split(" ")[0] not in PROGRAMS:
            continue
        for ended, words in groupby(shlex.split(told, comments=True), key=lambda word: word in {"&&", "|", ";", "<"}):
            if not ended and (command := list(words))[0] in PROGRAMS:
                yield Command(command, whole)
