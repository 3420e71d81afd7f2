"""What of a run has something new to work on, for a run that leaves the rest as it is (`--only-new`).

Each node remembers its code at its last success, and the versions of what it read then: of a source, how far it was loaded; of
another node, when that was built. A node is due if its code changed since, if it did not succeed with what there was, or if what
it reads is of another version now, or about to be built itself. Where that can't be told it is due: a source without a freshness
setting tells no age, and when somebody else built what a node reads is not known here.

A model's own `freshness.build_after` (dbt documentation, "freshness") makes it wait: until so much time has passed since it was
last built, and with `updates_on: all` until everything that it reads directly has news. A change of its code waits for nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from graphlib import TopologicalSorter

from runner.artifacts import Artifacts
from runner.built import Built, BuiltNodes
from runner.code import COMPILED, Code, meaning
from runner.dbt import Dbt
from runner.freshness import Sources, sources
from runner.output import Output
from runner.progress import CANCELLED, FAILED, SUCCEEDED, Node, Result, now

FILE = "state/built.json"

NOTHING_NEW = (
    "Nothing new: since the last success no source above the selection has newer data, no code has changed and nothing had failed."
)


def due(nodes: Sequence[Node], built: Mapping[str, Built], loaded: dict[str, str], first: Iterable[str], at: datetime) -> set[str]:
    """Ids of the nodes that have to be built.

    Args:
        nodes: The selected ones.
        built: How they, and others of which that is known, were when they last succeeded.
        loaded: How far the sources are loaded, as far as they tell.
        first: Ids of those that are due whatever they read.
        at: The time for `build_after`.
    """
    found, selected = set(first), {node.id: node for node in nodes}
    versions = loaded | {node_id: last.at for node_id, last in built.items()}
    parents = {node.id: [parent for parent in node.parents if parent in selected] for node in nodes}
    for node_id in TopologicalSorter(parents).static_order():
        node, last = selected[node_id], built.get(node_id)
        if last is None:
            found.add(node_id)
            continue
        news = [parent in found or parent not in versions or versions[parent] != last.read.get(parent) for parent in node.parents]
        waited = (at - datetime.fromisoformat(last.at)).total_seconds()
        if news and (all(news) if node.needs_all else any(news)) and max(waited, 0) >= node.build_after:
            found.add(node_id)
    return found


class News:
    """What the workstream's runs know of each other, for one run."""

    def __init__(self, artifacts: Artifacts, dbt: Dbt, asked: Sources, output: Output) -> None:
        self._dbt = dbt
        self._asked = asked
        self._output = output
        self._built = BuiltNodes(artifacts, FILE)
        self._code: dict[str, Code] = {}
        """Of the nodes that the run looked at."""
        self._same: set[str] = set()
        """Ids of those whose file changed and means the same."""

    def ask(self, nodes: Sequence[Node]) -> None:
        """How far all sources above these nodes are loaded, before anything is built on them."""
        above = self._dbt.above()
        self._asked.ask(sources(node_id for node in nodes for node_id in above[node.id]))

    def due(self, nodes: Sequence[Node], first: Collection[str]) -> set[str]:
        """Ids of the nodes that have to be built, among them the first ones."""
        selected = {node.id for node in nodes}
        built = {node_id: last for node_id, last in self._built.nodes.items() if node_id in selected}
        self._code |= self._dbt.code(selected)
        changed = self._changed(nodes, built)
        return due(nodes, built, self._asked.loaded, changed.union(first), datetime.now(UTC)) & selected

    def _changed(self, nodes: Sequence[Node], built: Mapping[str, Built]) -> set[str]:
        """Ids of those whose code is another than at their last success. Of those whose file alone differs dbt is asked."""
        before = {node.id: built[node.id].code for node in nodes if node.id in built}
        found = {node_id for node_id, last in before.items() if last.settings != self._code[node_id].settings}
        other = {node_id for node_id, last in before.items() if last.source != self._code[node_id].source} - found
        compilable = [node.id for node in nodes if node.id in other and node.kind in COMPILED and before[node.id].meaning]
        same = {node_id for node_id, means in self._meanings(compilable, anew=True).items() if means == before[node_id].meaning}
        self._same |= same
        if same:
            self._output.event("same_code", nodes=len(same), message="Their files changed, and compile to what they were.")
        return found | (other - same)

    def _meanings(self, node_ids: Collection[str], *, anew: bool = False) -> dict[str, str]:
        """Of what dbt compiled; those that it didn't, or could not before other nodes are built, are missing."""
        if not node_ids:
            return {}
        compiled = self._dbt.compiled_anew(node_ids) if anew else {node_id: self._dbt.compiled(node_id) for node_id in node_ids}
        return {node_id: meaning(sql, python=self._dbt.is_python(node_id)) for node_id, sql in compiled.items() if sql}

    def hanging(self, nodes: Collection[str], stale: Set[str]) -> list[str]:
        """Ids of those of the nodes that depend on one of these sources."""
        above = self._dbt.above()
        return [node_id for node_id in nodes if not above[node_id].isdisjoint(stale)]

    def keep(self, nodes: Mapping[str, Node], results: Mapping[str, Result]) -> None:
        """Remember what this try built, with what it read. What failed is forgotten, so that it is due again."""
        succeeded = {node_id: result for node_id, result in results.items() if result.status in SUCCEEDED and node_id in self._code}
        failed = [node_id for node_id, result in results.items() if result.status in FAILED | {CANCELLED}]
        times = {node_id: result.started or now() for node_id, result in succeeded.items()}
        versions = {node_id: last.at for node_id, last in self._built.nodes.items()} | times | self._asked.loaded
        meanings = self._meanings([node_id for node_id in succeeded if nodes[node_id].kind in COMPILED])
        found = {
            node_id: Built(
                code=replace(self._code[node_id], meaning=meanings.get(node_id, "")),
                at=times[node_id],
                read={parent: versions[parent] for parent in nodes[node_id].parents if parent in versions},
            )
            for node_id in succeeded
        }
        acquitted = {
            node_id: replace(last, code=replace(self._code[node_id], meaning=last.code.meaning))
            for node_id in self._same - succeeded.keys()
            if (last := self._built.nodes.get(node_id))
        }
        if found or failed or acquitted:
            self._built.update(acquitted | found, failed, existing=self._dbt.node_ids)
