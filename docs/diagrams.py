"""Hook of MkDocs: what draws the diagrams lies in the site, where the theme would have each reader fetch it from a CDN."""

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.utils import get_relative_url

from sandbox.testing.node import node_packages

SCRIPT = "assets/mermaid.js"
"""The theme loads none where a page has `mermaid` already, and starts it."""


def on_files(files: Files, *, config: MkDocsConfig, **_: object) -> Files:
    """Adds it: the build of Mermaid that is one file, without the rarer kinds of diagrams."""
    drawing = (node_packages() / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js").read_text(encoding="utf-8")
    files.append(File.generated(config, SCRIPT, content=f"{drawing}\nmermaid.initialize({{startOnLoad: false}});\n"))
    return files


def on_page_content(html: str, *, page: Any, **_: object) -> str:
    """Loads its megabytes where there is a diagram: in the content, whose scripts the theme runs again when it changes pages."""
    if 'class="mermaid"' not in html:
        return html
    return f'{html}<script src="{get_relative_url(SCRIPT, page.url)}"></script>'
