"""What of a run has something new to work on, for a run that leaves the rest as it is (`--only-new`).

Each node remembers its code at its last success, and the versions of what it read then: of a source, how far it was loaded; of
another node, when that was built. A node is due if its code changed since, if it did not succeed with what there was, or if what
it reads is of another version now, or about to be built itself. Where that can't be told it is due: a source without a freshness
setting tells no age, and a node that nobody remembers was built by who knows whom.

A model's own `freshness.build_after` (dbt documentation, "freshness") makes it wait: until so much time has passed since it was
last built, and with `updates_on: all` until everything that it reads directly has news. A change of its code waits for nothing.

The workstreams of a project that builds what is new remember together, whatever they are asked to build: what another one has built
since is not built again, and no two build a node at once. A run says what it is about to build before it begins; one that wants a
node of those waits until it is built, or until the run that was to build it says no more that it goes on.
"""

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter

from runner.artifacts import Artifacts
from runner.built import Building, Built, BuiltNodes, Page
from runner.code import COMPILED, Code, meaning
from runner.dbt import Dbt
from runner.environment import Environment
from runner.freshness import Sources, sources
from runner.outcome import RunnerError
from runner.output import Output
from runner.progress import CANCELLED, FAILED, SUCCEEDED, Node, Result, now

FILE = "built.json"

NOTHING_NEW = (
    "Nothing new: since the last success no source above the selection has newer data, no code has changed and nothing had failed."
)

HELD = 120
"""Seconds after its last word until others may build what it was to build: S3 may fail, or the run be slow, some beats long."""

PAUSE = 5
"""Seconds between two looks at what another run is building."""

PATIENCE = 20 * 60
"""Seconds for which a run waits for others. It pays for its task meanwhile, and its own deadline goes on."""


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
    """What the runs of the workstream, or of all that build its project, know of each other; for one of them."""

    def __init__(self, environment: Environment, artifacts: Artifacts, dbt: Dbt, asked: Sources, output: Output) -> None:
        self._workstream = environment.workstream
        self._dbt = dbt
        self._asked = asked
        self._output = output
        self.shared = bool(environment.project_state)
        """Several workstreams remember together."""
        self._built = BuiltNodes(artifacts, f"{environment.project_state or artifacts.key('state')}/{FILE}")
        self._began = now()
        self._code: dict[str, Code] = {}
        """Of the nodes that the run looked at."""
        self._places: dict[str, str] = {}
        self._compiled: dict[str, str] = {}
        """What the nodes mean whose file changed; nothing: dbt could not compile them."""
        self._lock = threading.RLock()
        self._waited_for = ""

    def ask(self, nodes: Sequence[Node]) -> None:
        """How far all sources above these nodes are loaded, before anything is built on them."""
        above = self._dbt.above()
        self._asked.ask(sources(node_id for node in nodes for node_id in above[node.id]))

    def hanging(self, nodes: Collection[str], stale: Set[str]) -> list[str]:
        """Ids of those of the nodes that depend on one of these sources."""
        above = self._dbt.above()
        return [node_id for node_id in nodes if not above[node_id].isdisjoint(stale)]

    def due(self, nodes: Sequence[Node], first: Collection[str], *, whatever: bool = False) -> set[str]:
        """Ids of the nodes that have to be built, among them the first ones. No other workstream builds them from now on.

        Args:
            nodes: The selected ones.
            first: Ids of those that are due whatever they read: this run has built them in an earlier try.
            whatever: All are due.

        Raises:
            RunnerError: another workstream builds some of them, and went on doing so for too long.
        """
        selected = {node.id for node in nodes}
        self._places = self._dbt.places()
        self._code |= self._dbt.code(selected)
        end = time.monotonic() + PATIENCE
        while True:
            with self._lock:
                if self.shared:
                    self._built.read()
                chosen = selected if whatever else self._due(nodes, first) & selected
                places = {self._places[node_id] for node_id in chosen.difference(first)}
                others = self._others(places)
                if not self.shared or not places or (not others and self._take(places)):
                    return chosen
            self._wait(others, end)

    def _due(self, nodes: Sequence[Node], first: Collection[str]) -> set[str]:
        known = self._built.page.nodes
        # What others build without a word may be newer than it is known here.
        trusted = self._places if self.shared else self._code
        built = {node_id: known[self._places[node_id]] for node_id in trusted if self._places[node_id] in known}
        before = {node.id: built[node.id].code for node in nodes if node.id in built}
        changed = self._changed({node.id: node for node in nodes}, before)
        return due(nodes, built, self._asked.loaded, changed.union(first), datetime.now(UTC))

    def _changed(self, nodes: Mapping[str, Node], before: Mapping[str, Code]) -> set[str]:
        """Ids of those whose code is another than at their last success. Where the file differs dbt is asked what it means."""
        found = {node_id for node_id, last in before.items() if last.settings != self._code[node_id].settings}
        other = {node_id for node_id, last in before.items() if last.source != self._code[node_id].source} - found
        asked = {node_id for node_id in other if nodes[node_id].kind in COMPILED and before[node_id].meaning}
        if unknown := asked - self._compiled.keys():
            compiled = self._dbt.compiled_anew(unknown)
            self._compiled |= {node_id: self._meaning(node_id, compiled.get(node_id, "")) for node_id in unknown}
        same = {node_id for node_id in asked if self._compiled[node_id] == before[node_id].meaning}
        if same:
            self._output.event("same_code", nodes=len(same), message="Their files changed, and compile to what they were.")
        return found | (other - same)

    def _meaning(self, node_id: str, compiled: str) -> str:
        return meaning(compiled, python=self._dbt.is_python(node_id)) if compiled else ""

    def _others(self, places: Set[str]) -> dict[str, int]:
        """Workstreams that build some of these now: how many."""
        building = {name: each for name, each in self._built.page.building.items() if name != self._workstream and each.counts}
        counts = {name: len(places & set(each.nodes)) for name, each in building.items()}
        return {name: count for name, count in counts.items() if count}

    def _take(self, places: Set[str]) -> bool:
        """Say that this run builds these now; False: somebody has written meanwhile, so all has to be looked at again."""
        self._built.page.building[self._workstream] = Building(until=_until(), nodes=sorted(places))
        return self._built.write()

    def _wait(self, others: Mapping[str, int], end: float) -> None:
        if not others:
            return
        names = " and ".join(f"{name} ({count} of them)" for name, count in sorted(others.items()))
        if time.monotonic() > end:
            raise RunnerError(
                f"Waited {PATIENCE // 60} minutes for another workstream that builds the same nodes of the project: {names}.",
                "Let its run end and try again; or keep their selections apart, or their schedules.",
            )
        if names != self._waited_for:
            self._waited_for = names
            self._output.event("waiting", message=f"Builds nodes that this run needs built, so this one waits: {names}.")
        time.sleep(PAUSE)

    def keep(self, nodes: Mapping[str, Node], results: Mapping[str, Result], *, ended: bool) -> None:
        """Remember what this try built, with what it read. What failed is forgotten, so that it is due again.

        Args:
            nodes: All that the run is about.
            results: Of this try.
            ended: Nothing runs any more, so that others may build the rest.
        """
        looked_at = {node_id: result for node_id, result in results.items() if node_id in self._code}
        with self._lock:
            built = self._fresh(nodes, {key: result for key, result in looked_at.items() if result.status in SUCCEEDED})
            forgotten = {self._places[key] for key, result in looked_at.items() if result.status in FAILED | {CANCELLED}}
            done = {self._places[node_id] for node_id in looked_at}

            def change(page: Page) -> None:
                for place in forgotten:
                    page.nodes.pop(place, None)
                page.nodes |= built | self._acquitted(page)
                if held := page.building.pop(self._workstream, None):
                    left = [] if ended else [place for place in held.nodes if place not in done]
                    page.building |= {self._workstream: Building(until=_until(), nodes=left)} if left else {}
                existing = set(self._dbt.node_ids)
                page.nodes = {place: last for place, last in page.nodes.items() if place.partition("|")[2] in existing}

            page = self._built.page
            holds = self._workstream in page.building
            if built or holds or forgotten.intersection(page.nodes) or self._acquitted(page):
                self._built.change(change)

    def _fresh(self, nodes: Mapping[str, Node], succeeded: Mapping[str, Result]) -> dict[str, Built]:
        """By place: what is not remembered yet."""
        known = self._built.page.nodes
        times = {node_id: result.started or self._began for node_id, result in succeeded.items()}
        before = {node_id: known[place].at for node_id, place in self._places.items() if place in known}
        versions = before | times | self._asked.loaded
        return {
            self._places[node_id]: Built(
                code=replace(self._code[node_id], meaning=self._meaning(node_id, self._sent(nodes[node_id]))),
                at=at,
                read={parent: versions[parent] for parent in nodes[node_id].parents if parent in versions},
            )
            for node_id, at in times.items()
            if before.get(node_id) != at
        }

    def _sent(self, node: Node) -> str:
        return self._dbt.compiled(node.id) if node.kind in COMPILED else ""

    def _acquitted(self, page: Page) -> dict[str, Built]:
        """By place: what was written another way and means the same, as it is written now."""
        found: dict[str, Built] = {}
        for node_id, means in self._compiled.items():
            last, code = page.nodes.get(self._places[node_id]), self._code[node_id]
            if last and last.code.source != code.source and means and means == last.code.meaning:
                found[self._places[node_id]] = replace(last, code=replace(code, meaning=means))
        return found


def _until() -> str:
    return (datetime.now(UTC) + timedelta(seconds=HELD)).isoformat(timespec="seconds")
