"""The watch over containers for which no run waits, against an ECS and an Airflow that say what a test wants."""
# ruff: noqa: I001

from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.dags.support import configuration, dag_folder  # before Airflow: it sets Airflow's home

import pendulum
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.sns import SnsHook
from dbt_configuration import read
from dbt_watch import WatchContainers

NOW = pendulum.datetime(2026, 3, 1, 12)
TEN_MINUTES_AGO = NOW.subtract(minutes=10)
OLD = NOW.subtract(minutes=15)


def container(workstream="sales", **changes: Any) -> dict[str, Any]:
    """One entry of DescribeTasks."""
    return {
        "taskArn": "arn:task/1",
        "taskDefinitionArn": f"arn:aws:ecs:eu-west-1:123456789012:task-definition/{workstream}:2",
        "desiredStatus": "RUNNING",
        "createdAt": OLD,
        "containers": [{"name": "dbt"}],
        "overrides": {"containerOverrides": [{"name": "dbt", "environment": [{"name": "DBT_RUN_ID", "value": "run-1"}]}]},
        **changes,
    }


def succeeded(at=OLD) -> dict[str, Any]:
    return container(desiredStatus="STOPPED", stoppedAt=at, containers=[{"name": "dbt", "exitCode": 0}])


@pytest.fixture
def topics():
    """Where the messages went."""
    return []


@pytest.fixture
def watch(tmp_path, monkeypatch, topics):
    """Watches one container of a run whose task has a state in Airflow: what was stopped, and what people were told."""
    workstreams, _ = read(dag_folder(tmp_path / "dags", configuration("sales")) / "config")

    def look(found, state, since=TEN_MINUTES_AGO):
        stopped, told = [], []
        lists = lambda **by: {"taskArns": [found["taskArn"]] if found["desiredStatus"] == by["desiredStatus"] else []}  # noqa: E731
        ecs = SimpleNamespace(
            list_tasks=lists,
            describe_tasks=lambda **_: {"tasks": [found]},
            stop_task=lambda **request: stopped.append(request["task"]),
        )
        monkeypatch.setattr(AwsBaseHook, "conn", ecs)

        def publish(_, **message):
            topics.append(message["target_arn"])
            told.append(message["message"])

        monkeypatch.setattr(SnsHook, "publish_to_target", publish)
        states = {"run-1": {"dbt": state}} if state else {}
        context = {
            "ti": SimpleNamespace(get_task_states=lambda **_: states),
            "data_interval_start": TEN_MINUTES_AGO,
            "data_interval_end": NOW,
            "prev_data_interval_end_success": since,
        }
        WatchContainers(task_id="watch", workstreams=workstreams).execute(context)
        return stopped, told

    return look


@pytest.mark.parametrize("state", ["failed", "success", None], ids=["failed", "marked as success", "deleted"])
def test_a_container_goes_on_only_as_long_as_its_run_does(watch, state):
    """A run marked as failed while its worker is gone: its container would write to the end, and nobody would look."""
    stopped, (told,) = watch(container(), state)

    assert stopped == ["arn:task/1"]
    assert "run-1" in told


@pytest.mark.parametrize("state", ["running", "up_for_retry", "queued"])
def test_a_container_whose_run_waits_for_it_is_left_alone(watch, state):
    """It would end every run after ten minutes."""
    assert watch(container(), state) == ([], [])


@pytest.mark.parametrize(("workstream", "topic"), [("sales", "alerts"), ("gone", "platform")])
def test_the_receivers_of_the_workstream_are_told(watch, topics, workstream, topic):
    """A team is not woken by another's container; one of a deleted workstream is nobody's but the platform's."""
    watch(container(workstream), "failed")

    assert topics == [f"arn:aws:sns:eu-west-1:123456789012:{topic}"]


def test_the_container_of_a_deleted_workstream_is_stopped(watch):
    """Its DAG is gone, and with it everybody who could stop it."""
    assert watch(container("gone"), "running")[0] == ["arn:task/1"]


@pytest.mark.parametrize("other", [{"createdAt": NOW.subtract(minutes=1)}, {"overrides": {}}], ids=["new", "run by hand"])
def test_a_container_that_may_be_in_order_is_left_alone(watch, other):
    """A worker may know a new DAG a minute before the one that watches."""
    assert watch(container(**other), "failed") == ([], [])


def test_a_container_that_succeeded_although_its_run_failed_is_told_once(watch):
    """The marts are there, and Airflow says that they are not."""
    assert "succeeded" in watch(succeeded(), "failed")[1][0]
    assert watch(succeeded(), "success") == ([], [])
    assert watch(succeeded(NOW.subtract(minutes=25)), "failed") == ([], [])
    assert watch(succeeded(NOW.subtract(minutes=25)), "failed", since=NOW.subtract(hours=1))[1], "Airflow was away meanwhile"
