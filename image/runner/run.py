"""The verb `run`: check the connection, parse, check the sources' freshness, build, keep the artifacts."""

import gc
import multiprocessing.context  # noqa: F401 - see `_connect`
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runner import connection
from runner.artifacts import Artifacts
from runner.commands import BUILD, Command
from runner.committed import committed
from runner.dbt import PROJECT, TARGET, Dbt, import_dbt, profile_variables
from runner.environment import Environment
from runner.events import Events
from runner.freshness import Sources, complaint, sources
from runner.identity import fingerprint, identity, process_age
from runner.interruption import interruptible
from runner.journal import Former, Journal
from runner.news import NOTHING_NEW, News
from runner.outcome import ExitCode, Interruption, RunnerError
from runner.output import Output
from runner.parse_cache import ParseCache
from runner.phases import Phases
from runner.progress import FAILED, SKIPPED, Node, Progress, Result, now
from runner.pulse import Pulse
from runner.selection import CHANGED, Selection
from runner.state import State
from runner.steps import Step
from runner.variables import merged, needed

if TYPE_CHECKING:
    from runner.queries import Queries

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asks for."""

    commands: tuple[Command, ...] = (BUILD,)
    selection: Selection = field(default_factory=Selection)
    """Of the commands that say none themselves."""
    variables: str = ""
    """JSON or YAML object; before those of the workstream and of a command."""
    full_refresh: bool = False
    changed: bool = False
    only_new: bool = False
    """Only what has something new to work on (`runner.news`)."""
    event_time: tuple[str, str] | None = None
    """Begin and end, UTC, of the batches that microbatch models build; without: what dbt takes by itself."""


class Run:
    """One run, from the check of its connection to its last line."""

    def __init__(self, environment: Environment, options: Options, output: Output) -> None:
        self._environment = environment
        self._options = options
        self._output = output
        self._began = time.monotonic() - process_age()
        self._phases = Phases(lambda: time.monotonic() - self._began)
        self._steps = [Step(number=number, command=command) for number, command in enumerate(options.commands)]
        self._progress = Progress()
        self._events = Events(self._progress, output)
        self._artifacts = Artifacts(environment, output)
        self._image = fingerprint()
        identity = {"image": self._image, **asdict(options)}
        self._journal = Journal(self._artifacts, self._progress, identity, output, self._steps)
        self._pulse = Pulse(self._progress, self._phases, output)
        self._cache = ParseCache(self._artifacts, environment, self._image, TARGET)
        self._state = State(self._artifacts, TARGET.parent / "state")
        self._queries: Queries | None = None
        self._dbt = Dbt(environment, self._events)
        self._sources = Sources(self._dbt, output)
        self._news = News(self._artifacts, self._dbt, self._sources)
        self._changed: set[str] | None = None
        """Ids of what differs from the last success, with `--changed` and `--only-new`."""
        self._held_back = ""
        """Which sources were too old for a part of the run, or nothing."""
        self._problem = ""
        self._ran = False
        """Whether a command had anything left to do."""

    def execute(self) -> ExitCode:
        """Run, report and store; raises for nothing that a run can meet."""
        code = self._guarded()
        self._progress.close()
        current = self._progress.command
        self._steps[current].counts = self._progress.counts(current)
        self._journal.end()
        self._pulse.end()
        if self._options.only_new and self._progress.nodes:
            self._if_possible("keep what the sources held", lambda: self._news.keep(self._progress.results))
        self._phases.begin("store")
        return self._end(code)

    def _end(self, code: ExitCode) -> ExitCode:
        # With all that makes the report, these take a tenth of a second, which nobody should wait for before the first query.
        from runner.ending import Ending  # noqa: PLC0415
        from runner.notes import Notes  # noqa: PLC0415
        from runner.summary import Summary  # noqa: PLC0415

        summary = Summary(
            environment=self._environment,
            progress=self._progress,
            code=code,
            seconds=self._seconds(),
            problem=self._problem,
            sources=self._sources.ages,
            steps=self._steps,
            image=self._image,
            ended=datetime.now(UTC),
            asked=self._asked(),
        )
        first = self._queries.first if self._queries else None
        ending = Ending(
            artifacts=self._artifacts,
            journal=self._journal,
            dbt=self._dbt,
            output=self._output,
            phases=self._phases,
            notes=Notes(self._environment, self._artifacts, self._alike()),
            to_first_query=first and first - self._began,
        )
        return ending.end(summary)

    def _alike(self) -> dict[str, object]:
        """What makes runs alike; of those that build what is new, the ones that built the same."""
        nodes = sorted(self._progress.nodes) if self._options.only_new else []
        return {**asdict(replace(self._options, event_time=None, variables="")), "nodes": nodes}

    def _asked(self) -> dict[str, str]:
        """What the run was to do, for people."""
        options, warehouse = self._options, self._environment.warehouse
        asked = {
            "commands": "; ".join(str(command) for command in options.commands),
            "selection": str(options.selection),
            "vars": " ".join(text for text in (self._environment.variables, options.variables) if text not in {"", "{}"}),
            "full refresh": "yes" if options.full_refresh else "",
            "changed only": "yes" if options.changed else "",
            "new only": "yes" if options.only_new else "",
            "batches": " to ".join(options.event_time or ()),
            "warehouse": f"{warehouse.warehouse} as {warehouse.role}, {warehouse.database}.{warehouse.schema}",
        }
        return {name: value for name, value in asked.items() if value}

    def _guarded(self) -> ExitCode:
        try:
            with interruptible(self._environment.deadline, self._interrupted):
                return self._whole()
        except RunnerError as error:
            self._problem = str(error)
            return ExitCode.NOT_STARTED
        except Interruption as interruption:
            self._problem = interruption.reason
            return interruption.code
        except Exception as error:  # noqa: BLE001 - a person reads the end of the log, not a traceback
            self._problem = f"{type(error).__name__}: {error}"
            return ExitCode.NOT_STARTED

    def _interrupted(self) -> None:
        self._progress.interrupt()
        if self._queries:
            self._queries.stop()

    def _whole(self) -> ExitCode:
        self._output.event("run_started", **identity(self._environment))
        self._pulse.start()
        variables = [self._variables(step.command) for step in self._steps]
        # What dbt parses with a run's own variables is good for runs with the same ones only.
        keeps = variables[0] == needed(self._environment.variables, PROJECT)
        self._phases.begin("connection")
        cached = self._connect(self._cache.fetch if keeps else lambda: False)
        self._phases.begin("parse")
        self._parse(variables[0], keeps=keeps, cached=cached)
        self._phases.begin("selection")
        state = self._comparison()
        former = self._former()
        self._journal.start()
        for step, given in zip(self._steps, variables, strict=True):
            if given != self._dbt.variables:
                self._dbt.parse(given)
            code = self._step(step, former, state)
            if code != ExitCode.SUCCESS:
                return code
        if self._progress.nodes and not self._ran:
            self._nothing_left()
        elif self._options.only_new and not self._progress.nodes:
            self._problem = NOTHING_NEW
        if self._held_back:
            self._problem = self._held_back
            return ExitCode.FAILED
        if self._progress.nodes:
            self._keep_state()
        return ExitCode.SUCCESS

    def _variables(self, command: Command) -> str:
        """YAML: what the project reads of the workstream's variables, the command's and the run's."""
        return needed(merged(merged(self._environment.variables, command.variables), self._options.variables), PROJECT)

    def _step(self, step: Step, former: Former, state: Path | None) -> ExitCode:
        """One command: what is left of it, with its place in the log and in the summary."""
        began, since, self._progress.command = time.monotonic(), time.time(), step.number
        told = len(self._steps) > 1 or not step.runs_nodes
        if told:
            self._output.event("command_started", command=str(step.command), n=step.number + 1, of=len(self._steps))
        step.status = "failed"
        try:
            code = self._nodes(step, former, state) if step.runs_nodes else self._operation(step, former)
            step.status = "success" if code == ExitCode.SUCCESS else "failed"
        finally:
            step.seconds = round(time.monotonic() - began, 1)
            step.counts = self._progress.counts(step.number)
        if told:
            self._output.event("command_finished", command=str(step.command), status=step.status, seconds=step.seconds)
            self._if_possible("keep what the command left", lambda: self._artifacts.put_results(TARGET, step.number + 1, since))
        return code

    def _nodes(self, step: Step, former: Former, state: Path | None) -> ExitCode:
        selection = self._options.selection.of(step.command)
        self._phases.begin("selection")
        nodes = self._select(step.command, selection, state, former)
        left = self._resume(step, nodes, former)
        if self._options.only_new:
            left = self._hold_back(left)
        if not left:
            return ExitCode.SUCCESS
        if not self._options.only_new and self._sources_are_too_old(step.command, nodes):
            return ExitCode.FAILED
        deferred = state if self._options.changed else None
        return self._build(step.command, selection, deferred, [node.id for node in nodes], left)

    def _operation(self, step: Step, former: Former) -> ExitCode:
        """A command that runs no nodes of the project: it is one itself."""
        if step.command.verb == "deps":
            self._output.event("skipped", command="deps", message="The image has the packages already.")
            return ExitCode.SUCCESS
        node = step.node
        self._progress.select([node])
        if step.number < former.commands:
            self._progress.carry_over({node.id: former.results[node.id]})
            return ExitCode.SUCCESS
        self._ran = True
        self._phases.begin(step.command.verb)
        self._progress.start(node.id)
        started, began, before = now(), time.monotonic(), len(self._events.problems)
        outcome = self._dbt.operate(step.command)
        said = str(outcome.exception or "; ".join(self._events.problems[before:]) or "dbt failed without a reason.")
        result = Result(
            status="success" if outcome.success else "error",
            message="" if outcome.success else said,
            started=started,
            seconds=round(time.monotonic() - began, 3),
        )
        self._progress.finish(node.id, result)
        return ExitCode.SUCCESS if outcome.success else ExitCode.FAILED

    def _sources_are_too_old(self, command: Command, nodes: list[Node]) -> bool:
        """Whether nothing may be built because of it."""
        if not self._environment.freshness or command.verb in {"seed", "test"}:
            return False
        self._phases.begin("freshness")
        self._sources.ask(sources(parent for node in nodes for parent in node.parents))
        if stale := self._sources.too_old:
            self._problem = complaint(stale, "nothing")
        return bool(stale)

    def _hold_back(self, left: list[str]) -> list[str]:
        """What is left without what depends on a source that is too old, which is skipped."""
        stale = self._sources.too_old if self._environment.freshness else []
        if not stale:
            return left
        self._held_back = complaint(stale, "nothing that depends on it")
        held = self._news.hanging(left, {age.source for age in stale})
        for node_id in held:
            self._progress.finish(node_id, Result(status=SKIPPED, message="A source above it is too old."))
        return [node_id for node_id in left if node_id not in held]

    def _connect(self, fetch: Callable[[], bool]) -> bool:
        """Log in, fetch the parsed project (whether there is one), and import dbt meanwhile: each takes a second, or more.

        Of two threads that import at once one may be given a module that the other has half done, where modules import each other
        (`importlib` prefers that to waiting for ever). `multiprocessing` is such a one, and both want it: so it is there before.
        """
        gc.disable()
        secrets = profile_variables(self._environment)
        for name, value in secrets.items():
            if name.startswith("DBT_ENV_SECRET_"):
                self._output.hide(value)
        os.environ.update(secrets)
        dbt = threading.Thread(target=import_dbt, daemon=True, name="import")
        dbt.start()
        connection.check(self._environment.warehouse, identity(self._environment))
        self._output.event("connected", address=self._environment.warehouse.address)
        cached = self._if_possible("fetch the parsed project", fetch)
        dbt.join()
        import_dbt()  # nothing, unless the other import stood in the way of a part of it
        from runner.queries import Queries  # noqa: PLC0415 - imports the connector, which takes a second

        self._queries = Queries(identity(self._environment))
        self._queries.install()
        return bool(cached)

    def _parse(self, variables: str, *, keeps: bool, cached: bool) -> None:
        self._dbt.parse(variables)
        if cached and (reason := self._events.unusable):
            self._output.event("warning", message=f"The kept parsed project can't be used, so dbt reads everything: {reason}")
        if keeps:
            self._if_possible("keep the parsed project", self._cache.store)
        # Nothing of what was made so far will ever be garbage, and to look for it there took a sixth of the start.
        gc.freeze()
        gc.enable()
        self._output.event("parsed", cached=cached and not self._events.unusable, seconds=self._seconds())

    def _comparison(self) -> Path | None:
        """Folder of the manifest to compare with, for `--changed` and `--only-new`."""
        if not (self._options.changed or self._options.only_new):
            return None
        if self._if_possible("fetch the state of the last success", self._state.fetch):
            return self._state.folder
        self._output.event("warning", message="There was no full success yet to compare with, so everything runs.")
        return None

    def _select(self, command: Command, selection: Selection, state: Path | None, former: Former) -> list[Node]:
        nodes = self._dbt.selected(selection, command, state)
        if not nodes and (len(self._steps) == 1 or not self._dbt.matches(selection)):
            raise RunnerError.about(f"The selection matches nothing: {selection}.")
        self._sources.own |= self._dbt.sources_made_by(nodes)
        if self._options.only_new:
            self._phases.begin("freshness")
            self._news.ask(nodes)
            self._phases.begin("selection")
        if state and nodes:
            chosen = self._changed_nodes(nodes, state)
            if self._options.only_new:
                chosen = self._news.due(nodes, chosen.union(former.results))
            nodes = [node for node in nodes if node.id in chosen]
            if not nodes and len(self._steps) == 1:
                self._problem = "Nothing has changed since the last full success."
        self._progress.select(nodes)
        self._output.event("selected", nodes=len(nodes))
        return nodes

    def _changed_nodes(self, nodes: list[Node], state: Path) -> set[str]:
        """Ids of what differs from the last success, and of what it has not built."""
        self._changed = {node.id for node in self._dbt.selected(CHANGED, state=state)}
        built = self._if_possible("see what was built", self._state.covered) or set()
        return {node.id for node in nodes if node.id in self._changed or node.id not in built}

    def _former(self) -> Former:
        run_id, try_number = self._environment.run_id, self._environment.try_number
        former = self._if_possible("read the former try", lambda: self._journal.former(run_id, try_number))
        return former or Former(results={}, began="")

    def _resume(self, step: Step, nodes: list[Node], former: Former) -> list[str]:
        """What is left to run: everything, without what a former try of this run completed."""
        done = {node.id: former.results[node.id] for node in nodes if node.id in former.results}
        self._progress.carry_over({node_id: result for node_id, result in done.items() if result.command == step.number})
        if step.number < former.commands:
            return []
        if former.began and step.number == former.commands:
            self._progress.carry_over(self._committed(nodes, former.began))
        left = [node.id for node in nodes if node.id not in self._progress.results]
        if len(left) < len(nodes):
            self._output.event("resumed", done=len(nodes) - len(left), left=len(left))
        return left

    def _committed(self, nodes: list[Node], since: str) -> dict[str, Result]:
        """What a former try built and did not come to say, of what must not be built twice."""
        adding = [node for node in nodes if node.adds and node.id not in self._progress.results]
        if not adding:
            return {}
        names = ", ".join(node.name for node in adding)
        found = self._if_possible(f"ask what was committed of {names}", lambda: committed(self._environment, adding, since)) or {}
        for node_id, query_id in found.items():
            message = "A former try has added its rows and could not say so: they are not added again, its hooks may be missing."
            self._output.event("warning", node=node_id, queryId=query_id, message=message)
        command = self._progress.command
        return {node_id: Result(status="success", query_id=query_id, command=command) for node_id, query_id in found.items()}

    def _nothing_left(self) -> None:
        """For a run whose former try could not store all that it leaves, and for one that somebody cleared."""
        self._problem = (
            "A former try of this run has built all of this, so nothing was built again.\n"
            f"  What to do: nothing; or, to build it once more, start a new run: ops run {self._environment.workstream}"
        )
        self._if_possible("write the manifest", self._dbt.write_manifest)

    def _keep_state(self) -> None:
        self._if_possible(
            "keep the manifest of this success",
            lambda: self._state.update(TARGET / "manifest.json", self._progress.nodes, self._dbt.node_ids, self._changed),
        )

    def _build(self, command: Command, selection: Selection, state: Path | None, nodes: list[str], left: list[str]) -> ExitCode:
        self._phases.begin(command.verb)
        self._ran, before = True, len(self._progress.results)
        outcome = self._dbt.run(command, selection, self._options_of(command), nodes=nodes, left=left, state=state)
        if outcome.success:
            return ExitCode.SUCCESS
        hooks = self._failed_hooks(outcome)
        self._problem = "\n".join(hooks) or str(outcome.exception or "")
        if hooks or len(self._progress.results) > before:
            return ExitCode.FAILED
        self._problem = self._problem or "; ".join(self._events.problems) or "dbt failed without a reason."
        return ExitCode.NOT_STARTED

    def _options_of(self, command: Command) -> list[str]:
        """The run's own options, as far as the command takes them."""
        options = ["--full-refresh"] if self._options.full_refresh and command.takes("--full-refresh") else []
        if self._options.event_time and command.takes("--event-time-start") and command.takes("--event-time-end"):
            options += ["--event-time-start", self._options.event_time[0], "--event-time-end", self._options.event_time[1]]
        return options

    def _failed_hooks(self, outcome: Any) -> list[str]:
        """What dbt says of the project's `on-run-start` and `on-run-end` that failed; it runs them beside the nodes."""
        results = outcome.result.results if outcome.result else []
        return [
            f"Hook {found.message}"
            for found in results
            if found.node.unique_id not in self._progress.nodes and found.status in FAILED
        ]

    def _if_possible(self, what: str, function: Callable[[], T]) -> T | None:
        """Something that saves time but that a run can do without."""
        try:
            return function()
        except Exception as error:  # noqa: BLE001 - S3 may fail in many ways, and none of them is worth a failed run
            self._output.event("warning", message=f"Could not {what}: {error}")
            return None

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)
