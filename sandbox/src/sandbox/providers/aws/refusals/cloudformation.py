"""What AWS's CloudFormation schemas say of single values, also of types and properties that the sandbox does not model.

`cloudformation.json` is written by `sandbox/tools/cloudformation_table.py`. Where botocore's model or the table of limits refuses a
value already, this is not asked. A program that would fail in AWS hears AWS's reason, not only that the sandbox is small.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sandbox.models import compiled, shown
from sandbox.providers.aws.refusals.limits import LIMITS, leaves
from sandbox.providers.aws.table import Problem
from sandbox.providers.values import Asset, Properties

KINDS = {
    "budgets/budget:Budget": "AWS::Budgets::Budget/budget",
    "chatbot/teamsChannelConfiguration:TeamsChannelConfiguration": "AWS::Chatbot::MicrosoftTeamsChannelConfiguration",
    "cloudwatch/eventRule:EventRule": "AWS::Events::Rule",
    "cloudwatch/eventTarget:EventTarget": "AWS::Events::Rule/target",
    "cloudwatch/logGroup:LogGroup": "AWS::Logs::LogGroup",
    "cloudwatch/logMetricFilter:LogMetricFilter": "AWS::Logs::MetricFilter",
    "cloudwatch/metricAlarm:MetricAlarm": "AWS::CloudWatch::Alarm",
    "ecs/clusterCapacityProviders:ClusterCapacityProviders": "AWS::ECS::ClusterCapacityProviderAssociations",
    "iam/openIdConnectProvider:OpenIdConnectProvider": "AWS::IAM::OIDCProvider",
    "iam/policy:Policy": "AWS::IAM::ManagedPolicy",
    "route53/record:Record": "AWS::Route53::RecordSet",
    "route53/zone:Zone": "AWS::Route53::HostedZone",
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "AWS::S3::Bucket/lifecycleconfiguration",
    "s3/bucketLogging:BucketLogging": "AWS::S3::Bucket/loggingconfiguration",
    "s3/bucketOwnershipControls:BucketOwnershipControls": "AWS::S3::Bucket/ownershipcontrol",
    "secretsmanager/secretPolicy:SecretPolicy": "AWS::SecretsManager::ResourcePolicy",
    "sns/topicSubscription:TopicSubscription": "AWS::SNS::Subscription",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "AWS::EC2::SecurityGroupEgress",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "AWS::EC2::SecurityGroupIngress",
}
"""Type -> CloudFormation's, and where in it, for those whose names differ."""

NAMES = {
    ("AWS::Chatbot::MicrosoftTeamsChannelConfiguration", "channelid"): "teamschannelid",
    ("AWS::Chatbot::MicrosoftTeamsChannelConfiguration", "tenantid"): "teamstenantid",
    ("AWS::Chatbot::SlackChannelConfiguration", "slackteamid"): "slackworkspaceid",
    ("AWS::EC2::SecurityGroup", "name"): "groupname",
    ("AWS::EC2::SecurityGroup", "description"): "groupdescription",
    ("AWS::IAM::RolePolicy", "name"): "policyname",
    ("AWS::KMS::Key", "customermasterkeyspec"): "keyspec",
    ("AWS::KMS::Key", "deletionwindowinday"): "pendingwindowinday",
    ("AWS::S3::Bucket", "bucket"): "bucketname",
}
"""Properties whose names differ."""


def problems(token: str, name: str, value: Any) -> Iterator[Problem]:
    """What the schema of a type refuses in the value of a property. What is empty is left out by the real provider too."""
    kind, _, prefix = _schema(token).partition("/")
    table, own = _table().get(kind, {}), LIMITS.get(token.removeprefix("aws:"), {})
    for path, place, leaf in leaves(value, name):
        spot = ".".join(map(normal, place.split(".")))
        spot = NAMES.get((kind, spot), spot)
        kinds_own = f"{kind.rpartition('::')[2].lower()}{spot}"
        limits = next((table[each] for each in (f"{prefix}.{spot}".strip("."), kinds_own) if each in table), None)
        if limits and leaf and place not in own and (reason := _refused(leaf, limits)):
            yield path, f"{reason} (CloudFormation schema of {kind})"


def places(token: str, names: Iterable[str]) -> Iterator[str]:
    """Where the schema of a type limits one of these properties, or something in it."""
    kind, _, prefix = _schema(token).partition("/")
    spots = {NAMES.get((kind, normal(name)), normal(name)) for name in names}
    own = {f"{kind.rpartition('::')[2].lower()}{spot}" for spot in spots}
    for place in _table().get(kind, {}):
        inside = place.removeprefix(f"{prefix}.") if prefix else place
        if place and inside.partition(".")[0] in spots | own:
            yield place


def of_strangers(token: str, inputs: Properties) -> Iterator[Problem]:
    """The same, for a type that the sandbox does not model; and what can't stand beside what."""
    kind = _schema(token)
    yield from (problem for name, value in inputs.items() for problem in problems(token, name, value))
    given = {normal(name): name for name, value in inputs.items() if value}
    whole = _table().get(kind, {}).get("", {})
    for name, others in whole.get("dependentExcluded", {}).items():
        for other in others:
            if name in given and other in given:
                yield given[name], f"can't be given with {given[other]} (CloudFormation schema of {kind})"
    for name, others in whole.get("dependentRequired", {}).items():
        if name in given and (absent := [other for other in others if other not in given]):
            yield given[name], f"needs {', '.join(absent)} (CloudFormation schema of {kind})"


def normal(name: str) -> str:
    """A name as the table has it: Pulumi gives lists in the plural."""
    return re.sub(r"s$", "", re.sub(r"ies$", "y", re.sub(r"[^a-z0-9]", "", name.lower())))


def _refused(value: Any, limits: dict[str, Any]) -> str | None:
    match value:
        case bool() | dict() | Asset():
            return None
        case list():
            low, high, size, what = limits.get("minItems"), limits.get("maxItems"), len(value), " items"
        case str():
            low, high, size, what = limits.get("minLength"), limits.get("maxLength"), len(value), " characters"
        case _:
            low, high, size, what = limits.get("minimum"), limits.get("maximum"), value, ""
    if (low is not None and size < low) or (high is not None and size > high):
        return f"{size}{what}: AWS wants {'-' if low is None else low} to {'-' if high is None else high}{what}"
    if not isinstance(value, list) and "enum" in limits and str(value) not in map(str, limits["enum"]):
        return f"{shown(value)} is not one of {', '.join(map(str, limits['enum']))}"
    if isinstance(value, str) and "pattern" in limits and not compiled(limits["pattern"]).search(value):
        return f"{shown(value)} does not match {limits['pattern']}"
    return None


@functools.cache
def _schema(token: str) -> str:
    """CloudFormation's type for one of Pulumi's, and after a slash where in it; empty when there is none."""
    bare = token.removeprefix("aws:")
    if bare in KINDS:
        return KINDS[bare]
    module, _, name = bare.partition("/")
    wanted = f"{module}::{name.partition(':')[2]}".lower()
    return next((kind for kind in _table() if kind.removeprefix("AWS::").lower() == wanted), "")


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    return json.loads(Path(__file__).with_suffix(".json").read_text())
