"""The pages for people: what they point at is there."""

import re
import subprocess

import pytest

from settings.project import REPOSITORY

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
PAGES = subprocess.run(["git", "ls-files", "*.md"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    """A file that was moved leaves readers before a page that is not there."""
    file = REPOSITORY / page
    targets = [target for target in LINK.findall(file.read_text()) if not re.match(r"[a-z]+:", target)]

    assert [target for target in targets if not (file.parent / target).exists()] == []
