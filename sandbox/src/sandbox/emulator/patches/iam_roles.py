"""IAM's own requests are checked against the ARN and the condition key that AWS uses.

Service Authorization Reference, "AWS Identity and Access Management": resources have their path, and `iam:PermissionsBoundary`
is the boundary that a request sets, or else the one that the role has. MiniStack leaves out both, so a policy for the roles
of one path never matches, and neither does one that lets a caller give rights to bounded roles only.
STS API Reference, AssumeRole: within an account it is enough that a role's trust policy names the caller; MiniStack wants the
caller's own policy to allow it as well.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam

from sandbox.emulator.patches import replaces

_stock_resource = iam_actions.extract_resource_arn
_stock_context = iam_actions.request_tag_context
_stock_enforce = iam_evaluator.enforce

_BOUNDED = frozenset(
    {
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
    }
)
"""Actions of roles that have the condition key."""


@replaces(iam_actions, "extract_resource_arn")
def extract_resource_arn(service: str, *request: Any) -> str:
    """The resource of a request; `request` is method, path, headers, body, query, region and account."""
    return _resource(request[4]) if service == "iam" else _stock_resource(service, *request)


@replaces(iam_actions, "request_tag_context")
def request_tag_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
    """The condition keys of a request."""
    context = _stock_context(service, iam_action, body, params)
    if service == "iam" and iam_action.partition(":")[2] in _BOUNDED:
        role = iam._roles.get(_given(params, "RoleName")) or {}
        boundary = _given(params, "PermissionsBoundary") or role.get("PermissionsBoundary")
        context |= {"iam:PermissionsBoundary": boundary} if boundary else {}
    return context


@replaces(iam_evaluator, "enforce")
def enforce(access_key: str, action: str, service: str, region: str, resource_arn: str = "*", *rest: Any, **named: Any) -> Any:
    """None when the request is allowed; `rest` and `named` are the condition keys."""
    denied = _stock_enforce(access_key, action, service, region, resource_arn, *rest, **named)
    if action == "sts:AssumeRole" and isinstance(denied, iam_evaluator.EvalResult) and denied.decision == "ImplicitDeny":
        caller = iam._roles.get(iam_evaluator._role_name_from_assumed_arn(denied.principal_arn)) or {}
        role = iam._roles.get(resource_arn.rpartition("/")[2]) or {}
        if caller.get("Arn") in _trusted(role.get("AssumeRolePolicyDocument", '{"Statement": []}')):
            return None
    return denied


def _trusted(policy: str) -> list[str]:
    """Whom of the account a trust policy names."""
    principals = [one.get("Principal") for one in json.loads(policy)["Statement"]]
    named = [each["AWS"] for each in principals if isinstance(each, dict) and "AWS" in each]
    return [arn for one in named for arn in ([one] if isinstance(one, str) else one)]


def _resource(params: Any) -> str:
    if name := _given(params, "RoleName"):
        known = iam._roles.get(name)
        return known["Arn"] if known else _arn(f"role{_given(params, 'Path') or '/'}{name}")
    if url := _given(params, "Url"):
        return _arn(f"oidc-provider/{url.removeprefix('https://')}")
    if name := _given(params, "UserName"):
        return _arn(f"user{_given(params, 'Path') or '/'}{name}")
    if name := _given(params, "PolicyName"):
        return _arn(f"policy{_given(params, 'Path') or '/'}{name}")
    return _given(params, "PolicyArn") or _given(params, "OpenIDConnectProviderArn") or "*"


def _arn(resource: str) -> str:
    return f"arn:aws:iam::{get_account_id()}:{resource}"


def _given(params: Any, name: str) -> str:
    value = params.get(name, "")
    return value[0] if isinstance(value, list) else value
