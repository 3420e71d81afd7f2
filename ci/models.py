"""The merge request's own build: only what it changes, in schemas of its own, on top of what the stack built last.

dbt, "Defer" and "state selection": a model that the merge request leaves alone is read where the stack's last successful
run put it (`<workstream>/state/manifest.json` in the artifacts bucket), so nothing of it is built again.
Needs the dependency group `models`, and `PYTHONPATH=image`: what it tells dbt is what the container tells it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import snowflake.connector
from botocore.exceptions import ClientError
from runner import refs
from runner.cli import SECRETS
from runner.commands import NODES, Command, parse
from runner.connection import parameters
from runner.dbt import profile_variables
from runner.environment import Environment, read
from runner.placeholders import variables_of
from runner.selection import CHANGED, Selection
from runner.variables import merged, needed

from ci.built import models
from ci.comment import MergeRequest
from ci.comparison import Comparer, Comparison
from ci.comparison_table import tables
from ops.engine import Engine
from ops.errors import OpsError
from ops.stack_file import settings_of, values_of
from projects.brought import put_together
from projects.packages import entries
from settings.container import environment
from settings.sections.warehouse import SECRET_FIELDS
from settings.sections.workstream import GIT_CACHE, WorkstreamSettings
from settings.stack import Settings
from settings.upstreams import upstreams

INHERITED = re.compile(r"PATH|HOME|LANG|LC_\w+|TMPDIR|DBT_\w+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|(https?|no)_proxy", re.IGNORECASE)
"""Names of the job's variables that dbt gets: what a program needs anywhere, and what is called dbt's."""

TARGET = "development"
"""Never a workstream's own: a project that takes that for production would leave the merge request's schema for its own."""

PROFILE = ("--profiles-dir", str(Path("image").absolute()), "--profile", "platform", "--target", TARGET)

TARGET_PATH = "target"
MANIFEST, RESULTS = f"{TARGET_PATH}/manifest.json", f"{TARGET_PATH}/run_results.json"

ELSEWHERE = {"deps", "source freshness", "docs generate"}
"""Commands of a workstream that say nothing about the change: the packages are there, the sources are production's."""


def build(stack: str, merge_request: int, secret: str) -> None:
    """Run every workstream's commands, on the models that the merge request changes; then say what that changes in the data."""
    settings, outputs, login = _settings(stack), Engine(stack).outputs(), _login(secret)
    failed, compared, comparer = [], {}, Comparer(settings.merge_requests)
    reading = upstreams(settings)
    for name, workstream in settings.workstreams.items():
        schema = f"{prefix(merge_request)}{workstream.schema_}"
        with tempfile.TemporaryDirectory() as folder, copied(workstream) as project:
            state = _state(outputs["artifactsBucket"], name, Path(folder))
            variables = told(settings, workstream, login, schema)
            given = dbt_environment(os.environ, variables, project)
            given |= _others(outputs["artifactsBucket"], reading[name], project, Path(folder))
            built: set[str] = set()
            # What one command has built stays in `run_results.json` until the next one.
            for arguments in commands(workstream, read(variables), project, state):
                good = _dbt(arguments, given, project)
                built |= _built(project)
                if not good:
                    failed.append(name)
                    break
            if state and built:
                found = models(built, _json(project / MANIFEST), _json(state / "manifest.json"))
                compared[name] = comparer.compare(found, read(variables).warehouse)
    _tell(stack, compared, show_sums=settings.merge_requests.show_sums)
    if failed:
        raise OpsError(f"dbt failed for: {', '.join(failed)}, see above.", "Mend the models and push again.")


def _tell(stack: str, compared: Mapping[str, Sequence[Comparison]], *, show_sums: bool) -> None:
    """In the log, and in the merge request. Whatever GitLab says to a comment fails no build."""
    found = {name: comparisons for name, comparisons in compared.items() if comparisons}
    if not found:
        return
    text = tables(stack, found, show_sums=show_sums)
    print(text, flush=True)
    merge_request = MergeRequest.of(os.environ)
    try:
        if merge_request:
            merge_request.comment(f"data of {stack}", text)
    except OpsError as error:
        print(error, file=sys.stderr)


def drop(stack: str, merge_request: int, secret: str) -> None:
    """Drop all schemas of the merge request, in whatever databases its models have put them."""
    settings = _settings(stack)
    workstream = next(iter(settings.workstreams.values()))
    variables = told(settings, workstream, _login(secret), prefix(merge_request))
    with snowflake.connector.connect(**parameters(read(variables).warehouse)) as connection, connection.cursor() as cursor:
        # Without `in account`, Snowflake shows those of the current database only ("SHOW SCHEMAS").
        cursor.execute("show schemas in account")
        for database, schema in owned([(str(row[4]), str(row[1])) for row in cursor.fetchall()], merge_request):
            print(f"drop schema {database}.{schema}", flush=True)
            cursor.execute(f'drop schema "{database}"."{schema}" cascade')


def commands(workstream: WorkstreamSettings, told: Environment, project: Path, state: Path | None) -> Iterator[list[str]]:
    """Dbt's arguments for each command of the workstream; without a state everything counts as changed."""
    whole = Selection(select=tuple(workstream.select), exclude=tuple(workstream.exclude), selector=workstream.selector or "")
    for command in (parse(text) for text in workstream.commands):
        if command.verb not in ELSEWHERE:
            of_nodes = command.verb in NODES
            selection = whole.of(command) if of_nodes else Selection().of(command)
            variables = needed(merged(told.variables, command.variables), project)
            yield [
                *command.verb.split(),
                *command.options,
                *command.restriction,
                *(changed(selection, command) if state and of_nodes else selection).arguments,
                *(["--full-refresh"] if workstream.full_refresh and command.takes("--full-refresh") else []),
                *(["--vars", variables] if variables else []),
                *(["--defer", "--state", str(state)] if state and of_nodes else []),
            ]


def changed(selection: Selection, command: Command) -> Selection:
    """Of a selection what differs from the state; a selector of selectors.yml dbt can't be told to narrow."""
    if selection.selector:
        return selection
    # Seeds too, which are small: where they stand for sources, dbt can't defer what reads them.
    kinds = (*CHANGED.select, *(["resource_type:seed"] if "seed" in command.kinds else []))
    return replace(selection, select=tuple(",".join((kind, *of)) for kind in kinds for of in _each(selection)))


def _each(selection: Selection) -> list[tuple[str, ...]]:
    return [(selector,) for selector in selection.select] or [()]


@contextmanager
def copied(workstream: WorkstreamSettings) -> Iterator[Path]:
    """The workstream's project as its image has it, with its packages. Errors: OpsError if it can't be put together."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            project = Path(folder) / put_together(workstream.build.folder, Path(folder), GIT_CACHE)
        except ValueError as error:
            raise OpsError(
                f"The project {workstream.build.name} can't be put together: {error}.", "Correct it, or the access."
            ) from None
        yield project


def prefix(merge_request: int) -> str:
    """Of the schemas of a merge request: `MR_7_` of 7, so that `MR_70_SALES` is not one of them."""
    return f"MR_{merge_request}_"


def owned(schemas: list[tuple[str, str]], merge_request: int) -> list[tuple[str, str]]:
    """Those, by database and name, that belong to the merge request."""
    return [found for found in schemas if found[1].upper().startswith(prefix(merge_request))]


def told(settings: Settings, workstream: WorkstreamSettings, login: Mapping[str, str], schema: str) -> dict[str, str]:
    """The container's variables, its database too, for the merge requests' own user, who may have a role of its own."""
    warehouse = settings.login_of(workstream)
    return {
        **environment(workstream, warehouse, TARGET),
        "PLATFORM": "merge-request",
        "WORKSTREAM": "merge-request",
        "ARTIFACTS_URI": "s3://none",
        "DBT_TARGET": TARGET,
        "SNOWFLAKE_ACCOUNT": login["account"],
        "SNOWFLAKE_USER": login["user"],
        "SNOWFLAKE_ROLE": login.get("role", warehouse.role),
        "SNOWFLAKE_SCHEMA": schema,
        "SNOWFLAKE_AUTHENTICATOR": "keyPair",
        **{variable: login[field] for variable, field in SECRET_FIELDS["keyPair"].items()},
    }


def dbt_environment(job: Mapping[str, str], variables: Mapping[str, str], project: Path) -> dict[str, str]:
    """The environment of dbt, which is all that a macro of the merge request can read and print.

    Nothing of the job's own: its tokens are for AWS and GitLab. And of the warehouse's credentials only what `profiles.yml` asks
    for, under names whose values dbt shows to no macro (dbt, "Custom environment variables"), as in the container. What the
    workstream has of secrets, a merge request does not get: a placeholder stands for each, as while the image is built.
    """
    inherited = {name: value for name, value in job.items() if INHERITED.fullmatch(name)}
    open_to_macros = {name: value for name, value in variables.items() if name not in SECRETS}
    known = {**inherited, **open_to_macros, **profile_variables(read(variables))}
    return {**variables_of(project, known), **known}


def _dbt(arguments: list[str], given: Mapping[str, str], project: Path) -> bool:
    where = (*PROFILE, "--project-dir", str(project))
    if entries(project) and not (project / "dbt_packages").is_dir() and not _run(["dbt", "deps", *where], given):
        return False
    return _run(["dbt", *arguments, *where, "--target-path", str(project / TARGET_PATH)], given)


def _built(project: Path) -> set[str]:
    """Ids of what the last command of dbt made."""
    file = project / RESULTS
    results = _json(file)["results"] if file.exists() else []
    return {result["unique_id"] for result in results if result["status"] == "success"}


def _json(file: Path) -> dict[str, Any]:
    return json.loads(file.read_bytes())


def _run(command: list[str], given: Mapping[str, str]) -> bool:
    print("$", *command, flush=True)
    return subprocess.run(command, env=dict(given), check=False).returncode == 0


def _settings(stack: str) -> Settings:
    return settings_of(stack, values_of(Path(f"Pulumi.{stack}.yaml")))


def _login(secret: str) -> dict[str, str]:
    value: dict[str, str] = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    return value


def _others(bucket: str, meant: Mapping[str, str], project: Path, folder: Path) -> dict[str, str]:
    """What dbt needs to read the models of other projects, where the stack has them: its variables."""
    if not meant:
        return {}
    states = {other: _state(bucket, workstream, folder / workstream) for other, workstream in meant.items()}
    manifests = {other: state and (state / "manifest.json").read_bytes() for other, state in states.items()}
    try:
        found = refs.models(project, manifests, lambda other: f"ops run {meant[other]}")
    except ValueError as error:
        raise OpsError(f"Models of other projects can't be read:\n{error}", "Do what each line says.") from None
    (folder / "refs.json").write_text(json.dumps(found), encoding="utf-8")
    return {"RUNNER_REFS": str(folder / "refs.json"), "PYTHONPATH": str(Path("image").absolute())}


def _state(bucket: str, workstream: str, folder: Path) -> Path | None:
    """Fetches what the workstream's last successful run built."""
    folder.mkdir(exist_ok=True)
    try:
        boto3.client("s3").download_file(bucket, f"{workstream}/{refs.MANIFEST}", str(folder / "manifest.json"))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise OpsError(f"The last state of {workstream} can't be read: {error}", "Is the stack deployed?") from None
        print(f"{workstream} has not run yet: everything that it selects counts as changed.", file=sys.stderr)
        return None
    return folder
