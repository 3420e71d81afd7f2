"""What all verbs share: the stack that the options name, and where messages go."""

import typer
from rich.console import Console

from ops.stack import Stack

messages = Console(stderr=True, highlight=False)
"""For people; standard output is for results, so that scripts can read them."""

AT_ONCE = 16
"""Requests to AWS that are under way at a time."""


def stack_of(context: typer.Context) -> Stack:
    """The stack that the options before the verb name."""
    return context.find_object(Stack) or Stack()
