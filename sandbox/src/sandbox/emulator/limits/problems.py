"""Why a call is refused."""

import re
from collections.abc import Callable, Iterator
from typing import Any

Parameters = dict[str, Any]
Problem = tuple[str, str]
"""AWS's code, and its words."""

Check = Callable[[Parameters], Iterator[Problem]]

MEBIBYTE = 1024 * 1024


def coded(text: str, usual: str) -> Problem:
    """A problem that may begin with its code."""
    code, colon, words = text.partition(": ")
    return (code, words) if colon and re.fullmatch(r"[A-Z]\w+(\.\w+)*", code) else (usual, text)
