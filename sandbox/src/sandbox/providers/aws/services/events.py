# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon EventBridge: rules on the default bus, and their targets."""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.documents import json_problem
from sandbox.providers.aws.table import Name, Problem, Property, Put, ResourceType
from sandbox.providers.values import Properties, ProviderError

MOST_PATHS = 100
"""EventBridge API Reference, InputTransformer."""


def _form(value: Any) -> Any:
    """Form of a pattern: its layout means nothing."""
    return json.loads(value) if isinstance(value, str) else value


def _rule_id(api: Api, inputs: Properties) -> str:
    api.send("PutRule", inputs, Tags=tags.as_list(inputs))
    return inputs["name"]


def _read_rule(api: Api, id: str, state: Properties) -> Properties | None:
    rule = api.client.describe_rule(Name=id)
    return {
        "name": rule["Name"],
        "description": rule.get("Description", ""),
        "eventPattern": rule.get("EventPattern"),
        "scheduleExpression": rule.get("ScheduleExpression") or None,
        "state": rule["State"],
        "arn": rule["Arn"],
        "tagsAll": tags.from_list(api.client.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]),
    }


def _what_starts_it(inputs: Properties) -> Iterator[Problem]:
    if not inputs.get("eventPattern") and not inputs.get("scheduleExpression"):
        yield "eventPattern", "is missing, and so is scheduleExpression: AWS wants one of them"


RULE = ResourceType(
    token="aws:cloudwatch/eventRule:EventRule",
    service="events",
    properties={
        "name": Property("PutRule.Name", replace=True),
        "description": Property("PutRule.Description"),
        "eventPattern": Property("PutRule.EventPattern", form=_form, check=json_problem),
        "scheduleExpression": Property("PutRule.ScheduleExpression"),
        "state": Property("PutRule.State", default="ENABLED"),
    },
    outputs=("arn",),
    create=_rule_id,
    read=_read_rule,
    delete=lambda api, id, state: api.client.delete_rule(Name=id),
    puts=(
        Put(
            ("description", "eventPattern", "scheduleExpression", "state"),
            lambda api, id, new, old: api.send("PutRule", new),
        ),
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(ResourceARN=arn, Tags=tags.as_list(inputs)),
            lambda api, arn, names: api.client.untag_resource(ResourceARN=arn, TagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    name=Name(property="name", longest=64),
    tagged=True,
    checks=(_what_starts_it,),
)


def _put_target(api: Api, inputs: Properties) -> str:
    transformer = inputs.get("inputTransformer")
    target = {"Id": inputs["targetId"], "Arn": inputs["arn"], "RoleArn": inputs.get("roleArn")}
    if transformer:
        target["InputTransformer"] = {
            "InputPathsMap": transformer.get("inputPaths") or {},
            "InputTemplate": transformer["inputTemplate"],
        }
    given = {name: value for name, value in target.items() if value}
    refused = api.client.put_targets(Rule=inputs["rule"], Targets=[given])["FailedEntries"]
    if refused:
        raise ProviderError(f"{TARGET.token} PutTargets: {refused[0]['ErrorCode']}: {refused[0]['ErrorMessage']}")
    return f"{inputs['rule']}-{inputs['targetId']}"


def _read_target(api: Api, id: str, state: Properties) -> Properties | None:
    pages = api.client.get_paginator("list_targets_by_rule").paginate(Rule=state["rule"])
    found = next((target for page in pages for target in page["Targets"] if target["Id"] == state["targetId"]), None)
    if found is None:
        return None
    transformer = found.get("InputTransformer")
    return {
        "rule": state["rule"],
        "targetId": found["Id"],
        "arn": found["Arn"],
        "roleArn": found.get("RoleArn"),
        "inputTransformer": transformer
        and {"inputPaths": transformer.get("InputPathsMap"), "inputTemplate": transformer["InputTemplate"]},
    }


def _transformer(value: Any) -> str | None:
    unknown = sorted(set(value) - {"inputPaths", "inputTemplate"})
    if unknown:
        return f"has the unknown part {unknown[0]}"
    if not value.get("inputTemplate"):
        return "has no inputTemplate"
    paths = value.get("inputPaths") or {}
    if len(paths) > MOST_PATHS:
        return f"has {len(paths)} inputPaths, AWS allows {MOST_PATHS}"
    return None


TARGET = ResourceType(
    token="aws:cloudwatch/eventTarget:EventTarget",
    service="events",
    properties={
        "rule": Property("PutTargets.Rule", required=True, replace=True),
        "targetId": Property("PutTargets.Targets[].Id", replace=True),
        "arn": Property("PutTargets.Targets[].Arn", required=True),
        "roleArn": Property("PutTargets.Targets[].RoleArn"),
        "inputTransformer": Property(dict, check=_transformer),
    },
    create=_put_target,
    read=_read_target,
    delete=lambda api, id, state: api.client.remove_targets(Rule=state["rule"], Ids=[state["targetId"]]),
    puts=(Put(("arn", "roleArn", "inputTransformer"), lambda api, id, new, old: _put_target(api, new)),),
    name=Name(property="targetId", longest=64),
)

KINDS = (RULE, TARGET)
