"""What is checked before dbt starts, and what is said of what is wrong."""

import socket
import time

import pytest
from runner import connection
from runner.environment import read
from runner.outcome import RunnerError

from sandbox.testing.warehouse_server import new_key, pem
from tests.sandbox.runner_process import Runs, project


@pytest.mark.parametrize(
    ("changes", "revoked", "problem", "fix"),
    [
        ({"SNOWFLAKE_PRIVATE_KEY": pem(new_key())}, "", "does not accept the private key of user DBT", "RSA_PUBLIC_KEY"),
        ({"SNOWFLAKE_ROLE": "OTHER"}, "", "Role OTHER does not exist, or user DBT may not use it", "GRANT ROLE OTHER TO USER DBT"),
        ({"SNOWFLAKE_DATABASE": "NOPE"}, "", "Database NOPE does not exist", "GRANT USAGE ON DATABASE NOPE"),
        ({}, "usage on warehouse TRANSFORMING", "Warehouse TRANSFORMING does not exist", "GRANT USAGE ON WAREHOUSE"),
        ({}, "usage on database ANALYTICS", "Database ANALYTICS does not exist", "GRANT USAGE ON DATABASE ANALYTICS"),
        (
            {"SNOWFLAKE_SCHEMA": "NEW"},
            "create schema on database ANALYTICS",
            "may not create the schema NEW",
            "GRANT CREATE SCHEMA",
        ),
        ({"SNOWFLAKE_PORT": "9"}, "", "can't be reached at 127.0.0.1:9", "port 9"),
        ({"SNOWFLAKE_HOST": "no-such-host.invalid"}, "", "can't be reached at no-such-host.invalid", "SNOWFLAKE_ACCOUNT"),
    ],
)
def test_a_connection_that_cannot_work_is_one_sentence_and_its_fix(
    runs: Runs, changes: dict[str, str], revoked: str, problem: str, fix: str
):
    """dbt hangs for minutes, or says something about JWT."""
    settings = read(runs.environment(**changes)).warehouse
    if revoked:
        runs.server.run(f"revoke {revoked} from role TRANSFORMER")
    try:
        with pytest.raises(RunnerError) as error:
            connection.check(settings, {})
    finally:
        if revoked:
            runs.server.run(f"grant {revoked} to role TRANSFORMER")

    assert problem in error.value.problem
    assert "\n" not in error.value.problem
    assert fix in error.value.fix


def test_a_schema_that_is_there_needs_no_right_to_create_one(runs: Runs):
    """Where administrators make the schemas, no run could ever begin."""
    settings = read(runs.environment(SNOWFLAKE_SCHEMA="MADE_BY_ADMIN")).warehouse
    runs.server.run("create schema ANALYTICS.MADEXBY_ADMIN")
    runs.server.run("revoke create schema on database ANALYTICS from role TRANSFORMER")
    try:
        with pytest.raises(RunnerError, match="may not create the schema MADE_BY_ADMIN"):
            connection.check(settings, {})
        runs.server.run("create schema ANALYTICS.MADE_BY_ADMIN")

        connection.check(settings, {})
    finally:
        runs.server.run("grant create schema on database ANALYTICS to role TRANSFORMER")


@pytest.mark.slow
def test_a_warehouse_that_accepts_and_never_answers_is_given_up_within_a_minute(runs: Runs):
    """dbt alone waits for two minutes and more, at every try."""
    project(runs.project, {"a": "select 1 as x"})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        run = runs.run(SNOWFLAKE_PORT=str(silent.getsockname()[1]))

    assert run.code == 2
    assert time.monotonic() - started < 60
    assert "Snowflake can't be reached at 127.0.0.1:" in run.text or "refuses" in run.text


def test_check_says_for_each_thing_whether_it_is_there(runs: Runs):
    """Somebody who sets a workstream up would find one mistake per run."""
    good = runs.run("check")
    bad = runs.run("check", SNOWFLAKE_ROLE="OTHER", ARTIFACTS_URI="s3://no-such-bucket/x", SNOWFLAKE_PRIVATE_KEY="no key")

    assert good.code == 0, good.text
    assert "A run has everything that it needs." in good.text
    assert bad.code == 2
    assert bad.failed_checks == [
        "artifacts at s3://no-such-bucket/x",
        "private key",
        "log-in of DBT with role OTHER",
    ], bad.text


def test_check_goes_on_after_the_first_grant_that_is_missing(runs: Runs):
    """Each would cost a request to the administrators of Snowflake, and a day."""
    revoked = ("usage on warehouse TRANSFORMING", "create schema on database ANALYTICS")
    for privilege in revoked:
        runs.server.run(f"revoke {privilege} from role TRANSFORMER")
    try:
        check = runs.run("check")
    finally:
        for privilege in revoked:
            runs.server.run(f"grant {privilege} to role TRANSFORMER")

    assert check.failed_checks == ["warehouse TRANSFORMING", f"schema {runs.workstream.upper()}"], check.text
    for fix in ("GRANT USAGE ON WAREHOUSE TRANSFORMING TO ROLE TRANSFORMER", "GRANT CREATE SCHEMA ON DATABASE ANALYTICS"):
        assert fix in check.text
