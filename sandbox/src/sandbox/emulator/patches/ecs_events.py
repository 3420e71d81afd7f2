"""Each change of a task's status becomes an event `ECS Task State Change`.

Amazon ECS Developer Guide, "Amazon ECS task state change events". MiniStack sends none.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.services import ecs, eventbridge

from sandbox.emulator.patches import ecs_tasks, replaces

_stock = {name: getattr(ecs, name) for name in ("_mark_task_pending", "_mark_task_running")}
_stock_mark_stopped = ecs_tasks.mark_stopped


def _emit(record: dict[str, Any]) -> None:
    event = {
        "Source": "aws.ecs",
        "DetailType": "ECS Task State Change",
        "Resources": [record["taskArn"]],
        "Detail": json.dumps(ecs._sanitize(record)),
    }
    eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)


@replaces(ecs, "_mark_task_pending")
def mark_pending(arn: str, record: dict[str, Any]) -> bool:
    """To PENDING."""
    changed = _stock["_mark_task_pending"](arn, record)
    _emit(record)
    return changed


@replaces(ecs, "_mark_task_running")
def mark_running(arn: str, record: dict[str, Any]) -> bool:
    """To RUNNING."""
    changed = _stock["_mark_task_running"](arn, record)
    _emit(record)
    return changed


@replaces(ecs_tasks, "mark_stopped")
def mark_stopped(record: dict[str, Any], reason: str, code: str) -> None:
    """To STOPPED."""
    _stock_mark_stopped(record, reason, code)
    _emit(record)
