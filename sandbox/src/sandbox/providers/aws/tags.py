# ruff: noqa: A002, ARG001 - one signature for all tables
"""Tags: the provider's default tags under the resource's own, and how services take them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.providers.aws.api import Api
from sandbox.providers.aws.table import Problem, Put
from sandbox.providers.values import UNKNOWN, Properties

MOST = 50
LONGEST_KEY, LONGEST_VALUE = 128, 256
"""Tagging AWS Resources User Guide, "Tag naming limits and requirements"."""

ALPHABET = re.compile(r"[\w\s.:/=+\-@]*")
ANY_CHARACTER = {"ec2"}
"""The same page; services that take every character."""


def effective(own: Any, defaults: Mapping[str, str]) -> Any:
    """`tagsAll`: what is put on the resource."""
    return {**defaults, **(own or {})} if isinstance(own or {}, dict) else own


def own_tags(live: Mapping[str, str], old: Any, defaults: Mapping[str, str]) -> dict[str, str]:
    """The part of the live tags that the program is answerable for with `tags`."""
    return {name: value for name, value in live.items() if name in (old or {}) or defaults.get(name) != value}


def problems(tags: Any, service: str) -> Iterator[Problem]:
    """What AWS would refuse, of the tags of a service's resource."""
    if tags in (None, UNKNOWN):
        return
    if not isinstance(tags, dict):
        yield "tags", f"{tags!r} is not an object of texts"
        return
    if len(tags) > MOST:
        yield "tags", f"has {len(tags)} tags with the provider's default tags, AWS allows {MOST}"
    for name, value in tags.items():
        if name.lower().startswith("aws:"):
            yield f"tags.{name}", "the prefix aws: is reserved"
        if not 0 < len(name) <= LONGEST_KEY:
            yield f"tags.{name}", f"a key has 1 to {LONGEST_KEY} characters"
        if not isinstance(value, str) or len(value) > LONGEST_VALUE:
            yield f"tags.{name}", f"{value!r} is not a text of at most {LONGEST_VALUE} characters"
        elif service not in ANY_CHARACTER and not (ALPHABET.fullmatch(name) and ALPHABET.fullmatch(value)):
            yield f"tags.{name}", "tags are of letters, digits, spaces and _.:/=+-@"
    lower = [name.lower() for name in tags]
    if service == "iam" and len(set(lower)) != len(lower):
        yield "tags", "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive."


def as_list(inputs: Properties, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """`tagsAll` as most services want it."""
    return [{key: name, value: text} for name, text in (inputs.get("tagsAll") or {}).items()]


def from_list(tags: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """The other way round, without AWS's own."""
    return {tag[key]: tag[value] for tag in tags or [] if not tag[key].startswith("aws:")}


def _id(api: Api, id: str, inputs: Properties) -> str:
    return id


def put_tags(
    add: Callable[[Api, str, Properties], Any],
    remove: Callable[[Api, str, list[str]], Any],
    *,
    target: Callable[[Api, str, Properties], str] = _id,
) -> Put:
    """Set tags in place: `remove` what is gone, `add` what there is; both get what `target` says instead of the id."""

    def call(api: Api, id: str, new: Properties, old: Properties) -> None:
        tagged = target(api, id, new)
        gone = sorted(set(old.get("tagsAll") or {}) - set(new.get("tagsAll") or {}))
        if gone:
            remove(api, tagged, gone)
        if new.get("tagsAll"):
            add(api, tagged, new)

    return Put(("tagsAll",), call)
