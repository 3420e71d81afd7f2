"""Takes the pictures of docs/orchestration.md from the Airflow of a running demo: `.venv/bin/python -m tests.e2e.screenshots`.

Runs what the pictures show: a good run, a failed one, a backfill, and a chain of two workstreams. The configuration of the
DAGs is put back afterwards.
"""

from collections.abc import Callable
from contextlib import ExitStack

from playwright.sync_api import Page, ViewportSize, sync_playwright

from sandbox import engine
from sandbox.demo.stack import Stack
from sandbox.packages import ensure_program
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.state import State
from tests.e2e.airflow import Airflow, eventually

IMAGES = REPOSITORY / "docs" / "images"
SIZE = ViewportSize(width=1200, height=760)
OFFLINE = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    """Makes all of them."""
    home = Home.of_environment()
    state = State.load(home)
    if state is None:
        raise SystemExit("No demo runs: `make demo` first.")
    airflow = Airflow(Stack(home, state, engine.ensure_cli(CACHE, print)))
    IMAGES.mkdir(exist_ok=True)
    with ExitStack() as stack, sync_playwright() as playwright:
        stack.enter_context(airflow.configured("sales", schedule="0 5 * * *"))
        stack.enter_context(airflow.configured("finance", schedule={"asset": "sales"}))
        airflow.await_dag("sales", timetable_summary="0 5 * * *")
        airflow.await_dag("finance", timetable_summary="Asset")
        program = ensure_program("chromium", "chromium", print)
        page = playwright.chromium.launch(executable_path=program, args=OFFLINE).new_page(viewport=SIZE)
        page.set_default_timeout(120_000)
        picture(airflow, page)


def picture(airflow: Airflow, page: Page) -> None:
    """Each state of the platform, and its picture."""

    def take(name: str, path: str, ready: Callable[[], None]) -> None:
        page.goto(airflow.url + path)
        ready()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / f"{name}.png")

    def shows(text: str) -> Callable[[], None]:
        return page.get_by_text(text).first.wait_for

    def form(kind: str, *, top: str) -> Callable[[], None]:
        def fill() -> None:
            page.get_by_role("button", name="Trigger").first.click()
            page.get_by_text(kind, exact=True).click()
            page.get_by_text(top).first.evaluate("text => text.scrollIntoView()")

        return fill

    failed = airflow.trigger("finance", select=["no_such_model"])
    backfill = airflow.backfill("sales", "2025-01-03", "2025-01-05", select=["+customers"])
    assert failed.ended() == "failed"
    eventually(lambda: airflow.call("GET", f"/backfills/{backfill}")["completed_at"], 600, "the backfill")
    [asset] = airflow.call("GET", "/assets?name_pattern=dbt-sales")["assets"]
    take("dags", "/dags", shows("dbt_sales"))
    take("form", "/dags/dbt_sales", form("Single Run", top="Run Parameters"))
    take("backfill-form", "/dags/dbt_sales", form("Backfill", top="Run Backfill"))
    take("backfill", "/dags/dbt_sales/backfills", shows("Completed"))
    take("failure", f"/dags/dbt_finance/runs/{failed.id}/tasks/dbt", shows("What to do"))
    take("asset", f"/assets/{asset['id']}", shows("customers"))


if __name__ == "__main__":
    main()
