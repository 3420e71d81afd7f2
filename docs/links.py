"""Hook of MkDocs: the pages point at files of the repository, which the site does not have; there the links lead to GitLab."""

import re
from typing import Any
from urllib.parse import urljoin

OUTSIDE = re.compile(r"\]\(((?:\.\./)+[^)\s]*)\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: object) -> str:
    """Pages keep links that work in the repository, where most people read them."""
    base = f"{config.extra['repository'].rstrip('/')}/-/blob/main/"

    def lead(link: re.Match[str]) -> str:
        target = urljoin(f"/docs/{page.file.src_uri}", link[1])
        return link[0] if target.startswith("/docs/") else f"]({base}{target.removeprefix('/')})"

    return OUTSIDE.sub(lead, markdown)
