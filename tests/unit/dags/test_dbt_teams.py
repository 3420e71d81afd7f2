"""Airflow runs what lies in its bucket: a team, which may write its own files there, must not run another's work by one."""
# ruff: noqa: I001

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.dags.support import configuration, dag_folder  # before Airflow: it sets Airflow's home

from components.dags import TEAMS_FILE
from dbt_configuration import read
from dbt_teams import foreign
from settings.teams import team_of

TEAMS = {"marketing": ["crm"], "logistics": []}
PLATFORM = "dbt-platform-prod"
ECS = "arn:aws:ecs:eu-west-1:123456789012:"


def own(name: str, **changes: Any) -> dict[str, Any]:
    """What the program writes."""
    return {
        **configuration(name),
        "dagId": f"dbt_{name.replace('-', '_')}",
        "cluster": f"{ECS}cluster/{PLATFORM}",
        "taskDefinition": f"{ECS}task-definition/{PLATFORM}-{name}:3",
        "logGroup": f"/{PLATFORM}/workstreams/{name}",
        **changes,
    }


def loaded(folder: Path, *configurations: dict[str, Any]) -> tuple[set[str], str]:
    """Workstreams that become DAGs, and what is wrong with the others."""
    made = dag_folder(folder / "dags", *configurations)
    (made / TEAMS_FILE).write_text(json.dumps(TEAMS))
    found, errors = read(made / "config")
    return {workstream.name for workstream in found}, "\n".join(map(str, errors))


def test_a_teams_own_work_becomes_dags(tmp_path: Path):
    assert loaded(tmp_path, own("sales"), own("marketing-daily"), own("crm")) == ({"sales", "marketing-daily", "crm"}, "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("taskDefinition", f"{ECS}task-definition/{PLATFORM}-sales:3"),
        ("taskDefinition", f"{ECS}task-definition/{PLATFORM}-logistics-daily:3"),
        ("dagId", "dbt_sales"),
        ("logGroup", f"/{PLATFORM}/workstreams/sales"),
        ("artifactsPrefix", "sales"),
    ],
)
def test_a_team_that_names_anothers_things_gets_no_dag(tmp_path: Path, key: str, value: str):
    """Airflow's role may run every task of the platform, with whatever command a DAG gives it."""
    names, errors = loaded(tmp_path, own("sales"), own("marketing-daily", **{key: value}))

    assert names == {"sales"}
    assert f"config/marketing-daily.json: {key}: " in errors


def test_a_team_takes_no_dag_away(tmp_path: Path):
    """Its file may come first in the alphabet."""
    names, errors = loaded(tmp_path, own("crm", dagId="dbt_sales"), own("sales"))

    assert names == {"sales"}
    assert "config/crm.json: dagId: 'dbt_sales' should be 'dbt_crm'" in errors


@pytest.mark.parametrize("name", ["marketing", "marketing-daily", "crm", "crm-eu", "marketingdaily", "sales", "logistics-x"])
def test_the_program_and_the_dag_files_agree_on_whose_a_workstream_is(name: str):
    """The bucket's files know nothing of the program's settings."""
    held = foreign(name, own(name, dagId="another"), TEAMS) != []

    assert held == (team_of(name, TEAMS) is not None)
