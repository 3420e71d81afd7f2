"""Amazon EventBridge: dbt tasks that died before they could say why."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.documents import as_json
from components.encryption import EncryptionKey
from components.iam_policy import Statement
from components.names import names
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


@dataclass(frozen=True, kw_only=True)
class TaskFailuresArgs:
    account: Account
    key: EncryptionKey
    """Encrypts the topic."""
    cluster_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]


class TaskFailures(Component):
    """An alert for each task of the cluster that never started, or that was killed (out of memory, a lost host).

    Creates: an EventBridge rule, its target, the role that it publishes with.
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
                    Statement(actions=["sns:Publish"], resources=[args.topic_arn]),
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
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            arn=args.topic_arn,
            role_arn=role.arn,
            input_transformer={"input_paths": MESSAGE, "input_template": _template()},
            opts=self.child(depends_on=[role.granted]),
        )
        self.register_outputs({})


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


def _template() -> str:
    """One JSON text: EventBridge sends a template that is no JSON object only as a quoted string."""
    return (
        f'"A dbt task of {names().platform} died at <time> before it could report: <code>, <reason>. '
        'Task definition: <definition>. Task: <task>. What to do: docs/operations.md, Alarms."'
    )
