"""StopTask answers at once; the task then gets SIGTERM, its stop timeout and SIGKILL, and reports real exit codes.

ECS API Reference, "StopTask". MiniStack stops within the request and reports exit code 0.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from sandbox.emulator.patches import ecs_tasks, replaces


@replaces(ecs, "_stop_task")
def stop_task(data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """StopTask."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if cluster not in ecs._clusters:
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    record = ecs._resolve_task(data["task"], cluster)
    if record is None:
        return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
    if record["desiredStatus"] != "STOPPED":
        ecs_tasks.request_stop(record, data.get("reason", "Task stopped by user"), "UserInitiated")
        if task := ecs_tasks.running.get(record["taskArn"]):
            task.wake()
    return json_response({"task": ecs._sanitize(record)})
