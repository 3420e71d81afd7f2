"""Resources of the program, each property of which is another one at a time."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.aws.provider import CATALOGUE
from tests.unit.recorder import ACCOUNT_ID, REGION, Registration

Properties = Mapping[str, Any]

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/11111111-2222-3333-4444-555555555555"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/chat"
TOPICS = [f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{name}" for name in ("alerts", "news")]
PULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}]}
GROUP = "referencedSecurityGroupId"
CHAT = {"configurationName": "alerts", "iamRoleArn": ROLE, "snsTopicArns": TOPICS, "guardrailPolicyArns": [ROLE]}

ADDED: dict[str, tuple[Properties, ...]] = {
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": (
        {
            **CHAT,
            "slackTeamId": "T07EA123LEP",
            "slackChannelId": "C07EZ1ABC23",
            "userAuthorizationRequired": True,
            "region": REGION,
        },
    ),
    "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration": (
        {
            **CHAT,
            "tenantId": "tenant",
            "teamId": "team",
            "channelId": "channel",
            "userAuthorizationRequired": True,
            "region": REGION,
        },
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        {"actionsEnabled": False, "insufficientDataActions": TOPICS, "datapointsToAlarm": 1, "unit": "Count"},
    ),
    "aws:cloudwatch/eventRule:EventRule": ({"name": "failures", "state": "DISABLED", "scheduleExpression": "rate(1 day)"},),
    "aws:cloudwatch/eventTarget:EventTarget": ({"targetId": "alerts"},),
    "aws:cloudwatch/logGroup:LogGroup": ({"logGroupClass": "INFREQUENT_ACCESS", "skipDestroy": True},),
    "aws:ec2/flowLog:FlowLog": ({"maxAggregationInterval": 60, "logFormat": "${version}", "logDestinationType": "s3"},),
    "aws:ec2/natGateway:NatGateway": ({"allocationId": "eipalloc-1"}, {"connectivityType": "private"}),
    "aws:ec2/securityGroup:SecurityGroup": ({"name": "tasks", "revokeRulesOnDelete": True},),
    "aws:ec2/vpc:Vpc": ({"instanceTenancy": "dedicated"},),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ({"repository": "dbt", "policy": json.dumps(PULL)},),
    "aws:ecs/cluster:Cluster": ({"configuration": {"executeCommandConfiguration": {"logging": "DEFAULT"}}},),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": (
        {"defaultCapacityProviderStrategies": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]},
    ),
    "aws:ecs/taskDefinition:TaskDefinition": ({"ephemeralStorage": {"sizeInGib": 30}},),
    "aws:iam/policy:Policy": ({"description": "Lets people look."},),
    "aws:iam/role:Role": ({"maxSessionDuration": 7200, "description": "Runs dbt.", "forceDetachPolicies": True},),
    "aws:iam/rolePolicy:RolePolicy": ({"name": "dbt"},),
    "aws:kms/key:Key": (
        {
            "rotationPeriodInDays": 180,
            "keyUsage": "SIGN_VERIFY",
            "bypassPolicyLockoutSafetyCheck": True,
            "customerMasterKeySpec": "RSA_2048",
            "isEnabled": False,
            "multiRegion": True,
        },
    ),
    "aws:mwaa/environment:Environment": (
        {
            "pluginsS3Path": "plugins.zip",
            "pluginsS3ObjectVersion": "1",
            "startupScriptS3Path": "startup.sh",
            "startupScriptS3ObjectVersion": "1",
            "endpointManagement": "CUSTOMER",
            "airflowConfigurationOptions": {"core.parallelism": "8", "core.dag_concurrency": "4"},
        },
    ),
    "aws:s3/bucket:Bucket": ({"bucket": "dags"},),
    "aws:s3/bucketObjectv2:BucketObjectv2": (
        {
            "contentEncoding": "gzip",
            "etag": "d41d8cd98f00b204e9800998ecf8427e",
            "kmsKeyId": KEY,
            "sourceHash": "1",
            "bucketKeyEnabled": True,
            "metadata": {"made-by": "dbt"},
            "storageClass": "STANDARD_IA",
            "serverSideEncryption": "aws:kms",
            "cacheControl": "no-cache",
        },
        {"source": None, "content": "*"},
    ),
    "aws:sns/topic:Topic": ({"name": "alerts", "displayName": "Alerts"},),
    "aws:sns/topicSubscription:TopicSubscription": ({"rawMessageDelivery": True},),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        {GROUP: None, "cidrIpv4": None, "prefixListId": None, "cidrIpv6": "2001:db8::/32", "description": "Snowflake"},
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        {GROUP: None, "cidrIpv6": "2001:db8::/32", "description": "people"},
        {GROUP: None, "cidrIpv4": "10.0.0.0/8"},
        {GROUP: None, "prefixListId": "pl-1"},
    ),
}
"""What no stack of ours gives, beside or instead of what it gives; None takes it away."""

TOGETHER: dict[tuple[str, str], Properties] = {
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "statistic"): {"extendedStatistic": "p99"},
    ("aws:mwaa/environment:Environment", "startupScriptS3Path"): {"startupScriptS3ObjectVersion": None},
    ("aws:mwaa/environment:Environment", "requirementsS3Path"): {"requirementsS3ObjectVersion": None},
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "cidrIpv4"): {GROUP: "sg-1"},
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "cidrIpv4"): {GROUP: "sg-1"},
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", GROUP): {"prefixListId": "pl-1"},
}
"""What changes with a property that is taken away."""

NEXT = (
    (r"\d+", lambda found: str(int(found[0]) * 2)),
    (r"[\d.]+/\d+", lambda _: "10.99.0.0/16"),
    (r"[0-9a-f:]+/\d+", lambda _: "2001:db8:1::/48"),
)
"""Another text of the same form."""


REMOVED = "removed"


@dataclass(frozen=True, eq=False)
class Subject:
    """A property of a resource, and how a program may have it next."""

    token: str
    property: str
    inputs: Properties
    changes: Mapping[str, Properties]
    """What is otherwise -> all inputs."""


def subjects(token: str, registrations: list[Registration]) -> Iterator[Subject]:
    """Each property of a type: with other values, and without one where it may be left out."""
    kind = CATALOGUE[token]
    automatic = kind.name.property if kind.name else None
    for name, known in kind.properties.items():
        inputs = _example(token, name, registrations)
        changes: dict[str, Properties] = {label: {**inputs, name: value} for label, value in _others(inputs[name])}
        if not known.required and name != automatic:
            changes[REMOVED] = _given({**inputs, name: None, **TOGETHER.get((token, name), {})})
        yield Subject(token, name, inputs, changes)


def _example(token: str, name: str, registrations: list[Registration]) -> Properties:
    """The one that says most among those that have the property."""
    known = [each.inputs for each in registrations if each.type == token]
    most = max((each for each in known if name in each), key=_length, default=None)
    if most is not None:
        return most
    return _given({**max(known, key=_length, default={}), **next(each for each in ADDED[token] if each.get(name) is not None)})


def _length(inputs: Properties) -> int:
    return len(repr(inputs))


def _given(inputs: Properties) -> Properties:
    return {name: value for name, value in inputs.items() if value is not None}


def _others(value: Any, *, document: bool = False) -> Iterator[tuple[str, Any]]:
    """Values that differ in one thing, and what that is.

    In documents nothing is taken away: the provider crashes on some that AWS would refuse.
    """
    match value:
        case bool():
            yield "otherwise", not value
        case int() | float():
            yield "more", value + 1
        case str() if value[:1] in ("{", "["):
            parsed = json.loads(value)
            yield "spelled otherwise", json.dumps(parsed, indent=3, sort_keys=True)
            yield from ((label, json.dumps(other)) for label, other in _others(parsed, document=True))
        case str() if version := re.fullmatch(r"(\d+)\.(\d+)(\.\d+)", value):
            major, minor, rest = int(version[1]), int(version[2]), version[3]
            yield "major", f"{major + 1}.{minor}{rest}"
            yield "minor", f"{major}.{minor + 1}{rest}"
            yield "older", f"{major - 1}.{minor}{rest}"
        case str() if value != "*":
            following = (make(found) for form, make in NEXT if (found := re.fullmatch(form, value)))
            yield "otherwise", next(following, f"{value}x")
        case list():
            yield from _other_lists(value, document=document)
        case dict():
            yield from _other_objects(value, document=document)


def _other_lists(value: list[Any], *, document: bool) -> Iterator[tuple[str, Any]]:
    if value:
        yield "shorter", value[:-1]
    if len(value) > 1:
        yield "reversed", value[::-1]
    for number, item in enumerate(value[:2]):
        for label, other in _others(item, document=document):
            yield f"[{number}].{label}", [*value[:number], other, *value[number + 1 :]]


def _other_objects(value: dict[str, Any], *, document: bool) -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        for label, other in _others(item, document=document):
            yield f"{name}.{label}", {**value, name: other}
        if len(value) > 1 and not document:
            yield f"{name}.removed", {key: each for key, each in value.items() if key != name}
