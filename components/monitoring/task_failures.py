"""Amazon EventBridge: dbt tasks that died before they could say why."""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.documents import as_json
from components.encryption import EncryptionKey
from components.iam_policy import Statement
from components.monitoring.alerts import Topics
from components.monitoring.notice import Notice
from components.role import ServiceRole, ServiceRoleArgs
from components.workstream import CONTAINER

REPORTED = [0, 1, 2, 3, 4, 143]
"""Exit codes of the runner (`image/runner/outcome.py`): it has told what happened, and Airflow passes it on."""

MESSAGE = {
    "task": "$.detail.taskArn",
    "definition": "$.detail.taskDefinitionArn",
    "code": "$.detail.stopCode",
    "reason": "$.detail.stoppedReason",
    "time": "$.time",
}
"""Parts of the event that the message shows (Amazon ECS, "Task state change events")."""

DIED = Notice(
    subject="A dbt task died before it could report",
    event="died",
    facts={"Task": "<task>", "Task definition": "<definition>", "Time": "<time>"},
    why="<code>, <reason>",
    steps=["docs/operations.md, Alerts"],
    detail="At <time>: <code>, <reason>. Task definition: <definition>. Task: <task>. What to do: docs/operations.md, Alerts.",
)
""""<name>" stands for what the event has."""


@dataclass(frozen=True, kw_only=True)
class TaskFailuresArgs:
    account: Account
    key: EncryptionKey
    """Encrypts the topic."""
    cluster_arn: pulumi.Input[str]
    topics: Topics


class TaskFailures(Component):
    """An alert for each task of the cluster that never started, or that was killed (out of memory, a lost host).

    Creates: an EventBridge rule, its targets, the role that it publishes with.
    Airflow reports a run once all its tries have failed, whatever the reason. This is about the platform, whose people have
    to know at the first try: no retry mends a missing secret, an image that can't be pulled, or too little memory.
    """

    def __init__(self, name: str, args: TaskFailuresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        name = f"{name}-task-failures"
        # With a topic policy instead, anybody's rule could publish: EventBridge heeds no Condition there (Amazon EventBridge,
        # "Using resource-based policies": Amazon SNS permissions).
        role = ServiceRole(
            name,
            ServiceRoleArgs(
                account=args.account,
                services=["events.amazonaws.com"],
                statements=[
                    Statement(actions=["sns:Publish"], resources=[arn for arn in args.topics if arn is not None]),
                    args.key.usage("sns", ["kms:Decrypt", "kms:GenerateDataKey"]),
                ],
                path="alerts/",
            ),
            self,
        )
        rule = aws.cloudwatch.EventRule(
            name,
            description="dbt tasks that never started, or died without a report",
            event_pattern=as_json(_died(args.cluster_arn)),
            opts=self.child(),
        )
        self._target(name, rule, args.topics.arn, role, json.dumps(f"{DIED.title}. {DIED.detail}"))
        if args.topics.chat is not None:
            self._target(f"{name}-chat", rule, args.topics.chat, role, DIED.chat)
        self.register_outputs({})

    def _target(
        self, name: str, rule: aws.cloudwatch.EventRule, topic: pulumi.Output[str], role: ServiceRole, template: str
    ) -> None:
        """The template is JSON: EventBridge sends one that is no object only as a quoted text."""
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            arn=topic,
            role_arn=role.arn,
            input_transformer={"input_paths": MESSAGE, "input_template": template},
            opts=self.child(depends_on=[role.granted]),
        )


def _died(cluster_arn: pulumi.Input[str]) -> dict[str, Any]:
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "clusterArn": [cluster_arn],
            "lastStatus": ["STOPPED"],
            "$or": [
                {"stopCode": ["TaskFailedToStart"]},
                # Ours: beside it GuardDuty may run an agent, which is killed at the end of every task.
                {"containers": {"name": [CONTAINER], "exitCode": [{"anything-but": REPORTED}]}},
            ],
        },
    }
