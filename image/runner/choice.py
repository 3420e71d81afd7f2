"""What of its selection each command of a run has to run."""

import threading
from dataclasses import dataclass
from pathlib import Path

from runner.artifacts import Artifacts
from runner.commands import Command
from runner.committed import committed
from runner.dbt import TARGET, Dbt
from runner.environment import Environment
from runner.freshness import Sources, complaint, sources
from runner.journal import Former
from runner.news import NOTHING_NEW, News
from runner.options import Options
from runner.outcome import RunnerError
from runner.output import Output
from runner.phases import Phases
from runner.progress import SKIPPED, Node, Progress, Result
from runner.selection import CHANGED
from runner.state import State
from runner.steps import Step

BEAT = 20
"""Seconds between two times that what is built is kept: so much a killed run forgets, and others hear that this one goes on."""


@dataclass(kw_only=True)
class Choice:
    """Of one run."""

    environment: Environment
    options: Options
    artifacts: Artifacts
    output: Output
    phases: Phases
    progress: Progress
    dbt: Dbt
    alone: bool
    """The run has one command."""

    def __post_init__(self) -> None:
        self.sources = Sources(self.dbt, self.output)
        self._news = News(self.environment, self.artifacts, self.dbt, self.sources, self.output)
        self._beats = threading.Thread(target=self._beat, daemon=True, name="news")
        self._ended = threading.Event()
        self._state = State(self.artifacts, TARGET.parent / "state")
        self._changed: set[str] | None = None
        """Ids of what differs from the last success, with `--changed`."""
        self._former = Former(results={}, began="")
        self._selected: set[str] = set()
        self.manifest: Path | None = None
        """Folder of the manifest to compare with, for `--changed`."""
        self.held_back = ""
        """Which sources were too old for a part of the run, or nothing."""
        self.without = ""
        """Why there was nothing to run; nothing: there was something."""

    def begin(self, former: Former) -> None:
        """What a former try completed is not run again; what the last success left is there to compare with."""
        self._former = former
        if self._remembers:
            self._beats.start()
        if not self.options.changed:
            return
        if self.output.if_possible("fetch the state of the last success", self._state.fetch):
            self.manifest = self._state.folder
        else:
            self.output.event("warning", message="There was no full success yet to compare with, so everything runs.")

    def of(self, step: Step) -> list[Node]:
        """The nodes that the command is about: those of its selection, or of these the changed ones, or what has news.

        Raises:
            RunnerError: dbt does not understand the selection, or finds nothing.
        """
        selection = self.options.selection.of(step.command)
        nodes = self.dbt.selected(selection, step.command, self.manifest)
        if not nodes and (self.alone or not self.dbt.matches(selection)):
            raise RunnerError.about(f"The selection matches nothing: {selection}.")
        self._selected |= {node.id for node in nodes}
        self.sources.own |= self.dbt.sources_made_by(nodes)
        self.keep()
        if self.options.only_new and nodes:
            nodes = self._new(nodes)
        elif self.manifest and nodes:
            nodes = self._other(nodes, self.manifest)
        if self._news.shared and not self.options.only_new:
            self._news.due(nodes, self._former.results, whatever=True)
        self.progress.select(nodes)
        self.output.event("selected", nodes=len(nodes))
        return nodes

    def _new(self, nodes: list[Node]) -> list[Node]:
        self.phases.begin("freshness")
        self._news.ask(nodes)
        self.phases.begin("selection")
        chosen = self._news.due(nodes, self._former.results)
        if not chosen:
            self.without = NOTHING_NEW
        return [node for node in nodes if node.id in chosen]

    def _other(self, nodes: list[Node], manifest: Path) -> list[Node]:
        """What differs from the last success, and what that has not built."""
        self._changed = {node.id for node in self.dbt.selected(CHANGED, state=manifest)}
        built = self.output.if_possible("see what was built", self._state.covered) or set()
        found = [node for node in nodes if node.id in self._changed or node.id not in built]
        if not found and self.alone:
            self.without = "Nothing has changed since the last full success."
        return found

    def left(self, step: Step, nodes: list[Node]) -> list[str]:
        """Ids of the nodes without those that a former try of this run completed, and without what stale sources hold back."""
        done = {node.id: self._former.results[node.id] for node in nodes if node.id in self._former.results}
        self.progress.carry_over({node_id: result for node_id, result in done.items() if result.command == step.number})
        if step.number < self._former.commands:
            return []
        if self._former.began and step.number == self._former.commands:
            self.progress.carry_over(self._committed(nodes, self._former.began))
        left = [node.id for node in nodes if node.id not in self.progress.results]
        if len(left) < len(nodes):
            self.output.event("resumed", done=len(nodes) - len(left), left=len(left))
        return self._hold_back(left) if self.options.only_new else left

    def lacks_hooks(self, step: Step, nodes: list[Node]) -> bool:
        """Whether a former try completed these nodes and not the command: its `on-run-end` failed, or was never run."""
        done = [node for node in nodes if node.id in self._former.results]
        return bool(done) and len(done) == len(nodes) and step.number >= self._former.commands and self.dbt.ends_with_hooks

    def _committed(self, nodes: list[Node], since: str) -> dict[str, Result]:
        """What a former try built and did not come to say, of what must not be built twice."""
        adding = [node for node in nodes if node.adds and node.id not in self.progress.results]
        if not adding:
            return {}
        what = f"ask what was committed of {', '.join(node.name for node in adding)}"
        found = self.output.if_possible(what, lambda: committed(self.environment, adding, since)) or {}
        for node_id, query_id in found.items():
            message = "A former try has added its rows and could not say so: they are not added again, its hooks may be missing."
            self.output.event("warning", node=node_id, queryId=query_id, message=message)
        command = self.progress.command
        return {node_id: Result(status="success", query_id=query_id, command=command) for node_id, query_id in found.items()}

    def _hold_back(self, left: list[str]) -> list[str]:
        """What is left without what depends on a source that is too old, which is skipped."""
        stale = self.sources.too_old if self.environment.freshness else []
        if not stale:
            return left
        self.held_back = complaint(stale, "nothing that depends on it")
        held = self._news.hanging(left, {age.source for age in stale})
        for node_id in held:
            self.progress.finish(node_id, Result(status=SKIPPED, message="A source above it is too old."))
        return [node_id for node_id in left if node_id not in held]

    def complaint(self, command: Command, nodes: list[Node]) -> str:
        """Why nothing may be built at all, or nothing: a source of these nodes is too old."""
        if self.options.only_new or not self.environment.freshness or command.verb in {"seed", "test"}:
            return ""
        self.phases.begin("freshness")
        self.sources.ask(sources(parent for node in nodes for parent in node.parents))
        stale = self.sources.too_old
        return complaint(stale, "nothing") if stale else ""

    def keep(self, *, ended: bool = False) -> None:
        """What this try has built so far, for runs that build what is new; also after a failure."""
        if not self._remembers:
            return
        former = self._former.results
        results = {node_id: result for node_id, result in list(self.progress.results.items()) if former.get(node_id) != result}
        self.output.if_possible("keep what was built", lambda: self._news.keep(self.progress.nodes, results, ended=ended))

    def end(self) -> None:
        """Nothing runs any more."""
        self._ended.set()
        self.keep(ended=True)

    @property
    def _remembers(self) -> bool:
        return self.options.only_new or self._news.shared

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            self.keep()

    def keep_state(self) -> None:
        """The manifest of this success. What has no news stands as this manifest has it."""
        built = self._selected if self.options.only_new else self.progress.nodes
        self.output.if_possible(
            "keep the manifest of this success",
            lambda: self._state.update(TARGET / "manifest.json", built, self.dbt.node_ids, self._changed),
        )
