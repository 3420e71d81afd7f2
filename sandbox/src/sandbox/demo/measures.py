"""What a demo measured: times in seconds, memory in MiB, sizes in MB (10^6 bytes)."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.table import Table


class Measure(BaseModel):
    """One figure against its aim."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def kept(self) -> bool:
        return self.limit is None or self.value <= self.limit


def table(measures: Iterable[Measure]) -> Table:
    """The measures as people read them."""
    view = Table("measure", "value", "aim", "", title="Measures", title_justify="left")
    for measure in measures:
        aim = "" if measure.limit is None else f"<= {measure.limit:g} {measure.unit}"
        view.add_row(
            measure.name, f"{measure.value:.1f} {measure.unit}", aim, "" if measure.limit is None else "✓" if measure.kept else "✗"
        )
    return view


def write(path: Path, measures: list[Measure]) -> None:
    """Keeps the measures of the last demo."""
    path.write_text(json.dumps([measure.model_dump() for measure in measures], indent=2))


def read(path: Path) -> list[Measure]:
    """The measures of the last demo."""
    return [Measure.model_validate(item) for item in json.loads(path.read_text())]


def seconds_without(event_log: Path, types: tuple[str, ...]) -> float:
    """Duration of an update without the time in which nothing but resources of `types` was being made.

    Reads the engine's event log (`pulumi up --event-log`), whose timestamps are whole seconds.
    """
    events = [json.loads(line) for line in event_log.read_text().splitlines() if line.strip()]
    times = [event["timestamp"] for event in events]
    begun: dict[str, tuple[int, str]] = {}
    busy: set[int] = set()
    slow: set[int] = set()
    for event in events:
        if metadata := _metadata(event, "resourcePreEvent"):
            begun[metadata["urn"]] = (event["timestamp"], metadata["type"])
        elif (metadata := _metadata(event, "resOutputsEvent")) and metadata["urn"] in begun:
            start, kind = begun.pop(metadata["urn"])
            custom = not kind.startswith(("dbt-platform:", "pulumi:"))
            (slow if kind in types else busy if custom else set()).update(range(start, event["timestamp"]))
    return max(times) - min(times) - len(slow - busy)


def _metadata(event: dict[str, Any], kind: str) -> dict[str, Any] | None:
    return event[kind]["metadata"] if kind in event else None
