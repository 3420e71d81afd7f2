"""A queue that hears what the alert topic tells, for as long as it is needed."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from ops.acceptance.report import NotCheckableError
from ops.stack import Stack, Workstream

WAIT = 180
"""Seconds within which an alert must have left."""

Hear = Callable[[str], str | None]
"""Subject of the alert that names a run; None when none came in time."""


@contextmanager
def listening(stack: Stack, workstream: Workstream) -> Iterator[Hear]:
    """Subscribes a queue of its own to the topic of the workstream's alerts, and takes both away again, also after a failure."""
    sqs, sns = stack.session.client("sqs"), stack.session.client("sns")
    topic = workstream.alert_topic
    try:
        url = sqs.create_queue(QueueName=f"acceptance-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    except ClientError as error:
        reason = error.response["Error"]
        raise NotCheckableError(f"no queue may be made to listen with: {reason['Code']}: {reason['Message']}") from None
    try:
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(queue, topic)})
        subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)["SubscriptionArn"]
        try:
            yield lambda run_id: _alert(sqs, url, run_id)
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)
    finally:
        sqs.delete_queue(QueueUrl=url)


def _policy(queue: str, topic: str) -> str:
    """Only this topic may put messages in (Amazon SNS, "Subscribing an Amazon SQS queue to an Amazon SNS topic")."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _alert(sqs: Any, url: str, run_id: str) -> str | None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        for message in received.get("Messages", []):
            alert = json.loads(message["Body"])
            if run_id in alert["Message"]:
                return alert["Subject"]
    return None
