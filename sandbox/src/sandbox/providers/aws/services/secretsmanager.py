# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""AWS Secrets Manager: secrets without their values, and their resource policies."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.grammars import policies
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import key_id
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties

NAME = re.compile(r"[A-Za-z0-9/_+=.@-]+")
"""Secrets Manager API Reference, CreateSecret."""


def _name(value: Any) -> str | None:
    return None if NAME.fullmatch(value) else "has characters other than letters, digits and /_+=.@-"


def _window(value: Any) -> str | None:
    """Secrets Manager API Reference, DeleteSecret; the real provider takes 0 as "at once"."""
    return None if value == 0 or 7 <= value <= 30 else "is neither 0 nor between 7 and 30 days"


def _read_secret(api: Api, id: str, state: Properties) -> Properties | None:
    secret = api.client.describe_secret(SecretId=id)
    if "DeletedDate" in secret:
        return None
    return {
        "name": secret["Name"],
        "description": secret.get("Description", ""),
        "kmsKeyId": secret.get("KmsKeyId"),
        "policy": api.client.get_resource_policy(SecretId=id).get("ResourcePolicy", ""),
        "arn": secret["ARN"],
        "tagsAll": tags.from_list(secret.get("Tags")),
    }


def _update_secret(api: Api, id: str, new: Properties, old: Properties) -> None:
    key = {"KmsKeyId": new["kmsKeyId"]} if new.get("kmsKeyId") else {}
    api.client.update_secret(SecretId=id, Description=new.get("description") or "", **key)


def _delete_secret(api: Api, id: str, state: Properties) -> None:
    if _read_secret(api, id, state) is None:
        return  # scheduled for deletion already
    window = state["recoveryWindowInDays"]
    how = {"RecoveryWindowInDays": window} if window else {"ForceDeleteWithoutRecovery": True}
    api.client.delete_secret(SecretId=id, **how)


def _put_own_policy(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new.get("policy"):
        api.client.put_resource_policy(SecretId=id, ResourcePolicy=new["policy"])
    else:
        api.client.delete_resource_policy(SecretId=id)


SECRET = ResourceType(
    token="aws:secretsmanager/secret:Secret",
    service="secretsmanager",
    properties={
        "name": Property("CreateSecret.Name", replace=True, check=_name),
        "description": Property("CreateSecret.Description"),
        "kmsKeyId": Property("CreateSecret.KmsKeyId", form=key_id),
        "recoveryWindowInDays": Property(int, default=30, local=True, check=_window),
    },
    outputs=("arn", "policy"),
    create=lambda api, inputs: api.send("CreateSecret", inputs, Tags=tags.as_list(inputs))["ARN"],
    read=_read_secret,
    delete=_delete_secret,
    puts=(
        Put(("description", "kmsKeyId"), _update_secret),
        Put(("policy",), _put_own_policy, on_create=True),
        tags.put_tags(
            lambda api, id, inputs: api.client.tag_resource(SecretId=id, Tags=tags.as_list(inputs)),
            lambda api, id, names: api.client.untag_resource(SecretId=id, TagKeys=names),
        ),
    ),
    name=Name(property="name", longest=512),
    tagged=True,
)


def _public(inputs: Properties) -> Iterator[Problem]:
    """Secrets Manager API Reference, PutResourcePolicy: BlockPublicPolicy."""
    if inputs.get("blockPublicPolicy") and inputs["policy"] != UNKNOWN and policies.open_to_all(inputs["policy"]):
        yield "policy", "PublicPolicyException: The BlockPublicPolicy parameter is set to true, and the policy is public"


def _put_policy(api: Api, inputs: Properties) -> str:
    api.client.put_resource_policy(
        SecretId=inputs["secretArn"], ResourcePolicy=inputs["policy"], BlockPublicPolicy=inputs["blockPublicPolicy"]
    )
    return inputs["secretArn"]


def _read_policy(api: Api, id: str, state: Properties) -> Properties | None:
    policy = if_there(api.client.get_resource_policy, SecretId=id).get("ResourcePolicy")
    return policy and {"secretArn": id, "policy": policy}


SECRET_POLICY = ResourceType(
    token="aws:secretsmanager/secretPolicy:SecretPolicy",
    service="secretsmanager",
    properties={
        "secretArn": Property("PutResourcePolicy.SecretId", required=True, replace=True),
        "policy": Property(
            "PutResourcePolicy.ResourcePolicy", required=True, form=same_document, check=policies.problem_of(policies.SECRET)
        ),
        "blockPublicPolicy": Property(bool, default=False, unread=True),
    },
    create=_put_policy,
    read=_read_policy,
    delete=lambda api, id, state: api.client.delete_resource_policy(SecretId=id),
    puts=(Put(("policy", "blockPublicPolicy"), lambda api, id, new, old: _put_policy(api, new)),),
    checks=(_public,),
)

KINDS = (SECRET, SECRET_POLICY)
