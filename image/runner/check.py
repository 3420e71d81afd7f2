"""The verb `check`: is everything there that a run needs? Goes on after a failure, and says the fix for each."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from runner import connection, environment
from runner.artifacts import Artifacts
from runner.dbt import PROJECT
from runner.environment import Environment
from runner.identity import fingerprint, identity
from runner.outcome import ExitCode, RunnerError
from runner.output import Output
from runner.private_key import private_key
from runner.project import warnings

_SHOWN = ("ARTIFACTS_URI", "AWS_", "DBT_", "ECS_", "RUN_TIMEOUT_SECONDS", "SNOWFLAKE_", "WORKSTREAM")
"""What the names of the variables that `debug` prints begin with."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the table."""

    what: str
    failure: str = ""
    """Problem and fix; empty when all is well."""


def check(variables: Mapping[str, str], output: Output) -> ExitCode:
    """Print a table of what is there and what is not, line by line: a log-in may take a minute."""
    findings = []
    for finding in _findings(variables, output):
        findings.append(finding)
        output.text(f"{'FAILED' if finding.failure else 'ok':<6}  {finding.what}")
        for line in finding.failure.splitlines():
            output.text(f"{'':<6}  {line}")
    for warning in _warnings(variables):
        output.text(f"warning {warning}")
    failed = sum(bool(finding.failure) for finding in findings)
    output.text(f"\n{failed} of {len(findings)} failed." if failed else "\nA run has everything that it needs.")
    return ExitCode.NOT_STARTED if failed else ExitCode.SUCCESS


def _warnings(variables: Mapping[str, str]) -> list[str]:
    """What the project means otherwise than this environment."""
    try:
        found = environment.read(variables)
    except RunnerError:
        return []
    return warnings(PROJECT, found.target, variables, json.loads(found.variables or "{}"))


def _findings(variables: Mapping[str, str], output: Output) -> Iterator[Finding]:
    found: list[Environment] = []
    yield _try("environment", lambda: found.append(environment.read(variables)))
    for settings in found:
        warehouse = settings.warehouse
        yield _try(f"artifacts at {settings.artifacts_uri}", partial(_store, settings, output))
        if warehouse.authenticator == "keyPair":
            yield _try("private key", partial(private_key, warehouse.private_key, warehouse.private_key_passphrase))
        yield _try(f"network to {warehouse.address}", partial(connection.reach, warehouse))
        yield from _findings_in_snowflake(settings)


def _findings_in_snowflake(settings: Environment) -> Iterator[Finding]:
    warehouse, sessions = settings.warehouse, []
    what = f"log-in of {warehouse.user} with role {warehouse.role}"
    yield _try(what, lambda: sessions.append(connection.log_in(warehouse, identity(settings))))
    for session in sessions:
        for need, step in connection.needs(warehouse, session).items():
            yield _try(need, step)
        session.close()


def _try(what: str, step: Callable[[], object]) -> Finding:
    try:
        step()
    except RunnerError as error:
        return Finding(what=what, failure=str(error))
    return Finding(what=what)


def _store(settings: Environment, output: Output) -> None:
    try:
        artifacts = Artifacts(settings, output)
        artifacts.put_shared("check.txt", f"Written by `check` of {settings.workstream}.\n")
        artifacts.get_shared("check.txt")
    except Exception as error:  # noqa: BLE001 - boto3 has many
        fix = "Check that the bucket exists (`pulumi up`), and that the task role may read and write below this prefix."
        raise RunnerError(str(error), fix) from None


def debug(variables: Mapping[str, str], output: Output) -> ExitCode:
    """Print what this container is, and its environment without secrets."""
    import platform  # noqa: PLC0415
    from importlib.metadata import version  # noqa: PLC0415

    output.text(f"image {fingerprint()}, Python {platform.python_version()}, user {os.getuid()}")
    for package in ("dbt-core", "dbt-snowflake", "snowflake-connector-python", "boto3"):
        output.text(f"{package} {version(package)}")
    for name in sorted(variables):
        if name.startswith(_SHOWN):
            output.text(f"{name}={variables[name]}")
    return ExitCode.SUCCESS
