"""report.html: the page of a run."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner.freshness import SourceAge
from runner.markup import duration
from runner.outcome import ExitCode
from runner.progress import Progress, Result
from runner.report import report
from runner.timeline import timeline

from tests.unit.image.support import large_run, node, progress, result, summary


class Page(HTMLParser):
    """Text of a page, and what it loads from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


RUN = progress(
    customers=result("success", at=0, seconds=1, thread="Thread-1", rows=4),
    orders=result("success", at=0, seconds=3, thread="Thread-2", rows=10),
    unique_orders=result("pass", at=3, seconds=1, thread="Thread-2"),
    adds_up=result("pass", at=4, seconds=0.5, thread="Thread-1"),
    sales=result("success", at=4.5, seconds=2, thread="Thread-1", rows=3),
    report=result("error", at=6.5, seconds=1, thread="Thread-2", message="<b>no</b> & such"),
)


def test_the_timeline_says_who_waited_for_what():
    """Nobody could tell which model to make faster."""
    spans = {span.node.name: span for span in timeline(RUN)}

    assert {name: span.waited_for for name, span in spans.items()} == {
        "customers": "",
        "orders": "",
        "unique_orders": "orders",
        "adds_up": "unique_orders",
        "sales": "adds_up",
        "report": "sales",
    }
    assert [name for name, span in spans.items() if span.on_path] == ["orders", "unique_orders", "adds_up", "sales", "report"]
    assert spans["sales"].start == 4.5


def test_what_a_former_try_did_is_not_on_the_timeline():
    """The axis would begin with the former try, hours ago."""
    made = progress(customers=result("success", at=-7200, thread=""), orders=result("success", at=0))

    assert [span.node.name for span in timeline(made)] == ["orders"]


def short_run(**results: Result) -> Progress:
    """Three models, each on the one before, and tests on the first and a later one, which dbt runs after both."""
    made = Progress()
    made.select(
        [
            node("stg"),
            node("adds_up", "model.orders", kind="unit_test"),
            node("orders", "model.stg"),
            node("joins", "model.stg", "model.orders", kind="test"),
            node("facts", "model.orders"),
            node("joins_facts", "model.stg", "model.facts", kind="test"),
        ]
    )
    names = {found.name: found.id for found in made.nodes.values()}
    made.carry_over({names[name]: found for name, found in results.items()})
    return made


@pytest.mark.timeout(30)
def test_a_test_of_a_parent_that_reads_the_node_too_comes_after_it():
    """The two seemed to wait for each other, and the finished run never ended, deaf to every signal.

    A view, an ephemeral model on it, and a test on both that ends with an error of compilation: each takes 0.01 s.
    """
    made = short_run(
        stg=result("success", at=0, seconds=0.01),
        orders=result("success", at=0.012, seconds=0.012),
        joins=result("error", at=0.026, seconds=0.011),
    )

    spans = {span.node.name: span for span in timeline(made)}

    assert {name: span.waited_for for name, span in spans.items()} == {"stg": "", "orders": "stg", "joins": "orders"}
    assert all(span.on_path for span in spans.values())


TIMES = st.tuples(st.floats(0, 0.05), st.floats(0.001, 0.05))
"""When a node started, and how long it took: as short as what dbt's clocks disagree by."""


@pytest.mark.timeout(30)
@given(st.fixed_dictionaries(dict.fromkeys(("stg", "adds_up", "orders", "joins", "facts", "joins_facts"), TIMES)))
def test_whatever_the_clocks_say_the_timeline_has_an_end(times: dict[str, tuple[float, float]]):
    """dbt's threads write their times down on their own."""
    made = short_run(**{name: result("success", at=at, seconds=took) for name, (at, took) in times.items()})

    spans = {span.node.name: span for span in timeline(made)}

    assert set(spans) == set(times)
    assert spans["orders"].waited_for != "joins"


def test_the_page_is_whole_and_loads_nothing():
    """Opened from S3 or an archive, there may be no network."""
    ages = (SourceAge(source="source.shop.billing.invoices", status="warn", loaded="2026-11-22T10:00:00+00:00"),)
    page = Page(report(summary(RUN, ExitCode.FAILED, sources=ages), former={"model.orders": 7, "model.customers": 4}))

    assert page.loads == ["data:,"]
    assert page.open == []
    for words in (
        "sales",
        "failed",
        "Failures",
        "<b>no</b> & such",
        "Timeline",
        "Slowest nodes",
        "Source freshness",
        "billing.invoices",
    ):
        assert words in page.words, words
    rows = page.words[page.words.index("Rows written") :]
    assert rows[rows.index("orders") :][:5] == ["orders", "model", "10", "7", "+3 (+43%)"]
    assert rows.index("1 wrote as many as before") < rows.index("customers")
    assert "Skipped because of it:" not in page.words


def test_a_run_without_nodes_has_a_page():
    """A run that could not connect would end with a crash of its own report."""
    page = Page(report(summary(progress(), ExitCode.NOT_STARTED, "Snowflake can't be reached."), former={}))

    assert "Snowflake can't be reached." in page.words
    assert "Timeline" not in page.words


def test_a_failure_shows_what_is_missing_because_of_it_and_how_to_run_it_again():
    """Whoever is on call would have to find that out by hand."""
    made = large_run()

    page = Page(report(summary(made, ExitCode.FAILED), former={}))

    [failed] = made.failed()
    assert [word.strip() for word in page.words if "stg_orders_57," in word] == ["stg_orders_57, stg_orders_58, stg_orders_59"]
    assert f"ops run sales --select {failed.name}+" in page.words
    assert page.words[page.words.index("Warnings") :].index("stg_orders_51") < 5


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.25, "0.2 s"), (5, "5 s"), (59.94, "59.9 s"), (185, "3 min 05 s"), (3600, "1 h 00 min"), (60, "1 min")]
)
def test_durations_are_in_the_units_in_which_people_think(seconds: float, said: str):
    """Nobody knows at once how long 7,800 seconds are."""
    assert duration(seconds) == said
