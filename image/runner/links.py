"""Pages that a run's report leads to: those of Airflow and AWS as the DAG names them, and the warehouse's own."""

import json
import os
import re
import urllib.request
from functools import cache

from runner.environment import Environment, Warehouse

_TASK = "{task}"
"""In an address: the id of the ECS task, which nobody knows before it runs."""

_TIMEOUT = 1
"""Seconds. ECS answers from the host itself."""

_SNOWFLAKE = re.compile(r"(\.privatelink)?\.snowflakecomputing\.(com|cn)$")


def links(environment: Environment) -> dict[str, str]:
    """Name of each page: its address."""
    # Without the task's id, an address that asks for it would lead nowhere.
    return {name: url.replace(_TASK, task_id()) for name, url in environment.pages.items() if _TASK not in url or task_id()}


def query_page(warehouse: Warehouse, query_id: str) -> str:
    """A statement in Snowsight, or nothing: the warehouse is not Snowflake's, or the account's name is its old one, a locator.

    Snowflake documentation, "Account identifiers" and "AWS PrivateLink and Snowflake" (`regionless-snowsight-privatelink-url`).
    """
    host, (organization, _, account) = _SNOWFLAKE.search(warehouse.host), warehouse.account.lower().partition("-")
    if not host or not account:
        return ""
    path = f"#/compute/history/queries/{query_id}/detail"
    if host[1]:
        return f"https://app-{organization}-{account.replace('_', '-')}.privatelink.snowflakecomputing.{host[2]}/{path}"
    return f"https://app.snowflake.{host[2]}/{organization}/{account}/{path}"


@cache
def task_id() -> str:
    """Of the task that this container is in (Amazon ECS, "Task metadata endpoint version 4"); nothing outside of ECS."""
    address = os.environ.get("ECS_CONTAINER_METADATA_URI_V4", "")
    if not address:
        return ""
    try:
        with urllib.request.urlopen(f"{address}/task", timeout=_TIMEOUT) as answer:  # noqa: S310 - the address is ECS's own
            return json.load(answer)["TaskARN"].rpartition("/")[2]
    except (OSError, ValueError, KeyError):
        return ""
