"""What one run tells its container: the command line and the identity of the run, as an override of the ECS task."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowFailException
from dbt_configuration import Workstream

OVERRIDES_LIMIT = 8192
"""Characters of JSON that ECS accepts as `overrides` (API reference, TaskOverride)."""

DOCUMENTATION = {"commands": ["docs generate --static"]}
"""Parameters of a run that builds nothing and writes dbt's documentation; `ops docs` starts the same (ops/airflow.py)."""

EMPTY: dict[str, Any] = {"select": [], "exclude": [], "full_refresh": False, "only_new": False, "vars": {}}
"""What an empty field of the form means: Airflow gives None, and marks what may not be None as required."""


def event_time(context: Mapping[str, Any], period: tuple[datetime, datetime] | None) -> tuple[str, str] | None:
    """Begin and end, UTC, of the batches that microbatch models build; None: those that dbt takes by itself, from now back.

    A run that is about a certain time says which: a day of the form, or a run of a backfill. Of a period of a day or longer,
    batches are whole days as the schedule's time zone counts them: dbt's are of UTC, and a day that begins elsewhere would be two.
    """
    if period is None or not (context["params"]["date"] or context["dag_run"].run_type == BACKFILL):
        return None
    days = [moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) for moment in period]
    whole = days[1] - days[0] >= timedelta(days=1) and period[1] - period[0] >= SHORTEST_DAY
    begin, end = days if whole else (moment.astimezone(UTC) for moment in period)
    return begin.strftime(DBT_TIME), end.strftime(DBT_TIME)


BACKFILL = "backfill"
"""Airflow's `DagRunType.BACKFILL_JOB`."""

SHORTEST_DAY = timedelta(hours=23)
"""On which the clocks go forward."""

DBT_TIME = "%Y-%m-%dT%H:%M:%S"
"""What dbt's `--event-time-start` takes."""


def command(
    params: Mapping[str, Any],
    workstream: Workstream,
    period: tuple[datetime, datetime] | None = None,
    batches: tuple[str, str] | None = None,
) -> list[str]:
    """Arguments of the container's entry point.

    A list of values that nothing ever joins or renders, so a value can't become another argument, a shell command or
    a template. The data interval goes in as the dbt vars `data_interval_start` and `data_interval_end`; vars of the same
    name in `params` win.
    """
    params = {**params, **{name: empty for name, empty in EMPTY.items() if params[name] is None}}
    variables: dict[str, Any] = {}
    if period:
        variables |= {"data_interval_start": period[0].isoformat(), "data_interval_end": period[1].isoformat()}
    variables |= params["vars"]
    selection = _selection(params, workstream)
    # Who selects something else and says no command wants that built, whatever the workstream's are about.
    builds = selection != _own(workstream) and params["commands"] == workstream.commands
    arguments = ["run", *(f"--command={text}" for text in (["build"] if builds else params["commands"]))]
    for option in ("select", "exclude"):
        if selection[option]:
            arguments += [f"--{option}", *selection[option]]
    for option, value in (("selector", selection["selector"]), ("threads", params["threads"]), ("warehouse", params["warehouse"])):
        if value:
            arguments.append(f"--{option}={value}")
    if variables:
        arguments += ["--vars", json.dumps(variables, sort_keys=True)]
    if params["full_refresh"]:
        arguments.append("--full-refresh")
    if _only_new(params, workstream, selection, batches):
        arguments.append("--only-new")
    return [*arguments, *(["--event-time", *batches] if batches else [])]


def _only_new(params: Mapping[str, Any], workstream: Workstream, selection: Mapping[str, Any], batches: object) -> bool:
    """Where it is the workstream's habit, who asks for something of their own gets that, news or not."""
    own = selection == _own(workstream) and params["commands"] == workstream.commands and not params["vars"] and not batches
    return params["only_new"] and (own or not workstream.only_new)


def _own(workstream: Workstream) -> dict[str, Any]:
    return {"select": workstream.select, "exclude": workstream.exclude, "selector": workstream.selector}


def _selection(params: Mapping[str, Any], workstream: Workstream) -> dict[str, Any]:
    """The form's. dbt looks at no `select` beside a selector: what was filled in by hand replaces the workstream's other one."""
    own = _own(workstream)
    given = {option: params[option] for option in own}
    by_nodes = any(given[option] != own[option] for option in ("select", "exclude"))
    if by_nodes and given["selector"] == own["selector"]:
        return {**given, "selector": None}
    if not by_nodes and given["selector"] != own["selector"]:
        return {"select": [], "exclude": [], "selector": given["selector"]} if given["selector"] else given
    return given


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
