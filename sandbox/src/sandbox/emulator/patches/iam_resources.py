"""IAM checks a request against the resource and the condition keys that AWS uses.

Service Authorization Reference, the page of each service. MiniStack checks every ECS request against the cluster, so a
policy that names task definitions never matches; stream-level requests to CloudWatch Logs against the group, so a policy for
`<group>:*` never does; rules of the default event bus with the bus in their ARN; and Airflow environments, dashboards, key
aliases and what is tagged by its ARN against none at all.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

from sandbox.emulator import calls
from sandbox.emulator.patches import replaces
from sandbox.emulator.request import Request

_stock_resource = iam_actions.extract_resource_arn
_stock_context = iam_actions.request_tag_context

_LOG_ACTIONS = {
    "CreateLogStream",
    "DeleteLogStream",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "PutLogEvents",
}


@replaces(iam_actions, "extract_resource_arn")
def extract_resource_arn(service: str, *request: Any) -> str:
    """The resource of a request; `request` is method, path, headers, body, query, region and account."""
    headers, body = request[2:4]
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "ecs" and action in _ECS_RESOURCES:
        return _ECS_RESOURCES[action](json.loads(body))
    if service == "logs" and action in _LOG_ACTIONS:
        return _log_stream(json.loads(body))
    if service == "airflow":
        return _airflow(request[1])
    if service in _NAMED:
        asked = Request(method=request[0], path=request[1], headers=headers, body=body)
        operation, given = calls.read(calls.SERVICES[service], asked) or ("", {})
        if named := _NAMED[service].get(operation):
            return named(given)
    return _stock_resource(service, *request)


@replaces(iam_actions, "request_tag_context")
def request_tag_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
    """The condition keys of a request."""
    context = _stock_context(service, iam_action, body, params)
    if service == "ecs" and iam_action != "ecs:CreateCluster" and body:
        context["ecs:cluster"] = _ecs("cluster", _cluster(json.loads(body)))
    return context


def _arn(service: str, resource: str, region: str | None = None) -> str:
    return f"arn:aws:{service}:{get_region() if region is None else region}:{get_account_id()}:{resource}"


def _airflow(path: str) -> str:
    """`/environments/<name>`, `/restapi/<name>`, `/tags/<ARN>`; the REST API acts as a role of Airflow's own."""
    kind, _, name = path.strip("/").partition("/")
    match kind:
        case "tags":
            return unquote(name)
        case "environments" if name:
            return _arn("airflow", f"environment/{name}")
        case "restapi":
            return _arn("airflow", f"role/{name}/Op")
    return "*"


def _log_stream(data: dict[str, Any]) -> str:
    """Requests about a whole group are checked against a stream without a name."""
    group = data.get("logGroupName") or data["logGroupIdentifier"].removesuffix(":*").rpartition(":log-group:")[2]
    return _arn("logs", f"log-group:{group}:log-stream:{data.get('logStreamName', '')}")


def _ecs(kind: str, name: str) -> str:
    return _arn("ecs", f"{kind}/{name}")


def _cluster(data: dict[str, Any]) -> str:
    return data.get("cluster", "default").rpartition("/")[2]


def _task(data: dict[str, Any], task: str) -> str:
    return task if task.startswith("arn:") else _ecs("task", f"{_cluster(data)}/{task}")


_ECS_RESOURCES = {
    "CreateCluster": lambda data: _ecs("cluster", data.get("clusterName", "default")),
    "DeregisterTaskDefinition": lambda _: "*",
    "DescribeTaskDefinition": lambda _: "*",
    "DescribeTasks": lambda data: _task(data, next(iter(data.get("tasks", [])), "*")),
    "ListTaskDefinitions": lambda _: "*",
    "ListTasks": lambda data: _ecs("container-instance", f"{_cluster(data)}/*"),
    "ListTagsForResource": lambda data: data["resourceArn"],
    "RegisterTaskDefinition": lambda data: _ecs("task-definition", f"{data['family']}:*"),
    "RunTask": lambda data: _ecs("task-definition", ecs._resolve_td_key(data["taskDefinition"])),
    "StopTask": lambda data: _task(data, data["task"]),
    "TagResource": lambda data: data["resourceArn"],
    "UntagResource": lambda data: data["resourceArn"],
}
"""What each action is checked against."""

_NAMED = {
    "ecr": {name: lambda given: given["resourceArn"] for name in ("TagResource", "UntagResource")},
    "events": {
        **{name: lambda given: _arn("events", f"rule/{given['Name']}") for name in ("PutRule", "DeleteRule")},
        **{name: lambda given: _arn("events", f"rule/{given['Rule']}") for name in ("PutTargets", "RemoveTargets")},
        **{name: lambda given: given["ResourceARN"] for name in ("TagResource", "UntagResource")},
    },
    # AWS asks for a right to the key as well.
    "kms": {name: lambda given: _arn("kms", given["AliasName"]) for name in ("CreateAlias", "DeleteAlias", "UpdateAlias")},
    "monitoring": {
        "DeleteAlarms": lambda given: _arn("cloudwatch", f"alarm:{given['AlarmNames'][0]}"),
        "DeleteDashboards": lambda given: _arn("cloudwatch", f"dashboard/{given['DashboardNames'][0]}", region=""),
        "PutDashboard": lambda given: _arn("cloudwatch", f"dashboard/{given['DashboardName']}", region=""),
        **{name: lambda given: given["ResourceARN"] for name in ("TagResource", "UntagResource")},
    },
    "sns": {name: lambda given: given["ResourceArn"] for name in ("TagResource", "UntagResource")},
}
"""The same, of other services."""
