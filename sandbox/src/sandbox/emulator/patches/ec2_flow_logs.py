"""A flow log keeps its role, interval, format and tags.

EC2 API Reference, "FlowLog" and "CreateFlowLogs". MiniStack drops them.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from html import escape
from typing import Any

from ministack.services import ec2

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_DEFAULT_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} "
    "${start} ${end} ${action} ${log-status}"
)

_stock_create = ec2._create_flow_logs
_stock_describe = ec2._describe_flow_logs


@replaces(ec2, "_create_flow_logs")
def create_flow_logs(params: dict[str, Any]) -> Answer:
    """CreateFlowLogs."""
    before = set(ec2._flow_logs)
    answer = _stock_create(params)
    for flow_log_id in set(ec2._flow_logs) - before:
        ec2._flow_logs[flow_log_id] |= {
            "DeliverLogsPermissionArn": ec2._p(params, "DeliverLogsPermissionArn"),
            "MaxAggregationInterval": ec2._p(params, "MaxAggregationInterval") or "600",
            "LogFormat": ec2._p(params, "LogFormat") or _DEFAULT_FORMAT,
            "LogGroupName": ec2._p(params, "LogGroupName") or _group(ec2._p(params, "LogDestination")),
        }
        ec2._parse_tag_specs(params, "vpc-flow-log", flow_log_id)
    return answer


def _group(destination: str) -> str:
    """The log group of a destination ARN; empty for S3."""
    return destination.removesuffix(":*").rpartition(":log-group:")[2] if ":log-group:" in destination else ""


@replaces(ec2, "_describe_flow_logs")
def describe_flow_logs(params: dict[str, Any]) -> Answer:
    """DescribeFlowLogs."""
    status, headers, body = _stock_describe(params)
    first, *rest = body.decode().split("<flowLogId>")
    filled = [part.replace("<trafficType>", _more(part.partition("<")[0]) + "<trafficType>") for part in rest]
    return status, headers, "<flowLogId>".join([first, *filled]).encode()


def _more(flow_log_id: str) -> str:
    flow_log = ec2._flow_logs[flow_log_id]
    fields = {
        "deliverLogsPermissionArn": flow_log["DeliverLogsPermissionArn"],
        "logFormat": escape(flow_log["LogFormat"]),
        "logGroupName": flow_log["LogGroupName"],
        "maxAggregationInterval": flow_log["MaxAggregationInterval"],
    }
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)
