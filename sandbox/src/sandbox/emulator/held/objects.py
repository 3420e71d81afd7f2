"""S3: objects, uploads and what settings of a bucket name."""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ministack.core.responses import get_account_id
from ministack.services import s3

from sandbox.emulator.limits.problems import Check, Parameters, Problem

LEAST_PART = 5 * 1024 * 1024
"""Bytes of every part of an upload but the last (S3 User Guide, "Amazon S3 multipart upload limits")."""

ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")
"""Classes whose objects are read only once they are restored."""


def owner(call: Parameters) -> Iterator[Problem]:
    """S3 User Guide, "Verifying bucket ownership with bucket owner condition"."""
    for name in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        if call.get(name) and call[name] != get_account_id():
            yield "AccessDenied", "Access Denied"


def _object(bucket: str, key: str) -> dict[str, Any]:
    return (s3._buckets.get(bucket) or {"objects": {}})["objects"].get(key) or {}


def _parts(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, CompleteMultipartUpload and "Error responses"."""
    held = (s3._multipart_uploads.get(call["UploadId"]) or {}).get("parts", {})
    named = [part.get("PartNumber") for part in (call.get("MultipartUpload") or {}).get("Parts") or []]
    if any(number in held and len(held[number]["body"]) < LEAST_PART for number in named[:-1]):
        yield "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"


def _source(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, CopyObject: ObjectNotInActiveTierError, which comes as InvalidObjectState."""
    bucket, _, key = unquote(call["CopySource"]).lstrip("/").partition("?versionId=")[0].partition("/")
    found = _object(bucket, key)
    if found.get("storage_class") in ARCHIVED and not found.get("restore"):
        yield "InvalidObjectState", "Operation is not valid for the source object's storage class"


def _part(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, GetObject: partNumber; an object that was put at once is one part."""
    found, number = _object(call["Bucket"], call["Key"]), call.get("PartNumber", 1)
    numbers = [part["PartNumber"] for part in found.get("parts") or [{"PartNumber": 1}]]
    if found and not call.get("VersionId") and number not in numbers:
        yield "InvalidPartNumber", "The requested partnumber is not satisfiable"


def _log_bucket(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, PutBucketLogging and "Error responses"."""
    target = (call["BucketLoggingStatus"].get("LoggingEnabled") or {}).get("TargetBucket")
    if target and target not in s3._buckets:
        yield "InvalidTargetBucketForLogging", "The target bucket for logging does not exist"


HELD: dict[tuple[str, str], Check] = {
    ("s3", "CompleteMultipartUpload"): _parts,
    ("s3", "CopyObject"): _source,
    ("s3", "GetObject"): _part,
    ("s3", "HeadObject"): _part,
    ("s3", "PutBucketLogging"): _log_bucket,
}
