"""What the body of a CloudWatch dashboard must be (CloudWatch API Reference, "Dashboard body structure and syntax")."""

import contextlib
import datetime
import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

MOST_WIDGETS = 500
MOST_METRICS = {"widget": 500, "dashboard": 2500}
"""CloudWatch, "CloudWatch service quotas": Dashboards. How many a search finds nobody knows before it is made: it counts as one."""

LONGEST_SEARCH = 1024
"""Characters of the query in a SEARCH (CloudWatch User Guide, "Search expression syntax")."""

WIDTH, HEIGHT = 24, 1000
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
LOG_VIEWS = (*VIEWS, "log")
ALARM_ARN = re.compile(r"arn:aws(-[a-z-]+)?:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")
STATISTIC = re.compile(
    r"SampleCount|Average|Sum|Minimum|Maximum|IQM|p(100|\d{1,2}(\.\d+)?)|(TM|TC|TS|WM|PR)\([^)]*\)|(tm|tc|ts|wm)\d{1,2}(\.\d+)?"
)
MOMENT = re.compile(
    r"-P(\d+[YMWD])*(T(\d+[HMS])+)?|\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])(T[0-2]\d:[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
)
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
SEARCHED = re.compile(r"SEARCH\('\s*\{([^}]*)\}")
"""Namespace and dimensions of a search expression."""

QUERY = re.compile(r"SEARCH\('([^']*)'")

BARE = re.compile(r'[\w/]+|"[^"]*"', re.ASCII)
"""A name in it (CloudWatch User Guide, "Search expression syntax"; there AWS/EC2 stands without quotes)."""

BODY = {"start", "end", "periodOverride", "variables", "widgets"}
WIDGET = {"type", "x", "y", "width", "height", "properties"}


def body(value: Any) -> str | None:
    """What is wrong with a dashboard's body."""
    reason = next(_body(json.loads(value)), None)
    return f"InvalidParameterInput: The dashboard body is invalid: {reason}" if reason else None


def _body(document: dict[str, Any]) -> Iterator[str]:
    for name in sorted(set(document) - BODY):
        yield f"should NOT have additional property {name}"
    if document.get("periodOverride", "auto") not in ("auto", "inherit"):
        yield "periodOverride should be auto or inherit"
    for name in ("start", "end"):
        if not _is_moment(document.get(name, "-PT1H")):
            yield f"{name} should be a moment like 2026-01-01T00:00:00Z, or a span like -PT8H, is {document[name]!r}"
    if "end" in document and "start" not in document:
        yield "end needs start"
    if len(document["widgets"]) > MOST_WIDGETS:
        yield f"has {len(document['widgets'])} widgets; CloudWatch allows {MOST_WIDGETS}"
    metrics = [_metrics(widget) for widget in document["widgets"]]
    if sum(metrics) > MOST_METRICS["dashboard"]:
        yield f"has {sum(metrics)} metrics; CloudWatch allows {MOST_METRICS['dashboard']}"
    for index, widget in enumerate(document["widgets"]):
        if metrics[index] > MOST_METRICS["widget"]:
            yield f"widgets[{index}] has {metrics[index]} metrics; CloudWatch allows {MOST_METRICS['widget']}"
        yield from (f"widgets[{index}]{problem}" for problem in _widget(widget))


def _is_moment(value: Any) -> bool:
    """A span back from now, or a moment that the calendar has."""
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        return False
    with contextlib.suppress(ValueError):
        return value.startswith("-P") or bool(datetime.datetime.fromisoformat(value))
    return False


def _metrics(widget: dict[str, Any]) -> int:
    return len(widget["properties"].get("metrics") or [])


def _widget(widget: dict[str, Any]) -> Iterator[str]:
    if widget["type"] in KINDS:
        yield from (f".properties{problem}" for problem in KINDS[widget["type"]](widget["properties"]))
    else:
        yield f".type should be one of {', '.join(KINDS)}, is {widget['type']!r}"
    for name in sorted(set(widget) - WIDGET):
        yield f" should NOT have additional property {name}"
    yield from _place(widget)


def _place(widget: dict[str, Any]) -> Iterator[str]:
    if ("x" in widget) != ("y" in widget):
        yield " should have both x and y, or none"
    for name, low, high in (("x", 0, WIDTH - 1), ("y", 0, None), ("width", 1, WIDTH), ("height", 1, HEIGHT)):
        value = widget.get(name, low)
        if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
            yield f".{name} should be a whole number of {low} to {high if high is not None else 'any'}, is {value!r}"


def _metric(properties: dict[str, Any]) -> Iterator[str]:
    metrics, alarms = properties.get("metrics"), (properties.get("annotations") or {}).get("alarms")
    if metrics is None and alarms is None:
        yield " should have metrics, or an alarm in annotations"
    if properties.get("view", VIEWS[0]) not in VIEWS:
        yield f".view should be one of {', '.join(VIEWS)}, is {properties['view']!r}"
    if metrics is not None and "region" not in properties:
        yield " should have required property 'region'"
    yield from _statistics(properties)
    yield from _look(properties)
    for index, metric in enumerate(metrics or []):
        yield from (f".metrics[{index}]{problem}" for problem in _line(metric))
    if metrics is not None and not metrics:
        yield ".metrics should be a list that is not empty"
    yield from _alarm_arns(".annotations.alarms", alarms or [])


def _look(properties: dict[str, Any]) -> Iterator[str]:
    for name, kind in (("title", str), ("stacked", bool), ("liveData", bool), ("sparkline", bool), ("setPeriodToTimeRange", bool)):
        if not isinstance(properties.get(name, kind()), kind):
            yield f".{name} should be {'a text' if kind is str else 'true or false'}, is {properties[name]!r}"
    if not REGION.fullmatch(str(properties.get("region", "eu-west-1"))):
        yield f".region should be a region, is {properties['region']!r}"
    for name in sorted(set(properties.get("yAxis") or {}) - {"left", "right"}):
        yield f".yAxis should have left and right, has {name}"
    position = (properties.get("legend") or {}).get("position", "bottom")
    if position not in ("bottom", "right", "hidden"):
        yield f".legend.position should be bottom, right or hidden, is {position!r}"
    notes = properties.get("annotations") or {}
    for each in itertools.chain.from_iterable(_pair(note) for note in notes.get("horizontal") or []):
        if not isinstance(each.get("value"), int | float):
            yield f".annotations.horizontal should have a number as its value, has {each.get('value')!r}"
    for each in itertools.chain.from_iterable(_pair(note) for note in notes.get("vertical") or []):
        if not _is_moment(each.get("value")):
            yield f".annotations.vertical should have a moment as its value, has {each.get('value')!r}"


def _pair(note: Any) -> list[dict[str, Any]]:
    """A band is given as a list of its two ends."""
    return [each for each in (note if isinstance(note, list) else [note]) if isinstance(each, dict)]


def _line(metric: Any) -> Iterator[str]:
    if not metric:
        yield " should be a list that is not empty"
        return
    *names, last = metric
    options = last if isinstance(last, dict) else {}
    names = names if isinstance(last, dict) else metric
    if not all(isinstance(name, str) for name in names):
        yield " should have texts, and options at its end only"
    elif not names:
        if "expression" not in options:
            yield " should have a namespace and a metric, or an expression"
        yield from _search(options.get("expression", ""))
    elif "..." not in names and (len(names) < 2 or len(names) % 2):
        yield " should have a namespace, a metric, and pairs of a dimension's name and value"
    yield from _statistics(options)
    if options.get("yAxis", "left") not in ("left", "right"):
        yield ".yAxis should be left or right"
    if not re.fullmatch("[a-z][a-zA-Z0-9_]*", options.get("id", "m1")):
        yield f".id should begin with a small letter, and have letters, digits and _, is {options['id']!r}"
    if not re.fullmatch("#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?", options.get("color", "#000000")):
        yield f".color should be an HTML colour like #1f77b4, is {options['color']!r}"


def _search(expression: str) -> Iterator[str]:
    for query in QUERY.findall(expression):
        if len(query) > LONGEST_SEARCH:
            yield f" searches with {len(query)} characters; CloudWatch allows {LONGEST_SEARCH}"
    for name in (name for schema in SEARCHED.findall(expression) for name in schema.split(",")):
        if not BARE.fullmatch(name.strip()):
            yield f" searches for {name}, which needs quotes: CloudWatch would find nothing"


def _statistics(properties: dict[str, Any]) -> Iterator[str]:
    stat, period = properties.get("stat"), properties.get("period")
    if stat is not None and not STATISTIC.fullmatch(str(stat)):
        yield f".stat {stat!r} is no statistic"
    if period is not None and (not isinstance(period, int) or period < 1 or (period not in (1, 5, 10, 20, 30) and period % 60)):
        yield f".period should be 1, 5, 10, 20, 30 or a multiple of 60 seconds, is {period!r}"


def _alarm(properties: dict[str, Any]) -> Iterator[str]:
    alarms = properties.get("alarms")
    if not isinstance(alarms, list) or not 1 <= len(alarms) <= 100:
        yield ".alarms should be a list of 1 to 100 alarms"
    else:
        yield from _alarm_arns(".alarms", alarms)
    if properties.get("sortBy", "default") not in ("default", "stateUpdatedTimestamp", "timestamp"):
        yield f".sortBy should be default, stateUpdatedTimestamp or timestamp, is {properties['sortBy']!r}"


def _alarm_arns(path: str, alarms: list[Any]) -> Iterator[str]:
    for alarm in alarms:
        if not isinstance(alarm, str) or not ALARM_ARN.fullmatch(alarm):
            yield f"{path} should have ARNs of alarms, has {alarm!r}"


def _text(properties: dict[str, Any]) -> Iterator[str]:
    if not isinstance(properties.get("markdown"), str):
        yield " should have required property 'markdown'"
    if properties.get("background", "solid") not in ("solid", "transparent"):
        yield ".background should be solid or transparent"


def _log(properties: dict[str, Any]) -> Iterator[str]:
    for name in ("query", "region"):
        if not isinstance(properties.get(name), str):
            yield f" should have required property '{name}'"
    if properties.get("view", "table") not in LOG_VIEWS:
        yield f".view should be one of {', '.join(LOG_VIEWS)}, is {properties['view']!r}"


def _anything(properties: dict[str, Any]) -> Iterator[str]:  # noqa: ARG001 - one signature for all kinds
    yield from ()


KINDS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "alarm": _alarm,
    "metric": _metric,
    "text": _text,
    "log": _log,
    "explorer": _anything,
    "custom": _anything,
}
"""Type of a widget -> what is wrong with its properties."""
