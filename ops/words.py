"""Moments, times and numbers as people say them."""

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
"""Seconds of each, from where on it is counted in it."""


def since(moment: str | datetime, now: datetime | None = None) -> str:
    """`3 min ago`, or `in 3 min` for what is to come.

    Args:
        moment: ISO 8601, or the moment itself.
        now: For tests.
    """
    then = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    return f"{lasting(seconds)} ago" if seconds >= 0 else f"in {lasting(-seconds)}"


def lasting(seconds: float) -> str:
    """`40 s`, `3 min`, `5 h`, `2 d`."""
    for unit, name in _UNITS:
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def count_of(number: int, what: str) -> str:
    """`1 endpoint`, `2 endpoints`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
