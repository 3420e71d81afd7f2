"""What of a selection has something new to work on."""

import pytest
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
ABOVE = {
    "model.a": {ORDERS},
    "model.b": {"model.a", ORDERS},
    "model.c": {RATES},
    "model.d": {"model.a", "model.b", "model.c", ORDERS, RATES},
    "test.t": {"model.a", ORDERS},
}
LOADED = {ORDERS: "2026-01-02", RATES: "2026-01-02"}
BUILT = {node_id: {source: LOADED[source] for source in above if source in LOADED} for node_id, above in ABOVE.items()}


def find(loaded=LOADED, built=BUILT, first=(), nodes=NODES):
    return {node_id.partition(".")[2] for node_id in due(nodes, ABOVE, loaded, built, first)}


def test_nothing_is_due_without_news():
    """The warehouse would be paid for making the same tables again."""
    assert find() == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"loaded": LOADED | {RATES: "2026-01-03"}}, {"c", "d"}),
        ({"loaded": LOADED | {ORDERS: "2026-01-01"}}, {"a", "b", "d", "t"}),
        ({"loaded": {ORDERS: "2026-01-02"}}, {"c", "d"}),
        ({"built": {key: value for key, value in BUILT.items() if key != "model.b"}}, {"b", "d"}),
        ({"built": BUILT | {"test.t": {ORDERS: "2026-01-01"}}}, {"t"}),
        ({"first": ["model.c"]}, {"c", "d"}),
        ({"nodes": NODES[1:]}, {"b", "d", "t"}),
    ],
    ids=["newer data", "data taken back", "no age told", "failed before", "its test failed", "changed", "built elsewhere"],
)
def test_what_has_news_is_due_with_all_that_depends_on_it(changes, expected):
    """What is left out by mistake stays old, and nobody is told."""
    assert find(**changes) == expected
