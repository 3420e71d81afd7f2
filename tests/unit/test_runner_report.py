"""report.html: the page of a run."""

from html.parser import HTMLParser

from runner.freshness import SourceAge
from runner.outcome import ExitCode
from runner.report import report
from runner.timeline import timeline

from tests.unit.runner_support import progress, result, summary


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
        if tag != "meta":
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


def test_the_page_is_whole_and_loads_nothing():
    """Opened from S3 or an archive, there may be no network."""
    ages = (SourceAge(source="source.shop.billing.invoices", status="warn", loaded="2026-11-22T10:00:00+00:00"),)
    page = Page(report(summary(RUN, ExitCode.FAILED, sources=ages), former={"model.orders": 7, "model.customers": 4}))

    assert page.loads == []
    assert page.open == []
    for words in (
        "sales ",
        "failed",
        "Failures",
        "<b>no</b> & such",
        "Timeline",
        "Slowest nodes",
        "Source freshness",
        "billing.invoices",
    ):
        assert words in page.words, words
    assert page.words[page.words.index("Rows written") :].count("+3") == 1
    assert page.words[page.words.index("Rows written") :].count("same") == 1


def test_a_run_without_nodes_has_a_page():
    """A run that could not connect would end with a crash of its own report."""
    page = Page(report(summary(progress(), ExitCode.NOT_STARTED, "Snowflake can't be reached."), former={}))

    assert "Snowflake can't be reached." in page.words
    assert "Timeline" not in page.words
