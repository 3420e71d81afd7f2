# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""AWS KMS: keys and their aliases."""

from collections.abc import Iterator
from typing import Any

from sandbox.grammars import policies
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import key_id
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties


def _deletion_window(value: Any) -> str | None:
    """KMS API Reference, ScheduleKeyDeletion."""
    return None if 7 <= value <= 30 else "is not between 7 and 30 days"


def _read_key(api: Api, id: str, state: Properties) -> Properties | None:
    key = api.client.describe_key(KeyId=id)["KeyMetadata"]
    if key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
        return None
    rotation = api.client.get_key_rotation_status(KeyId=id)
    enabled = rotation["KeyRotationEnabled"]
    return {
        "description": key.get("Description", ""),
        "policy": api.client.get_key_policy(KeyId=id, PolicyName="default")["Policy"],
        "isEnabled": key["Enabled"],
        "enableKeyRotation": enabled,
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays") if enabled else None,
        "keyUsage": key["KeyUsage"],
        "customerMasterKeySpec": key["KeySpec"],
        "multiRegion": key["MultiRegion"],
        "keyId": key["KeyId"],
        "arn": key["Arn"],
        "tagsAll": tags.from_list(api.client.list_resource_tags(KeyId=id)["Tags"], "TagKey", "TagValue"),
    }


def _put_rotation(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new["enableKeyRotation"]:
        period = new.get("rotationPeriodInDays")
        api.client.enable_key_rotation(KeyId=id, **({"RotationPeriodInDays": period} if period else {}))
    else:
        api.client.disable_key_rotation(KeyId=id)


def _put_enabled(api: Api, id: str, new: Properties, old: Properties) -> None:
    (api.client.enable_key if new["isEnabled"] else api.client.disable_key)(KeyId=id)


USAGES = {
    "ENCRYPT_DECRYPT": ("SYMMETRIC_DEFAULT", "RSA_", "SM2"),
    "SIGN_VERIFY": ("RSA_", "ECC_", "ML_DSA_", "SM2"),
    "GENERATE_VERIFY_MAC": ("HMAC_",),
    "KEY_AGREEMENT": ("ECC_NIST_", "SM2"),
    "ENCAPSULATE_DECAPSULATE": ("ML_KEM_",),
}
"""Usage -> how the specs of such keys begin (KMS API Reference, CreateKey: KeyUsage)."""


def _usage_fits_spec(inputs: Properties) -> Iterator[Problem]:
    usage, spec = inputs.get("keyUsage", "ENCRYPT_DECRYPT"), inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT")
    if UNKNOWN in (usage, spec):
        return
    if not spec.startswith(USAGES[usage]):
        yield "keyUsage", f"ValidationException: KeyUsage {usage} is not compatible with KeySpec {spec}"
    if inputs.get("enableKeyRotation") and spec != "SYMMETRIC_DEFAULT":
        yield "enableKeyRotation", f"UnsupportedOperationException: AWS rotates symmetric keys only, this is {spec}"


def _rotation_is_on(inputs: Properties) -> Iterator[Problem]:
    if "rotationPeriodInDays" in inputs and not inputs.get("enableKeyRotation"):
        yield "rotationPeriodInDays", "needs enableKeyRotation"


def _delete_key(api: Api, id: str, state: Properties) -> None:
    if _read_key(api, id, state) is not None:  # else it is scheduled for deletion already
        days = state["deletionWindowInDays"]
        api.client.schedule_key_deletion(KeyId=id, **({"PendingWindowInDays": days} if days else {}))


KEY = ResourceType(
    token="aws:kms/key:Key",
    service="kms",
    properties={
        "description": Property("CreateKey.Description", kept=True),
        "policy": Property("CreateKey.Policy", kept=True, form=same_document, check=policies.problem_of(policies.KEY)),
        "bypassPolicyLockoutSafetyCheck": Property(bool, default=False, local=True),
        "isEnabled": Property(bool, default=True),
        "enableKeyRotation": Property(bool, default=False),
        "rotationPeriodInDays": Property("EnableKeyRotation.RotationPeriodInDays", kept=True),
        "deletionWindowInDays": Property("ScheduleKeyDeletion.PendingWindowInDays", local=True, check=_deletion_window),
        "keyUsage": Property("CreateKey.KeyUsage", default="ENCRYPT_DECRYPT", replace=True),
        "customerMasterKeySpec": Property("CreateKey.KeySpec", default="SYMMETRIC_DEFAULT", replace=True),
        "multiRegion": Property("CreateKey.MultiRegion", default=False, replace=True, kept=True),
    },
    outputs=("arn", "keyId"),
    create=lambda api, inputs: api.send("CreateKey", inputs, Tags=tags.as_list(inputs, "TagKey", "TagValue"))["KeyMetadata"][
        "KeyId"
    ],
    read=_read_key,
    delete=_delete_key,
    puts=(
        Put(
            ("description",),
            lambda api, id, new, old: api.client.update_key_description(KeyId=id, Description=new.get("description") or ""),
        ),
        Put(
            ("policy",),
            lambda api, id, new, old: api.client.put_key_policy(KeyId=id, PolicyName="default", Policy=new["policy"]),
        ),
        Put(("enableKeyRotation", "rotationPeriodInDays"), _put_rotation, on_create=True),
        Put(("isEnabled",), _put_enabled, on_create=True),
        tags.put_tags(
            lambda api, id, inputs: api.client.tag_resource(KeyId=id, Tags=tags.as_list(inputs, "TagKey", "TagValue")),
            lambda api, id, names: api.client.untag_resource(KeyId=id, TagKeys=names),
        ),
    ),
    tagged=True,
    checks=(_rotation_is_on, _usage_fits_spec),
)


def _alias_name(value: Any) -> str | None:
    """KMS API Reference, CreateAlias."""
    if not value.startswith("alias/"):
        return "does not start with alias/"
    return "must not start with alias/aws/, which is reserved for AWS" if value.startswith("alias/aws/") else None


def _read_alias(api: Api, id: str, state: Properties) -> Properties | None:
    pages = api.client.get_paginator("list_aliases").paginate()
    alias = next((one for page in pages for one in page["Aliases"] if one["AliasName"] == id), None)
    return alias and {
        "name": id,
        "targetKeyId": alias["TargetKeyId"],
        "targetKeyArn": api.arn(f"key/{alias['TargetKeyId']}"),
        "arn": alias["AliasArn"],
    }


def _create_alias(api: Api, inputs: Properties) -> str:
    api.send("CreateAlias", inputs)
    return inputs["name"]


ALIAS = ResourceType(
    token="aws:kms/alias:Alias",
    service="kms",
    properties={
        "name": Property("CreateAlias.AliasName", replace=True, check=_alias_name),
        "targetKeyId": Property("CreateAlias.TargetKeyId", required=True, form=key_id),
    },
    outputs=("arn", "targetKeyArn"),
    create=_create_alias,
    read=_read_alias,
    delete=lambda api, id, state: api.client.delete_alias(AliasName=id),
    puts=(Put(("targetKeyId",), lambda api, id, new, old: api.send("UpdateAlias", new)),),
    name=Name(property="name", longest=256, prefix="alias/"),
)

KINDS = (KEY, ALIAS)
