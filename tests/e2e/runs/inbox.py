"""What the alert topic tells."""

import json
from dataclasses import dataclass, field

from sandbox.demo.demo import client
from tests.e2e.airflow import Airflow


@dataclass
class Inbox:
    """What the alert topic delivered to a queue."""

    airflow: Airflow
    url: str
    messages: list[dict[str, str]] = field(default_factory=list)

    def subjects(self, workstream: str) -> list[str]:
        sqs = client(self.airflow.stack, "sqs")
        while received := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                self.messages.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Subject"] for message in self.messages if f" {workstream} " in message["Subject"]]
