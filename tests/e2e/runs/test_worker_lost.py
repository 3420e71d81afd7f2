"""The run that lost its worker in Airflow at the start of these tests (conftest.py: orphan): it takes the longest."""

import pytest

pytestmark = pytest.mark.slow


def test_a_worker_that_is_killed_finds_its_container_again(started, orphan, inbox):
    """A second container would write the same tables at the same time."""
    run = started["bus"]

    assert run.ended(900) == "success"

    assert run.task["try_number"] == 2
    assert [task["taskArn"] for task in run.ecs_tasks()] == [orphan]
    assert orphan in run.log(2)
    assert "dbt succeeded" in run.log(2)
    assert inbox.subjects("bus") == []
