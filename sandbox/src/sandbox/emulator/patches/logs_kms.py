"""A log group's key can be changed, and a key that CloudWatch Logs may not use is refused.

CloudWatch Logs API Reference, "AssociateKmsKey"; CloudWatch Logs User Guide, "Encrypt log data using AWS KMS". MiniStack
lacks both actions and accepts any key.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import cloudwatch_logs, kms

from sandbox.emulator.patches import replaces
from sandbox.emulator.roles import policy_allows_service

Answer = tuple[int, dict[str, str], bytes]

_ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")

_stock_create = cloudwatch_logs._create_log_group
_stock_handle = cloudwatch_logs.handle_request


def _refusal(group: str, key_id: str) -> Answer | None:
    key = kms._resolve_key(key_id)
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    context = {"kms:encryptioncontext:aws:logs:arn": arn}
    service = f"logs.{get_region()}.amazonaws.com"
    if key and all(policy_allows_service(key["Policy"], service, action, key["Arn"], context) for action in _ACTIONS):
        return None
    message = f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
    return error_response_json("InvalidParameterException", message, 400)


@replaces(cloudwatch_logs, "_create_log_group")
def create_log_group(data: dict[str, Any]) -> Answer:
    """CreateLogGroup."""
    refusal = _refusal(data["logGroupName"], data["kmsKeyId"]) if data.get("kmsKeyId") else None
    return refusal or _stock_create(data)


def _set_key(data: dict[str, Any]) -> Answer:
    name = data.get("logGroupName") or data["resourceIdentifier"].removesuffix(":*").rpartition(":log-group:")[2]
    group = cloudwatch_logs._log_groups.get(name)
    if group is None:
        return error_response_json("ResourceNotFoundException", f"The specified log group does not exist: {name}", 400)
    if data.get("kmsKeyId") and (refusal := _refusal(name, data["kmsKeyId"])):
        return refusal
    group["kmsKeyId"] = data.get("kmsKeyId")
    return json_response({})


@replaces(cloudwatch_logs, "handle_request")
async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Answer:
    """AssociateKmsKey and DisassociateKmsKey, and whatever MiniStack answers."""
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    if action in ("AssociateKmsKey", "DisassociateKmsKey"):
        return _set_key(json.loads(body))
    return await _stock_handle(method, path, headers, body, query)
