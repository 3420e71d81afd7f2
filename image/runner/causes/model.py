"""What a cause of failure is, and how one is found in a message."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

Place = Literal["request", "task", "run"]
"""Where a message comes from: AWS answered a request of Airflow's, ECS tells of a task that stopped, or the container said it."""

PAGE = "docs/errors.md"
"""Every cause with its advice; made of this table."""

PROJECT = "dbt-platform"
"""Name in `Pulumi.yaml`: a platform is called `<project>-<stack>`."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One way to fail. Texts may have names in braces, as `{role}`, for what `diagnose` is told or a sign's groups find."""

    id: str
    """For machines, and the anchor in `PAGE`."""
    happened: str
    why: str
    todo: str
    passes: bool
    """Trying again may help without anybody changing anything."""
    source: str
    """Page, repository's issue or package that the facts are from."""
    where: tuple[Place, ...] = ("run",)
    signs: tuple[str, ...] = ()
    """Regular expressions; one that is found anywhere in the message is enough."""
    codes: frozenset[int] = frozenset()
    """Numbers of Snowflake's that mean it."""

    def match(self, text: str) -> Mapping[str, str] | None:
        """What the groups of the first sign that fits found, or None if none fits."""
        for sign in self.signs:
            if found := _compiled(sign).search(text):
                return {name: value for name, value in found.groupdict().items() if value}
        return None


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What happened, why, what to do; for people."""

    cause: str
    """Id of the cause."""
    summary: str
    why: str
    detail: str
    """The message itself, whole."""
    resolution: str
    transient: bool
    """Trying again may help without anybody changing anything."""

    def __str__(self) -> str:
        reason = "\n    ".join(filter(None, [self.why, *self.detail.splitlines()]))
        return f"{self.summary}\n  Why: {reason}\n  What to do: {self.resolution}\n  {self.last_words}"

    @property
    def last_words(self) -> str:
        """The line by which Airflow knows a diagnosis that the container made."""
        return last_words(self.transient, [self.cause])


_LAST_WORDS = re.compile(rf"Tried again by itself: (yes|no)\. More: {re.escape(PAGE)}#([\w-]+)")


def last_words(transient: bool, causes: Iterable[str]) -> str:
    """What is said last of a failure: whether it is tried again, and where more is."""
    return f"Tried again by itself: {'yes' if transient else 'no'}. More: {', '.join(f'{PAGE}#{cause}' for cause in causes)}"


def heard(lines: Iterable[str]) -> tuple[str, bool] | None:
    """The first cause and whether it is tried again, from the last such line."""
    found = [words for line in lines if (words := _LAST_WORDS.search(line))]
    return (found[-1][2], found[-1][1] == "yes") if found else None


UNKNOWN = Cause(
    id="unknown",
    happened="An error that this platform does not know",
    why="The message is repeated below, whole.",
    todo="Read the message; the workstream's tries go on meanwhile. Please report it, so that the next one gets an answer "
    "here: the "
    "message, the exit or stop code and the versions that `debug` prints, with secrets, names and account numbers masked.",
    passes=True,
    source="this table",
    where=("request", "task", "run"),
)


def find(causes: Iterable[Cause], where: Place, text: str, codes: Iterable[int] = ()) -> tuple[Cause, Mapping[str, str]] | None:
    """The first cause that fits, and what its signs found; the order of the causes goes from special to general.

    A number says more than words, unless it is a vague one. Words that a refused log-in or a broken connection has are none of
    those in a statement's message, which quotes names and values of the project.
    """
    telling = _BEGINNING.sub("", plain(text))
    numbers = {*codes, *numbers_in(telling)}
    candidates = [cause for cause in causes if where in cause.where]
    for cause in candidates:
        if cause.codes & (numbers - _VAGUE):
            return cause, cause.match(telling) or {}
    if _of_a_statement(telling):
        candidates = [cause for cause in candidates if min(cause.codes, default=0) < _CONNECTION]
    for cause in candidates:
        if (found := cause.match(telling)) is not None:
            return cause, found
        if cause.codes & numbers:
            return cause, {}
    return None


_VAGUE = frozenset({604, 606, 607, 2037, 3001, 250001, 250003, 390201})
"""Numbers that Snowflake and its connector give to failures of several kinds; the words say which."""

_CONNECTION = 250_000
"""From here on are the connector's own numbers, and those of log-ins."""


def _of_a_statement(text: str) -> bool:
    """Snowflake refused a statement: its numbers are below those of connections, and no SQL state is one of a connection."""
    numbers = [int(number) for number in re.findall(r"\b(\d{6}) \((?!08)\w{5}\)", text)]
    return bool(numbers) and max(numbers) < _CONNECTION


_BEGINNING = re.compile(r"unable to pull secrets or registry auth:?", re.IGNORECASE)
"""How AWS begins whatever goes wrong before a container starts, of secrets, registry, network or rights."""


def plain(text: str) -> str:
    """The message on one line, without colours, with straight quotes, without our own words around it: those name other causes."""
    return " ".join(_OURS.sub("", _COLOUR.sub("", shortened(text))).replace("\u2019", "'").split())


def shortened(text: str) -> str:
    """The message, but for the middle of a long one."""
    if len(text) <= 2 * _PART:
        return text
    return f"{text[:_PART]}\n... {len(text) - 2 * _PART:,} characters ...\n{text[-_PART:]}"


_PART = 8_000
"""Characters at the beginning and at the end of a message that are looked at: a megabyte would take minutes."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OURS = re.compile(r"^.*\bSnowflake says: |^\s*What to do:.*$", re.MULTILINE)


def numbers_in(text: str) -> set[int]:
    """Snowflake's numbers in a message: six digits before the SQL state in brackets or before a colon, or `Vendor code: 390144`."""
    return {int(number) for number in re.findall(r"\b\d{6}(?= \(\w{5}\)|:)|(?<=endor code: )\d{6}\b", text)}


def diagnosis(cause: Cause, detail: str, names: Mapping[str, str] | None = None) -> Diagnosis:
    """The cause as it is told: with names for what is in braces, `<name>` for those that nobody knows."""
    known = _Names({name: value for name, value in (names or {}).items() if value})
    return Diagnosis(
        cause=cause.id,
        summary=cause.happened.format_map(known),
        why=cause.why.format_map(known),
        detail=detail,
        resolution=cause.todo.format_map(known),
        transient=cause.passes,
    )


def names_of(platform: str, workstream: str) -> dict[str, str]:
    """Names for the commands in the advice."""
    return {"platform": platform, "stack": platform.removeprefix(f"{PROJECT}-"), "workstream": workstream}


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"<{name}>"


@cache
def _compiled(sign: str) -> re.Pattern[str]:
    return re.compile(sign, re.IGNORECASE | re.DOTALL)
