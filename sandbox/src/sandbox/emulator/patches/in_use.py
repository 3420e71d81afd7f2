"""What is in use can't be deleted, what goes can't be used, and no more fits in than does: rules of EventBridge, keys, roles.

EventBridge API Reference, "DeleteRule"; KMS Developer Guide, "Key states of AWS KMS keys"; IAM User Guide, "IAM and AWS STS
quotas". MiniStack does all three.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import eventbridge, iam, kms

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_stock_delete_rule = eventbridge._delete_rule
_stock_attach = iam._attach_role_policy

MOST_POLICIES = 10
"""Managed policies of a role."""


@replaces(eventbridge, "_delete_rule")
def delete_rule(data: dict[str, Any]) -> Answer:
    """DeleteRule."""
    targets = eventbridge._list_targets_by_rule({"Rule": data.get("Name"), "EventBusName": data.get("EventBusName", "default")})
    if b'"Id"' in targets[2]:
        return error_response_json("ValidationException", "Rule can't be deleted since it has targets.", 400)
    return _stock_delete_rule(data)


def _guard_key(name: str, argument: str = "KeyId", *, disabled: bool = True) -> None:
    """Puts the key's state before a call; `disabled` says whether it is for disabled keys too."""
    stock = getattr(kms, name)

    @replaces(kms, name)
    def call(data: dict[str, Any]) -> Answer:
        key = kms._resolve_key(data.get(argument, ""))
        if key and key["KeyState"] not in ("Enabled", "Disabled"):
            return error_response_json("KMSInvalidStateException", f"{key['Arn']} is pending deletion.", 400)
        if key and key["KeyState"] == "Disabled" and not disabled:
            return error_response_json("DisabledException", f"{key['Arn']} is disabled.", 400)
        return stock(data)


_guard_key("_create_alias", "TargetKeyId")
_guard_key("_schedule_key_deletion")
_guard_key("_tag_resource")
_guard_key("_enable_key_rotation", disabled=False)


@replaces(iam, "_attach_role_policy")
def attach_role_policy(params: dict[str, Any]) -> Answer:
    """AttachRolePolicy."""
    attached = (iam._roles.get(iam._p(params, "RoleName")) or {}).get("AttachedPolicies", [])
    if len({*attached, iam._p(params, "PolicyArn")}) > MOST_POLICIES:
        reason = f"Cannot exceed quota for PoliciesPerRole: {MOST_POLICIES}"
        return iam._error(409, "LimitExceeded", reason, ns="iam")
    return _stock_attach(params)
