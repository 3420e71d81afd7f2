"""The page of all workstreams."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ops.pages.catalogue import Entry, catalogue
from ops.pages.morning import morning
from ops.pages.record import Record, read
from tests.unit.ops.histories import NOW, history, ninety_days, node, run, workstream

AT_FIVE = NOW.replace(hour=4, minute=0)
"""By Amsterdam's winter clock."""

BEFORE = NOW - timedelta(minutes=1)


def page(*records: Record) -> str:
    return morning("dbt-platform-dev", records, lambda name, found: f"reports/{name}/{found.id}.html", NOW)


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html.rpartition("</style>")[2])


def test_a_workstream_without_runs_is_named_and_no_failure():
    """A new workstream would be missing, or red, on its first morning."""
    html = page(read(workstream(), None))

    assert "no run yet" in html
    assert "Nothing: nothing has run yet." in html
    assert "<b>1</b><span>workstream</span>" in html
    assert "0 runs" not in text(html)
    assert 'class="tile good"' not in html


def test_a_calm_morning_is_said_to_be_one():
    assert "Nothing: every last run succeeded, and none is late." in page(read(workstream(), history("sales", [run(AT_FIVE)])))


def test_a_moment_is_told_with_its_zone_to_whoever_points_at_it():
    """A strip said `04:00` of a run that its schedule calls five o'clock."""
    html = page(read(workstream(), history("sales", [run(AT_FIVE)])))

    assert 'title="2026-11-29 04:00 UTC: success, 1 min"' in html
    assert 'title="2026-11-29 04:00 UTC">4 hours ago</time>' in html


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("0 5 * * *", "0 5 * * * Europe/Amsterdam, next Mon 30 Nov 05:00"),
        ("30 9 * * 0", "30 9 * * 0 Europe/Amsterdam, next Sun 29 Nov 09:30"),
        ("@monthly", "@monthly Europe/Amsterdam, next Tue 01 Dec 00:00"),
        ("sales", "after sales"),
        ("", "by hand"),
    ],
)
def test_a_schedule_is_told_with_the_next_moment_by_its_own_clock(schedule: str, said: str):
    """An analyst does not read cron, and at 08:30 UTC it is half past nine in Amsterdam."""
    words = " ".join(text(morning("dbt", [read(workstream(schedule=schedule), None)], lambda *_: None, BEFORE)).split())

    assert f"sales-analytics · {said}" in words


def test_what_starts_a_workstream_beside_the_clock_is_told():
    """One that several others start was said to be started by hand."""
    several = replace(workstream(schedule=""), upstreams=["crm", "s3://landing/orders"])
    both = replace(workstream(schedule="0 5 * * *"), upstreams=["crm"])

    words = [" ".join(text(page(read(each, None))).split()) for each in (several, both)]

    assert "sales-analytics · after crm, s3://landing/orders" in words[0]
    assert "· 0 5 * * * Europe/Amsterdam, next Mon 30 Nov 05:00; after crm" in words[1]


def test_lists_across_workstreams_keep_their_figures_beside_the_name():
    """On a phone a long name of a workstream pushed the seconds off the screen."""
    html = page(read(workstream("a-long-name"), ninety_days("a-long-name")))

    slowest = html[html.index("<h2>Slowest nodes") :]
    assert text(slowest[: slowest.index("<tbody>")]).split() == ["Slowest", "nodes", "node", "usually"]
    assert '_12<br><span class="soft">a-long-name</span>' in slowest


def test_who_failed_comes_first_with_the_cause_and_the_way_to_the_report():
    """On two hundred workstreams nobody finds the one that matters."""
    good = read(workstream("aaa"), history("aaa", [run(AT_FIVE)]))
    bad = read(workstream("zzz"), history("zzz", [run(AT_FIVE, outcome="failed", cause="A test found <rows>")]))

    html = page(good, bad)

    assert html.index('id="zzz"') < html.index('id="aaa"')
    attention = html[: html.index("<h2>Workstreams")]
    assert "A test found &lt;rows&gt;" in attention
    assert f'href="reports/zzz/{bad.runs[-1].id}.html"' in attention
    assert "aaa" not in text(attention)


def test_the_tries_of_a_run_are_one_run_that_ended_as_the_last_of_them():
    """A run that succeeded at its second try would count as a failure, and its first try's cost as nothing."""
    tries = [run(AT_FIVE, outcome="failed", seconds=60), {**run(AT_FIVE, seconds=60), "try": 2}]

    record = read(workstream(), history("sales", tries))

    (found,) = record.runs
    assert (found.good, found.try_number, record.success_rate) == (True, 2, 1)
    assert found.spent == pytest.approx(2 * (0.04048 + 2 * 0.004445) / 60)


@pytest.mark.parametrize(
    ("started", "late"),
    [(AT_FIVE, False), (AT_FIVE - timedelta(days=1), True)],
    ids=["it ran at five", "its last run was yesterday's"],
)
def test_a_workstream_is_late_when_a_run_should_have_ended_and_none_began(started, late):
    """What fails before a container starts leaves nothing: the page would show yesterday's success."""
    record = read(workstream(), history("sales", [run(started)]))

    assert (record.late(NOW, {}) is not None) is late
    assert ("No run has begun since it was due" in page(record)) is late


def test_who_follows_another_is_late_when_that_one_is_long_done():
    """A workstream without a clock would never be late."""
    sales = read(workstream(), history("sales", [run(AT_FIVE, seconds=60)]))
    board = read(workstream("board", "sales"), history("board", [run(AT_FIVE - timedelta(days=1))]))

    assert board.late(NOW, {"sales": sales, "board": board})
    assert not board.late(AT_FIVE + timedelta(minutes=30), {"sales": sales, "board": board}), "it may still come"


def test_what_follows_a_workstream_of_another_stack_is_not_late_by_any_clock():
    """A team's page knows nothing of the runs of the platform's workstreams."""
    record = read(workstream(schedule="sales"), history("board", [run(AT_FIVE - timedelta(days=60))]))

    assert record.late(NOW, {"board": record}) is None


def test_what_is_started_by_hand_is_never_late():
    record = read(workstream(schedule=""), history("sales", [run(AT_FIVE - timedelta(days=60))]))

    assert record.late(NOW, {}) is None


def test_a_workstream_that_gets_slower_says_so():
    """Ten minutes more a month are seen when the next one starts too late."""
    days = [AT_FIVE - timedelta(days=day) for day in range(30, 0, -1)]
    record = read(workstream(), history("sales", [run(day, seconds=60 if n < 20 else 90) for n, day in enumerate(days)]))

    assert record.trend == pytest.approx(0.5)
    assert "▲ 50% longer" in page(record)


def test_the_page_names_what_is_slow_what_fails_and_what_the_marts_wrote():
    started = AT_FIVE.isoformat()
    nodes = {
        "model.a": node("slow_model", [[started, "success", 90, 10], [started, "success", 92, 12]]),
        "model.b": node("broken_model", [[started, "error", 1, None], [started, "success", 1, 5]], folder="models/staging"),
        "test.c": node("flaky_test", [[started, "fail", 1, None], [started, "pass", 1, None]], "test", "models"),
    }
    html = page(read(workstream(), history("sales", [run(AT_FIVE)], nodes)))

    for title, name in {
        "Slowest nodes": "slow_model",
        "Models that fail most often": "broken_model",
        "Tests that fail often": "flaky_test",
    }.items():
        assert name in text(html[html.index(f"<h2>{title}") :]).split()[: 12 if title != "Slowest nodes" else 20], title
    assert 'aria-label="Rows of slow_model, run by run"' in html
    assert "1 of 2" in html


def test_a_source_that_gets_old_is_on_the_page_unless_the_workstream_loads_it_itself():
    ages = [
        {"source": "source.shop.raw.orders", "status": "error", "loaded": "2026-11-20T10:00:00", "own": False},
        {"source": "source.shop.raw.seeded", "status": "error", "loaded": "2026-11-20T10:00:00", "own": True},
    ]
    html = page(read(workstream(), history("sales", [run(AT_FIVE)], sources=ages)))

    stale = text(html[html.index("<h2>Sources that are not fresh") :])
    assert "raw.orders" in stale
    assert "8 days ago" in stale
    assert "raw.seeded" not in stale


def test_credits_of_snowflake_stand_beside_what_fargate_cost_once_somebody_asked():
    """Where the account tells nobody, a zero would be taken for a saving."""
    records = [read(workstream(name), ninety_days(name)) for name in ("sales", "finance")]

    html = morning("dbt-platform-dev", records, lambda *_: None, NOW, credits={"sales": 12.5, "gone": 0.25})

    assert "12.8 Snowflake credits in 30 days" in " ".join(text(html).split())
    assert html.count("<dt>credits</dt>") == 1
    assert "credits" not in text(page(*records))


def test_a_history_of_another_version_is_no_history():
    """`ops` of an older checkout would show half of what a newer runner wrote, as if it were all."""
    assert read(workstream(), b'{"schemaVersion": 2, "runs": [1]}').runs == ()


def test_the_page_needs_nothing_from_elsewhere():
    """It is opened from a file, perhaps without a network."""
    html = page(read(workstream(), ninety_days("sales")))

    assert re.findall(r'(?:src|href)="(?!#|data:|reports/)([^"]*)"', html) == []
    assert "<script" not in html


def test_two_hundred_workstreams_of_ninety_days_stay_a_page_that_a_browser_opens_at_once():
    """Opened in a browser (`python -m tests.sandbox.page_pictures`), 4 MB and 37,000 elements take less than a second."""
    sample = [read(workstream(name), ninety_days(name)) for name in ("a", "b", "c", "d")]

    html = page(*sample)

    assert len(html) * 200 / len(sample) < 6_000_000
    assert html.count("<") / 2 * 200 / len(sample) < 60_000


def manifest(schema: str, models: list[str], sources: list[str]) -> dict[str, dict[str, Any]]:
    named = [{"name": name, "relation_name": f'"DB"."{schema}"."{name.upper()}"', "schema": schema} for name in models]
    read_by = [{"name": name, "source_name": "raw", "relation_name": f"db.{name}"} for name in sources]
    above = {"resource_type": "model", "depends_on": {"nodes": sources}}
    return {
        "nodes": {found["name"]: {**found, **above} for found in named},
        "sources": {found["name"]: found for found in read_by},
    }


def test_the_catalogue_shows_a_model_that_another_workstream_reads_by_its_name():
    """`ref('sales', 'orders')`, or `ref('orders')` in a project that two workstreams share, ends at no source."""
    sales = Entry.of(workstream("sales"), manifest("SALES", ["orders", "customers"], []), ["orders", "customers"])
    page = manifest("BOARD", ["kpis"], [])
    page["nodes"] |= manifest("SALES", ["orders", "customers"], [])["nodes"]
    page["nodes"]["kpis"]["depends_on"] = {"nodes": ["orders"]}

    board = Entry.of(replace(workstream("board"), schema="BOARD"), page, page["nodes"])
    html = catalogue("dbt", [sales, board], {"sales": None, "board": None})

    assert " ".join(text(html[html.index("<h2>Lineage") :]).split()).endswith("sales board orders orders")


def test_the_catalogue_shows_of_a_shared_project_what_the_workstream_builds():
    """The demo's two workstreams run one project by tags: each was shown with all models, sources and exposures of both."""
    project = manifest("SALES", ["orders"], ["raw.orders"])
    other = manifest("SALES", ["invoices"], ["raw.invoices"])
    shown = {"sales_dashboard": ["orders"], "month_end": ["orders", "invoices"], "audit": ["invoices"]}
    exposures = {name: {"name": name, "depends_on": {"nodes": nodes}} for name, nodes in shown.items()}
    page = {kind: {**project[kind], **other[kind]} for kind in project} | {"exposures": exposures}

    entry = Entry.of(workstream("sales"), page, ["orders"])

    assert list(entry.models.values()) == ["orders"]
    assert list(entry.sources.values()) == ["raw.raw.orders"]
    assert entry.exposures == ["sales_dashboard", "month_end"]


def test_the_catalogue_shows_what_flows_from_one_workstream_to_another():
    """Each project's own lineage ends at a source, and nobody sees who makes it."""
    sales = Entry.of(workstream("sales"), manifest("SALES", ["orders"], []), ["orders"])
    board = Entry.of(workstream("board", "sales"), manifest("BOARD", ["kpis"], ["sales.orders", "crm.people"]), ["kpis"])

    html = catalogue("dbt-platform-dev", [sales, board], {"sales": "docs/sales/index.html", "board": None})

    lineage = text(html[html.index("<h2>Lineage") :]).split()
    assert " ".join(lineage[lineage.index("model") + 1 :]) == (
        "sales board all its marts : starts when they are refreshed sales board raw.sales.orders orders"
    )
    assert 'href="docs/sales/index.html"' in html
    assert "ops docs board" in html
