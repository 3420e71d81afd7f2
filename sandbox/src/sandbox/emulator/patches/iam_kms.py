"""Reading, writing and making what a customer managed key encrypts needs that key too.

S3 User Guide, "Using server-side encryption with AWS KMS keys"; Secrets Manager User Guide, "Secret encryption and
decryption"; SNS Developer Guide, "Managing Amazon SNS encryption keys and costs"; ECR User Guide, "Encryption at rest";
MWAA User Guide, "Accessing an Amazon MWAA environment". MiniStack never asks for the key, so a role without `kms:Decrypt`
would work here and fail in AWS. The root user passes, as everywhere in MiniStack.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.services import kms, s3, secretsmanager, sns

from sandbox.emulator.patches import replaces

_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"

_stock_enforce = iam_evaluator.enforce
_stock_s3_context = iam_actions.s3_service_context
_stock_tag_context = iam_actions.request_tag_context

_NEEDS = {
    "airflow:CreateEnvironment": ("kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKey", "kms:Decrypt"),
    "ecr:CreateRepository": ("kms:DescribeKey", "kms:CreateGrant"),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:GetObjectVersion": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "secretsmanager:CreateSecret": ("kms:GenerateDataKey", "kms:Decrypt"),
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    "secretsmanager:PutSecretValue": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
}
"""What the caller needs on the key, for each action."""

_KEY_AT = {
    "airflow:CreateEnvironment": ["KmsKey"],
    "ecr:CreateRepository": ["encryptionConfiguration", "kmsKey"],
    "secretsmanager:CreateSecret": ["KmsKeyId"],
}
"""Where a request that makes something names its key."""

_NAMED = "request:key"
"""Place of that key in the request's context; no condition key of AWS."""


@replaces(iam_evaluator, "enforce")
def enforce(access_key: str, action: str, service: str, region: str, *rest: Any, **named: Any) -> Any:
    """None when the request is allowed; `rest` and `named` are the resource's ARN and the condition keys."""
    denied = _stock_enforce(access_key, action, service, region, *rest, **named)
    request = dict(zip(("resource_arn", "service_context"), rest, strict=False)) | named
    resource_arn, service_context = request.get("resource_arn", "*"), request.get("service_context")
    key = None if denied or action not in _NEEDS else kms._resolve_key(_key_id(action, resource_arn, service_context or {}))
    if key is None:
        return denied
    via = {"kms:ViaService": f"{service}.{region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
    for needed in _NEEDS[action]:
        refused = _stock_enforce(access_key, needed, "kms", region, key["Arn"], via)
        if refused:
            message = identity_denial_message(needed, refused.principal_arn, key["Arn"], refused.decision == "Deny")
            code = "AccessDenied" if service == "s3" else "AccessDeniedException"
            return iam_evaluator.AuthError(code, message)
    return None


def _key_id(action: str, resource_arn: str, context: dict[str, Any]) -> str | None:
    """The key that encrypts the resource, if it has one."""
    if action in _KEY_AT:
        return context.get(_NAMED)
    if action == "s3:PutObject":
        bucket = resource_arn.removeprefix("arn:aws:s3:::").partition("/")[0]
        return context.get(f"s3:{_KEY_HEADER}") or s3._bucket_default_sse_headers(bucket).get(_KEY_HEADER)
    if action.startswith("s3:"):
        bucket, _, path = resource_arn.removeprefix("arn:aws:s3:::").partition("/")
        stored = (s3._buckets.get(bucket) or {"objects": {}})["objects"].get(path) or {}
        return s3._stored_sse_headers(stored).get(_KEY_HEADER)
    if action.startswith("secretsmanager:"):
        _, secret = secretsmanager._resolve(resource_arn, use_arn_scope=True)
        return (secret or {}).get("KmsKeyId")
    return ((sns._topics.get(resource_arn) or {}).get("attributes") or {}).get("KmsMasterKeyId")


@replaces(iam_actions, "s3_service_context")
def s3_service_context(
    action: str, query: dict[str, Any] | None, path: str = "", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """S3's condition keys, with the one for the key that an upload names."""
    context = _stock_s3_context(action, query, path, headers)
    named = (headers or {}).get(_KEY_HEADER)
    if action == "s3:PutObject" and named:
        key = kms._resolve_key(named)
        context[f"s3:{_KEY_HEADER}"] = key["Arn"] if key else named
    return context


@replaces(iam_actions, "request_tag_context")
def request_tag_context(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
    """What the context has of a request's body: its tags, and the key that it names."""
    context = _stock_tag_context(service, action, body, params)
    if action in _KEY_AT:
        key = json.loads(body)
        for name in _KEY_AT[action]:
            key = (key or {}).get(name)
        context[_NAMED] = key
    return context
