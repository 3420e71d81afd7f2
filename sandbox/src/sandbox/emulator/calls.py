"""Requests as they reach a service, read back into the operation and its parameters as botocore's models have them."""

import functools
import json
import re
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from sandbox.emulator import forms, rest
from sandbox.emulator.request import Call, Request

SERVICES = {
    "airflow": "mwaa", "budgets": "budgets", "ec2": "ec2", "ecr": "ecr", "ecs": "ecs", "events": "events", "iam": "iam",
    "kms": "kms", "logs": "logs", "monitoring": "cloudwatch", "route53": "route53", "s3": "s3", "secretsmanager": "secretsmanager",
    "sns": "sns", "sts": "sts",
}  # fmt: skip
"""MiniStack's name -> botocore's."""


@functools.cache
def model(service: str) -> ServiceModel:
    """The model of a service, of a loader of its own: a client of S3 changes the paths of the one that it has loaded."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def read(service: str, request: Request) -> Call | None:
    """The call, by whichever of AWS's protocols; None for what is none."""
    known, target = model(service), request.headers.get("x-amz-target", "")
    if known.protocol in rest.PROTOCOLS:
        return rest.read(known, request)
    if cbor := re.fullmatch(r"/service/[^/]+/operation/(\w+)", request.path):
        import cbor2  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - in the emulator's own environment only

        name, parameters = cbor[1], cbor2.loads(request.body) if request.body else {}
    elif target:
        name, parameters = target.rpartition(".")[2], json.loads(request.body or b"{}")
    else:
        return forms.read(known, request)
    operations: Any = known.operation_names
    return (name, parameters) if name in operations and isinstance(parameters, dict) else None
