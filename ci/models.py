"""The merge request's own build: only what it changes, in schemas of its own, on top of what the stack built last.

dbt, "Defer" and "state selection": a model that the merge request leaves alone is read where the stack's last successful
run put it (`<workstream>/state/manifest.json` in the artifacts bucket), so nothing of it is built again.
Needs the dependency group `models`, and `PYTHONPATH=image`: it connects as the container does.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import snowflake.connector
import yaml
from botocore.exceptions import ClientError
from runner.cli import SECRETS
from runner.connection import parameters
from runner.dbt import profile_variables
from runner.environment import read
from runner.variables import as_yaml

from ops.engine import Engine
from ops.errors import OpsError
from settings.sections.warehouse import SECRET_FIELDS

ADDRESS = ("host", "port", "protocol")

INHERITED = re.compile(r"PATH|HOME|LANG|LC_\w+|TMPDIR|DBT_\w+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|(https?|no)_proxy", re.IGNORECASE)
"""Names of the job's variables that dbt gets: what a program needs anywhere, and what is called dbt's."""

# Never a workstream's own target: a project that takes that for production would leave the merge request's schema for its own.
PROFILE = ("--profiles-dir", "image", "--profile", "platform", "--target", "development")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a workstream builds, as its stack file says."""

    workstream: str
    project: str
    schema: str
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    selector: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """The workstream's dbt variables."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The workstream's variables for `env_var()`; what it has of secrets, a merge request does not get."""

    def options(self, state: Path | None) -> list[str]:
        """Options of `dbt build`; without a state everything counts as changed."""
        # Seeds too, which are small: where they stand for sources, dbt can't defer what reads them.
        wanted = [",".join((kind, *of)) for kind in ("state:modified+", "resource_type:seed") for of in self._selectors()]
        select = wanted if state else list(self.select)
        return [
            *(["--vars", as_yaml(dict(self.variables))] if self.variables else []),
            *(["--selector", self.selector] if self.selector else []),
            *(["--select", *select] if select and not self.selector else []),
            *(["--exclude", *self.exclude] if self.exclude else []),
            *(["--defer", "--state", str(state)] if state else []),
        ]

    def _selectors(self) -> list[tuple[str, ...]]:
        return [(selector,) for selector in self.select] or [()]


def build(stack: str, merge_request: int, secret: str) -> None:
    """Build and test the changed models of every workstream."""
    outputs = Engine(stack).outputs()
    login = {**_login(secret), **address(_stack_file(stack))}
    failed = []
    for selection in selections(_stack_file(stack)):
        with tempfile.TemporaryDirectory() as folder:
            state = _state(outputs["artifactsBucket"], selection.workstream, Path(folder))
            connection = connection_variables(login, outputs["warehouse"], f"{prefix(merge_request)}{selection.schema}")
            command = ["dbt", "build", *PROFILE, "--project-dir", selection.project, *selection.options(state)]
            print("$", *command, flush=True)
            environment = {**selection.environment, **dbt_environment(os.environ, connection)}
            if subprocess.run(command, env=environment, check=False).returncode:
                failed.append(selection.workstream)
    if failed:
        raise OpsError(f"dbt failed for: {', '.join(failed)}, see above.", "Mend the models and push again.")


def drop(stack: str, merge_request: int, secret: str) -> None:
    """Drop all schemas of the merge request, in whatever databases its models have put them."""
    login = {**_login(secret), **address(_stack_file(stack))}
    variables = connection_variables(login, Engine(stack).outputs()["warehouse"], prefix(merge_request))
    with snowflake.connector.connect(**parameters(read(variables).warehouse)) as connection, connection.cursor() as cursor:
        # Without `in account`, Snowflake shows those of the current database only ("SHOW SCHEMAS").
        cursor.execute("show schemas in account")
        for database, schema in owned([(str(row[4]), str(row[1])) for row in cursor.fetchall()], merge_request):
            print(f"drop schema {database}.{schema}", flush=True)
            cursor.execute(f'drop schema "{database}"."{schema}" cascade')


def address(stack_file: Path) -> dict[str, str]:
    """Where the warehouse is when the account's name does not tell: `host`, `port` and `protocol` of the stack file."""
    warehouse = yaml.safe_load(stack_file.read_text())["config"]["dbt-platform:warehouse"]
    return {key: str(warehouse[key]) for key in ADDRESS if warehouse.get(key)}


def selections(stack_file: Path) -> Iterator[Selection]:
    """The workstreams of a stack file."""
    workstreams = yaml.safe_load(stack_file.read_text())["config"]["dbt-platform:workstreams"]
    for name, settings in workstreams.items():
        yield Selection(
            workstream=name,
            project=settings["project"],
            schema=settings["schema"],
            select=tuple(settings.get("select", ())),
            exclude=tuple(settings.get("exclude", ())),
            selector=settings.get("selector") or "",
            variables=settings.get("vars") or {},
            environment=settings.get("environment") or {},
        )


def prefix(merge_request: int) -> str:
    """Of the schemas of a merge request: `MR_7_` of 7, so that `MR_70_SALES` is not one of them."""
    return f"MR_{merge_request}_"


def owned(schemas: list[tuple[str, str]], merge_request: int) -> list[tuple[str, str]]:
    """Those, by database and name, that belong to the merge request."""
    return [found for found in schemas if found[1].upper().startswith(prefix(merge_request))]


def connection_variables(login: Mapping[str, str], warehouse: Mapping[str, Any], schema: str) -> dict[str, str]:
    """The container's variables for the merge requests' own user, who may have a role of its own; `login` with an address."""
    return {
        "PLATFORM": "merge-request",
        "WORKSTREAM": "merge-request",
        "ARTIFACTS_URI": "s3://none",
        "SNOWFLAKE_ACCOUNT": login["account"],
        "SNOWFLAKE_USER": login["user"],
        "SNOWFLAKE_ROLE": login.get("role", warehouse["role"]),
        "SNOWFLAKE_DATABASE": warehouse["database"],
        "SNOWFLAKE_WAREHOUSE": warehouse["warehouse"],
        "SNOWFLAKE_SCHEMA": schema,
        "SNOWFLAKE_AUTHENTICATOR": "keyPair",
        **{variable: login[field] for variable, field in SECRET_FIELDS["keyPair"].items()},
        **{f"SNOWFLAKE_{key.upper()}": login[key] for key in ADDRESS if key in login},
    }


def dbt_environment(job: Mapping[str, str], connection: Mapping[str, str]) -> dict[str, str]:
    """The environment of dbt, which is all that a macro of the merge request can read and print.

    Nothing of the job's own: its tokens are for AWS and GitLab. And of the warehouse's credentials only what `profiles.yml` asks
    for, under names whose values dbt shows to no macro (dbt, "Custom environment variables"), as in the container.
    """
    inherited = {name: value for name, value in job.items() if INHERITED.fullmatch(name)}
    open_to_macros = {name: value for name, value in connection.items() if name not in SECRETS}
    return {**inherited, **open_to_macros, **profile_variables(read(connection))}


def _stack_file(stack: str) -> Path:
    return Path(f"Pulumi.{stack}.yaml")


def _login(secret: str) -> dict[str, str]:
    value: dict[str, str] = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    return value


def _state(bucket: str, workstream: str, folder: Path) -> Path | None:
    """Fetches what the workstream's last successful run built."""
    try:
        boto3.client("s3").download_file(bucket, f"{workstream}/state/manifest.json", str(folder / "manifest.json"))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise OpsError(f"The last state of {workstream} can't be read: {error}", "Is the stack deployed?") from None
        print(f"{workstream} has not run yet: everything that it selects counts as changed.", file=sys.stderr)
        return None
    return folder
