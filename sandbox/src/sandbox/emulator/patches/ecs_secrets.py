"""Secrets reach a container only with the execution role's permission, and a missing JSON key stops the task.

Amazon ECS Developer Guide, "Pass Secrets Manager secrets through Amazon ECS environment variables" and "Amazon ECS
task execution IAM role". MiniStack reads any secret without asking IAM, and injects SSM SecureStrings encrypted.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from http import HTTPStatus
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import secretsmanager, ssm

from sandbox.emulator.patches import ecs_failures
from sandbox.emulator.roles import DeniedError, Session, require

_RETRIED = "unable to retrieve secret from asm: service call has been retried 1 time(s): "


def resolve(container: dict[str, Any], session: Session) -> dict[str, str]:
    """The values of a container definition's `secrets`, by variable name.

    Raises:
        TaskStartError: one is missing or not allowed.
    """
    return {secret["name"]: _value(secret["valueFrom"], session) for secret in container.get("secrets", [])}


def _value(reference: str, session: Session) -> str:
    if ":secretsmanager:" in reference:
        return _secret(reference, session)
    return _parameter(reference, session)


def _secret(reference: str, session: Session) -> str:
    """A reference is the secret's ARN (seven fields), then optionally `:json-key:version-stage:version-id`."""
    fields = [*reference.split(":"), "", "", ""]
    arn, key, stage, version = ":".join(fields[:7]), *fields[7:10]
    failure = f"{_RETRIED}failed to fetch secret {arn} from secrets manager: "
    try:
        require(session, "secretsmanager:GetSecretValue", arn)
    except DeniedError as denied:
        raise ecs_failures.initialization(f"{failure}AccessDeniedException: {denied}") from denied
    version_or_stage = {"VersionId": version} if version else {"VersionStage": stage or "AWSCURRENT"}
    status, _, body = secretsmanager._get_secret_value({"SecretId": arn, **version_or_stage})
    answer = json.loads(body)
    if status >= HTTPStatus.BAD_REQUEST:
        raise ecs_failures.initialization(f"{failure}{answer['__type']}: {answer['message']}")
    value = answer["SecretString"]
    if not key:
        return value
    try:
        return str(json.loads(value)[key])
    except (ValueError, KeyError, TypeError) as error:
        problem = f"retrieved secret from Secrets Manager did not contain json key {key}"
        raise ecs_failures.initialization(f"{_RETRIED}{problem}") from error


def _parameter(reference: str, session: Session) -> str:
    prefix = f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter/"
    arn = reference if reference.startswith("arn:") else prefix + reference.lstrip("/")
    failure = "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
    try:
        require(session, "ssm:GetParameters", arn)
    except DeniedError as denied:
        raise ecs_failures.initialization(f"{failure}AccessDeniedException: {denied}") from denied
    value = ssm.resolve_parameter_value(reference, decrypt=True)
    if value is None:
        raise ecs_failures.initialization(f"{failure}invalid ssm parameters: {reference}")
    return value
