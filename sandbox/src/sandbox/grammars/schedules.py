"""When a rule of EventBridge fires: its schedule, and its pattern of events."""

import ipaddress
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.grammars.documents import json_problem

RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day-of-month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day-of-week", 1, 7, WEEKDAYS),
    ("year", 1970, 2199, ()),
)


def schedule(value: Any) -> str | None:
    """What is wrong with a schedule (EventBridge User Guide, "Setting a schedule pattern for scheduled rules (legacy)")."""
    invalid = "ValidationException: Parameter ScheduleExpression is not valid"
    if rate := RATE.fullmatch(value):
        number, plural = int(rate[1]), bool(rate[3])
        return None if number and plural == (number != 1) else f"{invalid}: rate(1 hour), but rate(5 hours)"
    cron = re.fullmatch(r"cron\((.*)\)", value)
    if cron is None:
        return f"{invalid}: it is neither rate(...) nor cron(...)"
    fields = cron[1].split()
    if len(fields) != len(FIELDS):
        return f"{invalid}: cron(...) has six fields, {', '.join(name for name, *_ in FIELDS)}; this has {len(fields)}"
    for text, (name, low, high, words) in zip(fields, FIELDS, strict=True):
        if not all(_cron_part(part, name, low, high, words) for part in text.split(",")):
            return f"{invalid}: {text!r} is not valid for {name}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return f"{invalid}: one of day-of-month and day-of-week must be ?, and the other must not"
    return None


def _cron_part(part: str, name: str, low: int, high: int, words: tuple[str, ...]) -> bool:
    def number(text: str) -> int:
        if text.upper() in words:
            return words.index(text.upper()) + low
        return int(text) if text.isdigit() else -1

    def inside(text: str) -> bool:
        return low <= number(text) <= high

    if name in ("day-of-month", "day-of-week") and part == "?":
        return True
    if name == "day-of-month" and (part in ("L", "LW") or (part.endswith("W") and inside(part[:-1]))):
        return True
    if name == "day-of-week" and (part == "L" or (part.endswith("L") and inside(part[:-1])) or _nth(part, inside)):
        return True
    base, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    first, dash, last = base.partition("-")
    if dash:
        return inside(first) and inside(last) and (bool(words) or number(first) <= number(last))
    return base == "*" or inside(base)


def _nth(part: str, inside: Any) -> bool:
    day, mark, number = part.partition("#")
    return bool(mark) and inside(day) and number in ("1", "2", "3", "4", "5")


# --- patterns

NUMERIC = ("=", "<", "<=", ">", ">=")
LARGEST = 5_000_000_000
"""EventBridge User Guide, "Comparison operators": numeric matching is for -5.0e9 to +5.0e9."""

LONGEST_PATTERN = 2048
"""Characters (EventBridge User Guide, "Amazon EventBridge quotas": event pattern size)."""

TEXT_FILTERS = {"prefix", "suffix", "equals-ignore-case", "wildcard"}


def pattern(value: Any) -> str | None:
    """What is wrong with a pattern (EventBridge User Guide, "Creating Amazon EventBridge event patterns")."""
    if problem := json_problem(value):
        return problem
    if len(value) > LONGEST_PATTERN:
        return f"LimitExceededException: the event pattern has {len(value)} characters; AWS allows {LONGEST_PATTERN}"
    document = json.loads(value)
    if not isinstance(document, dict) or not document:
        return "InvalidEventPatternException: Event pattern is not valid. Reason: Filter is not an object, or is empty"
    reason = next(_fields(document), None)
    return f"InvalidEventPatternException: Event pattern is not valid. Reason: {reason}" if reason else None


def _fields(fields: dict[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if name == "$or":
            if not isinstance(value, list) or len(value) < 2 or not all(isinstance(each, dict) and each for each in value):
                yield "$or must be an array of two objects or more"
            else:
                yield from itertools.chain.from_iterable(map(_fields, value))
        elif isinstance(value, dict):
            if not value:
                yield f"Empty objects are not allowed: {name}"
            yield from _fields(value)
        elif not isinstance(value, list):
            yield f'"{name}" must be an object or an array'
        elif not value:
            yield f"Empty arrays are not allowed: {name}"
        else:
            yield from itertools.chain.from_iterable(_match(name, each) for each in value)


def _match(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield f"{name}: an array within an array is no match value"
    if not isinstance(value, dict):
        return
    if len(value) != 1:
        yield f"{name}: Only one key allowed in match expression"
        return
    [(kind, wanted)] = value.items()
    if not _filter(kind, wanted):
        yield f"{name}: {json.dumps(value)} is no match expression"


def _filter(kind: str, wanted: Any) -> bool:  # noqa: PLR0911 - one case per kind
    match kind:
        case "exists":
            return isinstance(wanted, bool)
        case "prefix" | "suffix":
            return bool(wanted) and (isinstance(wanted, str) or _only(wanted, {"equals-ignore-case"}))
        case "equals-ignore-case":
            return isinstance(wanted, str) and bool(wanted)
        case "wildcard":
            return isinstance(wanted, str) and bool(wanted) and "**" not in wanted
        case "cidr":
            return _network(wanted)
        case "numeric":
            return _numeric(wanted)
        case "anything-but":
            if isinstance(wanted, dict):
                return _only(wanted, TEXT_FILTERS)
            values = wanted if isinstance(wanted, list) else [wanted]
            return bool(values) and all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in values)
    return False


def _only(value: Any, kinds: set[str]) -> bool:
    return isinstance(value, dict) and len(value) == 1 and set(value) <= kinds and all(value.values())


def _network(value: Any) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return isinstance(value, str) and "/" in value


def _numeric(value: Any) -> bool:
    """One comparison, or a range: its lower bound first (aws/event-ruler, JsonRuleCompiler)."""
    if not isinstance(value, list) or len(value) not in (2, 4):
        return False
    operators, numbers = value[::2], value[1::2]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) and abs(each) <= LARGEST for each in numbers):
        return False
    if len(value) == 2:
        return operators[0] in NUMERIC
    return operators[0] in (">", ">=") and operators[1] in ("<", "<=") and numbers[0] < numbers[1]
