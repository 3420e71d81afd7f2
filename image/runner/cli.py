"""The command line of the container."""

import argparse
import os
import sys
from collections.abc import Sequence

from runner import environment
from runner.dbt import Selection
from runner.outcome import ExitCode, RunnerError
from runner.output import Output
from runner.run import Run

_SECRETS = ("SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "SNOWFLAKE_PASSWORD")


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the arguments say, then end the process at once: dbt's threads and the connector would hold it up."""
    options = _parser().parse_args(arguments)
    output = Output(os.environ.get(name, "") for name in _SECRETS)
    try:
        code = _run(options, output)
    except RunnerError as error:
        output.text(str(error))
        code = ExitCode.NOT_STARTED
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(options: argparse.Namespace, output: Output) -> ExitCode:
    selection = Selection(select=tuple(options.select), exclude=tuple(options.exclude), variables=options.vars)
    return Run(environment.read(os.environ), selection, full_refresh=options.full_refresh, output=output).execute()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="runner", description="Runs a dbt project once and keeps what it leaves.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    description = "Build the selection: seeds, models, snapshots and tests."
    run = verbs.add_parser("run", help="build the selection", description=description)
    run.add_argument("--select", nargs="+", default=[], metavar="NODE", help="what to build, in dbt's node selection syntax")
    run.add_argument("--exclude", nargs="+", default=[], metavar="NODE", help="what to leave out")
    run.add_argument("--vars", default="", metavar="JSON", help="dbt variables as a JSON object")
    run.add_argument("--full-refresh", action="store_true", help="build incremental models and seeds from scratch")
    return parser
