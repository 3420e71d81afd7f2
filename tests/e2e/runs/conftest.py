"""Workstreams whose pace a test sets: the project tests/projects/paced, added to the deployed stack for these tests."""

import json
from collections.abc import Iterator

import pytest

from sandbox.demo.demo import client
from sandbox.demo.stack import Stack
from tests.e2e.airflow import Airflow, DagRun
from tests.e2e.runs.inbox import Inbox
from tests.e2e.runs.paced import LONG, LOST_WORKER, deploy_paced, kill_worker


@pytest.fixture(scope="package")
def airflow(platform: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """The platform with five more workstreams; taken away again after the last test."""
    airflow = deploy_paced(platform, tmp_path_factory.mktemp("paced"))
    yield airflow
    platform.run("up", "--yes", "--skip-preview")


@pytest.fixture(scope="package")
def inbox(airflow: Airflow) -> Iterator[Inbox]:
    """A queue that is subscribed to the stack's alerts."""
    sqs, sns = client(airflow.stack, "sqs"), client(airflow.stack, "sns")
    url = sqs.create_queue(QueueName="alerts")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = airflow.configuration("tram")["alertTopic"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)["SubscriptionArn"]
    yield Inbox(airflow, url)
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture(scope="package")
def started(airflow: Airflow, inbox: Inbox) -> dict[str, DagRun]:
    """Four runs at once, each for one failure; what takes minutes goes on beside the other tests."""
    bus = airflow.trigger("bus", vars={"wait": {"stop_4": LOST_WORKER}})
    ferry = airflow.trigger("ferry", dated=True, vars={"locked": ["stop_5"]})
    metro = airflow.trigger("metro", select=["+stop_2"], vars={"wait": {"stop_2": LONG}})
    tram = airflow.trigger("tram", vars={"wait": {"stop_4": 40}})
    return {run.workstream: run for run in (bus, ferry, metro, tram)}


@pytest.fixture(scope="package")
def orphan(airflow: Airflow, started: dict[str, DagRun]) -> str:
    """ARN of an ECS task whose worker in Airflow was killed."""
    run = started["bus"]
    run.reached("stop_3")
    [task] = run.ecs_tasks()
    assert kill_worker(run)
    return task["taskArn"]
