"""Turns dbt's events into progress and into JSON lines."""

import re
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from runner.output import Output
from runner.progress import FAILED, TESTS, Node, Progress, Result

_MESSAGES = {"error", "warn"}
"""Levels of dbt's own messages that are worth a line; and what a macro of the project says with `log(..., info=true)`."""

_SAID_OTHERWISE = {
    "EndOfRunSummary",
    "LogCancelLine",
    "LogFreshnessResult",
    "LogModelResult",
    "LogSeedResult",
    "LogSnapshotResult",
    "LogTestResult",
    "MainStackTrace",
    "RunResultError",
    "RunResultErrorNoMessage",
    "RunResultFailure",
    "RunResultWarning",
}
"""Events that repeat what a node's result says."""

_GONE = re.compile(r"\n\s*compiled code at .*")
"""Where dbt has the SQL in a container that is gone when somebody reads this; the end of the log has its address in S3."""


class Events:
    """The callback for `dbtRunner`."""

    def __init__(self, progress: Progress, output: Output) -> None:
        self._progress = progress
        self._output = output
        self._open: Counter[str] = Counter()
        """Starts of each node without their end: dbt starts a microbatch model, and within it each batch under the same id."""
        self._causes: dict[str, str] = {}
        """What the first failed batch of a model said; the model's own result says how many failed."""
        self._lock = threading.Lock()
        self.problems: list[str] = []
        """What dbt complained about outside of nodes."""
        self.unusable = ""
        """Why dbt could not use the parsed project that it found; nothing: it could, or found none."""

    def __call__(self, message: Any) -> None:
        from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - comes with dbt, which is imported late

        name = message.info.name
        if name == "NodeStart":
            self._started(MessageToDict(message.data, preserving_proto_field_name=True)["node_info"])
        elif name == "NodeFinished":
            self._finished(MessageToDict(message.data, preserving_proto_field_name=True))
        elif name == "GenericExceptionOnRun" and self._open[message.data.unique_id] > 1:
            self._causes.setdefault(message.data.unique_id, message.data.exc.removeprefix("Exception on worker thread. "))
        elif name == "ParsedFileLoadFailed":
            self.unusable = message.data.exc
        elif name == "UnableToPartialParse":
            self.unusable = self.unusable or message.info.msg
        elif name == "JinjaLogInfo" or (message.info.level in _MESSAGES and name not in _SAID_OTHERWISE):
            self._said(name, message.info.level, message.info.msg)

    def _started(self, info: dict[str, Any]) -> None:
        node = self._progress.expected(info["unique_id"])
        if self._count(info["unique_id"], 1) == 1 and node:
            self._progress.start(node.id)
            if node.kind not in TESTS:
                self._output.event("node_started", node=node.id, **_made(node, info))

    def _finished(self, data: dict[str, Any]) -> None:
        info, run = data["node_info"], data["run_result"]
        node = self._progress.expected(info["unique_id"])
        if self._count(info["unique_id"], -1) > 0:
            if run["status"] in FAILED:
                self._causes.setdefault(info["unique_id"], _GONE.sub("", run.get("message", "")))
            return
        if node is None:
            return
        response = run.get("adapter_response", {})
        result = Result(
            status=run["status"],
            message="\n".join(filter(None, [_GONE.sub("", run.get("message", "")), self._causes.pop(node.id, "")])),
            started=_utc(info.get("node_started_at", "")),
            seconds=round(run.get("execution_time", 0), 3),
            rows=_rows(node, info.get("materialized", ""), response),
            failures=run.get("num_failures"),
            query_id=response.get("query_id"),
            thread=run.get("thread", ""),
        )
        result = self._progress.finish(node.id, result)
        self._output.event(
            "node_finished",
            level=_level(result.status),
            node=node.id,
            **_made(node, info),
            status=result.status,
            rows=result.rows,
            failures=result.failures or None,
            seconds=result.seconds,
            queryId=result.query_id,
            n=len(self._progress.results),
            of=len(self._progress.nodes),
            message=result.message if result.status in FAILED else None,
        )

    def _count(self, node_id: str, step: int) -> int:
        """Starts of the node without their end, with this one."""
        with self._lock:  # batches run in several threads
            self._open[node_id] += step
            return self._open[node_id]

    def _said(self, name: str, level: str, text: str) -> None:
        if level == "error":
            self.problems.append(text)
        self._output.event("dbt", level=level, dbtEvent=name, message=text)


def _made(node: Node, info: dict[str, Any]) -> dict[str, Any]:
    """What a line about the node says of it beside its id."""
    return {"relation": node.relation, "materialized": info.get("materialized") if node.kind == "model" else None}


def _level(status: str) -> str | None:
    """As dbt's own events have it; Airflow colours the line by it."""
    return "error" if status in FAILED else "warn" if status == "warn" else None


def _utc(text: str) -> str:
    """The times that dbt gives are UTC but do not say so."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat() if text else ""


def _rows(node: Node, materialized: str, response: dict[str, Any]) -> int | None:
    """Rows that the node wrote. Without statistics Snowflake counts the one row of its message, so that says nothing."""
    if node.kind in TESTS or materialized == "view":
        return None
    written = [response[key] for key in ("rows_inserted", "rows_updated") if response.get(key) is not None]
    if not written and node.kind == "seed":
        written = [response[key] for key in ("rows_affected",) if key in response]
    return int(sum(written)) if written else None
