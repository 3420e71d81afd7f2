"""What a line of the container's log looks like to a person: as dbt's own.

CloudWatch keeps JSON, for machines; Airflow's task log and `ops` show what `shown` makes of it. Airflow has this file as
`dbt_lines`, a link. Standard library only.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

Event = Mapping[str, Any]

WIDTH = 79
"""Columns that dots fill: one less than a terminal has at least, so that it does not wrap."""

_INDENT = "  "

_DONE = {
    "seed": ("loaded seed file", "loading seed file"),
    "snapshot": ("snapshotted", "snapshotting"),
}
"""What dbt calls it, done and undone, by kind of node; the others are created."""

_WORDS = {"success": "OK", "partial success": "PARTIAL SUCCESS", "no-op": "NO-OP", "skipped": "SKIP", "runtime error": "ERROR"}
"""Status: dbt's word for it, where it is not the status itself."""

_UNDONE = frozenset({"error", "runtime error", "cancelled"})

_BEFORE_PEOPLE = {"warn": "WARNING ", "error": "ERROR "}
"""By level."""


def event_of(line: str) -> Event | None:
    """The event of a line, or None for a line that is none: text for people, or the metrics."""
    found = _object(line)
    return found if found and "event" in found and "time" in found else None


def shown(line: str) -> str | None:
    """A line of the log as a person sees it, None for one that is for machines only. A failure is whole, on lines of its own."""
    event = event_of(line)
    if event is None:
        return None if "_aws" in (_object(line) or {}) else line
    text = _TELLERS.get(event["event"], _anything)(event)
    first, *more = text.splitlines() or [""]
    return "\n".join([f"{str(event['time'])[11:19]}  {first}", *(f"{_INDENT}{line}" for line in more)])


def _object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _started(event: Event) -> str:
    whose = f"Run {event.get('run')} of {event.get('workstream')}, try {event.get('try')}, image {event.get('image')}"
    return f"{whose}; {str(event['time'])[:10]}, times in UTC"


def _parsed(event: Event) -> str:
    how = "taken as it was kept" if event.get("cached") else "read"
    return f"Project {how}, {event.get('seconds')} s after the start"


def _freshness(event: Event) -> str:
    loaded = f"loaded {event['loaded']}" if event.get("loaded") else "can't be read"
    name = ".".join(str(event.get("source")).split(".")[2:])
    return _dotted(f"{_word(event)} freshness of {name}", loaded)


def _node_started(event: Event) -> str:
    return _dotted(f"START {_what(event)}", "RUN")


def _node_finished(event: Event) -> str:
    kind, status, word = _kind(event), event.get("status", ""), _word(event)
    count = event.get("rows") if event.get("failures") is None else event.get("failures")
    if kind in {"test", "unit_test"} or status == "skipped":
        did = word if event.get("failures") is None else f"{word} {event['failures']}"
    else:
        did = f"{word} {_DONE.get(kind, ('created', 'creating'))[status in _UNDONE]}"
    result = " ".join(filter(None, ["SUCCESS" if word == "OK" else word, "" if count is None else str(count)]))
    took = "" if status == "skipped" else f" in {event.get('seconds', 0):.1f}s"
    place = f"{event['n']} of {event['of']} " if "n" in event and "of" in event else ""
    line = _dotted(f"{place}{did} {_what(event)}", f"{result}{took}")
    return "\n".join(filter(None, [line, event.get("message", "")]))


def _word(event: Event) -> str:
    status = str(event.get("status", ""))
    return _WORDS.get(status, status.upper())


def _kind(event: Event) -> str:
    return str(event.get("node")).partition(".")[0]


def _what(event: Event) -> str:
    """The node as dbt names it: schema and name of what is made, or the name alone."""
    kind, name = _kind(event), _name(str(event.get("node")))
    relation = ".".join(str(event.get("relation", "")).replace('"', "").split(".")[1:])
    described = {"model": f"{event.get('materialized', '')} model ".lstrip(), "function": "function "}.get(kind, "")
    return f"{described}{relation or name}"


def _name(node_id: str) -> str:
    """Of `model.project.orders` or `test.project.unique_orders.8f1c`, whose last part says nothing to a person."""
    kind, *parts = node_id.split(".")
    return ".".join(parts[1:2] if kind == "test" else parts[1:]) or node_id


def _dotted(text: str, result: str) -> str:
    """As dbt does it, but as wide as the narrowest terminal; what is longer is never cut."""
    room = WIDTH - len("12:01:33  ") - len(text) - len(f" [{result}]") - 1
    return f"{text} {'.' * max(room, 3)} [{result}]"


def _said(event: Event) -> str:
    return _BEFORE_PEOPLE.get(str(event.get("level")), "") + str(event.get("message", ""))


def _still_running(event: Event) -> str:
    names = ", ".join(map(_name, event.get("nodes", [])))
    return f"Nothing has ended for {event.get('seconds')} s; running: {names}"


def _command(event: Event) -> str:
    if event["event"] == "command_started":
        return f"Command {event.get('n')} of {event.get('of')}: dbt {event.get('command')}"
    return f"dbt {event.get('command')}: {event.get('status')} in {event.get('seconds')} s"


def _anything(event: Event) -> str:
    """An event that this file does not know: an image may be newer than what reads its log."""
    told = ", ".join(f"{name} {value}" for name, value in event.items() if name not in {"time", "event"})
    return f"{str(event['event']).replace('_', ' ')}: {told}"


_TELLERS: Mapping[str, Callable[[Event], str]] = {
    "run_started": _started,
    "connected": lambda event: f"Logged in to Snowflake at {event.get('address')}",
    "parsed": _parsed,
    "selected": lambda event: f"{event.get('nodes')} nodes selected",
    "freshness": _freshness,
    "resume": lambda event: f"Try {event.get('tryNumber')} does not count: {event.get('ignored')}",
    "resumed": lambda event: f"Going on: {event.get('done')} were done by a former try, {event.get('left')} are left",
    "command_started": _command,
    "command_finished": _command,
    "skipped": lambda event: f"dbt {event.get('command')}: {event.get('message')}",
    "node_started": _node_started,
    "node_finished": _node_finished,
    "still_running": _still_running,
    "warning": lambda event: f"WARNING {event.get('message')}",
    "dbt": _said,
}
