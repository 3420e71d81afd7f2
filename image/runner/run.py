"""The verb `run`: check the connection, parse, check the sources' freshness, build, keep the artifacts."""

import gc
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from runner import connection
from runner.artifacts import Artifacts
from runner.committed import committed
from runner.dbt import TARGET, Dbt, import_dbt, profile_variables
from runner.ending import Ending
from runner.environment import Environment
from runner.events import Events
from runner.freshness import SourceAge, check_sources, complaint
from runner.identity import fingerprint, identity, process_age
from runner.interruption import interruptible
from runner.journal import Journal
from runner.outcome import ExitCode, Interruption, RunnerError
from runner.output import Output
from runner.parse_cache import ParseCache
from runner.progress import FAILED, Node, Progress, Result
from runner.pulse import Pulse
from runner.selection import CHANGED, Selection
from runner.state import State
from runner.summary import Summary

if TYPE_CHECKING:
    from runner.queries import Queries

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line asks for."""

    selection: Selection
    full_refresh: bool = False
    changed: bool = False


class Run:
    """One run, from the check of its connection to its last line."""

    def __init__(self, environment: Environment, options: Options, output: Output) -> None:
        self._environment = environment
        self._options = options
        self._output = output
        self._began = time.monotonic() - process_age()
        self._progress = Progress()
        self._events = Events(self._progress, output)
        self._artifacts = Artifacts(environment, output)
        self._image = fingerprint()
        self._journal = Journal(self._artifacts, self._progress, {"image": self._image, **asdict(options)}, output)
        self._pulse = Pulse(self._progress, output)
        self._cache = ParseCache(self._artifacts, environment, self._image, TARGET)
        self._state = State(self._artifacts, TARGET.parent / "state")
        self._queries: Queries | None = None
        self._dbt = Dbt(environment, options.selection.variables, self._events)
        self._ages: list[SourceAge] = []
        self._changed: set[str] | None = None
        """Ids of what differs from the last success, with `--changed`."""
        self._problem = ""

    def execute(self) -> ExitCode:
        """Run, report and store; raises for nothing that a run can meet."""
        code = self._guarded()
        self._progress.close()
        self._journal.end()
        self._pulse.end()
        summary = Summary(
            environment=self._environment,
            progress=self._progress,
            code=code,
            seconds=self._seconds(),
            problem=self._problem,
            sources=self._ages,
            image=self._image,
            ended=datetime.now(UTC),
        )
        first = self._queries.first if self._queries else None
        ending = Ending(
            artifacts=self._artifacts,
            journal=self._journal,
            dbt=self._dbt,
            output=self._output,
            to_first_query=first and first - self._began,
        )
        return ending.end(summary)

    def _guarded(self) -> ExitCode:
        try:
            with interruptible(self._environment.deadline, self._interrupted):
                return self._steps()
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

    def _steps(self) -> ExitCode:
        self._output.event("run_started", **identity(self._environment))
        self._connect()
        self._parse()
        state = self._comparison()
        nodes = self._select(state)
        if not nodes:
            return ExitCode.SUCCESS
        left = self._resume()
        if not left:
            return self._nothing_left()
        self._ages = check_sources(self._dbt, self._dbt.sources_of(nodes), self._output) if self._environment.freshness else []
        if problem := complaint(self._ages, self._dbt.sources_made_by(nodes)):
            self._problem = problem
            return ExitCode.FAILED
        self._journal.start()
        self._pulse.start()
        return self._build(state, left)

    def _connect(self) -> None:
        """Log in, and import dbt meanwhile: each takes seconds."""
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
        dbt.join()
        from runner.queries import Queries  # noqa: PLC0415 - imports the connector, which takes a second

        self._queries = Queries(identity(self._environment))
        self._queries.install()

    def _parse(self) -> None:
        # What dbt parses with variables is good for runs with the same ones only.
        keeps = not self._dbt.variables
        cached = keeps and self._if_possible("fetch the parsed project", self._cache.fetch)
        self._dbt.parse()
        if cached and (reason := self._events.unusable):
            self._output.event("warning", message=f"The kept parsed project can't be used, so dbt reads everything: {reason}")
        if keeps:
            self._if_possible("keep the parsed project", self._cache.store)
        # Nothing of what was made so far will ever be garbage, and to look for it there took a sixth of the start.
        gc.freeze()
        gc.enable()
        self._output.event("parsed", cached=bool(cached) and not self._events.unusable, seconds=self._seconds())

    def _comparison(self) -> Path | None:
        """Folder of the manifest to compare with, for `--changed`."""
        if not self._options.changed:
            return None
        if self._if_possible("fetch the state of the last success", self._state.fetch):
            return self._state.folder
        self._output.event("warning", message="There was no full success yet to compare with, so everything runs.")
        return None

    def _select(self, state: Path | None) -> list[Node]:
        selection = self._options.selection
        nodes = self._dbt.selected(selection, state)
        if not nodes:
            raise RunnerError.about(f"The selection matches nothing: {selection}.")
        if state:
            self._changed = {node.id for node in self._dbt.selected(CHANGED, state)}
            built = self._if_possible("see what was built", self._state.covered) or set()
            nodes = [node for node in nodes if node.id in self._changed or node.id not in built]
        if not nodes:
            self._problem = "Nothing has changed since the last full success."
        self._progress.select(nodes)
        self._output.event("selected", nodes=len(nodes))
        return nodes

    def _resume(self) -> list[str]:
        """What is left to build: everything, without what a former try of this run completed."""
        run_id, try_number = self._environment.run_id, self._environment.try_number
        former = self._if_possible("read the former try", lambda: self._journal.former(run_id, try_number))
        if former:
            done = {node_id: result for node_id, result in former.results.items() if node_id in self._progress.nodes}
            self._progress.carry_over(done)
            if former.began:
                self._progress.carry_over(self._committed(former.began))
        left = [node_id for node_id in self._progress.nodes if node_id not in self._progress.results]
        if self._progress.results:
            self._output.event("resumed", done=len(self._progress.results), left=len(left))
        return left

    def _committed(self, since: str) -> dict[str, Result]:
        """What a former try built and did not come to say, of what must not be built twice."""
        adding = [node for node in self._progress.nodes.values() if node.adds and node.id not in self._progress.results]
        if not adding:
            return {}
        names = ", ".join(node.name for node in adding)
        found = self._if_possible(f"ask what was committed of {names}", lambda: committed(self._environment, adding, since)) or {}
        for node_id, query_id in found.items():
            message = "A former try has added its rows and could not say so: they are not added again, its hooks may be missing."
            self._output.event("warning", node=node_id, queryId=query_id, message=message)
        return {node_id: Result(status="success", query_id=query_id) for node_id, query_id in found.items()}

    def _nothing_left(self) -> ExitCode:
        """For a run whose former try could not store all that it leaves, and for one that somebody cleared."""
        self._problem = (
            "A former try of this run has built all of this, so nothing was built again.\n"
            f"  What to do: nothing; or, to build it once more, start a new run: ops run {self._environment.workstream}"
        )
        self._if_possible("write the manifest", self._dbt.write_manifest)
        self._keep_state()
        return ExitCode.SUCCESS

    def _keep_state(self) -> None:
        self._if_possible(
            "keep the manifest of this success",
            lambda: self._state.update(TARGET / "manifest.json", self._progress.nodes, self._dbt.node_ids, self._changed),
        )

    def _build(self, state: Path | None, left: list[str]) -> ExitCode:
        before = len(self._progress.results)
        outcome = self._dbt.build(
            self._options.selection,
            nodes=self._progress.nodes,
            left=left,
            full_refresh=self._options.full_refresh,
            state=state,
        )
        if outcome.success:
            self._keep_state()
            return ExitCode.SUCCESS
        hooks = self._failed_hooks(outcome)
        self._problem = "\n".join(hooks) or str(outcome.exception or "")
        if hooks or len(self._progress.results) > before:
            return ExitCode.FAILED
        self._problem = self._problem or "; ".join(self._events.problems) or "dbt failed without a reason."
        return ExitCode.NOT_STARTED

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
