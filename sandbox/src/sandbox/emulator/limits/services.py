"""Secrets Manager, ECS and KMS."""

import json
import re
from collections.abc import Iterator

from sandbox.emulator.limits.problems import Check, Parameters, Problem
from sandbox.grammars import policies


def _public_secret(call: Parameters) -> Iterator[Problem]:
    """Secrets Manager API Reference, PutResourcePolicy: BlockPublicPolicy."""
    if call.get("BlockPublicPolicy") and policies.open_to_all(call["ResourcePolicy"]):
        yield (
            "PublicPolicyException",
            "The BlockPublicPolicy parameter is set to true, and the resource policy grants broad access.",
        )


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
    if sum(each.get("base", 0) > 0 for each in call.get("capacityProviderStrategy") or []) > 1:
        yield "InvalidParameterException", "Only one capacity provider in a strategy can have a base."
    if len(json.dumps(call.get("overrides") or {}, separators=(",", ":"))) > 8192:
        yield "InvalidParameterException", "Container Overrides length must be at most 8192"


def _task_definition(call: Parameters) -> Iterator[Problem]:
    """ECS Developer Guide, "Amazon ECS task definition differences for Fargate"."""
    if "FARGATE" in (call.get("requiresCompatibilities") or []):
        if call.get("ipcMode"):
            yield "ClientException", "ipcMode is not supported on Fargate"
        if call.get("pidMode", "task") != "task":
            yield "ClientException", f"pidMode {call['pidMode']} is not supported on Fargate"


def _capacity_providers(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, PutClusterCapacityProviders."""
    absent = {each["capacityProvider"] for each in call["defaultCapacityProviderStrategy"]} - {*call["capacityProviders"]}
    if absent:
        reason = "The specified capacity provider is not associated with the cluster"
        yield "InvalidParameterException", f"{reason}: {min(absent)}"


def _create_alias(call: Parameters) -> Iterator[Problem]:
    """KMS API Reference, CreateAlias."""
    if not re.fullmatch("alias/[a-zA-Z0-9/_-]+", call["AliasName"]):
        yield "InvalidAliasNameException", f"The specified alias name is not valid: {call['AliasName']}"
    if call["AliasName"].startswith("alias/aws/"):
        yield "NotAuthorizedException", "The alias/aws/ prefix is reserved for AWS managed keys"


LIMITS: dict[tuple[str, str], Check] = {
    ("ecs", "PutClusterCapacityProviders"): _capacity_providers,
    ("ecs", "RegisterTaskDefinition"): _task_definition,
    ("ecs", "RunTask"): _run_task,
    ("kms", "CreateAlias"): _create_alias,
    ("secretsmanager", "CreateSecret"): _secret_value,
    ("secretsmanager", "PutResourcePolicy"): _public_secret,
    ("secretsmanager", "PutSecretValue"): _needed_value,
    ("secretsmanager", "UpdateSecret"): _secret_value,
}
