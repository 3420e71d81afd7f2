"""`ops open`: pages from what the runs left in S3."""

from pathlib import Path

import pytest

from ops.credits import Credits
from tests.unit.ops.histories import NOW, history, run
from tests.unit.ops.test_cli import Aws, aws, ops  # noqa: F401 - fixtures

RUN = run(NOW)
REPORT = f"GET /artifacts/sales/runs/{RUN['run'].replace(':', '%3A').replace('+', '%2B')}/1/report.html"
MISSING = (404, {"__type": "NoSuchKey"})


@pytest.fixture
def left(aws: Aws) -> Aws:  # noqa: F811
    """One run of sales, none of finance."""
    for name in ("sales", "finance"):
        for key in ("latest/history.json", "state/manifest.json", "state/nodes.json", "docs/index.html"):
            aws.answers[f"GET /artifacts/{name}/{key}"] = lambda _: (404, "<Error><Code>NoSuchKey</Code></Error>")
    aws.answers["GET /artifacts/sales/latest/history.json"] = lambda _: history("sales", [RUN]).decode()
    aws.answers[REPORT] = lambda _: "<html>the report"
    return aws


def test_the_page_leads_to_the_report_of_each_run_beside_it(ops, left: Aws, tmp_path: Path):  # noqa: F811
    """Opened from a file, a link into S3 would ask for a log-in."""
    result = ops("open", "--output", str(tmp_path))

    assert result.exit_code == 0, result.output
    html = (tmp_path / "index.html").read_text()
    [report] = tmp_path.glob("reports/sales/*/1.html")
    assert report.read_text() == "<html>the report"
    assert f'href="{report.relative_to(tmp_path).as_posix().replace("+", "%2B")}"' in html
    assert "no run yet" in html, "finance"


def test_runs_of_one_moment_have_reports_of_their_own(ops, left: Aws, tmp_path: Path):  # noqa: F811
    """All that begins at five o'clock has the same run id: each strip would lead to another team's report."""
    left.answers["GET /artifacts/finance/latest/history.json"] = lambda _: history("finance", [RUN]).decode()
    left.answers[REPORT.replace("sales", "finance")] = lambda _: "<html>the other"

    ops("open", "--output", str(tmp_path))

    html = (tmp_path / "index.html").read_text()
    assert "reports/sales/" in html[html.index('id="sales"') :][:2000]
    assert "reports/finance/" in html[html.index('id="finance"') :][:2000]


def test_nothing_is_written_in_aws_and_a_report_is_fetched_once(ops, left: Aws, tmp_path: Path):  # noqa: F811
    """It needs rights to read, and two hundred workstreams have a thousand reports."""
    for _ in range(2):
        ops("open", "--output", str(tmp_path))

    asked = [operation for operation, _ in left.requests]
    assert all(operation.startswith("GET ") for operation in asked)
    assert asked.count(REPORT) == 1


def test_a_workstreams_last_report_is_opened_in_the_browser(ops, left: Aws, tmp_path: Path, monkeypatch):  # noqa: F811
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    monkeypatch.setattr("ops.open.CACHE", tmp_path)

    assert ops("open", "sales").exit_code == 0

    [url] = opened
    assert url.startswith("file://")
    assert url.endswith("/1.html")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("open", "finance"), "There is no report of any run of 'finance'"),
        (("open", "sales", "--run", "nope"), "There is no report of the run nope of 'sales'"),
        (("open", "--run", "nope"), "--run needs a workstream"),
        (("open", "sales", "--docs"), "ops docs sales"),
        (("open", "sales", "--snowflake", "mine"), "ops open --snowflake mine"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_what_to_do(ops, left: Aws, tmp_path: Path, words, said):  # noqa: F811
    """A browser with an empty page says nothing."""
    result = ops(*words, "--output", str(tmp_path))

    assert result.exit_code == 1
    assert said in result.output


def test_the_page_has_credits_for_whoever_may_ask_snowflake(ops, left: Aws, tmp_path: Path, monkeypatch):  # noqa: F811
    found = [Credits("sales", "model.orders", 1.5), Credits("sales", "model.customers", 1)]
    monkeypatch.setattr("ops.pages.site.credits_of", lambda *asked: found if asked == ("dbt-platform-dev", 30, "mine") else [])

    ops("open", "--output", str(tmp_path), "--snowflake", "mine")

    assert "<dt>credits</dt><dd>2.50</dd>" in (tmp_path / "index.html").read_text()


def test_the_catalogue_opens_dbts_documentation(ops, left: Aws, tmp_path: Path):  # noqa: F811
    left.answers["GET /artifacts/sales/docs/index.html"] = lambda _: "<html>dbt"

    assert ops("open", "--docs", "--output", str(tmp_path)).exit_code == 0

    assert (tmp_path / "docs/sales/index.html").read_text() == "<html>dbt"
    assert 'href="docs/sales/index.html"' in (tmp_path / "catalogue.html").read_text()


def test_documentation_is_written_by_a_run_of_its_own(ops, left: Aws):  # noqa: F811
    """In each run it would be in the way of the marts."""
    assert ops("docs", "sales").exit_code == 0

    [body] = [body for operation, body in left.requests if operation.startswith("POST /restapi") and body["Method"] == "POST"]
    assert body["Body"]["conf"] == {"commands": ["docs generate --static"]}
