"""What a workstream's settings tell its container: in production by its task definition, in a merge request by the job."""

import json

from settings.sections.warehouse import WarehouseSettings
from settings.sections.workstream import WorkstreamSettings


def environment(workstream: WorkstreamSettings, warehouse: WarehouseSettings, target: str) -> dict[str, str]:
    """Its variables, by name, without secrets: image/runner/environment.py reads them, and the project those of its own.

    Args:
        workstream: What is run.
        warehouse: Where it is built.
        target: Name of dbt's target, where the workstream says none.
    """
    variables = {
        "DBT_TARGET": workstream.target or target,
        "DBT_THREADS": str(workstream.threads),
        "RUN_TIMEOUT_SECONDS": str(workstream.timeout_minutes * 60),
        "TASK_MEMORY_MIB": str(workstream.memory),
        "SNOWFLAKE_ACCOUNT": warehouse.account,
        "SNOWFLAKE_AUTHENTICATOR": warehouse.authentication,
        "SNOWFLAKE_DATABASE": warehouse.database,
        "SNOWFLAKE_PORT": str(warehouse.port),
        "SNOWFLAKE_PROTOCOL": warehouse.protocol,
        "SNOWFLAKE_ROLE": warehouse.role,
        "SNOWFLAKE_SCHEMA": workstream.schema_,
        "SNOWFLAKE_USER": warehouse.user,
        "SNOWFLAKE_WAREHOUSE": warehouse.warehouse,
        "SNOWFLAKE_HOST": warehouse.host,
        "DBT_VARS": json.dumps(workstream.vars, sort_keys=True) if workstream.vars else None,
        # Whose values appear in no log and no artifact, whatever they are called.
        "DBT_SECRETS": ",".join(workstream.secrets) or None,
    }
    return {name: value for name, value in variables.items() if value} | workstream.environment
