"""The end of a run: store what it leaves, write metrics and the last block."""

import json
import time
from dataclasses import dataclass, replace

from runner.artifacts import Artifacts, passes
from runner.closing import closing
from runner.dbt import LOGS, TARGET, Dbt
from runner.history import FILE as HISTORY
from runner.history import History
from runner.journal import Journal
from runner.metrics import metrics
from runner.notes import notes
from runner.outcome import ExitCode
from runner.output import Output
from runner.phases import Phases
from runner.progress import FAILED
from runner.reasons import NOT_STORED
from runner.report import Before, report
from runner.summary import Summary

LATEST = "latest/summary.json"
"""The summary of the workstream's last run that ended."""

ROWS = "latest/rows.json"
"""Node id: rows that it wrote in its last run that succeeded. Failed runs and runs of a few nodes leave the others' alone."""

DOCS = "docs/index.html"
"""dbt's documentation of the project on one page, of the last `docs generate --static`."""

PATIENCE = 240
"""Seconds for which storing is tried again. A run that was told to end, or is past its deadline, has not so long."""

PAUSE = 5
"""Seconds between two of these tries."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Ends one run."""

    artifacts: Artifacts
    journal: Journal
    dbt: Dbt
    output: Output
    phases: Phases
    to_first_query: float | None
    """Seconds from the start of the container."""

    def end(self, summary: Summary) -> ExitCode:
        """Store and report. What could not be stored makes a success a failure, and never hides a failure."""
        former = self.output.if_possible("see what the last runs took", lambda: self._former(summary)) or []
        summary = replace(summary, compiled=self._compiled(summary), notes=notes(summary, former))
        try:
            self._store_patiently(summary)
        except Exception as error:  # noqa: BLE001 - S3 may fail in many ways
            problem = f"{NOT_STORED} at {self.artifacts.uri}: {error}"
            code = ExitCode.NOT_STORED if summary.code == ExitCode.SUCCESS else summary.code
            problem = "\n".join(filter(None, [summary.problem, problem]))
            summary = replace(summary, code=code, problem=problem, compiled={})
        self.output.text(metrics(summary, self.to_first_query))
        self.output.text(closing(summary, self.artifacts.uri))
        return summary.code

    def _store_patiently(self, summary: Summary) -> None:
        """Again and again while S3 does not answer, or answers that it can't: all was built, and would count as failed."""
        end = time.monotonic() + (PATIENCE if summary.code in {ExitCode.SUCCESS, ExitCode.FAILED} else 0)
        while True:
            try:
                return self._store(summary)
            except Exception as error:
                if not passes(error) or time.monotonic() > end:
                    raise
                self.output.event("warning", message=f"What the run leaves could not be stored yet: {error}")
                time.sleep(PAUSE)

    def _store(self, summary: Summary) -> None:
        """The summary goes last: whoever sees it finds the rest."""
        self.artifacts.put_files(TARGET, LOGS / "dbt.log")
        for node_id, sql in summary.compiled.items():
            self.artifacts.put(f"compiled/{node_id}.sql", sql)
        if (TARGET / "static_index.html").exists():
            self.artifacts.put_shared(DOCS, (TARGET / "static_index.html").read_text())
        self.journal.store()
        before = json.loads(self.artifacts.get_shared(ROWS) or b"{}")
        history = self._history()
        summary = replace(summary, phases=self.phases.so_far())
        self.artifacts.put("report.html", report(summary, Before(rows=before, seconds=history.usual())))
        self.artifacts.put_shared(HISTORY, history.add(summary))
        if summary.code == ExitCode.SUCCESS:
            self.artifacts.put_shared(ROWS, json.dumps(before | summary.progress.rows()))
        page = summary.json()
        self.artifacts.put_shared(LATEST, page)
        self.artifacts.put("summary.json", page)

    def _former(self, summary: Summary) -> list[float]:
        """Seconds of the runs before it that are like it. A run that was told to end has no time to look at others."""
        return [] if summary.code == ExitCode.CANCELLED else self._history().alike(summary)

    def _history(self) -> History:
        """A file that can't be read is not worth a run: it begins anew."""
        try:
            return History(self.artifacts.get_shared(HISTORY))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.output.event("warning", message=f"{HISTORY} can't be read, so it begins anew: {error}")
            return History(None)

    def _compiled(self, summary: Summary) -> dict[str, str]:
        """Node id: SQL, of what failed or warned."""
        progress = summary.progress
        told = [node_id for node_id in progress.with_status(FAILED | {"warn"}) if node_id in progress.nodes]
        return {node_id: sql for node_id in told if (sql := self.dbt.compiled(node_id))}
