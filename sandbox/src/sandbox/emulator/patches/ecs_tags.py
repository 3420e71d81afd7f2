"""A task gets its task definition's tags when asked to, and tagging at start needs `ecs:TagResource`.

ECS API Reference, "RunTask" (`propagateTags`); Amazon ECS Developer Guide, "Grant permission to tag resources on
creation". MiniStack ignores `propagateTags` and asks no permission.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import ecs

from sandbox.emulator.patches import replaces
from sandbox.emulator.roles import DeniedError, require_caller

_stock_run_task = ecs._run_task


@replaces(ecs, "_run_task")
def run_task(data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """RunTask."""
    tags = {tag["key"]: tag for tag in data.get("tags", [])}
    if data.get("propagateTags") == "TASK_DEFINITION":
        definition = ecs._task_defs.get(ecs._resolve_td_key(data["taskDefinition"])) or {}
        inherited = ecs._tags.get(definition.get("taskDefinitionArn"), [])
        tags = {**{tag["key"]: tag for tag in inherited}, **tags}
    if tags:
        cluster = data.get("cluster", "default").rpartition("/")[2]
        try:
            tasks = f"arn:aws:ecs:{get_region()}:{get_account_id()}:task/{cluster}/*"
            require_caller("ecs:TagResource", tasks, **{"ecs:CreateAction": "RunTask"})
        except DeniedError as denied:
            return error_response_json("AccessDeniedException", str(denied), 400)
    return _stock_run_task({**data, "tags": list(tags.values())})
