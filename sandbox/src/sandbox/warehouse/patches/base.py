"""What every patch shares."""

import re
from importlib.metadata import version

PATCHED = "0.3.0"
"""The only release of snowduck that these patches were made for."""

DONE = """select 'Statement executed successfully.' as "status" """
"""Snowflake's answer to a statement without rows."""


def expect_version() -> None:
    """Refuse to patch a release that nobody looked at."""
    if (found := version("snowduck")) != PATCHED:
        raise RuntimeError(f"These patches are for snowduck {PATCHED}, but {found} is installed. Install requirements.txt.")


def bare(sql: str) -> str:
    """The statement without comments, on one line, without its last semicolon."""
    without_comments = re.sub(r"/\*.*?\*/|--[^\n]*", " ", sql, flags=re.DOTALL)
    return re.sub(r"\s+", " ", without_comments).strip().rstrip(";").strip()
