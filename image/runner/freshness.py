"""Checks that the sources of a run are fresh, before anything is built on them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from runner.dbt import Dbt
from runner.output import Output


@dataclass(frozen=True, kw_only=True)
class SourceAge:
    """One source."""

    source: str
    """dbt's unique_id."""
    status: str
    """pass, warn, error (too old), runtime error (could not be read)."""
    loaded: str | None
    """When its newest row was loaded, ISO 8601."""
    own: bool = False
    """The run itself is about to load it: only it could make it younger."""


def check_sources(dbt: Dbt, selectors: Sequence[str], own: Collection[str], output: Output) -> list[SourceAge]:
    """Ask the warehouse how old the sources are; sources without a freshness setting are not asked for.

    Args:
        dbt: What asks.
        selectors: Of the sources.
        own: Ids of those that the run itself is about to load.
        output: Where the log goes.
    """
    if not selectors:
        return []
    outcome = dbt.invoke("source", "freshness", "--select", *selectors)
    ages = [_age(result, own) for result in (outcome.result.results if outcome.result else [])]
    for age in ages:
        output.event("freshness", source=age.source, status=age.status, loaded=age.loaded)
    return ages


def complaint(ages: Sequence[SourceAge]) -> str:
    """Why nothing may be built, or nothing. A source that can't be read is the build's business: it may make it first."""
    stale = [f"{age.source} (loaded {age.loaded})" for age in ages if age.status == "error" and not age.own]
    if not stale:
        return ""
    return (
        f"Too old, so nothing was built: {', '.join(stale)}.\n"
        "  What to do: look at what loads them; or run without this check (`freshness` of the workstream)."
    )


def _age(result: Any, own: Collection[str]) -> SourceAge:
    loaded, source = getattr(result, "max_loaded_at", None), result.node.unique_id
    return SourceAge(source=source, status=str(result.status), loaded=loaded.isoformat() if loaded else None, own=source in own)
