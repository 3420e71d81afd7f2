"""The reminder of credentials that end, against a Secrets Manager that says what a test wants."""
# ruff: noqa: I001

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.unit.dags.support import configuration, dag_folder  # before Airflow: it sets Airflow's home

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from dbt_causes import version_id
from dbt_configuration import read
from dbt_credentials import WatchCredentials

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:snowflake"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What people are told of a secret whose current version has an id."""
    (workstream,), _ = read(dag_folder(tmp_path / "dags", configuration("sales")) / "config")

    def look(version):
        messages = []
        secret = {"VersionIdsToStages": {"old": ["AWSPREVIOUS"], version: ["AWSCURRENT"]}}
        monkeypatch.setattr(AwsBaseHook, "conn", SimpleNamespace(describe_secret=lambda **_: secret))
        monkeypatch.setattr(SnsHook, "publish_to_target", lambda _, **message: messages.append(message["message"]))
        WatchCredentials(task_id="watch", secrets=[SECRET, f"{SECRET}/finance"], workstream=workstream).execute({})
        return messages

    return look


@pytest.mark.parametrize("days", [14, 0, -2])
def test_people_learn_that_the_credentials_end_before_the_runs_do(told, days):
    """The first sign was a night in which no workstream could log in."""
    message, other = told(version_id(TODAY + timedelta(days=days)))

    assert f"good until {TODAY + timedelta(days=days)}" in message
    assert "ops credentials put" in message
    assert "docs/errors.md#credentials-expire" in message
    assert (f"Secret: {SECRET}\n" in message, f"Secret: {SECRET}/finance\n" in other) == (True, True)


@pytest.mark.parametrize(
    "version",
    [version_id(TODAY + timedelta(days=15)), version_id(None), "9f3c1d6e-0000-4000-8000-000000000000"],
    ids=["15 days", "unknown", "put without ops"],
)
def test_nobody_is_told_of_credentials_that_last(told, version):
    """A reminder each day for years is one that nobody reads."""
    assert told(version) == []
