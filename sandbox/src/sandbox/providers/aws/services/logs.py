# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon CloudWatch Logs: log groups."""

from collections.abc import Iterator
from typing import Any

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import Properties, ProviderError

FOR_EVER = 0
RETENTIONS = (
    FOR_EVER, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Days; CloudWatch Logs API Reference, PutRetentionPolicy."""


def _retention(value: Any) -> str | None:
    return None if value in RETENTIONS else f"is not one of {', '.join(map(str, RETENTIONS))} days (0: for ever)"


def _retention_fits_class(inputs: Properties) -> Iterator[Problem]:
    """CloudWatch Logs User Guide, "Log classes": those for delivery keep their events for a time that nobody can set."""
    if inputs.get("logGroupClass") == "DELIVERY" and inputs.get("retentionInDays"):
        yield "retentionInDays", "InvalidParameterException: can't be set for a log group of the class DELIVERY"


def _read(api: Api, id: str, state: Properties) -> Properties | None:
    pages = api.client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=id)
    group = next((one for page in pages for one in page["logGroups"] if one["logGroupName"] == id), None)
    if group is None:
        return None
    arn = group["arn"].removesuffix(":*")
    return {
        "name": id,
        "retentionInDays": group.get("retentionInDays", FOR_EVER),
        "kmsKeyId": group.get("kmsKeyId"),
        "logGroupClass": group.get("logGroupClass", "STANDARD"),
        "arn": arn,
        "tagsAll": api.client.list_tags_for_resource(resourceArn=arn)["tags"],
    }


def _create(api: Api, inputs: Properties) -> str:
    api.send("CreateLogGroup", inputs, **({"tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}))
    return inputs["name"]


def _put_retention(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new["retentionInDays"] == FOR_EVER:
        api.client.delete_retention_policy(logGroupName=id)
    else:
        api.client.put_retention_policy(logGroupName=id, retentionInDays=new["retentionInDays"])


def _put_key(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new.get("kmsKeyId"):
        api.client.associate_kms_key(logGroupName=id, kmsKeyId=new["kmsKeyId"])
    else:
        api.client.disassociate_kms_key(logGroupName=id)


def _delete(api: Api, id: str, state: Properties) -> None:
    if state.get("deletionProtectionEnabled"):
        raise ProviderError(f"{api.kind.token} DeleteLogGroup: ValidationException: {id} is protected: deletionProtectionEnabled")
    if not state.get("skipDestroy"):
        api.client.delete_log_group(logGroupName=id)


LOG_GROUP = ResourceType(
    token="aws:cloudwatch/logGroup:LogGroup",
    service="logs",
    properties={
        "name": Property("CreateLogGroup.logGroupName", replace=True),
        "retentionInDays": Property("PutRetentionPolicy.retentionInDays", default=FOR_EVER, check=_retention),
        "kmsKeyId": Property("CreateLogGroup.kmsKeyId"),
        "logGroupClass": Property("CreateLogGroup.logGroupClass", default="STANDARD", replace=True, kept=True),
        "skipDestroy": Property(bool, default=False, local=True),
    },
    outputs=("arn",),
    create=_create,
    read=_read,
    delete=_delete,
    puts=(
        Put(("retentionInDays",), _put_retention, on_create=True),
        Put(("kmsKeyId",), _put_key),
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(resourceArn=arn, tags=inputs["tagsAll"]),
            lambda api, arn, names: api.client.untag_resource(resourceArn=arn, tagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    name=Name(property="name", longest=512),
    tagged=True,
    checks=(_retention_fits_class,),
)

KINDS = (LOG_GROUP,)
