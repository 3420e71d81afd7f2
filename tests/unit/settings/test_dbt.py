"""What a workstream tells dbt."""

from typing import Any

import pytest
from pydantic import ValidationError
from runner.environment import read

from settings.dbt import PLATFORM_VARIABLES
from settings.sections.workstream import WorkstreamSettings
from tests.unit.image.support import VARIABLES

VALUES = {"project": "dbt_project", "schema": "SALES", "owner": "analytics"}


SECRETS = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"


def settings(**changes: Any) -> WorkstreamSettings:
    return WorkstreamSettings.model_validate(VALUES | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"commands": ["seed", "rm -rf /"]}, "'rm -rf /' is no dbt command that a run can consist of. Known: build, "),
        ({"commands": ["run --target prod"]}, "has no option '--target'"),
        ({"environment": {"SNOWFLAKE_DATABASE": "X"}}, "SNOWFLAKE_DATABASE is the platform's own"),
        ({"environment": {"AWS_PROFILE": "X"}}, "AWS_PROFILE is the platform's own"),
        ({"secrets": {"DBT_TARGET": {"secret": "x"}}}, "DBT_TARGET is the platform's own"),
        ({"secrets": {"TOKEN": {"secret": "a b"}}}, "Give the name of a secret in AWS Secrets Manager"),
        ({"secrets": {"TOKEN": {"secret": "dbt-platform-prod/snowflake"}}}, "a log-in of the platform's"),
        ({"secrets": {"TOKEN": {"secret": "dbt-platform-dev/snowflake/finance"}}}, "a log-in of the platform's"),
        ({"secrets": {"TOKEN": {"secret": f"{SECRETS}dbt-platform-dev/snowflake-a1b2c3"}}}, "a log-in of the platform's"),
        ({"secrets": {"TOKEN": {"secret": f"{SECRETS}dbt-platform-dev/snowflake/finance-a1b2c3"}}}, "a log-in of the platform's"),
        ({"secrets": {"TOKEN": {"secret": "dbt-platform/merge-requests"}}}, "a log-in of the platform's"),
        ({"secrets": {"TOKEN": {"secret": "a"}}, "environment": {"TOKEN": "b"}}, "TOKEN is in `environment` too"),
        ({"selector": "nightly", "select": ["tag:a"]}, "dbt looks at no `select`"),
        ({"target": "a b"}, "String should match pattern"),
    ],
)
def test_what_dbt_can_t_be_told_is_refused_with_its_fix(changes: dict[str, Any], said: str):
    """It would be found out by the first run, in the night."""
    with pytest.raises(ValidationError) as refusal:
        settings(**changes)

    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["dbt-platform-prod/slack", "team/snowflake", f"{SECRETS}dbt-platform-dev/snowflakes-a1b2c3"])
def test_a_secret_of_the_project_s_own_is_taken(name: str):
    """With a permissions boundary its name must begin with the stack's."""
    assert settings(secrets={"TOKEN": {"secret": name}}).secrets["TOKEN"].secret == name


def test_a_job_of_the_dbt_platform_can_be_written_down():
    """What a project's jobs say there would be lost here."""
    found = settings(
        target="snowflake-prod",
        vars={"day": "2026-01-01", "limit": 1e-5, "deep": {"list": [1, None, True]}},
        environment={"DBT_RAW_DATABASE": "RAW"},
        secrets={"DBT_ENV_SECRET_SLACK": {"secret": "team/slack", "field": "token"}},
        selector="nightly",
        threads=8,
        fullRefresh=True,
        commands=["dbt deps", "dbt seed", "dbt run -s tag:a --vars '{x: 1}'", "dbt test", "run-operation x --args '{y: 2}'"],
    )

    assert found.commands == [
        "deps",
        "seed",
        "run --select tag:a --vars '{x: 1}'",
        "test",
        "run-operation x --args '{y: 2}'",
    ]
    assert found.vars["limit"] == 1e-5


def test_every_variable_that_the_runner_reads_is_the_platform_s():
    """A workstream that sets one of them would change what all others rely on."""

    class Asked(dict[str, str]):
        names: set[str] = set()  # noqa: RUF012

        def get(self, name: str, default: Any = None) -> Any:
            self.names.add(name)
            return super().get(name, default)

        def __getitem__(self, name: str) -> str:
            self.names.add(name)
            return super().__getitem__(name)

    read(asked := Asked(VARIABLES))

    assert {name for name in asked.names if not name.startswith("AWS_")} <= PLATFORM_VARIABLES
