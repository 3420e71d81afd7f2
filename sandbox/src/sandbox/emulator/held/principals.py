"""IAM and STS: roles, policies and tokens."""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import iam

from sandbox.emulator.faults import UNKNOWN_PRINCIPAL
from sandbox.emulator.limits.problems import Check, Parameters, Problem
from sandbox.grammars import policies

LINKED = "/aws-service-role/"
"""Path of service-linked roles, and of the policies that only they may have."""


def _role_name(call: Parameters) -> Iterator[Problem]:
    """IAM API Reference, CreateRole: names are not distinguished by case."""
    for name in iam._roles:
        if name != call["RoleName"] and name.lower() == call["RoleName"].lower():
            yield "EntityAlreadyExists", f"Role with name {call['RoleName']} already exists."


def _session(call: Parameters) -> Iterator[Problem]:
    """STS API Reference, AssumeRole."""
    role = iam._roles.get(call["RoleArn"].rpartition("/")[2]) or {}
    if call.get("DurationSeconds", 0) > role.get("MaxSessionDuration", 3600):
        yield "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    trusted = policies.statements(role["AssumeRolePolicyDocument"]) if role else []
    if role and not any(policies.principals(each, "AWS") for each in trusted):
        yield "AccessDenied", f"User is not authorized to perform: sts:AssumeRole on resource: {call['RoleArn']}"


def _identity(call: Parameters) -> Iterator[Problem]:
    """STS API Reference, AssumeRoleWithWebIdentity: errors. Nobody verifies the signature."""
    claims = _claims(call["WebIdentityToken"])
    if claims is None:
        yield (
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
        return
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    provider = iam._oidc_providers.get(f"arn:aws:iam::{get_account_id()}:oidc-provider/{issuer}")
    if issuer and provider is None:
        yield "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for https://{issuer}"
    if provider and not {*policies.listed(claims.get("aud"))}.intersection(provider["ClientIDList"]):
        yield "InvalidIdentityToken", "Incorrect token audience"
    if claims.get("exp", time.time()) < time.time() - 1:
        yield "ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time"


def _claims(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    except (IndexError, ValueError):
        return None
    return found if isinstance(found, dict) and len(parts) == 3 else None


def _linked(call: Parameters) -> Iterator[Problem]:
    """IAM User Guide, "Create a service-linked role": only its service changes it."""
    if ((iam._roles.get(call["RoleName"]) or {}).get("Path") or "").startswith(LINKED):
        reason = f"Cannot perform the operation on the protected role '{call['RoleName']}' - this role is only modifiable by AWS"
        yield "UnmodifiableEntity", reason


def _attach(call: Parameters) -> Iterator[Problem]:
    """IAM API Reference, AttachRolePolicy. Of AWS's own policies MiniStack has a part only."""
    yield from _linked(call)
    arn = call["PolicyArn"]
    if arn.startswith(f"arn:aws:iam::aws:policy{LINKED}"):
        yield "PolicyNotAttachable", f"Cannot attach a Service Role Policy to a Customer Role: {arn}"
    elif ":iam::aws:" not in arn and arn not in iam._policies:
        yield "NoSuchEntity", f"Policy {arn} does not exist or is not attachable."


def _delete_policy(call: Parameters) -> Iterator[Problem]:
    """IAM API Reference, DeletePolicy: all versions but the default one go first."""
    if len((iam._policies.get(call["PolicyArn"]) or {}).get("Versions") or []) > 1:
        yield (
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions.",
        )


RESOURCE_POLICIES = {
    ("ecr", "SetRepositoryPolicy"): "policyText",
    ("iam", "CreateRole"): "AssumeRolePolicyDocument",
    ("iam", "UpdateAssumeRolePolicy"): "PolicyDocument",
    ("kms", "CreateKey"): "Policy",
    ("kms", "PutKeyPolicy"): "Policy",
    ("s3", "PutBucketPolicy"): "Policy",
    ("secretsmanager", "PutResourcePolicy"): "ResourcePolicy",
    ("sns", "SetTopicAttributes"): "AttributeValue",
}
"""Operation -> where its policy is that names principals."""


def named(service: str, operation: str, call: Parameters) -> Iterator[Problem]:
    """IAM User Guide, "AWS JSON policy elements: Principal": roles and users of the own account must be there."""
    place = RESOURCE_POLICIES.get((service, operation), "")
    if not call.get(place) or call.get("AttributeName", "Policy") != "Policy":
        return
    for statement in policies.statements(call[place]):
        for who in policies.principals(statement, "AWS"):
            kind, _, name = who.removeprefix(f"arn:aws:iam::{get_account_id()}:").partition("/")
            held = {"role": iam._roles, "user": iam._users}.get(kind)
            if held is not None and name.rpartition("/")[2] not in held:
                yield UNKNOWN_PRINCIPAL[service][1:]


HELD: dict[tuple[str, str], Check] = {
    **{
        ("iam", operation): _linked
        for operation in (
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "UpdateAssumeRolePolicy",
        )
    },
    ("iam", "AttachRolePolicy"): _attach,
    ("iam", "CreateRole"): _role_name,
    ("iam", "DeletePolicy"): _delete_policy,
    ("sts", "AssumeRole"): _session,
    ("sts", "AssumeRoleWithWebIdentity"): _identity,
}
