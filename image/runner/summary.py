"""`summary.json`: the run in one machine-readable page. It is stored last, so whoever finds it finds the whole run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from runner.environment import Environment
from runner.freshness import SourceAge
from runner.outcome import ExitCode
from runner.progress import Progress

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
    image: str

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
            "problem": self.problem or None,
            "seconds": self.seconds,
            "counts": self.progress.counts(),
            "sources": [asdict(age) for age in self.sources],
            "nodes": self.nodes(),
        }
        return json.dumps(page, indent=1)

    def nodes(self) -> list[dict[str, object]]:
        """The selected nodes with their results."""
        results = self.progress.results
        return [
            {"id": node.id, "name": node.name, "kind": node.kind, "path": node.path, **asdict(results[node.id])}
            for node in self.progress.nodes.values()
            if node.id in results
        ]
