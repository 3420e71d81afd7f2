"""S3: objects, uploads and settings of a bucket."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.emulator.limits.problems import Check, Parameters, Problem, coded
from sandbox.grammars import lifecycles, policies


def _put_object(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, PutObject and "Error responses"; S3 User Guide, "Working with object metadata", "conditional writes"."""
    if sum(len(f"{name}{text}".encode()) for name, text in (call.get("Metadata") or {}).items()) > 2048:
        yield "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size."
    if not all(f"{name}{text}".isascii() for name, text in (call.get("Metadata") or {}).items()):
        yield "InvalidArgument", "Metadata can only contain ASCII characters."
    if call.get("IfNoneMatch", "*") != "*" or ("IfNoneMatch" in call and "IfMatch" in call):
        yield "NotImplemented", "A header you provided implies functionality that is not implemented"
    tags = parse_qsl(call.get("Tagging", ""), keep_blank_values=True)
    yield from _object_tags([{"Key": name, "Value": text} for name, text in tags])


TAG_TEXT = re.compile(r"[\w\s+\-=.:/@]*")
"""The same page as below."""


def _object_tags(tags: list[Parameters]) -> Iterator[Problem]:
    """S3 User Guide, "Categorizing your storage using tags"."""
    if len(tags) > 10:
        yield "BadRequest", "Object tags cannot be greater than 10"
    if len({tag["Key"] for tag in tags}) < len(tags):
        yield "InvalidTag", "Cannot provide multiple Tags with the same key"
    if not all(TAG_TEXT.fullmatch(tag["Key"]) and TAG_TEXT.fullmatch(tag["Value"]) for tag in tags):
        yield "InvalidTag", "The TagKey or the TagValue you have provided is invalid"
    if any(tag["Key"].lower().startswith("aws:") for tag in tags):
        yield "InvalidTag", "Your TagKey cannot be prefixed with aws:"
    if any(len(tag["Key"]) > 128 or len(tag["Value"]) > 256 for tag in tags):
        yield "InvalidTag", "The TagKey or the TagValue you have provided is too long"


def _complete_upload(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, CompleteMultipartUpload and "Error responses"."""
    parts = [part.get("PartNumber") for part in (call.get("MultipartUpload") or {}).get("Parts") or []]
    if None not in parts and parts != sorted(set(parts)):
        yield (
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        )


def _copy_object(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, CopyObject and "Error responses": InvalidRequest."""
    yield from _put_object(call)
    changes = ("StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "WebsiteRedirectLocation")
    itself = unquote(call["CopySource"]).removeprefix("/") == f"{call['Bucket']}/{call['Key']}"
    if itself and call.get("MetadataDirective") != "REPLACE" and not any(name in call for name in changes):
        yield (
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, "
            "storage class, website redirect location or encryption attributes.",
        )


def _bucket_policy(call: Parameters) -> Iterator[Problem]:
    """S3 User Guide, "Policy resources for Amazon S3"."""
    if arn := policies.elsewhere(call["Policy"], call["Bucket"]):
        yield "MalformedPolicy", f"Policy has invalid resource: {arn}"


def _lifecycle(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, PutBucketLifecycleConfiguration."""
    for path, reason in lifecycles.object_rules(_as_inputs((call.get("LifecycleConfiguration") or {}).get("Rules") or [])):
        code, words = coded(reason, "InvalidArgument")
        yield code, f"{path}: {words}"


def _as_inputs(value: Any) -> Any:
    """Names as Pulumi has them: `noncurrentDays` for `NoncurrentDays`, `id` for `ID`."""
    match value:
        case dict():
            return {
                name.lower() if name.isupper() else name[:1].lower() + name[1:]: _as_inputs(part) for name, part in value.items()
            }
        case list():
            return [_as_inputs(part) for part in value]
    return value


LIMITS: dict[tuple[str, str], Check] = {
    ("s3", "CompleteMultipartUpload"): _complete_upload,
    ("s3", "CopyObject"): _copy_object,
    ("s3", "CreateMultipartUpload"): _put_object,
    ("s3", "PutBucketLifecycleConfiguration"): _lifecycle,
    ("s3", "PutBucketPolicy"): _bucket_policy,
    ("s3", "PutObject"): _put_object,
    ("s3", "PutObjectTagging"): lambda call: _object_tags(call["Tagging"]["TagSet"]),
}
