"""The warehouse of the sandbox: it speaks Snowflake's protocol and stores in DuckDB.

snowduck (MIT) does the work, in a virtual environment of its own because its pins differ from ours; `patches/` mends
what differs from Snowflake and matters to dbt. It refuses log-ins, roles and privileges as Snowflake does.
"""

from collections.abc import Sequence
from pathlib import Path

LAUNCHER = Path(__file__).parent / "launcher.py"
"""Run it with the warehouse's own Python: `python launcher.py PORT DATABASE_FILE`."""

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
"""What that Python needs, locked with hashes."""

ADMIN = "ADMIN"
"""The user that sets the warehouse up; logs in with its password, has the role ACCOUNTADMIN."""


def environment(*, bind: Sequence[str], admin_password: str) -> dict[str, str]:
    """Environment variables of the launcher: the addresses to listen on, and the password of `ADMIN`."""
    return {"WAREHOUSE_BIND": ",".join(bind), "WAREHOUSE_ADMIN_PASSWORD": admin_password}


def health_url(address: str, port: int) -> str:
    """Answers 200 when the warehouse is ready."""
    return f"http://{address}:{port}/health"


def setup_statements(*, user: str, role: str, database: str, warehouse: str) -> list[str]:
    """What an administrator runs once in a Snowflake account before dbt can work there, as docs/snowflake.md shows it."""
    return [
        f"CREATE ROLE IF NOT EXISTS {role};",
        f"CREATE WAREHOUSE IF NOT EXISTS {warehouse} WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 INITIALLY_SUSPENDED = TRUE;",
        f"CREATE DATABASE IF NOT EXISTS {database};",
        f"CREATE USER IF NOT EXISTS {user} TYPE = SERVICE DEFAULT_ROLE = {role};",
        f"GRANT ROLE {role} TO USER {user};",
        f"GRANT USAGE ON WAREHOUSE {warehouse} TO ROLE {role};",
        f"GRANT USAGE, CREATE SCHEMA ON DATABASE {database} TO ROLE {role};",
    ]
