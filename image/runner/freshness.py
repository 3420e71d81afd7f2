"""Checks that the sources of a run are fresh, before anything is built on them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
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


def sources(ids: Iterable[str]) -> set[str]:
    """Those of the ids that are of sources."""
    return {node_id for node_id in ids if node_id.startswith("source.")}


class Sources:
    """How old the sources of a run are; each is asked for once."""

    def __init__(self, dbt: Dbt, output: Output) -> None:
        self._dbt = dbt
        self._output = output
        self._asked: set[str] = set()
        self._found: list[SourceAge] = []
        self.own: set[str] = set()
        """Ids of those that the run itself loads."""

    @property
    def ages(self) -> list[SourceAge]:
        return [replace(age, own=age.source in self.own) for age in self._found]

    @property
    def loaded(self) -> dict[str, str]:
        """How far each is loaded, ISO 8601, by its id; those that do not tell are missing."""
        return {age.source: age.loaded for age in self._found if age.loaded}

    @property
    def too_old(self) -> list[SourceAge]:
        """Those on which nothing may be built. One that can't be read is the build's business: it may make it first."""
        return [age for age in self.ages if age.status == "error" and not age.own]

    def ask(self, ids: Collection[str]) -> None:
        """Ask the warehouse for those that nobody has asked for; sources without a freshness setting are not asked for."""
        selectors = sorted(f"source:{source.partition('.')[2]}" for source in ids if source not in self._asked)
        if not selectors:
            return
        self._asked.update(ids)
        outcome = self._dbt.invoke("source", "freshness", "--select", *selectors)
        found = [_age(result) for result in (outcome.result.results if outcome.result else [])]
        for age in found:
            self._output.event("freshness", source=age.source, status=age.status, loaded=age.loaded)
        self._found += found


def complaint(stale: Sequence[SourceAge], held_back: str) -> str:
    """Why something was not built.

    Args:
        stale: Sources that are too old.
        held_back: What was not built because of them.
    """
    named = ", ".join(f"{age.source} (loaded {age.loaded})" for age in stale)
    return (
        f"Too old, so {held_back} was built: {named}.\n"
        "  What to do: look at what loads them; or run without this check (`freshness` of the workstream)."
    )


def _age(result: Any) -> SourceAge:
    loaded, source = getattr(result, "max_loaded_at", None), result.node.unique_id
    return SourceAge(source=source, status=str(result.status), loaded=loaded.isoformat() if loaded else None)
