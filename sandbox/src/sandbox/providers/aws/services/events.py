# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon EventBridge: rules on the default bus, and their targets."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.grammars import schedules, schemas
from sandbox.grammars.documents import json_problem
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties, ProviderError

MOST_PATHS = 100
JSON_PATH = re.compile(r"""\$(\.[^.\[\]\s]+|\[(\d+|\*|'[^']+'|"[^"]+")\])*""")
PATH_NAME = re.compile(r"[A-Za-z0-9_.-]+")
"""EventBridge API Reference, InputTransformer."""


def _form(value: Any) -> Any:
    """Form of a pattern: its layout means nothing."""
    return json.loads(value) if isinstance(value, str) else value


def _rule_id(api: Api, inputs: Properties) -> str:
    _put_rule(api, inputs, Tags=tags.as_list(inputs))
    return inputs["name"]


def _put_rule(api: Api, inputs: Properties, **more: Any) -> None:
    carried = {"EventBusName": inputs.get("eventBusName"), "RoleArn": inputs.get("roleArn")}
    if inputs.get("isEnabled") is not None:
        carried["State"] = _enabled(inputs["isEnabled"])
    api.send("PutRule", {**inputs, "state": carried.pop("State", inputs["state"])}, **_given(carried), **more)


def _bus(inputs: Properties) -> dict[str, str]:
    return _given({"EventBusName": inputs.get("eventBusName")})


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _read_rule(api: Api, id: str, state: Properties) -> Properties | None:
    rule = api.client.describe_rule(Name=id, **_bus(state))
    return {
        "name": rule["Name"],
        "description": rule.get("Description", ""),
        "eventPattern": rule.get("EventPattern"),
        "scheduleExpression": rule.get("ScheduleExpression") or None,
        "state": rule["State"] if state.get("isEnabled") is None else state["state"],
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
        "eventPattern": Property("PutRule.EventPattern", form=_form, check=schedules.pattern),
        "scheduleExpression": Property("PutRule.ScheduleExpression", check=schedules.schedule),
        "state": Property("PutRule.State", default="ENABLED", kept=True),
    },
    outputs=("arn",),
    create=_rule_id,
    read=_read_rule,
    delete=lambda api, id, state: api.client.delete_rule(Name=id, **_bus(state)),
    puts=(
        Put(
            ("description", "eventPattern", "isEnabled", "roleArn", "scheduleExpression", "state"),
            lambda api, id, new, old: _put_rule(api, new),
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


PARAMETERS = {
    "appsyncTarget": "AppSyncParameters",
    "batchTarget": "BatchParameters",
    "deadLetterConfig": "DeadLetterConfig",
    "ecsTarget": "EcsParameters",
    "httpTarget": "HttpParameters",
    "kinesisTarget": "KinesisParameters",
    "redshiftTarget": "RedshiftDataParameters",
    "retryPolicy": "RetryPolicy",
    "sagemakerPipelineTarget": "SageMakerPipelineParameters",
    "sqsTarget": "SqsParameters",
}
"""Carried property -> the API's."""

SPELT = {
    "arraySize": "ArrayProperties",
    "capacityProviderStrategies": "CapacityProviderStrategy",
    "enableEcsManagedTags": "EnableECSManagedTags",
    "graphqlOperation": "GraphQLOperation",
    "jobAttempts": "RetryStrategy",
    "orderedPlacementStrategies": "PlacementStrategy",
    "pipelineParameterLists": "PipelineParameterList",
    "secretsManagerArn": "SecretManagerArn",
}
"""Parts of them whose names differ by more than their first letter."""

AS_GIVEN = (
    "capacityProviderStrategies",
    "headerParameters",
    "orderedPlacementStrategies",
    "placementConstraints",
    "queryStringParameters",
)
"""Parts whose own parts have the names that they have in the API."""


def _parameters(name: str, value: Any) -> Any:
    if name in AS_GIVEN:
        return value
    if name in FORMS:
        return FORMS[name](value)
    match value:
        case dict():
            return {SPELT.get(part, part[0].upper() + part[1:]): _parameters(part, item) for part, item in value.items()}
        case list():
            return [_parameters(name, item) for item in value]
    return value


FORMS: dict[str, Callable[[Any], Any]] = {
    "arraySize": lambda size: {"Size": size},
    "jobAttempts": lambda attempts: {"Attempts": attempts},
    "networkConfiguration": lambda network: {
        "awsvpcConfiguration": {**_parameters("", network), "AssignPublicIp": _enabled(network.get("assignPublicIp"))}
    },
    "tags": lambda tags: [{"Key": name, "Value": text} for name, text in tags.items()],
}
"""Parts that the API has otherwise."""


def _enabled(value: Any) -> str:
    return "ENABLED" if value else "DISABLED"


def _target_of(inputs: Properties) -> dict[str, Any]:
    target = {
        "Id": inputs["targetId"],
        "Arn": inputs["arn"],
        "RoleArn": inputs.get("roleArn"),
        "Input": inputs.get("input"),
        "InputPath": inputs.get("inputPath"),
        **{member: _parameters("", inputs[name]) for name, member in PARAMETERS.items() if inputs.get(name)},
    }
    if transformer := inputs.get("inputTransformer"):
        target["InputTransformer"] = {
            "InputPathsMap": transformer.get("inputPaths") or {},
            "InputTemplate": transformer["inputTemplate"],
        }
    return _given(target)


def _put_target(api: Api, inputs: Properties) -> str:
    refused = api.client.put_targets(Rule=inputs["rule"], Targets=[_target_of(inputs)], **_bus(inputs))["FailedEntries"]
    if refused:
        raise ProviderError(f"{TARGET.token} PutTargets: {refused[0]['ErrorCode']}: {refused[0]['ErrorMessage']}")
    return f"{inputs['rule']}-{inputs['targetId']}"


def _read_target(api: Api, id: str, state: Properties) -> Properties | None:
    pages = api.client.get_paginator("list_targets_by_rule").paginate(Rule=state["rule"], **_bus(state))
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
    paths = value.get("inputPaths") or {}
    if len(paths) > MOST_PATHS:
        return f"has {len(paths)} inputPaths, AWS allows {MOST_PATHS}"
    for name, path in paths.items():
        if not PATH_NAME.fullmatch(name) or name.startswith("AWS."):
            return f"has the name {name!r}: letters, digits, _ and -, and not AWS. at its beginning"
        if not JSON_PATH.fullmatch(path):
            return f"has the path {path!r}: it must be a JSON path like $.detail"
    return _template_problem(value["inputTemplate"], set(paths))


RESERVED = {
    "aws.events.event", "aws.events.event.ingestion-time", "aws.events.event.json", "aws.events.rule-arn",
    "aws.events.rule-name",
}  # fmt: skip
"""Variables that every template has (EventBridge User Guide, "Predefined variables")."""


def _template_problem(template: str, names: set[str]) -> str | None:
    """EventBridge User Guide, "Amazon EventBridge input transformation": JSON, or a JSON text on each line."""
    used = set(re.findall(r"<([A-Za-z0-9_.-]+)>", template))
    if unknown := sorted(used - names - RESERVED):
        return f"has a template with <{unknown[0]}>, which is none of its inputPaths"
    filled = re.sub(r"<[A-Za-z0-9_.-]+>", "0", template)
    if json_problem(filled) and any(json_problem(line) for line in filled.splitlines() if line.strip()):
        return "has a template that is no JSON: Invalid InputTemplate (a text needs quotes)"
    return None


WITHOUT_ROLE = ("lambda",)
WITH_ROLE = ("ecs", "states", "kinesis", "batch", "codebuild", "codepipeline", "firehose", "redshift", "ssm")
EITHER_WAY = (
    "appsync", "automation", "events", "execute-api", "inspector", "logs", "redshift-serverless", "sagemaker", "sns", "sqs",
    "ssm-incidents",
)  # fmt: skip
"""EventBridge User Guide, "Target types": services that EventBridge calls by their own policy, by a role only, or as it comes."""


def _role_fits_target(inputs: Properties) -> Iterator[Problem]:
    arn = inputs["arn"]
    if arn == UNKNOWN:
        return
    service = arn.split(":")[2]
    if service not in (*WITHOUT_ROLE, *WITH_ROLE, *EITHER_WAY):
        yield "arn", f"ValidationException: Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
    if service == "ecs" and not inputs.get("ecsTarget"):
        yield "ecsTarget", f"ValidationException: Parameter(s) EcsParameters must be specified for target {arn}."
    if service in WITHOUT_ROLE and inputs.get("roleArn"):
        yield "roleArn", f"ValidationException: RoleArn is not supported for target {arn}."
    if service in WITH_ROLE and not inputs.get("roleArn"):
        yield "roleArn", f"ValidationException: RoleArn is required for target {arn}."


TARGET = ResourceType(
    token="aws:cloudwatch/eventTarget:EventTarget",
    service="events",
    properties={
        "rule": Property("PutTargets.Rule", required=True, replace=True),
        "targetId": Property("PutTargets.Targets[].Id", replace=True),
        "arn": Property("PutTargets.Targets[].Arn", required=True),
        "roleArn": Property("PutTargets.Targets[].RoleArn"),
        "inputTransformer": Property(dict, schema=schemas.INPUT_TRANSFORMER, check=_transformer),
    },
    create=_put_target,
    read=_read_target,
    delete=lambda api, id, state: api.client.remove_targets(Rule=state["rule"], Ids=[state["targetId"]], **_bus(state)),
    puts=(
        Put(
            ("arn", "roleArn", "inputTransformer", "input", "inputPath", *PARAMETERS),
            lambda api, id, new, old: _put_target(api, new),
        ),
    ),
    name=Name(property="targetId", longest=64),
    checks=(_role_fits_target,),
)

KINDS = (RULE, TARGET)
