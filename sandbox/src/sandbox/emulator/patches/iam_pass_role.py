"""Whoever hands a role to ECS or MWAA needs `iam:PassRole` for it.

IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; Service Authorization Reference, dependent
actions of ecs:RegisterTaskDefinition, ecs:RunTask, airflow:CreateEnvironment. MiniStack never asks.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecs

from sandbox.emulator.patches import replaces
from sandbox.emulator.roles import DeniedError, require_caller_may_pass

Answer = tuple[int, dict[str, str], bytes]

_ECS = "ecs-tasks.amazonaws.com"

_stock_register = ecs._register_task_definition
_stock_run_task = ecs._run_task


def _roles(source: dict[str, Any]) -> list[str]:
    return [source[field] for field in ("executionRoleArn", "taskRoleArn") if source.get(field)]


def _denied(roles: list[str]) -> Answer | None:
    try:
        for role in roles:
            require_caller_may_pass(role, _ECS)
    except DeniedError as denied:
        return error_response_json("AccessDeniedException", str(denied), 400)
    return None


@replaces(ecs, "_register_task_definition")
def register_task_definition(data: dict[str, Any]) -> Answer:
    """RegisterTaskDefinition."""
    return _denied(_roles(data)) or _stock_register(data)


@replaces(ecs, "_run_task")
def run_task(data: dict[str, Any]) -> Answer:
    """RunTask: the roles of the task definition, or those that override them."""
    definition = ecs._task_defs.get(ecs._resolve_td_key(data["taskDefinition"])) or {}
    overrides = {key: value for key, value in (data.get("overrides") or {}).items() if value}
    return _denied(_roles({**definition, **overrides})) or _stock_run_task(data)
