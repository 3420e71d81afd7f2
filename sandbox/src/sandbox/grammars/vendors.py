"""Names that AWS knows: services in actions, their resource types and condition keys, service principals.

parliament keeps a copy of the Service Authorization Reference; what is newer than that copy is listed here.
"""

import functools
import importlib.util
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError

NEWER = {
    "arc-region-switch", "bcm-dashboards", "bcm-recommended-actions", "bedrock-agentcore", "bedrock-mantle", "ecs-mcp", "eks-mcp",
    "evs", "iotmanagedintegrations", "mpa", "nova-act", "odb", "partnercentral-selling", "route53globalresolver", "rtbfabric",
    "s3files", "s3vectors", "securityagent", "support-console", "transform", "transform-custom", "uxc", "workspaces-instances",
}  # fmt: skip
"""Service prefixes that came after parliament's copy (Service Authorization Reference)."""

PRINCIPALS = {
    "airflow", "airflow-env", "billingconsole", "build.apprunner", "cloudfront", "cloudwatch-crossaccount", "codeguru-reviewer",
    "config-multiaccountsetup", "cost-optimization-hub", "costalerts", "delivery.logs", "ec2fleet", "ecs-tasks", "edgelambda",
    "elasticmapreduce", "internetmonitor", "lakeformation", "logger.cloudfront", "logdelivery", "logdelivery.elasticloadbalancing",
    "monitoring", "pods.eks", "eks-fargate", "eks-fargate-pods", "eks-nodegroup", "spot", "spotfleet", "tasks.apprunner",
    "timestream", "transitgateway", "trustedadvisor", "vmie", "vpc-flow-logs", "ssm", "opensearchservice", "osis-pipelines",
    "scheduler", "pipes", "replicator.lambda", "vpce", "reporting.trustedadvisor", "sqlworkbench", "aws-artifact-account-sync",
}  # fmt: skip
"""Service principals that are no service prefix (the user guides of the services that assume roles)."""

GLOBAL_KEYS = {
    "assumedroot", "calledvia", "calledviaaws", "calledviafirst", "calledvialast", "chatbotsourcearn", "currenttime",
    "ec2instancesourceprivateipv4", "ec2instancesourcevpc", "epochtime", "federatedprovider", "ismcpserviceaction",
    "multifactorauthage", "multifactorauthpresent", "principalaccount", "principalarn", "principalisawsservice",
    "principalorgid", "principalorgpaths", "principalservicename", "principalservicenameslist", "principaltype", "referer",
    "requestedregion", "resourceaccount", "resourceorgid", "resourceorgpaths", "securetransport", "signinsessionarn",
    "sourceaccount", "sourcearn", "sourceidentity", "sourceip", "sourceorgid", "sourceorgpaths", "sourceowner", "sourcevpc",
    "sourcevpcarn", "sourcevpce", "tagkeys", "tokenissuetime", "useragent", "userid", "username", "viaawsmcpservice",
    "viaawsservice", "vpceaccount", "vpceorgid", "vpceorgpaths", "vpcsourceip",
}  # fmt: skip
"""IAM User Guide, "AWS global condition context keys"."""

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def known(vendor: str) -> bool:
    """Whether an action may begin with it."""
    return vendor in _services() or vendor in NEWER


def service_principal(value: str) -> bool:
    """Whether AWS has this service principal; one of a region too, and parts of a known service."""
    bare = re.fullmatch(r"([a-z0-9.-]+)\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)", value)
    if not bare:
        return False
    labels = [label for label in bare[1].split(".") if not REGION.fullmatch(label)]
    return ".".join(labels) in PRINCIPALS or (bool(labels) and known(labels[-1]))


def actions(service: str, pattern: str) -> dict[str, set[str]]:
    """Action of a service that a pattern (`Get*`) means -> the resource types that it is about."""
    wanted = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
    return {
        each["privilege"]: {kind["resource_type"].rstrip("*") for kind in each["resource_types"]} - {""}
        for each in _services().get(service, {}).get("privileges", [])
        if wanted.fullmatch(each["privilege"])
    }


def condition_key(service: str, key: str) -> bool:
    """Whether a service has a condition key of its own; `<...>` and `${...}` in its name stand for anything."""
    names = (each["condition"] for each in _services().get(service, {}).get("conditions", []))
    return any(_template(name).fullmatch(key) for name in _with_keys_of_actions(service, names))


def global_key(key: str) -> bool:
    """Whether it is one of the keys `aws:...` that every service has; those about tags have a name behind a slash."""
    name = key.lower().removeprefix("aws:")
    return name in GLOBAL_KEYS or name.partition("/")[0] in ("principaltag", "requesttag", "resourcetag")


def key_of_actions(service: str, key: str, patterns: Iterable[str]) -> bool:
    """Whether a key means something to one of the actions; so it does where the copy has it for no action at all."""
    having = {
        each["privilege"]
        for each in _services().get(service, {}).get("privileges", [])
        for kind in each["resource_types"]
        if any(_template(name).fullmatch(key) for name in kind["condition_keys"])
    }
    wanted = [name for pattern in patterns for name in actions(service, "*" if pattern == "*" else pattern.partition(":")[2])]
    return not having or bool(having.intersection(wanted))


def _with_keys_of_actions(service: str, names: Iterable[str]) -> set[str]:
    privileges = _services().get(service, {}).get("privileges", [])
    of_actions = {key for one in privileges for kind in one["resource_types"] for key in kind["condition_keys"]}
    return {*names, *of_actions}


def _template(name: str) -> re.Pattern[str]:
    parts = re.split(r"<[^>]*>|\$\{[^}]*\}", name)
    return re.compile(".+".join(map(re.escape, parts)), re.IGNORECASE)


@functools.cache
def _services() -> dict[str, Any]:
    """By prefix. Read as a file: to import parliament warns of what its loader uses."""
    found = importlib.util.find_spec("parliament")
    if found is None or not found.submodule_search_locations:
        raise SandboxError(
            "parliament is not installed: without it nothing tells which services and actions there are.",
            "Run this through make, which installs it.",
        )
    [folder] = found.submodule_search_locations
    services: dict[str, Any] = {}
    for each in json.loads((Path(folder) / "iam_definition.json").read_text()):
        if each["prefix"] in services:
            for part in ("privileges", "resources", "conditions"):
                services[each["prefix"]][part] += each[part]
        else:
            services[each["prefix"]] = each
    return services
