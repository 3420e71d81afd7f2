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


def check_sources(dbt: Dbt, selectors: Sequence[str], output: Output) -> list[SourceAge]:
    """Ask the warehouse how old the sources are; sources without a freshness setting are not asked for."""
    if not selectors:
        return []
    outcome = dbt.invoke("source", "freshness", "--select", *selectors)
    ages = [_age(result) for result in (outcome.result.results if outcome.result else [])]
    for age in ages:
        output.event("freshness", source=age.source, status=age.status, loaded=age.loaded)
    return ages


def complaint(ages: Sequence[SourceAge], own: Collection[str]) -> str:
    """Why nothing may be built, or nothing. A source that can't be read is the build's business: it may make it first.

    Args:
        ages: Of the sources.
        own: Ids of those that the run itself is about to load: only it could make them younger.
    """
    stale = [f"{age.source} (loaded {age.loaded})" for age in ages if age.status == "error" and age.source not in own]
    if not stale:
        return ""
    return (
        f"Too old, so nothing was built: {', '.join(stale)}.\n"
        "  What to do: look at what loads them; or run without this check (`freshness` of the workstream)."
    )


def _age(result: Any) -> SourceAge:
    loaded = getattr(result, "max_loaded_at", None)
    return SourceAge(source=result.node.unique_id, status=str(result.status), loaded=loaded.isoformat() if loaded else None)
