"""Writes `docs/errors.md` from the table of causes: `python -m ops.errors_page`."""

from pathlib import Path

from runner.causes import CAUSES, PAGE, Cause, diagnosis

REPOSITORY = Path(__file__).parents[1]

_PLACES = {
    "request": "AWS refuses",
    "task": "AWS stops the task, or does not start it",
    "run": "dbt, Snowflake or the container fails",
}

_HEAD = """# Errors

Every failure of a run that this platform knows, with what to do. The end of a failed task's log, the alert, the run's report and
`ops explain` say the same, and lead here. *Passes* means that another try may do better, so Airflow makes it, within the
workstream's `retries`; what does not pass ends the run at once. What is in `<angle brackets>` is told with its name.

An error that is not here is told as unknown, whole, and is tried again: please report it, with secrets masked.

This page is made of `image/runner/causes/` by `python -m ops.errors_page`.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for place, title in _PLACES.items():
        causes = [cause for cause in CAUSES if cause.where[0] == place]
        parts += [f"## {title}\n", *(_section(cause) for cause in causes)]
    return "\n".join(parts)


def _section(cause: Cause) -> str:
    told = diagnosis(cause, "")
    return (
        f"### {cause.id}\n\n**{told.summary}.** {told.why}\n\n{told.resolution}\n\n"
        f"{'Passes' if cause.passes else 'Does not pass'}. Source: {cause.source}.\n"
    )


if __name__ == "__main__":
    (REPOSITORY / PAGE).write_text(page(), encoding="utf-8")
