"""What of a run has something new to work on, for a run that leaves the rest as it is (`--only-new`).

A node is due if a source above it is not as it was when the node last succeeded, if its code changed since, or if it did not
succeed with what there was; and with it what depends on it. Where that can't be told it is due: a source without a freshness
setting tells no age, and when another workstream last built what a node reads is not known here.
"""

import json
from collections.abc import Collection, Mapping, Sequence, Set

from runner.artifacts import Artifacts
from runner.dbt import Dbt
from runner.freshness import Sources, sources
from runner.progress import SUCCEEDED, Node, Result

FILE = "state/sources.json"

NOTHING_NEW = (
    "Nothing new: since the last success no source above the selection has newer data, no code has changed and nothing had failed."
)

Above = Mapping[str, Set[str]]
"""Ids of all that each node reads, itself or by way of others (`Dbt.above`)."""

Built = dict[str, dict[str, str]]
"""Id of each node: how far each source above it was loaded when it last succeeded, ISO 8601, by the source's id."""


def due(nodes: Sequence[Node], above: Above, loaded: Mapping[str, str], built: Built, first: Collection[str] = ()) -> set[str]:
    """Ids of the nodes that have to be built.

    Args:
        nodes: The selected ones.
        above: What they read.
        loaded: How far the sources are loaded, as far as they tell.
        built: What `loaded` was at each node's last success.
        first: Ids of those that are due whatever their sources hold.
    """
    selected = {node.id for node in nodes}

    def is_due(node: Node) -> bool:
        read = sources(above[node.id])
        if node.id in first or not read.issubset(loaded) or not selected.issuperset(above[node.id] - read):
            return True
        return built.get(node.id) != {source: loaded[source] for source in read}

    found = {node.id for node in nodes if is_due(node)}
    return {node.id for node in nodes if node.id in found or not above[node.id].isdisjoint(found)}


class News:
    """`<workstream>/state/sources.json` in the artifacts bucket."""

    def __init__(self, artifacts: Artifacts, dbt: Dbt, asked: Sources) -> None:
        self._artifacts = artifacts
        self._dbt = dbt
        self._asked = asked

    def ask(self, nodes: Sequence[Node]) -> None:
        """How far all sources above these nodes are loaded, before anything is built on them."""
        above = self._dbt.above()
        self._asked.ask(sources(node_id for node in nodes for node_id in above[node.id]))

    def due(self, nodes: Sequence[Node], first: Collection[str]) -> set[str]:
        """Ids of the nodes that have to be built, among them the first ones."""
        return due(nodes, self._dbt.above(), self._asked.loaded, self._built(), first)

    def hanging(self, nodes: Collection[str], stale: Set[str]) -> list[str]:
        """Ids of those of the nodes that depend on one of these sources."""
        above = self._dbt.above()
        return [node_id for node_id in nodes if not above[node_id].isdisjoint(stale)]

    def keep(self, results: Mapping[str, Result]) -> None:
        """Add what succeeded in this run, with how far its sources were loaded when the run looked."""
        above, loaded = self._dbt.above(), self._asked.loaded
        succeeded = {
            node_id: {source: loaded[source] for source in sources(above[node_id]) if source in loaded}
            for node_id, result in results.items()
            if result.status in SUCCEEDED and node_id in above
        }
        kept = {node_id: read for node_id, read in self._built().items() if node_id in above}
        self._artifacts.put_shared(FILE, json.dumps(kept | succeeded))

    def _built(self) -> Built:
        return json.loads(self._artifacts.get_shared(FILE) or b"{}")
