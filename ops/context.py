"""What all verbs share: the stack that the options name, where messages go, and how `ops` is called here."""

import os
import re
from typing import Annotated

import typer
from rich.console import Console

from ops.stack import Stack

messages = Console(stderr=True, highlight=False, soft_wrap=True)
"""For people; standard output is for results, so that scripts can read them."""

AT_ONCE = 16
"""Requests to AWS that are under way at a time."""

results = Console(highlight=False, soft_wrap=True)
"""Results as people read them. Nothing is cut or folded to a width: what is longer than a terminal can be copied whole."""

OPS = os.environ.get("OPS_COMMAND", "uv run ops")
"""How `ops` is called in this place; `sandbox exec` says it of itself."""

verbs: set[str] = set()
"""Those of `ops`, which `ops.cli` puts in."""

WorkstreamName = Annotated[str, typer.Argument(metavar="WORKSTREAM", help="Name, as in the stack's configuration.")]
RunId = Annotated[str | None, typer.Option("--run", metavar="ID", help="Id of the run; without it the newest.")]


def stack_of(context: typer.Context) -> Stack:
    """The stack that the options before the verb name."""
    return context.find_object(Stack) or Stack()


def here(text: str) -> str:
    """The text with its `ops VERB` as it is called in this place, so that it can be copied and run."""
    known = "|".join(map(re.escape, sorted(verbs)))
    return re.sub(rf"(?<![\w/.-])(?<!exec )(?:uv run )?ops (?=(?:--stack \S+ )?(?:{known})\b)", f"{OPS} ", text)


def examples(*commands: str) -> str:
    """The end of a verb's help: commands that can be copied. Click wraps no line of what is behind a backspace."""
    return "\n".join(["\b", "Examples:", *(f"  {OPS} {command}" for command in commands)])
