"""The dbt commands that a run may consist of, as a job of the dbt platform lists them: `seed`, `run --select tag:sales`.

Standard library only and nothing of the runner: the stack's configuration checks the commands with it before anything is deployed.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Arity = Literal["flag", "value", "values"]

_COMMON: dict[str, Arity] = {"--threads": "value", "--vars": "value"}
_SELECTION: dict[str, Arity] = {"--select": "values", "--exclude": "values", "--selector": "value", "--indirect-selection": "value"}
_STRICT: dict[str, Arity] = {
    **dict.fromkeys(("--fail-fast", "--no-fail-fast", "--warn-error"), "flag"),
    "--warn-error-options": "value",
}
_KINDS: dict[str, Arity] = {"--resource-type": "values", "--exclude-resource-type": "values"}
_TIME: dict[str, Arity] = {"--event-time-start": "value", "--event-time-end": "value", "--sample": "value"}

_NODES = _COMMON | _SELECTION | _STRICT

VERBS: dict[str, dict[str, Arity]] = {
    "build": {**_NODES, **_KINDS, **_TIME, "--full-refresh": "flag", "--empty": "flag", "--store-failures": "flag"},
    "run": {**_NODES, **_TIME, "--full-refresh": "flag", "--empty": "flag"},
    "seed": {**_NODES, "--full-refresh": "flag"},
    "snapshot": {**_NODES, "--empty": "flag"},
    "test": {**_NODES, **_KINDS, "--store-failures": "flag"},
    "compile": {**_NODES, "--full-refresh": "flag"},
    "source freshness": _NODES,
    "docs generate": {**_NODES, "--no-compile": "flag", "--static": "flag"},
    "run-operation": {**_COMMON, **_STRICT, "--args": "value"},
    "deps": {},
}
"""dbt's commands, each with the options that a run may give it. Where to connect, and as what, is the workstream's to say."""

NODES = {
    "build": ("model", "seed", "snapshot", "test", "unit_test", "function"),
    "run": ("model",),
    "seed": ("seed",),
    "snapshot": ("snapshot",),
    "test": ("test", "unit_test"),
}
"""Commands that run nodes, with the kinds that they run."""

_ALIASES = {
    **dict.fromkeys(("-s", "-m", "--models", "--model"), "--select"),
    "-f": "--full-refresh",
    "-x": "--fail-fast",
    "--resource-types": "--resource-type",
    "--exclude-resource-types": "--exclude-resource-type",
}


@dataclass(frozen=True, kw_only=True)
class Command:
    """One dbt command."""

    verb: str
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    selector: str = ""
    variables: str = ""
    """JSON or YAML, as it was given."""
    kinds: tuple[str, ...] = ()
    """Kinds of the nodes that it runs; none unless the command runs nodes."""
    options: tuple[str, ...] = ()
    """What else follows the verb, in dbt's long words."""

    @property
    def selects(self) -> bool:
        """It says itself what it is about."""
        return bool(self.select or self.exclude or self.selector)

    def __str__(self) -> str:
        words = [*self.verb.split(), *self.options]
        for option, values in (("--select", self.select), ("--exclude", self.exclude)):
            words += [option, *values] if values else []
        words += ["--selector", self.selector] if self.selector else []
        words += ["--vars", self.variables] if self.variables else []
        return shlex.join([*words, *self.restriction])

    @property
    def restriction(self) -> list[str]:
        """To some of the kinds that the verb runs."""
        restricted = self.kinds != NODES.get(self.verb, ())
        return [word for kind in self.kinds for word in ("--resource-type", kind)] if restricted else []

    @property
    def listing(self) -> list[str]:
        """Options by which `dbt list` finds what this command runs."""
        how = [] if "--indirect-selection" not in self.options else ["--indirect-selection", self.value("--indirect-selection")]
        return [*(word for kind in self.kinds for word in ("--resource-type", kind)), *how]

    def value(self, option: str) -> str:
        """What was given for an option that takes one value."""
        return self.options[self.options.index(option) + 1]

    def takes(self, option: str) -> bool:
        """Whether its verb knows the option, and it was not given already."""
        return option in VERBS[self.verb] and option not in self.options


def parse(text: str) -> Command:
    """A command as people write it, with or without `dbt` before it.

    Raises:
        ValueError: it is none of `VERBS`, or has an option that is not in its list.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{text!r} has a quote without its end ({error})") from None
    words = words[1:] if words[:1] == ["dbt"] else words
    verb = next((verb for verb in VERBS if words[: len(verb.split())] == verb.split()), None)
    if verb is None:
        raise ValueError(f"{text!r} is no dbt command that a run can consist of. Known: {', '.join(VERBS)}")
    rest = words[len(verb.split()) :]
    macro = rest[:1] if verb == "run-operation" else []
    if verb == "run-operation" and (not macro or macro[0].startswith("-")):
        raise ValueError(f"{text!r} lacks the macro's name, which comes first: run-operation grant_all --args '{{role: reporter}}'")
    found = dict(_options(text, verb, rest[len(macro) :]))
    if "--selector" in found and ("--select" in found or "--exclude" in found):
        raise ValueError(f"{text!r} has --selector beside --select or --exclude, which dbt would not look at: use one of them")
    only, without = found.get("--resource-type"), found.get("--exclude-resource-type", [])
    kinds = tuple(kind for kind in NODES.get(verb, ()) if (only is None or kind in only) and kind not in without)
    if verb in NODES and not kinds:
        raise ValueError(f"{text!r} leaves nothing to run: `{verb}` runs {', '.join(NODES[verb])}")
    others = [word for option, values in found.items() if option not in _APART for word in (option, *values)]
    return Command(
        verb=verb,
        select=tuple(found.get("--select", ())),
        exclude=tuple(found.get("--exclude", ())),
        selector=next(iter(found.get("--selector", ())), ""),
        variables=next(iter(found.get("--vars", ())), ""),
        kinds=kinds,
        options=(*macro, *others),
    )


_APART = {"--select", "--exclude", "--selector", "--vars", "--resource-type", "--exclude-resource-type"}


def _options(text: str, verb: str, words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with its values, in dbt's long words."""
    known, left = VERBS[verb], list(words)
    collected: dict[str, list[str]] = {}
    while left:
        option, equals, value = left.pop(0).partition("=")
        option = _ALIASES.get(option, option)
        if option not in known:
            choices = ", ".join(sorted(known)) or "none"
            raise ValueError(f"{text!r}: `{verb}` has no option {option!r} in a run. Known: {choices}")
        if known[option] == "flag":
            collected[option] = []
            continue
        values = [value] if equals else []
        while left and (not values or known[option] == "values") and not (left[0].startswith("-") and not _is_number(left[0])):
            values.append(left.pop(0))
        if not values:
            raise ValueError(f"{text!r}: {option} needs a value")
        collected[option] = [*collected.get(option, []), *values] if known[option] == "values" else values
    yield from collected.items()


def _is_number(word: str) -> bool:
    return word.lstrip("-").isdecimal()


BUILD = parse("build")
