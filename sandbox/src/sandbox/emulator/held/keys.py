"""KMS: in which state a key is, for calls about it and for those that need it."""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import base64
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import kms, s3, secretsmanager, sns

from sandbox.emulator.limits.problems import Check, Parameters, Problem
from sandbox.grammars import policies

KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"

USAGES = {
    "Decrypt": "ENCRYPT_DECRYPT",
    "Encrypt": "ENCRYPT_DECRYPT",
    "GenerateDataKey": "ENCRYPT_DECRYPT",
    "GenerateDataKeyWithoutPlaintext": "ENCRYPT_DECRYPT",
    "Sign": "SIGN_VERIFY",
    "Verify": "SIGN_VERIFY",
}
"""Operation -> what its key must be for (KMS API Reference: InvalidKeyUsageException)."""

SYMMETRIC = ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
"""The same page: these need a symmetric key besides."""


def _key_problem(key: Any) -> str:
    """Why nothing can be encrypted with a key: its state. AWS's own keys and those of others are not among those held here."""
    ours = key and "alias/aws/" not in key and (not key.startswith("arn:") or f":{get_account_id()}:" in key)
    found = kms._resolve_key(key) if ours else {"KeyState": "Enabled"}
    return "NotFound" if not found else {"Enabled": "", "Disabled": "Disabled"}.get(found["KeyState"], "InvalidState")


def _object_key(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, "Error responses": KMS."""
    plain = call.get("ServerSideEncryption", "aws:kms") == "AES256"
    key = None if plain else call.get("SSEKMSKeyId") or s3._bucket_default_sse_headers(call["Bucket"]).get(KEY_HEADER)
    codes = {
        "Disabled": "KMS.DisabledException",
        "InvalidState": "KMS.KMSInvalidStateException",
        "NotFound": "KMS.NotFoundException",
    }
    if problem := _key_problem(key):
        yield codes[problem], f"{key} is not usable: {problem}."


def secret_key(code: str, what: str) -> Callable[[Parameters], Iterator[Problem]]:
    """Secrets Manager API Reference, PutSecretValue and GetSecretValue: errors."""

    def check(call: Parameters) -> Iterator[Problem]:
        new = "Name" in call
        key = call.get("KmsKeyId") if new else (secretsmanager._resolve(call["SecretId"])[1] or {}).get("KmsKeyId")
        empty = new and not call.get("SecretString") and not call.get("SecretBinary")
        if not empty and _key_problem(key):
            reason = "Check that the KMS key is available, enabled, and not in an invalid state."
            yield code, f"Secrets Manager can't {what} the protected secret text using the provided KMS key. {reason}"

    return check


def _topic_key(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, Publish: errors."""
    key = ((sns._topics.get(call.get("TopicArn", "")) or {}).get("attributes") or {}).get("KmsMasterKeyId")
    if problem := _key_problem(key):
        yield f"KMS{problem}", f"{key} is not usable: {problem}."


def _repository_key(call: Parameters) -> Iterator[Problem]:
    """ECR API Reference, CreateRepository: KmsException."""
    key = (call.get("encryptionConfiguration") or {}).get("kmsKey")
    if problem := _key_problem(key):
        yield "KmsException", f"{key} is not usable: {problem}."


def _usage(operation: str) -> Check:
    def check(call: Parameters) -> Iterator[Problem]:
        key = kms._resolve_key(call.get("KeyId") or "") or {}
        usable = key.get("KeyState", "Enabled") == "Enabled"
        wrong = key.get("KeyUsage", USAGES[operation]) != USAGES[operation]
        if usable and (wrong or (operation in SYMMETRIC and not _symmetric(key))):
            yield "InvalidKeyUsageException", f"{key['Arn']} key usage is {key['KeyUsage']} which is not valid for {operation}."

    return check


def _symmetric(key: dict[str, Any]) -> bool:
    return key.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"


def _decrypt(call: Parameters) -> Iterator[Problem]:
    """KMS API Reference, Decrypt: a key that is named must be the one that encrypted. MiniStack puts its id before the rest."""
    yield from _usage("Decrypt")(call)
    text = call.get("CiphertextBlob") or b""
    text = base64.b64decode(text) if isinstance(text, str) else text
    named, used = kms._resolve_key(call.get("KeyId") or ""), kms._resolve_key(text[:36].decode(errors="replace"))
    if named and used and named["Arn"] != used["Arn"]:
        yield "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation."


def _not_pending(call: Parameters) -> Iterator[Problem]:
    """KMS Developer Guide, "Key states of AWS KMS keys"."""
    key = kms._resolve_key(call["KeyId"]) or {}
    if key.get("KeyState") == "PendingDeletion":
        yield "KMSInvalidStateException", f"{key['Arn']} is pending deletion."


def _rotation(call: Parameters) -> Iterator[Problem]:
    yield from _not_pending(call)
    key = kms._resolve_key(call["KeyId"])
    if key and not _symmetric(key):
        yield "UnsupportedOperationException", f"{key['Arn']} is asymmetric: automatic rotation is for symmetric keys."


def _pending(call: Parameters) -> Iterator[Problem]:
    key = kms._resolve_key(call["KeyId"])
    if key and key["KeyState"] != "PendingDeletion":
        yield "KMSInvalidStateException", f"{key['Arn']} is not pending deletion."


def _policy(call: Parameters) -> Iterator[Problem]:
    """KMS Developer Guide, "Key policies in AWS KMS": the lockout safety check."""
    policy = call.get("Policy")
    if policy and not call.get("BypassPolicyLockoutSafetyCheck") and policies.locks_out(policy, get_account_id()):
        reason = "The new key policy will not allow you to update the key policy in the future."
        yield "MalformedPolicyDocumentException", reason


HELD: dict[tuple[str, str], Check] = {
    **{("kms", operation): _usage(operation) for operation in USAGES},
    ("ecr", "CreateRepository"): _repository_key,
    ("kms", "CancelKeyDeletion"): _pending,
    ("kms", "CreateKey"): _policy,
    ("kms", "Decrypt"): _decrypt,
    **{
        ("kms", operation): _not_pending
        for operation in (
            "CreateGrant",
            "DisableKey",
            "DisableKeyRotation",
            "EnableKey",
            "GetKeyRotationStatus",
            "UntagResource",
            "UpdateKeyDescription",
        )
    },
    ("kms", "EnableKeyRotation"): _rotation,
    ("kms", "PutKeyPolicy"): _policy,
    ("s3", "PutObject"): _object_key,
    ("secretsmanager", "CreateSecret"): secret_key("EncryptionFailure", "encrypt"),
    ("secretsmanager", "PutSecretValue"): secret_key("EncryptionFailure", "encrypt"),
    ("sns", "Publish"): _topic_key,
}
