"""report.html: the page of a run."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner.freshness import SourceAge
from runner.links import query_page
from runner.markup import duration
from runner.outcome import ExitCode
from runner.progress import Progress, Result
from runner.report import Before, report
from runner.timeline import timeline

from tests.unit.image.support import environment, large_run, node, progress, result, summary

BEGAN = datetime(2026, 11, 23, tzinfo=UTC)
FIRST = Before(rows={}, seconds={})
"""Of a workstream's first run."""


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
        if tag not in {"meta", "link", "br"}:
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
    spans = {span.node.name: span for span in timeline(RUN, BEGAN)}

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

    assert [span.node.name for span in timeline(made, BEGAN)] == ["orders"]


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

    spans = {span.node.name: span for span in timeline(made, BEGAN)}

    assert {name: span.waited_for for name, span in spans.items()} == {"stg": "", "orders": "stg", "joins": "orders"}
    assert all(span.on_path for span in spans.values())


TIMES = st.tuples(st.floats(0, 0.05), st.floats(0.001, 0.05))
"""When a node started, and how long it took: as short as what dbt's clocks disagree by."""


@pytest.mark.timeout(30)
@given(st.fixed_dictionaries(dict.fromkeys(("stg", "adds_up", "orders", "joins", "facts", "joins_facts"), TIMES)))
def test_whatever_the_clocks_say_the_timeline_has_an_end(times: dict[str, tuple[float, float]]):
    """dbt's threads write their times down on their own."""
    made = short_run(**{name: result("success", at=at, seconds=took) for name, (at, took) in times.items()})

    spans = {span.node.name: span for span in timeline(made, BEGAN)}

    assert set(spans) == set(times)
    assert spans["orders"].waited_for != "joins"


def test_the_page_is_whole_and_loads_nothing():
    """Opened from S3 or an archive, there may be no network."""
    ages = (SourceAge(source="source.shop.billing.invoices", status="warn", loaded="2026-11-22T10:00:00+00:00"),)
    page = Page(
        report(summary(RUN, ExitCode.FAILED, sources=ages), Before(rows={"model.orders": 7, "model.customers": 4}, seconds={}))
    )

    assert [address for address in page.loads if not address.startswith("#")] == ["data:,"]
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
    assert rows[rows.index("orders") :][:6] == ["orders", "model", "10", "7", "+3", " (+43%)"]
    assert rows.index("1 wrote as many as before") < rows.index("customers")
    assert "Skipped because of it:" not in page.words


def test_the_whole_time_is_on_the_chart():
    """The head said 21.9 s and the chart ended at 4: start, parse and connection were nowhere."""
    page = Page(report(summary(RUN), FIRST))

    assert page.words[page.words.index("from start to end") - 1] == "13 s"
    phases = page.words[page.words.index(" what the end waited for") :]
    assert [phases[phases.index(name) + 1].strip() for name in ("start", "connection", "parse", "build", "store")] == [
        "0.4 s",
        "1.6 s",
        "0.9 s",
        "9.4 s",
        "0.7 s",
    ]


@pytest.mark.parametrize(
    ("age", "code", "said", "tone"),
    [
        (
            SourceAge(source="source.shop.a.b", status="runtime error", loaded=None, own=True),
            0,
            "not there yet: this run made it",
            "idle",
        ),
        (SourceAge(source="source.shop.a.b", status="runtime error", loaded=None, own=True), 1, "could not be read", "idle"),
        (SourceAge(source="source.shop.a.b", status="runtime error", loaded=None), 0, "could not be read", "warn"),
        (
            SourceAge(source="source.shop.a.b", status="error", loaded="2026-11-20T10:00:00", own=True),
            0,
            "too old: this run loads it",
            "idle",
        ),
        (SourceAge(source="source.shop.a.b", status="error", loaded="2026-11-20T10:00:00"), 1, "too old", "bad"),
        (SourceAge(source="source.shop.a.b", status="pass", loaded="2026-11-20T10:00:00"), 0, "fresh", "good"),
    ],
)
def test_a_source_is_red_only_if_it_stopped_the_run(age: SourceAge, code: int, said: str, tone: str):
    """The first good run of a project was red below a green head: its seeds were not loaded when it began."""
    html = report(summary(RUN, ExitCode(code), sources=(age,)), FIRST)

    assert f'<span class="chip {tone}">{said}</span>' in html


def test_a_run_says_what_it_was_to_do_whose_it_is_and_where_to_look_further():
    """Nobody could tell a run of one model from one of all, and every way led through Airflow's list of runs."""
    pages = {"Airflow": "https://airflow.example/log?x=1&y=2", "Container log": "https://aws.example/{task}"}
    told = environment(DBT_PAGES=json.dumps(pages), DBT_OWNER="sales-analytics")
    page = Page(report(replace(summary(RUN), environment=told), FIRST))

    assert "https://airflow.example/log?x=1&y=2" in page.loads
    assert "Container log" not in page.words, "outside of ECS nobody knows the id of its task"
    for words in ("sales-analytics", "--select tag:sales", '{"day": "2026-11-22"}', "development"):
        assert words in page.words, words


def test_advice_has_its_commands_set_apart():
    """Backticks are for terminals; and what an error has said is shown as it is."""
    failed = progress(orders=result("error", message="invalid identifier 'TOTAL' in `orders`", at=0, seconds=1, thread="Thread-1"))
    html = report(summary(failed, ExitCode.FAILED), FIRST)

    assert "<code>compiled/</code>" in html
    assert "in `orders`" in html


def test_a_node_leads_to_its_query_in_snowflake():
    """Whoever wants the query's profile would have to copy an id out of the summary."""
    made = progress(orders=result("success", query_id="01b2-0000"))
    page = Page(report(summary(made), FIRST))

    assert "https://app.snowflake.com/org/account/#/compute/history/queries/01b2-0000/detail" in page.loads


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ({"SNOWFLAKE_ACCOUNT": "ORG-MY_ACCOUNT"}, "https://app.snowflake.com/org/my_account/#/compute/history/queries/q/detail"),
        (
            {"SNOWFLAKE_HOST": "org-my-account.privatelink.snowflakecomputing.com", "SNOWFLAKE_ACCOUNT": "ORG-MY_ACCOUNT"},
            "https://app-org-my-account.privatelink.snowflakecomputing.com/#/compute/history/queries/q/detail",
        ),
        ({"SNOWFLAKE_ACCOUNT": "xy12345"}, ""),
        ({"SNOWFLAKE_HOST": "172.17.0.1"}, ""),
    ],
    ids=["public", "PrivateLink", "a locator", "not Snowflake's"],
)
def test_no_address_of_snowflake_is_a_guess(told: dict[str, str], url: str):
    """A dead link costs whoever is on call a minute."""
    assert query_page(environment(**told).warehouse, "q") == url


def test_a_failed_test_shows_how_many_rows_it_found_and_the_sql_that_shows_them():
    """It said "Got 2 results", and nothing of where they are."""
    made = progress(
        orders=result("success"), unique_orders=result("fail", failures=2, message="Got 2 results"), sales=Result(status="skipped")
    )
    page = Page(
        report(replace(summary(made, ExitCode.FAILED), compiled={"test.unique_orders": "select id from orders where n > 1"}), FIRST)
    )

    assert page.words.index("The SQL that shows the 2 rows that it found") < page.words.index("select id from orders where n > 1")
    assert any("models/unique_orders.sql" in word for word in page.words)


def test_what_did_not_run_is_listed_with_what_it_waited_for():
    """Skipped nodes were in no table."""
    made = progress(orders=result("error", message="no"), sales=Result(status="skipped"), report=Result(status="skipped"))
    page = Page(report(summary(made, ExitCode.FAILED), FIRST))

    rows = page.words[page.words.index("Did not run") :]
    assert rows[rows.index("sales") :][:4] == ["sales", "model", "skipped", "orders"]


def test_a_node_is_compared_with_what_it_usually_takes():
    """A model that takes three times as long gets a word before it takes ten times."""
    before = Before(rows={}, seconds={"model.orders": 1, "model.customers": 0.9})
    page = Page(report(summary(RUN), before))

    assert page.words.count("3.0 times") == 2, "among the slowest, and in the list of all"


def test_the_keyboard_reaches_whatever_may_be_wider_than_the_screen():
    """Who has no mouse could not read the end of the timeline."""
    html = report(summary(large_run(), ExitCode.FAILED), FIRST)

    assert html.count('class="scroll"') == html.count('class="scroll" tabindex="0" role="region" aria-label="')


def test_a_run_without_nodes_has_a_page():
    """A run that could not connect would end with a crash of its own report."""
    page = Page(report(summary(progress(), ExitCode.NOT_STARTED, "Snowflake can't be reached."), FIRST))

    assert "Snowflake can't be reached." in page.words
    assert "connection" in page.words, "where its time went"
    assert "Slowest nodes" not in page.words
    assert " what the end waited for" not in page.words, "a key to bars that are not there"


def test_an_operation_has_no_file():
    """It was said to be `operation · `."""
    made = progress(orders=result("error", message="no"))
    made.nodes["model.orders"] = replace(made.nodes["model.orders"], kind="operation", path="")

    page = Page(report(summary(made, ExitCode.FAILED), FIRST))

    assert "operation" in page.words
    assert not any("·" in word for word in page.words)


def test_the_largest_changes_of_rows_are_in_sight_and_the_others_folded():
    """Of a project with 300 models the sources were below 300 lines."""
    html = report(summary(large_run(), ExitCode.FAILED), Before(rows={"model.stg_orders_02": 1_000_000}, seconds={}))

    shown, _, folded = html[html.index("<h2>Rows written") :].partition("<details>")
    assert shown.count("<tr>") == 1 + 20
    assert "stg_orders_02" in shown
    assert "<summary>22 more</summary>" in folded


def test_a_failure_shows_what_is_missing_because_of_it_and_how_to_run_it_again():
    """Whoever is on call would have to find that out by hand."""
    made = large_run()

    page = Page(report(summary(made, ExitCode.FAILED), FIRST))

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
