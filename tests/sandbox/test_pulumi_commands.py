"""What README and the pages tell people to type of Pulumi, read by Pulumi's own parser."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox import engine
from sandbox.paths import CACHE
from tests.commands import PAGES, commands

GROUPS = {"config", "stack", "state"}
"""Verbs that have verbs of their own, of which the pages speak."""


def refusal(words: tuple[str, ...]) -> str | None:
    """Why Pulumi would not take a command; asked for help, it reads the flags and runs nothing."""
    depth = 2 if words[0] in GROUPS and words[1:] and not words[1].startswith("-") else 1
    command = [str(engine.ensure_cli(CACHE, print)), *words[:depth], "--help", *words[depth:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None if "needs an argument" in done.stderr else done.stderr.strip()  # a page speaks of the option as such
    # Of a verb that is not there it shows what is above it: `pulumi [command]`, `pulumi stack [flags]`.
    usage = done.stdout.partition("Usage:\n")[2].split()
    return f"There is no such verb: {usage[:3]}" if any(word.startswith("[") for word in usage[1 : 1 + depth]) else None


@pytest.mark.parametrize("words", ["up --no-such-flag", "upp", "stack no-such-verb", "stack init dev --no-such-flag"])
def test_a_command_that_pulumi_does_not_take_is_found(words: str):
    """The test below would be green on anything."""
    assert refusal(tuple(words.split()))


def test_every_command_of_a_page_is_one_that_pulumi_takes():
    """Pulumi renames flags, and a command of ours is typed by somebody whose deployment has just failed."""
    written = {tuple(command.words[1:]) for page in PAGES for command in commands(page) if command.words[0] == "pulumi"} - {()}

    with ThreadPoolExecutor(4) as at_once:
        refused = dict(zip(written, at_once.map(refusal, written), strict=True))

    assert {" ".join(words): why for words, why in refused.items() if why} == {}
