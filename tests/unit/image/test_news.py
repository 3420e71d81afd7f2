"""What of a selection has something new to work on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from runner.built import Built
from runner.code import Code
from runner.news import due

from tests.unit.image.support import node

ORDERS, RATES = "source.raw.orders", "source.raw.rates"
NODES = [
    node("a", ORDERS),
    node("b", "model.a"),
    node("c", RATES),
    node("d", "model.b", "model.c"),
    node("t", "model.a", kind="test"),
]
LOADED = {ORDERS: "2026-01-02", RATES: "2026-01-02"}
AT = datetime(2026, 1, 2, 6, tzinfo=UTC)
"""When all of them were built."""


def built(**read: str) -> dict[str, Built]:
    """Every node as it was built at once; `b="..."`: of another version that this node read."""
    times = {each.id: AT.isoformat() for each in NODES}
    found = {}
    for each in NODES:
        versions = {parent: read.get(each.name, (LOADED | times)[parent]) for parent in each.parents}
        found[each.id] = Built(code=Code(settings="s", source="c"), at=times[each.id], read=versions)
    return found


def find(loaded=LOADED, known=None, first=(), nodes=NODES, after=timedelta(hours=1)):
    return {node_id.partition(".")[2] for node_id in due(nodes, known or built(), loaded, first, AT + after)}


def without(name):
    return {node_id: last for node_id, last in built().items() if node_id != f"model.{name}"}


def waiting(name, **wait):
    return [replace(each, **wait) if each.name == name else each for each in NODES]


def test_nothing_is_due_without_news():
    """The warehouse would be paid for making the same tables again."""
    assert find() == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"loaded": LOADED | {RATES: "2026-01-03"}}, {"c", "d"}),
        ({"loaded": LOADED | {ORDERS: "2026-01-01"}}, {"a", "b", "d", "t"}),
        ({"loaded": {ORDERS: "2026-01-02"}}, {"c", "d"}),
        ({"known": without("b")}, {"b", "d"}),
        ({"known": built(t="2026-01-01")}, {"t"}),
        ({"known": built(d="2026-01-01")}, {"d"}),
        ({"first": ["model.c"]}, {"c", "d"}),
        ({"nodes": NODES[1:], "known": without("a")}, {"b", "d", "t"}),
    ],
    ids=[
        "newer data",
        "data taken back",
        "no age told",
        "failed before",
        "its test failed",
        "skipped when what it reads was built",
        "changed",
        "built elsewhere",
    ],
)
def test_what_has_news_is_due_with_all_that_depends_on_it(changes, expected):
    """What is left out by mistake stays old, and nobody is told."""
    assert find(**changes) == expected


NEWER = LOADED | {RATES: "2026-01-03"}
"""One of the two things that `d` depends on has news."""
BOTH = NEWER | {ORDERS: "2026-01-03"}


@pytest.mark.parametrize(
    ("wait", "changes", "expected"),
    [
        ({"build_after": 7200}, {"loaded": NEWER}, {"c"}),
        ({"build_after": 3600}, {"loaded": NEWER}, {"c", "d"}),
        ({"build_after": 7200}, {"loaded": NEWER, "first": ["model.d"]}, {"c", "d"}),
        ({"build_after": 7200}, {"known": without("d")}, {"d"}),
        ({"needs_all": True}, {"loaded": NEWER}, {"c"}),
        ({"needs_all": True}, {"loaded": BOTH}, {"a", "b", "c", "d", "t"}),
        ({"needs_all": True, "build_after": 7200}, {"loaded": BOTH}, {"a", "b", "c", "t"}),
    ],
    ids=["too early", "time has passed", "its code changed", "it failed", "one of two", "both", "both, too early"],
)
def test_a_model_waits_as_its_own_freshness_says(wait, changes, expected):
    """`build_after` (dbt, "freshness"): it would be paid for more often than its team allows, or never be built at all."""
    assert find(nodes=waiting("d", **wait), **changes) == expected


def test_what_depends_on_a_model_that_waits_waits_with_it():
    """It would be made again of the same rows, each hour."""
    assert find(nodes=waiting("a", build_after=7200), loaded=BOTH) == {"c", "d"}
    assert find(nodes=waiting("a", build_after=7200), loaded=BOTH, after=timedelta(hours=2)) == {"a", "b", "c", "d", "t"}
