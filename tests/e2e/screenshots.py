"""Takes the pictures of docs/orchestration.md from the Airflow of a running demo: `.venv/bin/python -m tests.e2e.screenshots`.

Runs what the pictures show: a good run, a failed one, a backfill, and a chain of two workstreams. The configuration of the
DAGs is put back afterwards.
"""

from collections.abc import Callable
from contextlib import ExitStack

from playwright.sync_api import Page, ViewportSize, sync_playwright

from sandbox import engine
from sandbox.packages import ensure_program
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.stack import Stack
from sandbox.state import State
from tests.e2e.airflow import Airflow, eventually

IMAGES = REPOSITORY / "docs" / "images"
SIZE = ViewportSize(width=1200, height=760)
OFFLINE = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
BACKFILL = {
    "dag_id": "dbt_sales",
    "from_date": "2025-01-03T00:00:00Z",
    "to_date": "2025-01-05T23:59:59Z",
    "run_backwards": False,
    "dag_run_conf": {"select": ["stg_orders"]},
    "reprocess_behavior": "none",
    "max_active_runs": 10,
    "run_on_latest_version": True,
}


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

    def form(kind: str, *, scroll: str) -> Callable[[], None]:
        def fill() -> None:
            page.get_by_role("button", name="Trigger").first.click()
            page.get_by_text(kind, exact=True).click()
            page.get_by_text(scroll).first.scroll_into_view_if_needed()

        return fill

    failed = airflow.trigger("finance", select=["no_such_model"])
    airflow.call("POST", "/backfills", BACKFILL)
    assert failed.ended() == "failed"
    eventually(
        lambda: len([run for run in airflow.runs("sales") if run["run_type"] == "backfill" and run["end_date"]]) == 3, 600, "3"
    )
    take("dags", "/dags", shows("dbt_sales"))
    take("form", "/dags/dbt_sales", form("Single Run", scroll="dbt variables as a JSON object"))
    take("backfill-form", "/dags/dbt_sales", form("Backfill", scroll="Run Backwards"))
    take("backfill", "/dags/dbt_sales/backfills", shows("Completed"))
    take("runs", "/dags/dbt_sales/runs", shows("backfill"))
    take("failure", f"/dags/dbt_finance/runs/{failed.id}/tasks/dbt", shows("What to do"))
    take("assets", "/assets", shows("dbt-sales"))


if __name__ == "__main__":
    main()
