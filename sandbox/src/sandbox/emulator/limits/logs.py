"""CloudWatch Logs: events, queries and patterns."""

import re
from collections.abc import Iterator

from sandbox.emulator.limits.problems import MEBIBYTE, Check, Parameters, Problem

DAY = 24 * 60 * 60 * 1000
"""Milliseconds."""

COMMANDS = {
    "addtotals", "anomaly", "dedup", "diff", "display", "fields", "filter", "filterindex", "join", "limit", "lookup", "parse",
    "pattern", "sort", "source", "stats", "unmask", "unnest",
}  # fmt: skip
"""CloudWatch Logs User Guide, "Supported commands in CloudWatch Logs Insights language"."""


def _put_log_events(call: Parameters) -> Iterator[Problem]:
    """CloudWatch Logs API Reference, PutLogEvents: 1,048,576 bytes, 26 for each event; in the order of time."""
    events = call["logEvents"]
    if sum(len(event["message"].encode()) + 26 for event in events) > MEBIBYTE:
        yield "InvalidParameterException", "Upload too large: more than 1048576 bytes"
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        yield "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order."
    if times and times[-1] - times[0] > DAY:
        yield (
            "InvalidParameterException",
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        )


def _start_query(call: Parameters) -> Iterator[Problem]:
    """CloudWatch Logs API Reference, StartQuery."""
    named = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
    inside = call.get("queryLanguage", "CWLI") != "CWLI" or "SOURCE" in call["queryString"]
    if not inside and sum(bool(call.get(name)) for name in named) != 1:
        yield "InvalidParameterException", f"Exactly one of {', '.join(named)} must be given."
    if call["startTime"] > call["endTime"]:
        yield "MalformedQueryException", "End time should not be before start time."
    unquoted = re.sub(r"/(\\.|[^/\\\n])+/|\"[^\"]*\"|'[^']*'|`[^`]*`|#[^\n]*", "x", call["queryString"])
    for part in unquoted.split("|") if call.get("queryLanguage", "CWLI") == "CWLI" else ():
        words = part.split()
        if words and (words[0].lower() not in COMMANDS or words[-1].lower() == "by"):
            yield "MalformedQueryException", f"unexpected symbol found after {words[0]}"


def _filter_pattern(call: Parameters) -> Iterator[Problem]:
    """CloudWatch Logs User Guide, "Filter pattern syntax": what opens closes, and what is compared is compared with something."""
    pattern = (call.get("filterPattern") or "").strip()
    bare = re.sub(r'"(\\.|[^"\\])*"|%[^%]*%', "x", pattern)
    closing = {"{": "}", "[": "]"}.get(pattern[:1], "")
    if '"' in bare or not pattern.endswith(closing) or bare.count("(") != bare.count(")") or re.search(r"[=<>]\s*[}\]]$", bare):
        yield "InvalidParameterException", "Invalid filter pattern"


LIMITS: dict[tuple[str, str], Check] = {
    ("logs", "FilterLogEvents"): _filter_pattern,
    ("logs", "PutLogEvents"): _put_log_events,
    ("logs", "PutMetricFilter"): _filter_pattern,
    ("logs", "PutSubscriptionFilter"): _filter_pattern,
    ("logs", "StartQuery"): _start_query,
}
