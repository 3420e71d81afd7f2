"""What a call's parameters must be: what the service's model says, and what its page limits besides."""

import datetime
import ipaddress
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox import models, rules
from sandbox.emulator import call_rules, calls, documents

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

DAY = 24 * 60 * 60 * 1000
"""Milliseconds."""


def _put_metric_data(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricData and MetricDatum."""
    for datum in call.get("MetricData") or []:
        yield from _datum(datum)


def _datum(datum: Parameters) -> Iterator[Problem]:
    for value in (datum.get("Value"), *(datum.get("Values") or [])):
        if value is not None and (not math.isfinite(value) or abs(value) > 2**360):
            yield "InvalidParameterValue", f"The value {value} for parameter MetricData.member.1.Value is invalid."
    values, counts, statistics = datum.get("Values") or [], datum.get("Counts"), datum.get("StatisticValues") or {}
    if counts is not None and len(counts) != len(values):
        yield "InvalidParameterValue", f"The parameters Values and Counts must be of one length: {len(values)}, {len(counts)}."
    if statistics and (statistics["Minimum"] > statistics["Maximum"] or statistics["SampleCount"] <= 0):
        yield (
            "InvalidParameterValue",
            "The parameter StatisticValues must have a Minimum that is no Maximum, of one sample or more.",
        )
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
    if _size(call) > MEBIBYTE // 4:
        yield "InvalidParameter", "Invalid parameter: Message too long"
    if subject is not None and not re.fullmatch(r"[!-~][ -~]{0,99}", subject):
        yield "InvalidParameter", "Invalid parameter: Subject"
    fifo = call.get("TopicArn", "").endswith(".fifo")
    if fifo and not call.get("MessageGroupId"):
        yield "InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    if not fifo and call.get("MessageDeduplicationId"):
        reason = "The request includes MessageDeduplicationId parameter that is not valid for this topic type"
        yield "InvalidParameter", f"Invalid parameter: MessageDeduplicationId Reason: {reason}"
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


def _run_task(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, RunTask: overrides."""
    if len(json.dumps(call.get("overrides") or {}, separators=(",", ":"))) > 8192:
        yield "InvalidParameterException", "Container Overrides length must be at most 8192"


def _put_events(call: Parameters) -> Iterator[Problem]:
    """EventBridge API Reference, PutEvents: 256 KiB in all."""
    size = sum(len(str(entry.get(name) or "")) for entry in call["Entries"] for name in ("Detail", "DetailType", "Source"))
    if size > MEBIBYTE // 4:
        yield "ValidationException", "Total size of the entries in the request is over the limit."


def _metric_statistics(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, GetMetricStatistics: up to 1,440 data points."""
    start, end, period = call["StartTime"], call["EndTime"], call["Period"]
    if not isinstance(start, datetime.datetime) or not isinstance(end, datetime.datetime):
        return
    seconds = (end - start).total_seconds()
    if seconds <= 0:
        yield "InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime."
    if seconds / period > 1440:
        yield (
            "InvalidParameterCombination",
            f"You have requested up to {seconds / period:.0f} datapoints, which exceeds the limit of 1,440.",
        )


def _start_query(call: Parameters) -> Iterator[Problem]:
    """CloudWatch Logs API Reference, StartQuery."""
    named = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
    inside = call.get("queryLanguage", "CWLI") != "CWLI" or "SOURCE" in call["queryString"]
    if not inside and sum(bool(call.get(name)) for name in named) != 1:
        yield "InvalidParameterException", f"Exactly one of {', '.join(named)} must be given."
    if call["startTime"] > call["endTime"]:
        yield "MalformedQueryException", "End time should not be before start time."


def _publish_batch(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, PublishBatch: 256 KiB together."""
    if sum(map(_size, call["PublishBatchRequestEntries"])) > MEBIBYTE // 4:
        yield "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit."


def _size(message: Parameters) -> int:
    """Bytes that count: SNS Developer Guide, "Amazon SNS message attributes"."""
    attributes = (message.get("MessageAttributes") or {}).items()
    texts = [
        message.get("Message", ""),
        *(f"{name}{each.get('DataType', '')}{each.get('StringValue', '')}" for name, each in attributes),
    ]
    return sum(len(text.encode()) for text in texts)


def _put_log_events(call: Parameters) -> Iterator[Problem]:
    """CloudWatch Logs API Reference, PutLogEvents: 1,048,576 bytes, 26 for each event; in the order of time."""
    events = call["logEvents"]
    if sum(len(event["message"].encode()) + 26 for event in events) > MEBIBYTE:
        yield "InvalidParameterException", "Upload too large: more than 1048576 bytes"
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        yield "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order."
    if times and times[-1] - times[0] > DAY:
        yield (
            "InvalidParameterException",
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        )


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


def _create_alias(call: Parameters) -> Iterator[Problem]:
    """KMS API Reference, CreateAlias."""
    if not re.fullmatch("alias/[a-zA-Z0-9/_-]+", call["AliasName"]):
        yield "InvalidAliasNameException", f"The specified alias name is not valid: {call['AliasName']}"
    if call["AliasName"].startswith("alias/aws/"):
        yield "NotAuthorizedException", "The alias/aws/ prefix is reserved for AWS managed keys"


ADDRESSES: dict[str, Callable[[str], Any]] = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
"""Types of records whose values are addresses."""

QUOTED = r'"(\\.|[^"\\]){0,255}"'

VALUES = {
    "CAA": (rf"\d+ [a-z]+ {QUOTED}", 'flags tag "value"'),
    "MX": (r"\d+ \S+", "[priority] [mail server host name]"),
    "SRV": (r"\d+ \d+ \d+ \S+", "[priority] [weight] [port] [server host name]"),
    "TXT": (rf"{QUOTED}( {QUOTED})*", "enclosed in quotation marks, up to 255 characters each"),
}
"""Type -> what its values look like (Route 53 Developer Guide, "Supported DNS record types")."""


def _values(record: Parameters) -> Iterator[Problem]:
    kind = record["Type"]
    for value in (each["Value"] for each in record.get("ResourceRecords") or []):
        reason = ""
        try:
            ADDRESSES.get(kind, str)(value)
        except ValueError:
            reason = f"is not a valid {'IPv4' if kind == 'A' else 'IPv6'} address"
        if kind in VALUES and not re.fullmatch(VALUES[kind][0], value):
            reason = f"should be {VALUES[kind][1]}"
        if reason:
            yield "InvalidChangeBatch", f"Invalid Resource Record: (Value {reason}) encountered with '{value}'"


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
    ("cloudwatch", "GetMetricStatistics"): _metric_statistics,
    ("cloudwatch", "PutMetricData"): _put_metric_data,
    ("ecs", "RunTask"): _run_task,
    ("events", "PutEvents"): _put_events,
    ("kms", "CreateAlias"): _create_alias,
    ("logs", "PutLogEvents"): _put_log_events,
    ("logs", "StartQuery"): _start_query,
    ("route53", "ChangeResourceRecordSets"): _change_records,
    ("s3", "CompleteMultipartUpload"): _complete_upload,
    ("s3", "CopyObject"): _copy_object,
    ("s3", "CreateMultipartUpload"): _put_object,
    ("s3", "PutObject"): _put_object,
    ("s3", "PutObjectTagging"): lambda call: _object_tags(call["Tagging"]["TagSet"]),
    ("secretsmanager", "CreateSecret"): _secret_value,
    ("secretsmanager", "PutSecretValue"): _needed_value,
    ("secretsmanager", "UpdateSecret"): _secret_value,
    ("sns", "Publish"): _publish,
    ("sns", "PublishBatch"): _publish_batch,
}
"""What neither the models nor a rule say (`call_rules.py`)."""


def problem(service: str, operation: str, parameters: Parameters) -> Problem | None:
    """Why AWS would refuse the call, if it would."""
    shape = calls.model(service).operation_model(operation).input_shape
    usual = CODES.get(service, "ValidationError" if service in (*FORMS, "cloudwatch") else "ValidationException")
    found = [(usual, f"{path}: {reason}") for path, reason in models.violations(parameters, shape, "")] if shape is not None else []
    table = {**call_rules.OF_ALL.get(service, {}), **call_rules.RULES.get((service, operation), {})}
    by_rule = rules.refusals(table, parameters)
    found = found or [(rule.code or usual, f"{path}: {reason}".removeprefix(": ")) for path, reason, rule in by_rule]
    if found:
        detail = "; ".join(reason for _, reason in found)
        return found[0][0], f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {detail}"
    if text := next(documents.problems(service, operation, parameters), None):
        return coded(text, usual)
    return next(LIMITS[service, operation](parameters), None) if (service, operation) in LIMITS else None


def coded(text: str, usual: str) -> Problem:
    """A problem that may begin with its code."""
    code, colon, words = text.partition(": ")
    return (code, words) if colon and re.fullmatch(r"[A-Z]\w+", code) else (usual, text)
