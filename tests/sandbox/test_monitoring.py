"""What watches the deployed platform really reaches the people who subscribed."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.demo.demo import client
from sandbox.demo.stack import Stack
from sandbox.network import wait_until

Messages = Callable[[], list[str]]


@pytest.fixture
def messages(platform: Stack) -> Iterator[Messages]:
    """What a subscriber of the alerts has got since the test began."""
    sqs, sns = client(platform, "sqs"), client(platform, "sns")
    queue = sqs.create_queue(QueueName="alerts-test")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = platform.outputs()["alertTopicArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    limited = {**allowed, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [limited]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)["SubscriptionArn"]
    got: list[str] = []

    def receive() -> list[str]:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            got.append(json.loads(message["Body"])["Message"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return got

    yield receive
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


@pytest.fixture
def sales(platform: Stack) -> dict[str, Any]:
    """What Airflow knows of a workstream."""
    bucket = platform.outputs()["dagBucket"]
    return json.loads(client(platform, "s3").get_object(Bucket=bucket, Key="dags/config/sales.json")["Body"].read())


def run(platform: Stack, sales: dict[str, Any], **changes: Any) -> str:
    """Runs sales' task, with another container; returns its ARN."""
    ecs = client(platform, "ecs")
    ours = ecs.describe_task_definition(taskDefinition=sales["taskDefinition"])["taskDefinition"]
    taken = ("networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn", "volumes")
    container = {**ours["containerDefinitions"][0], **changes}
    made = ecs.register_task_definition(family="test", containerDefinitions=[container], **{key: ours[key] for key in taken})
    network = {"awsvpcConfiguration": {"subnets": sales["subnets"], "securityGroups": sales["securityGroups"]}}
    definition = made["taskDefinition"]["taskDefinitionArn"]
    started = ecs.run_task(cluster=sales["cluster"], taskDefinition=definition, launchType="FARGATE", networkConfiguration=network)
    ecs.deregister_task_definition(taskDefinition=definition)
    return started["tasks"][0]["taskArn"]


def test_a_task_that_never_started_is_told_with_its_reason(platform: Stack, sales: dict[str, Any], messages: Messages):
    """Nobody mends an image that can't be pulled by trying again."""
    image = f"{platform.outputs()['repositoryUrl']}@sha256:{'0' * 64}"

    task = run(platform, sales, image=image)

    assert wait_until(lambda: any(task in message for message in messages()), 60), messages()
    [told] = [message for message in messages() if task in message]
    assert "TaskFailedToStart" in told
    assert "CannotPullContainerError" in told


def test_a_task_that_reported_its_failure_is_not_told_again(platform: Stack, sales: dict[str, Any], messages: Messages):
    """Airflow tells of it: its exit code is one of the runner's own."""
    reported, killed = (
        run(platform, sales, entryPoint=["python3", "-c"], command=[f"raise SystemExit({code})"]) for code in (1, 139)
    )

    assert wait_until(lambda: any(killed in message for message in messages()), 60), messages()
    ecs = client(platform, "ecs")
    assert wait_until(
        lambda: ecs.describe_tasks(cluster=sales["cluster"], tasks=[reported])["tasks"][0]["lastStatus"] == "STOPPED", 60
    )
    assert not [message for message in messages() if reported in message]


def test_an_alarm_reaches_the_topic(platform: Stack, messages: Messages):
    """An alarm that its topic refuses, or whose key it may not use, is silent, also in AWS."""
    cloudwatch, name = client(platform, "cloudwatch"), "dbt-platform-sandbox-airflow-queue"

    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    assert wait_until(lambda: any(name in message for message in messages()), 60), messages()
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")


def test_the_budget_tells_the_same_people(platform: Stack):
    budgets, account = client(platform, "budgets"), platform.state.account
    budget = {"AccountId": account, "BudgetName": "dbt-platform-sandbox"}

    notifications = budgets.describe_notifications_for_budget(**budget)["Notifications"]

    assert {(each["NotificationType"], each["Threshold"]) for each in notifications} == {("FORECASTED", 80), ("ACTUAL", 100)}
    for each in notifications:
        notification = {key: each[key] for key in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")}
        [subscriber] = budgets.describe_subscribers_for_notification(**budget, Notification=notification)["Subscribers"]
        assert subscriber == {"SubscriptionType": "SNS", "Address": platform.outputs()["alertTopicArn"]}
