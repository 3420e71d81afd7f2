"""What a role may do, for the calls that AWS itself makes in its name.

MiniStack checks the requests that arrive over HTTP. ECS and MWAA act inside the emulator, so they ask here
(IAM User Guide, "Policy evaluation logic"; "Granting a user permissions to pass a role to an AWS service").
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
import time
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, sts


class DeniedError(Exception):
    """IAM does not allow it; the message is worded as AWS words it."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """Temporary credentials of a role."""

    access_key: str
    secret_key: str
    token: str

    def environment(self) -> dict[str, str]:
        """The variables in which AWS SDKs look for credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.token,
        }


def assume(role_arn: str, service: str, session_name: str, *, source_arn: str, seconds: int) -> Session:
    """A session of the role for an AWS service, e.g. `ecs-tasks.amazonaws.com`.

    Args:
        source_arn: Value of `aws:SourceArn` in the trust policy's conditions.
        seconds: Until the session expires.

    Raises:
        DeniedError: there is no such role, or it does not trust the service.
    """
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None or role["Arn"] != role_arn or not _trusts(role, service, source_arn):
        raise DeniedError(f"{service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}")
    session = Session(access_key=iam._gen_session_access_key(), secret_key=iam._gen_secret(), token=iam._gen_session_token())
    sts.register_session(
        session.access_key,
        {
            "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{role['RoleName']}/{session_name}",
            "UserId": f"{role['RoleId']}:{session_name}",
            "SecretAccessKey": session.secret_key,
            "SessionToken": session.token,
            "Expiration": time.time() + seconds,
            "AccountId": get_account_id(),
            "PrincipalType": "AssumedRole",
        },
    )
    return session


def _trusts(role: dict[str, Any], service: str, source_arn: str) -> bool:
    context = {"aws:sourceaccount": get_account_id(), "aws:sourcearn": source_arn}
    return policy_allows_service(role["AssumeRolePolicyDocument"], service, "sts:AssumeRole", role["Arn"], context)


def policy_allows_service(policy: str, service: str, action: str, resource: str, keys: dict[str, str]) -> bool:
    """Whether a resource's own policy lets an AWS service do `action`; `keys` are condition keys in lower case."""
    context = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context=keys,
    )
    statements = json.loads(policy)["Statement"]
    effects = {
        statement["Effect"]
        for statement in (statements if isinstance(statements, list) else [statements])
        if iam_evaluator._service_principal_matches(statement.get("Principal"), service)
        and iam_evaluator._action_matches(action, _list(statement.get("Action")), _list(statement.get("NotAction")))
        and iam_evaluator._conditions_met(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def _list(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def require(session: Session, action: str, resource: str, **context: str) -> None:
    """Checks that a role's session may do `action`.

    Raises:
        DeniedError: it may not.
    """
    _require(session.access_key, action, resource, context)


def require_caller(action: str, resource: str, **context: str) -> None:
    """Checks that whoever sent the current request may do `action` as well.

    Raises:
        DeniedError: it may not.
    """
    # Empty for the root user, whose requests MiniStack does not verify; the root user may do everything.
    caller = iam_evaluator._verified_key.get()
    if caller:
        _require(caller, action, resource, context)


def require_caller_may_pass(role_arn: str, service: str) -> None:
    """Checks that whoever sent the current request may hand a role to an AWS service.

    Raises:
        DeniedError: `iam:PassRole` is not allowed.
    """
    require_caller("iam:PassRole", role_arn, **{"iam:PassedToService": service})


def _require(access_key: str, action: str, resource: str, context: dict[str, str]) -> None:
    service = action.partition(":")[0]
    denied = iam_evaluator.enforce(access_key, action, service, get_region(), resource, context)
    if isinstance(denied, iam_evaluator.AuthError):
        raise DeniedError(denied.message)
    if denied:
        raise DeniedError(identity_denial_message(action, denied.principal_arn, resource, denied.decision == "Deny"))
