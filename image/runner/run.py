"""The verb `run`: check the connection, parse, check the sources' freshness, build, keep the artifacts."""

import os
import time
from collections.abc import Sequence

from runner import connection
from runner.artifacts import Artifacts
from runner.closing import closing
from runner.dbt import LOGS, TARGET, Dbt, Selection, profile_variables
from runner.environment import Environment
from runner.events import Events
from runner.interruption import interruptible
from runner.outcome import ExitCode, Interruption, RunnerError
from runner.output import Output
from runner.progress import FAILED, Progress, now
from runner.summary import summary


class Run:
    """One run, from the check of its connection to its last line."""

    def __init__(self, environment: Environment, selection: Selection, *, full_refresh: bool, output: Output) -> None:
        self._environment = environment
        self._selection = selection
        self._full_refresh = full_refresh
        self._output = output
        self._progress = Progress()
        self._events = Events(self._progress, output)
        self._artifacts = Artifacts(environment, output)
        self._problem = ""
        self._clock = time.monotonic()
        self._started = now()

    def execute(self) -> ExitCode:
        """Run, report and store; never raises for what a run can meet."""
        code = self._guarded()
        self._progress.close()
        if not self._store(code) and code == ExitCode.SUCCESS:
            code = ExitCode.FAILED
        seconds = time.monotonic() - self._clock
        block = closing(
            code=code,
            progress=self._progress,
            seconds=seconds,
            workstream=self._environment.workstream,
            artifacts=self._artifacts.uri,
            problem=self._problem,
        )
        self._output.text(block)
        return code

    def _guarded(self) -> ExitCode:
        try:
            with interruptible(self._environment.deadline, self._progress.interrupt):
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

    def _steps(self) -> ExitCode:
        environment = self._environment
        identity = {"workstream": environment.workstream, "runId": environment.run_id, "tryNumber": environment.try_number}
        self._output.event("run_started", **identity)
        connection.check(environment.warehouse)
        self._output.event("connected", address=environment.warehouse.address)
        self._configure()
        dbt = Dbt(environment, self._selection.variables, self._events)
        dbt.parse()
        nodes = dbt.selected(self._selection)
        self._progress.select(nodes)
        self._output.event("parsed", nodes=len(nodes), seconds=round(time.monotonic() - self._clock, 1))
        if environment.freshness and not self._fresh(dbt, dbt.sources_of(nodes)):
            return ExitCode.FAILED
        return self._build(dbt)

    def _configure(self) -> None:
        """Hand dbt its profile; what is secret in it may appear nowhere."""
        variables = profile_variables(self._environment)
        for name, value in variables.items():
            if name.startswith("DBT_ENV_SECRET_"):
                self._output.hide(value)
        os.environ.update(variables)

    def _fresh(self, dbt: Dbt, sources: Sequence[str]) -> bool:
        """Whether no source is older than its error_after. A source that isn't there yet is the build's business."""
        if not sources:
            return True
        outcome = dbt.invoke("source", "freshness", "--select", *sources)
        results = outcome.result.results if outcome.result else []
        for result in results:
            self._output.event("freshness", source=result.node.unique_id, status=str(result.status))
        stale = [result.node.unique_id for result in results if str(result.status) == "error"]
        if stale:
            self._problem = (
                f"Too old, so nothing was built: {', '.join(stale)}.\n"
                "  What to do: look at what loads them; or run without the check (`freshness` of the workstream)."
            )
        return not stale

    def _build(self, dbt: Dbt) -> ExitCode:
        arguments = [*self._selection.arguments, *(["--full-refresh"] if self._full_refresh else [])]
        outcome = dbt.invoke("build", *arguments)
        if outcome.success:
            return ExitCode.SUCCESS
        if self._progress.with_status(FAILED):
            return ExitCode.FAILED
        self._problem = str(outcome.exception or "; ".join(self._events.problems) or "dbt failed without a reason.")
        return ExitCode.NOT_STARTED

    def _store(self, code: ExitCode) -> bool:
        """Whether the artifacts could be stored; the summary goes last."""
        seconds = time.monotonic() - self._clock
        page = summary(self._environment, self._progress, code=code, started=self._started, seconds=seconds, problem=self._problem)
        try:
            self._artifacts.put_files(TARGET, LOGS / "dbt.log")
            self._artifacts.put("summary.json", page)
        except Exception as error:  # noqa: BLE001 - must not hide how dbt ended
            reason = f"The artifacts could not be stored at {self._artifacts.uri}: {error}"
            self._problem = "\n".join(filter(None, [self._problem, reason]))
            return False
        return True
