"""What a call's parameters must be: what the service's model says, and what its page limits besides."""

import functools
import re
from collections.abc import Iterator
from typing import Any

from sandbox import models, rules
from sandbox.emulator import call_rules, calls, documents
from sandbox.emulator.limits import logs, messages, metrics, objects, records, services
from sandbox.emulator.limits.problems import Check, Parameters, Problem, coded

FORMS = ("iam", "sns", "sts")
"""Services that take forms and answer in XML."""

CODES = {
    **dict.fromkeys(FORMS, "ValidationError"),
    "cloudwatch": "ValidationError",
    "ecs:DeregisterTaskDefinition": "ClientException",
    "ecs:RegisterTaskDefinition": "ClientException",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "route53": "InvalidInput",
    "s3": "InvalidArgument",
    "sns": "InvalidParameter",
}
"""The word for a wrong parameter, where it is not ValidationException or ValidationError."""

WRONG = ("InvalidParameterException", "InvalidParameterValue", "InvalidInput", "InvalidParameterInput")
"""Words of operations for a parameter that is wrong."""

LIMITS: dict[tuple[str, str], Check] = (
    logs.LIMITS | messages.LIMITS | metrics.LIMITS | objects.LIMITS | records.LIMITS | services.LIMITS
)
"""What neither the models nor a rule say (`call_rules.py`)."""


def problem(service: str, operation: str, parameters: Parameters) -> Problem | None:
    """Why AWS would refuse the call, if it would."""
    usual = CODES.get(f"{service}:{operation}") or CODES.get(service, "ValidationException")
    table = {**call_rules.OF_ALL.get(service, {}), **call_rules.RULES.get((service, operation), {})}
    by_rule = rules.refusals(table, parameters)
    found = list(_by_model(service, operation, parameters, usual))
    stated = _declared(service, operation) or usual
    found = found or [(rule.code or stated, f"{path}: {reason}".removeprefix(": ")) for path, reason, rule in by_rule]
    if found:
        detail = "; ".join(reason for _, reason in found)
        return found[0][0], f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {detail}"
    if text := next(documents.problems(service, operation, parameters), None):
        return coded(text, stated)
    checks = [check for check in (LIMITS.get((service, operation)), _filters(service, operation)) if check]
    return next((each for check in checks for each in check(parameters)), None)


def _declared(service: str, operation: str) -> str:
    """The word that an operation itself declares for a parameter that is wrong; some are only known by the model of the service."""
    shapes: Any = calls.model(service).operation_model(operation).error_shapes
    codes = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}
    own = CODES.get(f"{service}:{operation}")
    return own or next((code for code in WRONG if code in codes), "")


def _by_model(service: str, operation: str, parameters: Parameters, usual: str) -> Iterator[Problem]:
    """S3 API Reference, "Error responses": a body that is not as its schema wants it is MalformedXML."""
    shape: Any = calls.model(service).operation_model(operation).input_shape
    payload = shape.serialization.get("payload") if shape is not None and service == "s3" else None
    for path, reason in models.violations(parameters, shape, "") if shape is not None else ():
        yield ("MalformedXML" if payload and path.startswith(f"{payload}.") else usual), f"{path}: {reason}"


@functools.cache
def _filters(service: str, operation: str) -> Check | None:
    """EC2 API Reference, Filter: each operation lists the names that it knows, and botocore's model has the list."""
    shape: Any = calls.model(service).operation_model(operation).input_shape if service == "ec2" else None
    member = next((name for name in ("Filters", "Filter") if shape and name in shape.members), "")
    text = shape.members[member].documentation if member else ""
    known = set(re.findall(r"<li> <p> ?<code>([^<]+)</code>", text))

    def check(call: Parameters) -> Iterator[Problem]:
        for each in call.get(member) or []:
            if each.get("Name", "") not in known and not each.get("Name", "").startswith("tag:"):
                yield "InvalidParameterValue", f"The filter '{each.get('Name')}' is invalid"

    return check if known else None
