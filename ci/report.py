"""A preview for people: GitLab's widget in the merge request, and a plan to read."""

import re
from collections import Counter
from collections.abc import Sequence

from ci.plan import REPLACE, Change
from ci.radius import needed

WIDGET = {"create": "create", "import": "create", "delete": "delete", "discard": "delete"}
"""Pulumi's operations in the widget's words; the others are updates, so that none goes unseen."""

ORDER = {"delete": 1, REPLACE: 2, "update": 3, "create": 4}
"""Of the plan's sections: what can't be undone comes first, and before it what we do not know."""


def widget(changes: Sequence[Change]) -> dict[str, int]:
    """The numbers of GitLab's terraform report ("Terraform integration in merge requests").

    A replacement is one creation and one deletion, as it is for Terraform.
    """
    counts = Counter({"create": 0, "update": 0, "delete": 0})
    for change in changes:
        counts.update(("create", "delete") if change.operation == REPLACE else (WIDGET.get(change.operation, "update"),))
    return dict(counts)


def plan(changes: Sequence[Change], stack: str) -> str:
    """The changes as Markdown: what needs attention first."""
    if not changes:
        return f"### {stack}: no change\n"
    lines = [f"### {stack}: {len(changes)} changed resources, a job of the kind `{needed(changes)}`", ""]
    for operation in sorted({change.operation for change in changes}, key=lambda operation: ORDER.get(operation, 0)):
        lines += [f"**{operation}**", "", *(f"- {_line(change)}" for change in changes if change.operation == operation), ""]
    return "\n".join(lines)


def _line(change: Change) -> str:
    properties = f": {', '.join(map(code, change.properties))}" if change.properties else ""
    return f"{code(change.name)} {code(change.type)}{properties}"


def code(text: str) -> str:
    """A code span that `text` can't end: names come from the settings, and GitLab would obey what they say (CommonMark, 6.1)."""
    line = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}"
