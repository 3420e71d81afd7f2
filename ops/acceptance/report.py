"""What an acceptance found, as lines, JSON and a page for a change request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from ops.errors import OpsError, from_aws

MARKS = {"passed": "[green]✓[/green]", "failed": "[red]✗[/red]", "not checked": "[yellow]–[/yellow]"}

NEVER_CHECKED = (
    "that an e-mail arrives: the alert was seen to leave the topic, not to reach a mailbox",
    "the rows in Snowflake itself: their number is what Snowflake told dbt",
    "what waits for another time: schedules, Airflow's and Fargate's maintenance, quotas under load",
)


class NotCheckableError(Exception):
    """This stack, or whoever asks, can't try it; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to prove."""

    title: str
    prove: Callable[[Any], str]
    """Returns what was seen. Raises OpsError if it is not so, NotCheckableError if it can't be tried."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a check."""

    check: str
    outcome: Literal["passed", "failed", "not checked"]
    detail: str
    seconds: float

    def line(self) -> str:
        """For a terminal."""
        return f"{MARKS[self.outcome]} {escape(self.check)}: {escape(self.detail)} ({self.seconds:.0f} s)"

    def json(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)


def conducted(check: Check, trial: Any) -> Result:
    """Tries one thing; what goes wrong is a result, so that the others are tried too."""
    begun = datetime.now(UTC)

    def result(outcome: Literal["passed", "failed", "not checked"], detail: str) -> Result:
        return Result(check=check.title, outcome=outcome, detail=detail, seconds=(datetime.now(UTC) - begun).total_seconds())

    try:
        return result("passed", check.prove(trial))
    except NotCheckableError as reason:
        return result("not checked", str(reason))
    except OpsError as error:
        return result("failed", f"{error.problem} {error.fix}")
    except (BotoCoreError, ClientError) as error:
        problem = from_aws(error)
        return result("failed", f"{problem.problem} {problem.fix}")


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole acceptance."""

    stack: str
    workstream: str
    outputs: Mapping[str, Any]
    begun: datetime
    results: Sequence[Result]

    def markdown(self) -> str:
        """The page."""
        accepted = all(result.outcome != "failed" for result in self.results)
        rows = [f"| {one.outcome} | {one.check} | {_cell(one.detail)} | {one.seconds:.0f} |" for one in self.results]
        images = [f"- `{name}`: `{image}`" for name, image in self.outputs.get("images", {}).items()]
        return "\n".join(
            [
                f"# Acceptance of stack `{self.stack}`: {'accepted' if accepted else 'NOT accepted'}",
                "",
                f"Begun {self.begun:%Y-%m-%d %H:%M:%S} UTC, with the runs of workstream `{self.workstream}`, in region "
                f"`{self.outputs.get('region')}`, Airflow environment `{self.outputs.get('airflowEnvironment')}`.",
                "",
                "| Result | Check | What was seen | Seconds |",
                "|---|---|---|---|",
                *rows,
                "",
                "## Images",
                "",
                *images,
                "",
                "## What this never checks",
                "",
                *(f"- {what}" for what in NEVER_CHECKED),
                "",
            ]
        )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
