"""What one run tells its container: the command line and the identity of the run, as an override of the ECS task."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

OVERRIDES_LIMIT = 8192
"""Characters of JSON that ECS accepts as `overrides` (API reference, TaskOverride)."""


def command(params: Mapping[str, Any], period: tuple[datetime, datetime] | None) -> list[str]:
    """Arguments of the container's entry point.

    A list of values that nothing ever joins or renders, so a value can't become another argument, a shell command or
    a template. The data interval goes in as the dbt vars `data_interval_start` and `data_interval_end`; vars of the same
    name in `params` win.
    """
    variables: dict[str, Any] = {}
    if period:
        variables |= {"data_interval_start": period[0].isoformat(), "data_interval_end": period[1].isoformat()}
    variables |= params["vars"]
    arguments = ["run"]
    for option in ("select", "exclude"):
        if params[option]:
            arguments += [f"--{option}", *params[option]]
    if variables:
        arguments += ["--vars", json.dumps(variables, sort_keys=True)]
    if params["full_refresh"]:
        arguments.append("--full-refresh")
    return arguments


def overrides(container: str, arguments: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The override of one container. Raises AirflowFailException if ECS would refuse its size."""
    result = {
        "containerOverrides": [
            {
                "name": container,
                "command": arguments,
                "environment": [{"name": name, "value": value} for name, value in environment.items()],
            }
        ]
    }
    size = len(json.dumps(result))
    if size > OVERRIDES_LIMIT:
        raise AirflowFailException(
            f"The run's parameters make {size} characters and ECS accepts {OVERRIDES_LIMIT}: "
            "select by a tag or a path instead of naming each model, or shorten `vars`."
        )
    return result
