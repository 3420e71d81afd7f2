"""What is in use can't be deleted, and what goes can't be used: rules of EventBridge, keys of KMS.

EventBridge API Reference, "DeleteRule"; KMS Developer Guide, "Key states of AWS KMS keys". MiniStack does both.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import eventbridge, kms

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_stock_delete_rule = eventbridge._delete_rule
_stock_create_alias = kms._create_alias


@replaces(eventbridge, "_delete_rule")
def delete_rule(data: dict[str, Any]) -> Answer:
    """DeleteRule."""
    targets = eventbridge._list_targets_by_rule({"Rule": data.get("Name"), "EventBusName": data.get("EventBusName", "default")})
    if b'"Id"' in targets[2]:
        return error_response_json("ValidationException", "Rule can't be deleted since it has targets.", 400)
    return _stock_delete_rule(data)


@replaces(kms, "_create_alias")
def create_alias(data: dict[str, Any]) -> Answer:
    """CreateAlias."""
    key = kms._resolve_key(data.get("TargetKeyId", ""))
    if key and key["KeyState"] not in ("Enabled", "Disabled"):
        return error_response_json("KMSInvalidStateException", f"{key['Arn']} is pending deletion.", 400)
    return _stock_create_alias(data)
