"""The verb `check`: is everything there that a run needs? Goes on after a failure, and says the fix for each."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runner import connection, environment
from runner.artifacts import Artifacts
from runner.environment import Environment
from runner.identity import fingerprint, identity
from runner.outcome import ExitCode, RunnerError
from runner.output import Output
from runner.private_key import private_key

_SHOWN = ("ARTIFACTS_URI", "AWS_", "DBT_", "ECS_", "RUN_TIMEOUT_SECONDS", "SNOWFLAKE_", "WORKSTREAM")
"""What the names of the variables that `debug` prints begin with."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the table."""

    what: str
    failure: str = ""
    """Problem and fix; empty when all is well."""


def check(variables: Mapping[str, str], output: Output) -> ExitCode:
    """Print a table of what is there and what is not."""
    findings = list(_findings(variables, output))
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        problem, *fix = finding.failure.splitlines() or [""]
        output.text(f"{finding.what:<{width}}  {'FAILED  ' + problem if problem else 'ok'}")
        for line in fix:
            output.text(f"{'':<{width}}  {line}")
    failed = sum(bool(finding.failure) for finding in findings)
    output.text(f"\n{failed} of {len(findings)} failed." if failed else "\nA run has everything that it needs.")
    return ExitCode.NOT_STARTED if failed else ExitCode.SUCCESS


def _findings(variables: Mapping[str, str], output: Output) -> list[Finding]:
    found: list[Environment] = []
    findings = [_try("environment", lambda: found.append(environment.read(variables)))]
    if not found:
        return findings
    settings = found[0]
    warehouse = settings.warehouse
    steps: list[tuple[str, Callable[[], object]]] = [(f"artifacts at {settings.artifacts_uri}", lambda: _store(settings, output))]
    if warehouse.authenticator == "keyPair":
        steps.append(("private key", lambda: private_key(warehouse.private_key, warehouse.private_key_passphrase)))
    sessions: list[Any] = []
    steps += [
        (f"network to {warehouse.address}", lambda: connection.reach(warehouse)),
        (
            f"log-in of {warehouse.user} with role {warehouse.role}",
            lambda: sessions.append(connection.log_in(warehouse, identity(settings))),
        ),
    ]
    findings += [_try(what, step) for what, step in steps]
    for session in sessions:
        findings += [_try(what, step) for what, step in connection.needs(warehouse, session).items()]
        session.close()
    return findings


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
