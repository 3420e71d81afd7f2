"""Rules of what a workstream tells dbt; the words of dbt's own commands are the runner's (image/runner/commands.py)."""

import re

from image.runner.commands import parse
from settings.project import NAMESPACE

PLATFORM_VARIABLES = frozenset(
    {
        *("ARTIFACTS_URI", "HOME", "PATH", "PLATFORM", "PROJECT_STATE", "RUN_TIMEOUT_SECONDS", "TASK_MEMORY_MIB", "WORKSTREAM"),
        *("DBT_OWNER", "DBT_PAGES"),
        *("DBT_LOGICAL_DATE", "DBT_LOG_PATH", "DBT_PROFILE", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR", "DBT_RUN_ID"),
        *("DBT_SECRETS", "DBT_SOURCE_FRESHNESS", "DBT_TARGET", "DBT_TARGET_PATH", "DBT_THREADS", "DBT_TRY_NUMBER"),
        *("DBT_UPSTREAMS", "DBT_VARS"),
        *("DBT_ENV_SECRET_PASSWORD", "DBT_ENV_SECRET_PRIVATE_KEY", "DBT_SEND_ANONYMOUS_USAGE_STATS"),
        *("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_AUTHENTICATOR", "SNOWFLAKE_DATABASE", "SNOWFLAKE_HOST", "SNOWFLAKE_PASSWORD"),
        *("SNOWFLAKE_PORT", "SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "SNOWFLAKE_PROTOCOL"),
        *("SNOWFLAKE_ROLE", "SNOWFLAKE_SCHEMA", "SNOWFLAKE_USER", "SNOWFLAKE_WAREHOUSE"),
    }
)
"""What the container is told by the platform itself, or tells dbt; a project may read them."""

PLATFORM_PREFIXES = ("AWS_", "ECS_", "LD_", "PYTHON", "RUNNER_")


def variable(name: str) -> str:
    """A name for the container's environment that is not the platform's own."""
    if name in PLATFORM_VARIABLES or name.startswith(PLATFORM_PREFIXES):
        raise ValueError(
            f"{name} is the platform's own. A project may read it, and its value follows from the other settings: "
            "set those, or choose another name"
        )
    return name


def command(text: str) -> str:
    """A dbt command that a run can consist of, in dbt's long words."""
    return str(parse(text))


def selector_alone(selector: str | None, others: list[str] | None) -> str | None:
    """A selector without `select` and `exclude`, which dbt would not look at."""
    if selector and others:
        raise ValueError("dbt looks at no `select` and `exclude` beside a selector: leave those out, or this")
    return selector


_OF_THE_PLATFORM = re.compile(rf"(.*:)?{NAMESPACE}(-[a-z0-9-]+/snowflake(-\w{{6}}|/.*)?|/merge-requests.*)")
"""Secrets of the connections (components/names.py) and of the merge requests (bootstrap/): by name, or at the end of an ARN."""


def secret(name: str) -> str:
    """The name of a secret in Secrets Manager, or its ARN; none with which somebody logs in to Snowflake."""
    if not re.fullmatch(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+|[\w/+=.@!-]+", name, re.ASCII):
        raise ValueError("Give the name of a secret in AWS Secrets Manager (letters, digits and /_+=.@-), or its ARN")
    if _OF_THE_PLATFORM.fullmatch(name):
        raise ValueError(
            "This is a log-in of the platform's, which no model may read. Choose it by `connection`, and give a secret of the "
            "project's own here"
        )
    return name
