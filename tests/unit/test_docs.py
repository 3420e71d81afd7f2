"""The pages for people: what they point at is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import ci.cli
import ops.cli
from settings.project import PLATFORM_VERSION, REPOSITORY

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
PAGES = subprocess.run(["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    """A file that was moved leaves readers before a page that is not there."""
    file = REPOSITORY / page
    targets = [target for target in LINK.findall(file.read_text()) if not re.match(r"[a-z]+:", target)]

    assert [target for target in targets if not (file.parent / target).exists()] == []


MAKE = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
COMMAND = re.compile(
    r"(?:`|^\s*|\| )(?:(?:\.venv/bin/sandbox exec|uv run|\.venv/bin/\S+ exec|[A-Z_]+=\S+) )*(ops|ci|make) ([^`\n|#]+)", re.MULTILINE
)
"""A command as a page writes it: inside of a line, as a row of a table, or in a block."""

VERBS = {"ops": typer.main.get_command(ops.cli.app), "ci": typer.main.get_command(ci.cli.app)}


def verb(words: str) -> str | None:
    """The first word that is no option; None where the command is spoken of as a whole."""
    named = re.sub(r"--stack \S+ ", "", words).split()
    return named[0] if named and re.fullmatch(r"[a-z][a-z-]*", named[0]) else None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_exists(page: str):
    """Whoever is told to run what is not there stops reading."""
    targets = set(MAKE.findall((REPOSITORY / "Makefile").read_text()))
    known = {"make": targets, **{program: set(command.commands) for program, command in VERBS.items()}}  # pyright: ignore[reportAttributeAccessIssue]
    named = {(program, verb(words)) for program, words in COMMAND.findall((REPOSITORY / page).read_text())}

    assert {(program, word) for program, word in named if word and word not in known[program]} == set()


def test_the_changelog_begins_with_this_version():
    """A stack that says its version must lead somebody to what is new in it."""
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert released[0] == PLATFORM_VERSION
    assert released == sorted(released, key=lambda version: [int(part) for part in version.split(".")], reverse=True)


def test_the_pages_make_a_site_without_a_dead_link(tmp_path: Path):
    """Strict: a page or heading that a link misses ends the build."""
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=REPOSITORY,
        env={"NO_MKDOCS_2_WARNING": "1", "CI_PROJECT_URL": "https://gitlab.example/data/platform"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (built.returncode, built.stderr) == (0, "")
    assert list(tmp_path.rglob("*.py*")) == [], "the hook is no page"
    start = (tmp_path / "index.html").read_text()
    assert "https://gitlab.example/data/platform/-/blob/main/README.md" in start
    pages = {page.stem for page in (REPOSITORY / "docs").glob("*.md")} - {"index"}
    assert [page for page in pages if f'href="{page}/"' not in start] == [], "pages that the navigation does not have"
