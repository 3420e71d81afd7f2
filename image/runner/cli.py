"""The command line of the container."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runner import environment
from runner.causes import diagnose
from runner.check import check, debug
from runner.commands import BUILD, Command, parse
from runner.options import Options
from runner.outcome import ExitCode, RunnerError
from runner.output import Output
from runner.run import Run
from runner.selection import Selection

Verb = Callable[[argparse.Namespace, Mapping[str, str], Output], ExitCode]

SECRETS = ("SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "SNOWFLAKE_PASSWORD")
"""Variables that dbt must not see: a project that reads one would write it into its manifest."""

_HIDDEN = (*SECRETS, "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the arguments say, then end the process at once: dbt's threads and the connector would hold it up."""
    options = _parser().parse_args(arguments)
    variables = dict(os.environ)
    for name in SECRETS:
        os.environ.pop(name, None)
    given = filter(None, variables.get("DBT_SECRETS", "").split(","))
    output = Output(variables.get(name, "") for name in (*_HIDDEN, *given))
    try:
        code = options.verb(options, variables, output)
    except RunnerError as error:
        output.text(f"{error}\n  {diagnose('run', str(error)).last_words}")
        code = ExitCode.NOT_STARTED
    except Exception as error:  # noqa: BLE001 - a person reads the end of the log, not a traceback
        output.text(f"The runner itself failed, please report it: {type(error).__name__}: {error}")
        code = ExitCode.NOT_STARTED
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(options: argparse.Namespace, variables: Mapping[str, str], output: Output) -> ExitCode:
    overridden = {"DBT_THREADS": options.threads, "SNOWFLAKE_WAREHOUSE": options.warehouse}
    overridden = {name: value for name, value in overridden.items() if value}
    os.environ.update(overridden)
    wanted = Options(
        commands=_commands(options.command),
        selection=_selection(options),
        variables=options.vars,
        full_refresh=options.full_refresh,
        changed=options.changed,
        # A day that is built anew, or a table, has nothing to do with what is new.
        only_new=options.only_new and not options.full_refresh and not options.event_time,
        event_time=tuple(options.event_time) if options.event_time else None,
    )
    return Run(environment.read({**variables, **overridden}), wanted, output).execute()


def _selection(options: argparse.Namespace) -> Selection:
    if options.selector and (options.select or options.exclude):
        raise RunnerError("dbt looks at no --select and --exclude beside --selector.", "Use one of them.")
    return Selection(select=tuple(options.select), exclude=tuple(options.exclude), selector=options.selector)


def _commands(texts: Sequence[str]) -> tuple[Command, ...]:
    try:
        return tuple(parse(text) for text in texts) or (BUILD,)
    except ValueError as error:
        raise RunnerError(f"{error}.", "Correct `commands` of the workstream, or of this run.") from None


def _check(_: argparse.Namespace, variables: Mapping[str, str], output: Output) -> ExitCode:
    return check(variables, output)


def _debug(_: argparse.Namespace, variables: Mapping[str, str], output: Output) -> ExitCode:
    return debug(variables, output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="runner", description="Runs a dbt project once and keeps what it leaves.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = _verb(verbs, "run", _run, "run dbt's commands on the selection")
    run.add_argument("--command", action="append", default=[], metavar="COMMAND", help="a dbt command; may repeat; else: build")
    run.add_argument("--select", nargs="+", default=[], metavar="NODE", help="what to build, in dbt's node selection syntax")
    run.add_argument("--exclude", nargs="+", default=[], metavar="NODE", help="what to leave out")
    run.add_argument("--selector", default="", metavar="NAME", help="a selector of the project's selectors.yml instead of both")
    run.add_argument("--threads", default="", metavar="NUMBER", help="models at the same time, instead of the workstream's")
    run.add_argument("--warehouse", default="", metavar="NAME", help="Snowflake warehouse, instead of the workstream's")
    run.add_argument("--event-time", nargs=2, metavar=("BEGIN", "END"), help="of microbatch models, UTC: 2026-01-31T00:00:00")
    run.add_argument("--vars", default="", metavar="JSON", help="dbt variables as a JSON object")
    run.add_argument("--full-refresh", action="store_true", help="build incremental models and seeds from scratch")
    run.add_argument("--changed", action="store_true", help="only what differs from the last full success, and what depends on it")
    run.add_argument("--only-new", action="store_true", help="only what has newer data in a source, changed code, or had failed")
    _verb(verbs, "check", _check, "see whether everything is there that a run needs")
    _verb(verbs, "debug", _debug, "show versions and the environment, without secrets")
    return parser


def _verb(verbs: Any, name: str, function: Verb, help_text: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=help_text, description=help_text.capitalize() + ".")
    parser.set_defaults(verb=function)
    return parser
