"""All causes, and how one is found among them."""

import re
from collections.abc import Iterable, Mapping

from .aws import AWS, service
from .credentials import EXPIRE
from .dbt import AFTER, BEFORE
from .dbt_run import TESTS
from .model import UNKNOWN, Cause, Diagnosis, Place, diagnosis, find
from .snowflake import SNOWFLAKE

CAUSES: tuple[Cause, ...] = (*BEFORE, *SNOWFLAKE, *AFTER, *AWS, EXPIRE, UNKNOWN)
"""From special to general."""

BY_ID: Mapping[str, Cause] = {cause.id: cause for cause in CAUSES}


_SPEAKERS: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (r"Cannot\w+ContainerError|ResourceInitializationError|TaskFailedToStart|Unexpected EC2 error", ("task", "request", "run")),
    (
        r"(Compilation|Database|Runtime|Parsing|Dependency|Internal) Error\b|snowflake|not be stored|\b\d{6} \(\w{5}\)|\bErrno",
        ("run", "task", "request"),
    ),
    (r"when calling the \w+ operation|endpoint URL|not authorized to perform: (ecs|iam):", ("request", "task", "run")),
    (r"\bdbt\b|\bwarehouse\b|connect string", ("run", "task", "request")),
    (r"", ("task", "request", "run")),
)
"""Whose words a message has: where to look for its cause first."""


def guesses(text: str) -> list[Diagnosis]:
    """Why something failed, by a message alone: the likeliest first, and what else it may mean where its words name nobody."""
    sign, places = next((sign, places) for sign, places in _SPEAKERS if re.search(sign, text, re.IGNORECASE))
    found = {each.cause: each for place in places if (each := diagnose(place, text)).cause != UNKNOWN.id}
    known = list(found.values()) or [diagnose("run", text)]
    return known[:1] if sign else known


def diagnose(where: Place, text: str, names: Mapping[str, str] | None = None, codes: Iterable[int] = ()) -> Diagnosis:
    """Why something failed.

    Args:
        where: Where the message is from.
        text: The message, whole.
        names: For what is in braces in the advice (`names_of`, and those of Snowflake's objects).
        codes: Snowflake's number, if it is not in the message.
    """
    of_a_test = find(TESTS, where, text)  # dbt says so around the warehouse's words, which have a number of their own
    cause, found = of_a_test or find(CAUSES, where, text, codes) or (UNKNOWN, {})
    return diagnosis(cause, text, {**service(text), **(names or {}), **found})
