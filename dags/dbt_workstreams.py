"""Makes one airflow DAG per workstream: each `config/<workstream>.json` beside this file."""

import logging
from pathlib import Path
from textwrap import shorten

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    AssetAll,
    AssetAny,
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    Param,
)
from airflow.sdk.definitions.asset import BaseAsset
from airflow.sdk.definitions.param import ParamsDict
from dbt_alerts import failed, late, recovered
from dbt_configuration import Workstream, read
from dbt_console import artifacts_page, commit, dashboard_page, log_page
from dbt_containers import TASK
from dbt_failures import failed_models
from dbt_operator import DbtOperator
from dbt_summary import each_mart, marts

START = pendulum.datetime(2020, 1, 1, tz="UTC")
"""Never moves, so that a deployment never changes which runs are due; old enough for backfills."""

SELECTOR = r"^[^\s-]\S*$"
"""A dbt selector: no space, and never an option."""

NAME = r"^[\w.-]+$"
"""Of a selector in selectors.yml."""

IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_$]*$"
"""In Snowflake, without quotes."""


BY_HAND = "by hand"
"""Tag of a workstream that nothing starts: Airflow's list shows nothing in the place of a schedule."""

DISPLAYED = 60
"""Characters of a description that the list of DAGs shows."""


def make(workstream: Workstream) -> DAG:
    """The DAG of one workstream: a task that runs the whole selection, and tasks that show what of it failed."""
    with DAG(
        dag_id=workstream.dag_id,
        dag_display_name=displayed(workstream),
        description=workstream.description,
        doc_md=documentation(workstream),
        schedule=schedule(workstream),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=[*workstream.tags, *([] if workstream.start else [BY_HAND])],
        params=parameters(workstream),
        deadline=late(workstream),
        default_args={"owner": workstream.owner},
    ) as dag:
        run = DbtOperator(
            task_id=TASK,
            workstream=workstream,
            outlets=[each_mart(workstream.name)],
            on_failure_callback=failed(workstream),
            on_success_callback=recovered(workstream),
        )
        if workstream.failed_model_tasks:
            failed_models(run, workstream.name)
    return dag


def displayed(workstream: Workstream) -> str:
    """What the list of DAGs calls it: it shows no description."""
    return f"{workstream.dag_id}: {shorten(workstream.description, DISPLAYED, placeholder='…')}"


def schedule(workstream: Workstream) -> CronDataIntervalTimetable | AssetOrTimeSchedule | BaseAsset | None:
    """By the clock each run gets the interval since the former one, so that a backfill gives dbt the same dates."""
    clock = None
    if workstream.schedule:
        clock = CronDataIntervalTimetable(workstream.schedule, timezone=pendulum.timezone(workstream.timezone))
    assets = [Asset(uri=name) if "://" in name else marts(name) for name in workstream.upstreams]
    if not assets:
        return clock
    condition = assets[0] if len(assets) == 1 else AssetAny(*assets) if workstream.any_upstream else AssetAll(*assets)
    return AssetOrTimeSchedule(timetable=clock, assets=condition) if clock else condition


def parameters(workstream: Workstream) -> ParamsDict:
    """The form of a manual run; Airflow checks it against the schema before anything runs."""
    selectors = {"type": ["null", "array"], "items": {"type": "string", "pattern": SELECTOR}}
    return ParamsDict(
        {
            "select": Param(
                workstream.select,
                title="Select",
                description="dbt selectors, one a line; none: everything. For instance tag:sales, orders+, path:models",
                **selectors,
            ),
            "exclude": Param(
                workstream.exclude,
                title="Exclude",
                description="dbt selectors to leave out, one a line. For instance tag:slow, resource_type:test",
                **selectors,
            ),
            "selector": Param(
                workstream.selector,
                title="Selector",
                description="A selector of the project's selectors.yml; leave select and exclude empty",
                type=["null", "string"],
                pattern=NAME,
            ),
            "commands": Param(
                workstream.commands,
                title="Commands",
                description="dbt commands, one a line: run --select orders, run-operation NAME --args '{...}'. A selection above "
                "other than the workstream's is built, unless these are changed too",
                type="array",
                items={"type": "string", "minLength": 1},
                minItems=1,
            ),
            "full_refresh": Param(
                workstream.full_refresh,
                title="Full refresh",
                description="Build incremental models from scratch",
                type=["null", "boolean"],
            ),
            "only_new": Param(
                workstream.only_new,
                title="Only what is new",
                description="Build only what has newer data in a source, changed code, or had failed. A selection, commands, vars "
                "or a date of one's own are built in any case, where this is the workstream's own setting",
                type=["null", "boolean"],
            ),
            "threads": Param(
                None,
                title="Threads",
                description="Models at the same time; none: the workstream's",
                type=["null", "integer"],
                minimum=1,
                maximum=64,
            ),
            "warehouse": Param(
                None,
                title="Warehouse",
                description="Snowflake warehouse; none: the workstream's",
                type=["null", "string"],
                pattern=IDENTIFIER,
            ),
            "date": Param(
                None,
                title="Date",
                description=f"Day to build ({workstream.timezone}), as data_interval_start and _end; none: the run's own dates",
                type=["null", "string"],
                format="date",
            ),
            "vars": Param(
                {},
                title="Vars",
                description='dbt variables as a JSON object, before those of the workstream. For instance {"day": "2026-01-31"}',
                type=["null", "object"],
            ),
        }
    )


def documentation(workstream: Workstream) -> str:
    """What the DAG's page says about it."""
    runs = f"s3://{workstream.artifacts_bucket}/{workstream.artifacts_prefix}/runs/<run>/<try>/"
    name, tries = workstream.name, workstream.retries + 1
    return "\n".join(
        [
            f"## {name}",
            workstream.description,
            "",
            f"- Owner: {workstream.owner}",
            f"- Starts: {starts(workstream)}",
            f"- Runs: {', '.join(f'`{text}`' for text in workstream.commands)}",
            f"- Selects: `{workstream.selector or ' '.join(workstream.select) or 'what dbt takes without a selection'}`",
            f"- Leaves out: `{' '.join(workstream.exclude) or 'nothing'}`",
            f"- Models: `ops open {name} --docs` shows all with their columns and lineage; each run's report those that it built",
            *(f"- Code: [{text}]({page})" for text, page in commit(workstream).items()),
            f"- Marts: [assets `dbt-{name}.<mart>`](/assets?name_pattern=dbt-{name}), with the rows of each run",
            f"- Limits: {workstream.timeout_minutes} min a try, {tries} {'try' if tries == 1 else 'tries'}, one run at a time, "
            f"{'Fargate Spot' if workstream.capacity_provider == 'FARGATE_SPOT' else 'Fargate'}",
            f"- Freshness of its sources is {'checked before' if workstream.freshness else 'not checked before'} a run",
            f"- [Container logs]({log_page(workstream)})",
            f"- [Artifacts]({artifacts_page(workstream)}): `{runs}`",
            f"- [Dashboard of the stack]({dashboard_page(workstream)}); `ops open` shows all workstreams on one page",
            f"- On failure: the task's log ends with what to do; `ops logs {name}` shows the same.",
        ]
    )


def starts(workstream: Workstream) -> str:
    """What starts it, for people."""
    clock = f"`{workstream.schedule}` in {workstream.timezone}" if workstream.schedule else ""
    names = (" or " if workstream.any_upstream else " and ").join(f"`{name}`" for name in workstream.upstreams)
    if told := " or ".join(filter(None, [clock, f"whenever {names} has news" if names else ""])):
        return told
    return f"by hand, or `ops run {workstream.name}`; dates are those of {workstream.timezone}"


workstreams, errors = read(Path(__file__).parent / "config")
for error in errors:  # dbt_configuration_check.py shows them as an import error; here they must not stop the other DAGs.
    logging.getLogger(__name__).error("No DAG: %s", error)
for item in workstreams:
    globals()[item.dag_id] = make(item)
