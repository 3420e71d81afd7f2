"""The verb `run`: check the connection, parse, check the sources' freshness, build, keep the artifacts."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runner.artifacts import Artifacts
from runner.choice import Choice
from runner.commands import Command
from runner.dbt import PROJECT, TARGET, Dbt
from runner.environment import Environment
from runner.events import Events
from runner.identity import fingerprint, identity, process_age
from runner.interruption import interruptible
from runner.journal import Former, Journal
from runner.lineage import Lineage
from runner.options import Options
from runner.outcome import ExitCode, Interruption, RunnerError
from runner.output import Output
from runner.parse_cache import ParseCache
from runner.phases import Phases
from runner.progress import FAILED, Progress, Result, now
from runner.pulse import Pulse
from runner.reasons import HOOK
from runner.start import connect, parse
from runner.steps import Step
from runner.upstreams import fetch_refs
from runner.variables import merged, needed

if TYPE_CHECKING:
    from runner.queries import Queries


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
        self._lineage = Lineage(environment, output)
        self._image = fingerprint()
        identity = {"image": self._image, **asdict(options)}
        self._journal = Journal(self._artifacts, self._progress, identity, output, self._steps)
        self._pulse = Pulse(self._progress, self._phases, output)
        self._cache = ParseCache(self._artifacts, environment, self._image, TARGET)
        self._queries: Queries | None = None
        self._dbt = Dbt(environment, self._events)
        self._choice = Choice(
            environment=environment,
            options=options,
            artifacts=self._artifacts,
            output=output,
            phases=self._phases,
            progress=self._progress,
            dbt=self._dbt,
            alone=len(self._steps) == 1,
        )
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
        self._choice.end()
        self._phases.begin("store")
        return self._end(code)

    def _end(self, code: ExitCode) -> ExitCode:
        # With all that makes the report, these take a tenth of a second, which nobody should wait for before the first query.
        from runner.ending import Ending  # noqa: PLC0415
        from runner.summary import Summary  # noqa: PLC0415

        summary = Summary(
            environment=self._environment,
            progress=self._progress,
            code=code,
            seconds=self._seconds(),
            problem=self._problem,
            sources=self._choice.sources.ages,
            steps=self._steps,
            image=self._image,
            ended=datetime.now(UTC),
            asked=self._options.asked(self._environment),
            alike=self._options.alike(self._progress.nodes),
        )
        first = self._queries.first if self._queries else None
        ending = Ending(
            artifacts=self._artifacts,
            journal=self._journal,
            dbt=self._dbt,
            output=self._output,
            phases=self._phases,
            to_first_query=first and first - self._began,
        )
        code = ending.end(summary)
        if code in {ExitCode.SUCCESS, ExitCode.FAILED}:
            self._output.if_possible("tell the catalogue all of the lineage", self._lineage.send)
        return code

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
        cache = self._cache if variables[0] == needed(self._environment.variables, PROJECT) else None
        self._phases.begin("connection")
        self._queries = connect(self._environment, self._output, cache)
        self._phases.begin("parse")
        fetch_refs(self._environment, self._artifacts, PROJECT)
        cached = parse(self._dbt, variables[0], cache=cache, events=self._events, output=self._output)
        self._output.event("parsed", cached=cached, seconds=self._seconds())
        self._phases.begin("selection")
        former = self._former()
        self._choice.begin(former)
        self._journal.start()
        for step, given in zip(self._steps, variables, strict=True):
            if given != self._dbt.variables:
                self._dbt.parse(given)
            code = self._step(step, former)
            if code != ExitCode.SUCCESS:
                return code
        if self._progress.nodes and not self._ran:
            self._nothing_left()
        elif not self._progress.nodes:
            self._problem = self._choice.without
        if self._choice.held_back:
            self._problem = self._choice.held_back
            return ExitCode.FAILED
        if self._progress.nodes:
            self._choice.keep_state()
        return ExitCode.SUCCESS

    def _former(self) -> Former:
        """What earlier tries of this run did; they go on where those ended."""
        run_id, try_number = self._environment.run_id, self._environment.try_number
        former = self._output.if_possible("read the former try", lambda: self._journal.former(run_id, try_number))
        return former or Former(results={}, began="")

    def _variables(self, command: Command) -> str:
        """YAML: what the project reads of the workstream's variables, the command's and the run's."""
        return needed(merged(merged(self._environment.variables, command.variables), self._options.variables), PROJECT)

    def _step(self, step: Step, former: Former) -> ExitCode:
        """One command: what is left of it, with its place in the log and in the summary."""
        began, since, self._progress.command = time.monotonic(), time.time(), step.number
        told = len(self._steps) > 1 or not step.runs_nodes
        if told:
            self._output.event("command_started", command=str(step.command), n=step.number + 1, of=len(self._steps))
        step.status = "failed"
        try:
            code = self._nodes(step) if step.runs_nodes else self._operation(step, former)
            step.status = "success" if code == ExitCode.SUCCESS else "failed"
        finally:
            step.seconds = round(time.monotonic() - began, 1)
            step.counts = self._progress.counts(step.number)
        self._output.if_possible("take in the command's lineage", lambda: self._lineage.keep(TARGET, since))
        self._progress.changed.set()  # for the journal: the next try need not do this command again
        if told:
            self._output.event("command_finished", command=str(step.command), status=step.status, seconds=step.seconds)
            self._output.if_possible(
                "keep what the command left", lambda: self._artifacts.put_results(TARGET, step.number + 1, since)
            )
        return code

    def _nodes(self, step: Step) -> ExitCode:
        """A command that runs nodes of the project."""
        self._phases.begin("selection")
        nodes = self._choice.of(step)
        left = self._choice.left(step, nodes)
        if not left and not self._choice.lacks_hooks(step, nodes):
            return ExitCode.SUCCESS
        if complaint := self._choice.complaint(step.command, nodes):
            self._problem = complaint
            return ExitCode.FAILED
        return self._build(step.command, [node.id for node in nodes], left)

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

    def _nothing_left(self) -> None:
        """For a run whose former try could not store all that it leaves, and for one that somebody cleared."""
        self._problem = (
            "A former try of this run has built all of this, so nothing was built again.\n"
            f"  What to do: nothing; or, to build it once more, start a new run: ops run {self._environment.workstream}"
        )
        self._output.if_possible("write the manifest", self._dbt.write_manifest)

    def _build(self, command: Command, nodes: list[str], left: list[str]) -> ExitCode:
        self._phases.begin(command.verb)
        self._ran, before = True, len(self._progress.results)
        selection = self._options.selection.of(command)
        options = self._options.of(command)
        outcome = self._dbt.run(command, selection, options, nodes=nodes, left=left, state=self._choice.manifest)
        if outcome.success:
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
            f"{HOOK}{found.message}"
            for found in results
            if found.node.unique_id not in self._progress.nodes and found.status in FAILED
        ]

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)
