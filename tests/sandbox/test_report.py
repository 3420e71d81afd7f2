"""The pages that people look at, in a browser: on a phone and on a desk, light and dark."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from runner.freshness import SourceAge
from runner.outcome import ExitCode
from runner.report import Before, report

from ops.pages.catalogue import Entry, catalogue
from ops.pages.morning import morning
from ops.pages.record import read
from sandbox.packages import ensure_program
from sandbox.testing.node import node_packages
from tests.unit.image.support import large_run, progress, summary
from tests.unit.ops.histories import NOW, ninety_days, workstream
from tests.unit.test_docs import build

SOURCES = (
    SourceAge(source="source.shop.shop.orders", status="pass", loaded="2026-11-22T23:10:00+00:00"),
    SourceAge(source="source.shop.billing.exchange_rates", status="runtime error", loaded=None),
)
PROBLEM = "Snowflake can't be reached at organization-account.privatelink.snowflakecomputing.com:443: timed out."

OFFLINE = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
"""Chromium as root, in a container, without looking for anything of its own."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = ensure_program("chromium", "chromium", print)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=OFFLINE)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports as files, as somebody opens them who has downloaded them."""
    folder, large = tmp_path_factory.mktemp("reports"), large_run()
    some = list(large.results)[:40]
    before = Before(rows=dict.fromkeys(some, 12_345), seconds=dict.fromkeys(some, 0.4))
    told = [*large.failed(), *(large.nodes[node_id] for node_id in large.with_status({"warn"}))]
    compiled = {node.id: f"select *\nfrom ANALYTICS.SALES.{node.name}\nwhere total < 0" for node in told}
    written = {
        "large": report(replace(summary(large, ExitCode.FAILED, sources=SOURCES), compiled=compiled), before),
        "not started": report(summary(progress(), ExitCode.NOT_STARTED, PROBLEM), Before(rows={}, seconds={})),
    }
    records = [read(workstream(name), ninety_days(name)) for name in ("sales", "finance", "a-workstream-with-quite-a-long-name")]
    made = [*records, read(workstream("new", "sales"), None)]
    written["workstreams"] = morning("dbt-platform-prod", made, lambda _, run: f"{run.try_number}.html", NOW)
    written["catalogue"] = example_catalogue()
    for name, html in written.items():
        (folder / f"{name}.html").write_text(html)
    return {name: folder / f"{name}.html" for name in written}


def example_catalogue() -> str:
    """Of two workstreams, one of which reads what the other builds."""
    built = {f"DB.SALES.{name.upper()}": name for name in ("customers", "orders", "a_model_with_quite_a_long_name_of_its_own")}
    read_there = {relation: f"sales.{name}" for relation, name in built.items()}
    entries = [
        Entry(workstream=workstream(), models=built, sources={}, exposures=["sales_dashboard"]),
        Entry(workstream=workstream("board", "sales"), models={}, sources=read_there, exposures=["board_report"]),
    ]
    return catalogue("dbt-platform-prod", entries, {"sales": "docs/sales/index.html", "board": None})


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
@pytest.mark.parametrize("name", ["large", "not started", "workstreams", "catalogue"])
def test_a_page_is_whole_by_itself_and_fits_the_screen(
    browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
):
    """Whoever is woken at night reads it on a phone, perhaps without a network; and a page that is wider is not read."""
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)  # pyright: ignore[reportArgumentType]
    requests, complaints = _watched(page)

    page.goto(pages[name].as_uri())
    for fold in page.locator("summary").all():
        fold.click()

    assert requests == [pages[name].as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert _unreadable(page) == []
    assert _barriers(page) == []
    page.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Where the pages of docs/ are served as a site."""
    assert build(tmp_path).returncode == 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_the_site_draws_its_diagrams_and_asks_nobody_else_for_anything(browser: Browser, site: str):
    """In a network without a way out a diagram was its source; elsewhere a CDN and GitLab knew who reads."""
    page = browser.new_page()
    requests, complaints = _watched(page)

    page.goto(f"{site}glossary/")
    page.wait_for_load_state("networkidle")
    without = list(requests)
    page.get_by_role("link", name="Architecture").first.click()
    page.wait_for_function("document.querySelectorAll('div.mermaid').length == 2")

    assert [url for url in requests if not url.startswith(site)] == []
    assert not any("mermaid" in url for url in without), "2.5 MB for a page without a diagram"
    assert complaints == []
    assert min(page.locator("div.mermaid").evaluate_all("found => found.map(each => each.offsetHeight)")) > 100
    page.close()


def test_on_paper_the_runs_of_a_strip_are_seen(browser: Browser, pages: dict[str, Path]):
    """A browser prints no background unless it is told to: the strips, the bars and the chips were blank."""
    page = browser.new_page()
    page.emulate_media(media="print")

    page.goto(pages["workstreams"].as_uri())

    assert page.locator(".strip > *").first.evaluate("cell => getComputedStyle(cell).printColorAdjust") == "exact"
    page.close()


def _watched(page: Page) -> tuple[list[str], list[str]]:
    """What the page asks for, except from itself, and what the browser complains about, from now on."""
    requests: list[str] = []
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("request", lambda request: requests.append(request.url) if not request.url.startswith("data:") else None)
    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return requests, complaints


def _barriers(page: Page) -> list[str]:
    """What keeps somebody from reading the page, by rule and place (axe-core, WCAG 2.2 A and AA, and its best practices)."""
    page.add_script_tag(path=node_packages() / "axe-core" / "axe.min.js")
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [f"{rule['id']}: {node['target']}" for rule in violations for node in rule["nodes"]]


def _unreadable(page: Page) -> list[str]:
    """Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3); axe-core is unsure where text is cut."""
    return page.evaluate(
        """() => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const painted = (colors) => {
            for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
            return canvas.getImageData(0, 0, 1, 1).data;
          };
          const light = (rgb) => [...rgb].slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const found = [];
          for (const element of document.querySelectorAll('body *')) {
            if (![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
            const layers = [];
            for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
            const [back, text] = [light(painted(layers)), light(painted([...layers, getComputedStyle(element).color]))];
            const contrast = (Math.max(back, text) + 0.05) / (Math.min(back, text) + 0.05);
            if (contrast < 4.5) found.push(`${element.className} "${element.textContent}": ${contrast.toFixed(1)}`);
          }
          return found;
        }"""
    )
