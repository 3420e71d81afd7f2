"""Alarms by AWS's protocol `query`, by which Terraform asks: nothing of one is left out.

CloudWatch API Reference, "PutMetricAlarm", "DescribeAlarms" and "DescribeAlarmsForMetric". MiniStack knows the whole of an alarm by
the other protocols only.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from ministack.services import cloudwatch

from sandbox.emulator import calls, forms
from sandbox.emulator.patches import replaces
from sandbox.emulator.request import Request
from sandbox.models import Shape

Answer = tuple[int, dict[str, str], bytes]


def _ask_as_json(name: str, operation: str) -> None:
    """Puts a translation to JSON and back around a function of MiniStack's."""
    stock, model = getattr(cloudwatch, name), calls.model("cloudwatch")
    answered = model.operation_model(operation).output_shape

    @replaces(cloudwatch, name)
    def call(params: dict[str, Any], cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Answer:
        form = {key: cloudwatch._p(params, key) for key in params}
        asked = None if is_cbor or is_json else forms.read(model, Request(body=urlencode(form).encode()))
        if asked is None:
            return stock(params, cbor_data, is_cbor, is_json)
        status, _, body = stock(params, asked[1], False, True)
        if status != 200:
            return stock(params, cbor_data, is_cbor, is_json)  # the error, as this protocol words it
        result = f"<{operation}Result>{_xml(json.loads(body), answered)}</{operation}Result>" if answered else ""
        return cloudwatch._xml(200, f"{operation}Response", result)


def _xml(value: Any, shape: Shape) -> str:
    match shape.type_name:
        case "structure":
            told = ((name, member, value[name]) for name, member in shape.members.items() if value.get(name) is not None)
            return "".join(f"<{name}>{_xml(item, member)}</{name}>" for name, member, item in told)
        case "list":
            return "".join(f"<member>{_xml(item, shape.member)}</member>" for item in value)
        case "timestamp":
            return datetime.fromtimestamp(value, UTC).isoformat()
        case "boolean":
            return str(value).lower()
    return escape(str(value))


_ask_as_json("_put_metric_alarm", "PutMetricAlarm")
_ask_as_json("_describe_alarms", "DescribeAlarms")
_ask_as_json("_describe_alarms_for_metric", "DescribeAlarmsForMetric")
