"""What the container is told through its environment."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runner.causes import names_of
from runner.outcome import RunnerError

_REQUIRED = {
    "PLATFORM": "name of the platform, <project>-<stack>",
    "WORKSTREAM": "name of the workstream",
    "ARTIFACTS_URI": "where artifacts go, s3://<bucket>/<workstream>",
    "SNOWFLAKE_ACCOUNT": "Snowflake account, ORGANIZATION-ACCOUNT",
    "SNOWFLAKE_USER": "Snowflake user",
    "SNOWFLAKE_ROLE": "Snowflake role",
    "SNOWFLAKE_DATABASE": "Snowflake database",
    "SNOWFLAKE_WAREHOUSE": "Snowflake warehouse",
    "SNOWFLAKE_SCHEMA": "Snowflake schema of the workstream",
}
TARGET = r"[\w.-]+"

_CREDENTIALS = {
    "keyPair": {"SNOWFLAKE_PRIVATE_KEY": "private key of the Snowflake user, from Secrets Manager"},
    "password": {"SNOWFLAKE_PASSWORD": "password of the Snowflake user, from Secrets Manager"},
    "workloadIdentity": {"AWS_REGION": "region of the task, in which its role proves who it is; ECS sets it"},
}


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """How to reach Snowflake."""

    account: str
    user: str
    role: str
    database: str
    warehouse: str
    schema: str
    authenticator: str
    """keyPair, password or workloadIdentity."""
    host: str
    """As the connector would derive it from the account, unless the environment names another (PrivateLink)."""
    port: int
    protocol: str
    private_key: str = field(default="", repr=False)
    private_key_passphrase: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"

    @property
    def names(self) -> dict[str, str]:
        """What things are called in advice."""
        said = ("account", "user", "role", "database", "warehouse", "schema", "address", "port")
        return {name: str(getattr(self, name)) for name in said}


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One run of one workstream."""

    platform: str
    """Whose workstream: a dimension of its metrics, as one AWS account may hold several platforms."""
    workstream: str
    artifacts_uri: str
    run_id: str
    try_number: int
    logical_date: str
    """ISO 8601, or empty for a manual run."""
    target: str
    """Name of dbt's target, which a project may ask for (`target.name`)."""
    variables: str
    """JSON object: the workstream's dbt variables."""
    freshness: bool
    """Check the sources' freshness before building."""
    deadline: int
    """Seconds from the start of the runner until it ends itself; 0: never."""
    memory: int
    """MiB that the task has; 0: nobody says."""
    warehouse: Warehouse
    project_state: str = ""
    """Folder in the same bucket of what all workstreams of its project have built; nothing: this one remembers alone."""
    owner: str = ""
    """Who is in charge of the workstream."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """Name of each page about the run elsewhere: its address."""
    upstreams: Mapping[str, str] = field(default_factory=dict)
    """Name of each other project that the project reads models of: the workstream that runs it."""


def named(environment: Environment) -> dict[str, str]:
    """What everything is called in advice."""
    return names_of(environment.platform, environment.workstream) | environment.warehouse.names


def read(variables: Mapping[str, str]) -> Environment:
    """The environment, checked.

    Raises:
        RunnerError: names every variable that is missing or wrong, not only the first.
    """
    problems: list[str] = []
    authenticator = _one_of(variables, "SNOWFLAKE_AUTHENTICATOR", tuple(_CREDENTIALS), problems)
    required = _REQUIRED | _CREDENTIALS.get(authenticator, {})
    problems += [f"{name} is not set: {meaning}." for name, meaning in required.items() if not variables.get(name)]
    numbers = {
        name: _number(variables, name, default, problems)
        for name, default in {
            "SNOWFLAKE_PORT": 443,
            "DBT_TRY_NUMBER": 1,
            "RUN_TIMEOUT_SECONDS": 0,
            "DBT_THREADS": 4,
            "TASK_MEMORY_MIB": 0,
        }.items()
    }
    if not variables.get("ARTIFACTS_URI", "s3://").startswith("s3://"):
        problems.append(f"ARTIFACTS_URI is {variables['ARTIFACTS_URI']!r}, not s3://<bucket>/<prefix>.")
    target = variables.get("DBT_TARGET") or "development"
    if not re.fullmatch(TARGET, target):
        problems.append(f"DBT_TARGET is {target!r}, not a name of letters, digits, `_`, `.` and `-`.")
    problems += [
        f"{name} is no JSON object of {of}."
        for name, of in {"DBT_VARS": "dbt variables", "DBT_PAGES": "addresses", "DBT_UPSTREAMS": "workstreams"}.items()
        if not _is_object(variables.get(name) or "{}")
    ]
    freshness = _one_of(variables, "DBT_SOURCE_FRESHNESS", ("true", "false"), problems)
    protocol = _one_of(variables, "SNOWFLAKE_PROTOCOL", ("https", "http"), problems)
    if problems:
        raise RunnerError.about(
            "The container's environment is not complete:\n" + "\n".join(f"  - {problem}" for problem in problems)
        )
    account = variables["SNOWFLAKE_ACCOUNT"]
    return Environment(
        platform=variables["PLATFORM"],
        workstream=variables["WORKSTREAM"],
        artifacts_uri=variables["ARTIFACTS_URI"].rstrip("/"),
        run_id=variables.get("DBT_RUN_ID") or f"local__{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        try_number=numbers["DBT_TRY_NUMBER"],
        logical_date=variables.get("DBT_LOGICAL_DATE", ""),
        target=target,
        variables=variables.get("DBT_VARS") or "",
        freshness=freshness == "true",
        deadline=numbers["RUN_TIMEOUT_SECONDS"],
        owner=variables.get("DBT_OWNER", ""),
        pages=json.loads(variables.get("DBT_PAGES") or "{}"),
        project_state=variables.get("PROJECT_STATE", ""),
        upstreams=json.loads(variables.get("DBT_UPSTREAMS") or "{}"),
        memory=numbers["TASK_MEMORY_MIB"],
        warehouse=Warehouse(
            account=account,
            user=variables["SNOWFLAKE_USER"],
            role=variables["SNOWFLAKE_ROLE"],
            database=variables["SNOWFLAKE_DATABASE"],
            warehouse=variables["SNOWFLAKE_WAREHOUSE"],
            schema=variables["SNOWFLAKE_SCHEMA"],
            authenticator=authenticator,
            host=variables.get("SNOWFLAKE_HOST") or f"{account.replace('_', '-').lower()}.snowflakecomputing.com",
            port=numbers["SNOWFLAKE_PORT"],
            protocol=protocol,
            private_key=variables.get("SNOWFLAKE_PRIVATE_KEY", "") if authenticator == "keyPair" else "",
            private_key_passphrase=variables.get("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", ""),
            password=variables.get("SNOWFLAKE_PASSWORD", "") if authenticator == "password" else "",
        ),
    )


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _one_of(variables: Mapping[str, str], name: str, values: tuple[str, ...], problems: list[str]) -> str:
    """The value of a variable with few possible values, of which the first is the default."""
    value = variables.get(name) or values[0]
    if value not in values:
        problems.append(f"{name} is {value!r}, not one of {', '.join(values)}.")
    return value


def _number(variables: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    value = variables.get(name) or str(default)
    if not value.isdecimal():
        problems.append(f"{name} is {value!r}, not a whole number.")
        return default
    return int(value)
