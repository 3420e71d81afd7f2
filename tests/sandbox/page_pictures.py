"""Takes the pictures of the pages that people look at, of runs that never were: `.venv/bin/python -m tests.sandbox.page_pictures`.

Says also how long the page of 200 workstreams with 90 days each takes to open in the browser, by itself and on a phone's screen.
"""

import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright
from runner.outcome import ExitCode
from runner.report import Before, report

from ops.pages.morning import morning
from ops.pages.record import Record, read
from sandbox.packages import ensure_program
from sandbox.paths import REPOSITORY
from tests.sandbox.test_report import OFFLINE, example_catalogue
from tests.unit.image.support import environment, large_run, summary
from tests.unit.ops.histories import NOW, ninety_days, workstream

IMAGES = REPOSITORY / "docs" / "images"

WIDTHS = (1280, 390)


def main() -> None:
    """Makes them, and measures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure_program("chromium", "chromium", print), args=OFFLINE)
        run = summary(large_run(), ExitCode.FAILED)
        phases = [*run.phases[:-2], replace(run.phases[-2], seconds=91.5), replace(run.phases[-1], start=94.4)]
        pages = {"Airflow": "#", "Container log": "#", "Artifacts": "#", "Commit 4f0c1b9a": "#"}
        told = environment(DBT_PAGES=json.dumps(pages), DBT_OWNER="sales-analytics")
        run = replace(run, environment=told, phases=phases, ended=run.ended - timedelta(seconds=run.phases[-2].start))
        picture(browser, page_of(folder, "run-report", report(run, Before(rows={}, seconds={}))))
        picture(browser, page_of(folder, "workstreams", _morning(7)))
        picture(browser, page_of(folder, "catalogue", example_catalogue()))
        large = page_of(folder, "large", _morning(200))
        for width in WIDTHS:
            print(f"200 workstreams of 90 days at {width} pixels: {opened(browser, large, width):.2f} s")


def _morning(count: int) -> str:
    names = [
        f"{('sales', 'finance', 'web', 'supply', 'people', 'risk', 'board')[number % 7]}-{number // 7}" for number in range(count)
    ]
    records: list[Record] = [read(workstream(name), ninety_days(name)) for name in names]
    return morning("dbt-platform-prod", records, lambda _, run: f"reports/{run.id}.html", NOW)


def page_of(folder: str, name: str, html: str) -> Path:
    """A file with the page."""
    path = Path(folder) / f"{name}.html"
    path.write_text(html)
    return path


def picture(browser: Browser, file: Path) -> None:
    """What the screen of a desk shows of the page."""
    page = browser.new_page(viewport=ViewportSize(width=1280, height=900))
    page.goto(file.as_uri())
    page.screenshot(path=IMAGES / f"{file.stem}.png")
    page.close()


def opened(browser: Browser, file: Path, width: int) -> float:
    """Seconds until all of it is there."""
    page = browser.new_page(viewport=ViewportSize(width=width, height=844))
    page.goto(file.as_uri())
    seconds = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
    page.close()
    return seconds


if __name__ == "__main__":
    main()
