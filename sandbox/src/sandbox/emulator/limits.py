"""What a call's parameters must be: what the service's model says, and what its page limits besides."""

import datetime
import ipaddress
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox import models
from sandbox.emulator import calls

Parameters = dict[str, Any]
Problem = tuple[str, str]
"""AWS's code, and its words."""

FORMS = ("iam", "sns", "sts")
"""Services that take forms and answer in XML."""

CODES = {
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "route53": "InvalidInput",
    "s3": "InvalidArgument",
    "sns": "InvalidParameter",
}
"""The word for a wrong parameter, where it is not ValidationException or ValidationError."""

MEBIBYTE = 1024 * 1024


def _put_metric_data(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricData and MetricDatum."""
    data = call.get("MetricData") or []
    if call["Namespace"].startswith("AWS/"):
        yield "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid."
    if len(data) > 1000:
        yield "InvalidParameterValue", f"The collection MetricData must not have a size greater than 1000: {len(data)}."
    for datum in data:
        yield from _datum(datum)


def _datum(datum: Parameters) -> Iterator[Problem]:
    for name, most in (("Dimensions", 30), ("Values", 150)):
        if len(datum.get(name) or []) > most:
            yield "InvalidParameterValue", f"The collection {name} must not have a size greater than {most}."
    if sum(datum.get(name) is not None for name in ("Value", "Values", "StatisticValues")) != 1:
        reason = "exactly one of Value, Values and StatisticValues must be specified"
        yield "InvalidParameterCombination", f"The parameters of {datum.get('MetricName')}: {reason}."
    for value in (datum.get("Value"), *(datum.get("Values") or [])):
        if value is not None and (not math.isfinite(value) or abs(value) > 2**360):
            yield "InvalidParameterValue", f"The value {value} for parameter MetricData.member.1.Value is invalid."
    when = datum.get("Timestamp")
    if isinstance(when, datetime.datetime):
        age = datetime.datetime.now(datetime.UTC) - (when if when.tzinfo else when.replace(tzinfo=datetime.UTC))
        if not datetime.timedelta(hours=-2) <= age <= datetime.timedelta(weeks=2):
            yield "InvalidParameterValue", "The parameter Timestamp must be at most two weeks old, and two hours ahead."


def _publish(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, Publish."""
    message, subject = call.get("Message", ""), call.get("Subject")
    if not message:
        yield "InvalidParameter", "Invalid parameter: Empty message"
    if len(message.encode()) > MEBIBYTE // 4:
        yield "InvalidParameter", "Invalid parameter: Message too long"
    if subject is not None and not re.fullmatch(r"[!-~][ -~]{0,99}", subject):
        yield "InvalidParameter", "Invalid parameter: Subject"
    if call.get("MessageStructure") == "json":
        try:
            parts = json.loads(message)
        except ValueError:
            parts = None
        if not isinstance(parts, dict):
            yield "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"
        elif not isinstance(parts.get("default"), str):
            yield "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"


def _secret_value(call: Parameters) -> Iterator[Problem]:
    """Secrets Manager API Reference, PutSecretValue."""
    given = [name for name in ("SecretString", "SecretBinary") if call.get(name) is not None]
    if len(given) > 1:
        yield (
            "InvalidParameterException",
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )
    if len(str(call.get("SecretString") or "").encode()) > 65536:
        yield "ValidationException", "The secret value can't be longer than 65536 bytes."


def _needed_value(call: Parameters) -> Iterator[Problem]:
    yield from _secret_value(call)
    if call.get("SecretString") is None and call.get("SecretBinary") is None:
        yield "InvalidParameterException", "You must provide either SecretString or SecretBinary."


def _started_by(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, RunTask and ListTasks: startedBy."""
    if not re.fullmatch(r"[A-Za-z0-9_/-]{0,128}", call.get("startedBy") or ""):
        yield "InvalidParameterException", "startedBy must be at most 128 letters, numbers, hyphens, slashes and underscores"


def _run_task(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, RunTask: overrides."""
    yield from _started_by(call)
    if len(json.dumps(call.get("overrides") or {}, separators=(",", ":"))) > 8192:
        yield "InvalidParameterException", "Container Overrides length must be at most 8192"
    if len(call.get("group") or "") > 255:
        yield "InvalidParameterException", "Group name must be at most 255 characters"


def _list_tasks(call: Parameters) -> Iterator[Problem]:
    yield from _started_by(call)
    if not 1 <= (call.get("maxResults") or 100) <= 100:
        yield "InvalidParameterException", "maxResults must be between 1 and 100"


def _describe_tasks(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, DescribeTasks: up to 100."""
    if len(call.get("tasks") or []) > 100:
        yield "InvalidParameterException", "Tasks cannot have more than 100 elements"


def _stop_task(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, StopTask: reason."""
    if len(call.get("reason") or "") > 1024:
        yield "InvalidParameterException", "reason must be at most 1024 characters"


def _put_events(call: Parameters) -> Iterator[Problem]:
    """EventBridge API Reference, PutEvents: 256 KiB in all."""
    size = sum(len(str(entry.get(name) or "")) for entry in call["Entries"] for name in ("Detail", "DetailType", "Source"))
    if size > MEBIBYTE // 4:
        yield "ValidationException", "Total size of the entries in the request is over the limit."


def _put_log_events(call: Parameters) -> Iterator[Problem]:
    """CloudWatch Logs API Reference, PutLogEvents: 1,048,576 bytes, 26 for each event; in the order of time."""
    events = call["logEvents"]
    if sum(len(event["message"].encode()) + 26 for event in events) > MEBIBYTE:
        yield "InvalidParameterException", "Upload too large: more than 1048576 bytes"
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        yield "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order."


def _object_key(call: Parameters) -> Iterator[Problem]:
    """S3 User Guide, "Naming Amazon S3 objects"."""
    if len(call["Key"].encode()) > 1024:
        yield "KeyTooLongError", "Your key is too long"


def _put_object(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, PutObject and "Error responses"; S3 User Guide, "Working with object metadata", "conditional writes"."""
    yield from _object_key(call)
    if sum(len(f"{name}{text}".encode()) for name, text in (call.get("Metadata") or {}).items()) > 2048:
        yield "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size."
    if call.get("IfNoneMatch", "*") != "*" or ("IfNoneMatch" in call and "IfMatch" in call):
        yield "NotImplemented", "A header you provided implies functionality that is not implemented"
    tags = parse_qsl(call.get("Tagging", ""), keep_blank_values=True)
    yield from _object_tags([{"Key": name, "Value": text} for name, text in tags])


def _object_tags(tags: list[Parameters]) -> Iterator[Problem]:
    """S3 User Guide, "Categorizing your storage using tags"."""
    if len(tags) > 10:
        yield "BadRequest", "Object tags cannot be greater than 10"
    if len({tag["Key"] for tag in tags}) < len(tags):
        yield "InvalidTag", "Cannot provide multiple Tags with the same key"
    if any(len(tag["Key"]) > 128 or len(tag["Value"]) > 256 for tag in tags):
        yield "InvalidTag", "The TagKey or the TagValue you have provided is too long"


def _delete_objects(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, DeleteObjects: up to 1,000."""
    if not 1 <= len(call["Delete"]["Objects"]) <= 1000:
        yield "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"


def _list_objects(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, ListObjectsV2."""
    if call.get("MaxKeys", 0) < 0:
        yield "InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647"


def _upload_part(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, UploadPart."""
    yield from _object_key(call)
    if not 1 <= call["PartNumber"] <= 10_000:
        yield "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"


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


def _create_alias(call: Parameters) -> Iterator[Problem]:
    """KMS API Reference, CreateAlias."""
    if not re.fullmatch("alias/[a-zA-Z0-9/_-]+", call["AliasName"]):
        yield "InvalidAliasNameException", f"The specified alias name is not valid: {call['AliasName']}"
    if call["AliasName"].startswith("alias/aws/"):
        yield "NotAuthorizedException", "The alias/aws/ prefix is reserved for AWS managed keys"


ADDRESSES: dict[str, Callable[[str], Any]] = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
"""Types of records whose values are addresses."""


def _values(record: Parameters) -> Iterator[Problem]:
    for each in record.get("ResourceRecords") or []:
        try:
            ADDRESSES.get(record["Type"], str)(each["Value"])
        except ValueError:
            reason = (
                f"(Value is not a valid {'IPv4' if record['Type'] == 'A' else 'IPv6'} address) encountered with '{each['Value']}'"
            )
            yield "InvalidChangeBatch", f"Invalid Resource Record: {reason}"


def _change_records(call: Parameters) -> Iterator[Problem]:
    """Route 53 API Reference, ChangeResourceRecordSets."""
    for change in call["ChangeBatch"]["Changes"]:
        record = change["ResourceRecordSet"]
        yield from _values(record)
        if ("AliasTarget" in record) == bool(record.get("ResourceRecords")):
            yield "InvalidInput", "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]]"
        elif "ResourceRecords" in record and "TTL" not in record:
            yield "InvalidInput", "Invalid request: Missing field 'TTL' in ResourceRecordSet"


LIMITS: dict[tuple[str, str], Callable[[Parameters], Iterator[Problem]]] = {
    ("cloudwatch", "PutMetricData"): _put_metric_data,
    ("ecs", "DescribeTasks"): _describe_tasks,
    ("ecs", "ListTasks"): _list_tasks,
    ("ecs", "RunTask"): _run_task,
    ("ecs", "StopTask"): _stop_task,
    ("events", "PutEvents"): _put_events,
    ("logs", "PutLogEvents"): _put_log_events,
    ("route53", "ChangeResourceRecordSets"): _change_records,
    ("kms", "CreateAlias"): _create_alias,
    ("s3", "CopyObject"): _copy_object,
    ("s3", "CreateMultipartUpload"): _put_object,
    ("s3", "DeleteObjects"): _delete_objects,
    ("s3", "GetObject"): _object_key,
    ("s3", "ListObjectsV2"): _list_objects,
    ("s3", "PutObject"): _put_object,
    ("s3", "PutObjectTagging"): lambda call: _object_tags(call["Tagging"]["TagSet"]),
    ("s3", "UploadPart"): _upload_part,
    ("secretsmanager", "CreateSecret"): _secret_value,
    ("secretsmanager", "PutSecretValue"): _needed_value,
    ("secretsmanager", "UpdateSecret"): _secret_value,
    ("sns", "Publish"): _publish,
}
"""What the models do not say."""


def problem(service: str, operation: str, parameters: Parameters) -> Problem | None:
    """Why AWS would refuse the call, if it would."""
    shape = calls.model(service).operation_model(operation).input_shape
    found = list(models.violations(parameters, shape, "")) if shape is not None else []
    if found:
        code = CODES.get(service, "ValidationError" if service in (*FORMS, "cloudwatch") else "ValidationException")
        detail = "; ".join(f"{path}: {reason}" for path, reason in found)
        return code, f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {detail}"
    return next(LIMITS[service, operation](parameters), None) if (service, operation) in LIMITS else None
