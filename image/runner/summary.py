"""`summary.json`: the run in one machine-readable page. It is stored last, so whoever finds it finds the whole run."""

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from runner.causes import Diagnosis
from runner.environment import Environment
from runner.freshness import SourceAge
from runner.links import links
from runner.outcome import ExitCode
from runner.phases import Phase
from runner.progress import TESTS, Node, Progress, Result
from runner.reasons import of_node, of_run
from runner.steps import OPERATION, Step

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Everything about a run that ended."""

    environment: Environment
    progress: Progress
    code: ExitCode
    seconds: float
    problem: str
    """What went wrong outside of the nodes, or nothing."""
    sources: Sequence[SourceAge]
    steps: Sequence[Step]
    """The run's commands, in their order."""
    image: str
    ended: datetime
    """UTC."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """What the run was to do, for people."""
    alike: str = ""
    """The same for runs that take about as long."""
    compiled: Mapping[str, str] = field(default_factory=dict)
    """Node id: the SQL that was sent, of what failed or warned."""
    phases: Sequence[Phase] = ()
    """Where its time went; storing as far as it has got."""
    notes: Sequence[str] = ()
    """What people should know although it failed nothing."""

    @property
    def started(self) -> datetime:
        """When the container's process began, UTC."""
        return self.ended - timedelta(seconds=self.seconds)

    @cached_property
    def causes(self) -> dict[str, list[Node]]:
        """Id of each skipped node: the failures without which it would have run."""
        return self.progress.causes()

    @cached_property
    def skipped_because_of(self) -> dict[str, list[Node]]:
        """Id of each failure: what was skipped because of it."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node_id, failures in self.causes.items():
            for failure in failures:
                found[failure.id].append(self.progress.nodes[node_id])
        return dict(found)

    @cached_property
    def diagnoses(self) -> dict[str, Diagnosis]:
        """Id of each failure: why, in the order in which they ended."""
        results = self.progress.results
        return {node.id: of_node(self.environment, node, results[node.id]) for node in self.progress.failed()}

    @cached_property
    def reasons(self) -> list[Diagnosis]:
        """Why the run failed, each cause once, the one that counts first; nothing after a success."""
        return of_run(self.environment, self.code, self.problem, self.diagnoses)

    @property
    def retry(self) -> bool:
        """Another try may do better: if one of the reasons can pass, what failed of it is worth the try."""
        return any(reason.transient for reason in self.reasons)

    def rerun(self, failed: Iterable[Node]) -> str:
        """The command that runs just these again, and all that was skipped because of them."""
        again = dict.fromkeys(found for node in failed for found in self._again(node))
        return f"ops run {self.environment.workstream} " + " ".join(f"{option} {shlex.quote(name)}" for option, name in again)

    def _again(self, node: Node) -> list[tuple[str, str]]:
        """Options of the command."""
        if node.kind == OPERATION:
            return [("--command", node.name)]
        return [("--select", name) for name in self._selectors(node)]

    def _selectors(self, node: Node) -> list[str]:
        if node.kind not in TESTS:
            return [f"{node.name}+"]
        skipped = {other.id: other for other in self.skipped_because_of.get(node.id, [])}
        first = [
            f"{other.name}+" for other in skipped.values() if other.kind not in TESTS and skipped.keys().isdisjoint(other.parents)
        ]
        # A unit test has no selector that runs it alone: it runs with its model, which was skipped.
        return first if node.kind == "unit_test" and first else [node.name, *first]

    def json(self) -> str:
        """The page; its keys are a contract with whoever reads it."""
        page = {
            "schemaVersion": SCHEMA_VERSION,
            "workstream": self.environment.workstream,
            "runId": self.environment.run_id,
            "try": self.environment.try_number,
            "logicalDate": self.environment.logical_date or None,
            "target": self.environment.target,
            "image": self.image,
            "outcome": self.code.name.lower(),
            "exitCode": int(self.code),
            "owner": self.environment.owner or None,
            "asked": dict(self.asked),
            "links": links(self.environment),
            "problem": self.problem or None,
            "notes": list(self.notes),
            "diagnosis": self._diagnosis(),
            "started": self.started.isoformat(timespec="milliseconds"),
            "ended": self.ended.isoformat(timespec="milliseconds"),
            "seconds": self.seconds,
            "phases": [asdict(phase) for phase in self.phases],
            "counts": self.progress.counts(),
            "firstError": self._first_error(),
            "commands": [_command(step) for step in self.steps],
            "sources": [asdict(age) for age in self.sources],
            "nodes": self._nodes(),
        }
        return json.dumps(page, indent=1)

    def _diagnosis(self) -> dict[str, object] | None:
        if not self.reasons:
            return None
        first = self.reasons[0]
        return {
            "cause": first.cause,
            "summary": first.summary,
            "why": first.why,
            "resolution": first.resolution,
            "retry": self.retry,
            "causes": [reason.cause for reason in self.reasons],
        }

    def _nodes(self) -> list[dict[str, object]]:
        """The selected nodes with their results, in dbt's order."""
        results = self.progress.results
        return [
            {**_node(node, results[node.id], self.causes.get(node.id, [])), **self._failure(node)}
            for node in self.progress.nodes.values()
            if node.id in results
        ]

    def _failure(self, node: Node) -> dict[str, str | None]:
        """What only a failure has: its cause, its SQL among the artifacts, how to run just that again."""
        why = self.diagnoses.get(node.id)
        return {
            "cause": why.cause if why else None,
            "compiled": f"compiled/{node.id}.sql" if node.id in self.compiled else None,
            "rerun": self.rerun([node]) if why else None,
        }

    def _first_error(self) -> dict[str, str] | None:
        """The failure that came first: the others may follow from it."""
        results = self.progress.results
        failed = self.progress.failed()
        if not failed:
            return None
        first = min(failed, key=lambda node: results[node.id].started or "~")
        return {"id": first.id, "name": first.name, "message": results[first.id].message}


def _command(step: Step) -> dict[str, object]:
    return {"command": str(step.command), "status": step.status, "seconds": step.seconds, "counts": dict(step.counts)}


def _node(node: Node, result: Result, causes: list[Node]) -> dict[str, object]:
    return {
        "id": node.id,
        "name": node.name,
        "resourceType": node.kind,
        "path": node.path,
        "relation": node.relation or None,
        "status": result.status,
        "message": result.message or None,
        "started": result.started or None,
        "seconds": result.seconds,
        "rows": result.rows,
        "failures": result.failures,
        "queryId": result.query_id,
        "thread": result.thread or None,
        "command": result.command,
        "skippedBecauseOf": [cause.id for cause in causes],
    }
