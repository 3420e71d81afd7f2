"""The pages for people: what they point at is there."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer._click.exceptions import BadOptionUsage, MissingParameter, NoArgsIsHelpError, UsageError
from typer.core import TyperGroup
from typer.testing import CliRunner

import ci.cli
import ops.cli
import sandbox.demo.cli
from settings.project import PLATFORM_VERSION, REPOSITORY
from tests.commands import PAGES, Command, commands

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    """A file that was moved leaves readers before a page that is not there."""
    file = REPOSITORY / page
    targets = [target for target in LINK.findall(file.read_text()) if not re.match(r"[a-z]+:", target)]

    assert [target for target in targets if not (file.parent / target).exists()] == []


TARGET = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)

APPS = {"ops": ops.cli.app, "ci": ci.cli.app, "sandbox": sandbox.demo.cli.app}

READERS: dict[str, Any] = {program: typer.main.get_command(app) for program, app in APPS.items()}

DONE_AT_ONCE = {"--help", "--install-completion"}
"""Options that do what they say as soon as they are read."""


def read(program: Any, words: Sequence[str], above: Any = None) -> None:
    """Reads the words of a command as the program itself would. Raises UsageError for what it does not know."""
    if DONE_AT_ONCE.intersection(words):
        return
    context = program.make_context(program.name, [*words], parent=above)
    left = [*context._protected_args, *context.args]
    if isinstance(program, TyperGroup) and left != ["..."]:
        _, verb, rest = program.resolve_command(context, left)
        read(verb, rest, context)


def refused(command: Command) -> str | None:
    """Why its program would not take a command."""
    program, *words = command.words
    try:
        read(READERS[program], words)
    except (MissingParameter, BadOptionUsage, NoArgsIsHelpError) as error:  # it is not complete
        return str(error) if command.whole else None
    except UsageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_one_that_its_program_takes(page: str, monkeypatch: pytest.MonkeyPatch):
    """Whoever is told to run what is not there stops reading."""
    monkeypatch.setenv("PULUMI_STACK", "dev")
    targets = set(TARGET.findall((REPOSITORY / "Makefile").read_text()))
    said = list(commands(page))
    made = {word for command in said if command.words[0] == "make" for word in command.words[1:] if "=" not in word}

    assert made - targets == set()
    assert {" ".join(each.words): why for each in said if each.words[0] in READERS and (why := refused(each))} == {}


@pytest.mark.parametrize("program", READERS)
def test_the_list_of_verbs_is_whole(program: str, monkeypatch: pytest.MonkeyPatch):
    """Half a sentence per verb sends people through every help."""
    monkeypatch.setenv("COLUMNS", "80")
    verbs = CliRunner().invoke(APPS[program], ["--help"]).stdout.partition("Commands:")[2].partition("Examples:")[0]

    assert len(verbs.splitlines()) > 8
    assert [line for line in verbs.splitlines() if line.endswith("...") or len(line) > 80] == []


def test_every_verb_of_a_page_is_run_by_a_test():
    """A verb that only parses has never done what its page says."""
    rows = re.findall(r"^\| (`(?:ops|ci|sandbox) .*) \| (.+) \|$", (REPOSITORY / "tests/README.md").read_text(), re.MULTILINE)
    run = {verb: re.findall(r"`([\w/]+\.py)`", files) for verbs, files in rows for verb in re.findall(r"`([^`]+)`", verbs)}
    named = {verb for page in PAGES for command in commands(page) if (verb := verb_of(command))}

    assert named - run.keys() == set()
    for verb, files in run.items():
        assert files, verb
        assert all((REPOSITORY / file).is_file() for file in files), verb
        texts = [(REPOSITORY / file).read_text() for file in files if not verb.startswith("ci ")]  # a job's script says it
        assert not texts or any(re.search(rf"\b{verb.split()[-1]}\b", text) for text in texts), verb


def verb_of(command: Command) -> str | None:
    """Program and verb, with that of its group; None where a page speaks of the program as such."""
    program, *words = command.words
    if program not in READERS:
        return None
    while words and words[0] in {"--stack", "--outputs"}:
        words = words[2:]
    group = READERS[program].commands.get(words[0] if words else "")
    if group is None:
        return None
    return " ".join([program, *words[: 2 if program == "ops" and isinstance(group, TyperGroup) else 1]])


@pytest.mark.parametrize(
    "words",
    ["ops stats", "ops logs sales --folow", "ops logs", "ops run sales --date", "ci radius nothing -", "ops credentials puts"],
)
def test_a_command_that_its_program_does_not_take_is_found(words: str, monkeypatch: pytest.MonkeyPatch):
    """The test above would be green on anything."""
    monkeypatch.setenv("PULUMI_STACK", "dev")

    assert refused(Command(words.split(), whole=True))


def test_the_changelog_begins_with_this_version():
    """A stack that says its version must lead somebody to what is new in it."""
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert released[0] == PLATFORM_VERSION
    assert released == sorted(released, key=lambda version: [int(part) for part in version.split(".")], reverse=True)


def build(site: Path) -> subprocess.CompletedProcess[str]:
    """The pages as a site. Strict: a page or heading that a link misses ends it."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", site],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "CI_PROJECT_URL": "https://gitlab.example/data/platform"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pages_make_a_site_without_a_dead_link(tmp_path: Path):
    """Nobody looks at a page that has moved."""
    built = build(tmp_path)

    assert (built.returncode, built.stderr) == (0, "")
    assert list(tmp_path.rglob("*.py*")) == [], "the hook is no page"
    start = (tmp_path / "index.html").read_text()
    assert "https://gitlab.example/data/platform/-/blob/main/README.md" in start
    pages = {page.stem for page in (REPOSITORY / "docs").glob("*.md")} - {"index"}
    assert [page for page in pages if f'href="{page}/"' not in start] == [], "pages that the navigation does not have"
