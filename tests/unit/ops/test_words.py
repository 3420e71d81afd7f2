"""What is said of moments and numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from ops.words import count_of, since

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(minutes=-10), "in 10 min"),
    ],
)
def test_an_age_is_said_as_people_say_it(before: timedelta, said: str):
    """Nobody subtracts a UTC timestamp with microseconds at five in the morning."""
    assert since((NOW - before).isoformat(), NOW) == said


def test_one_of_something_is_not_several():
    """`1 runs` reads like a slip of whoever reckoned the sum beside it."""
    assert [count_of(number, "run") for number in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
