# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""AWS IAM: managed policies, the roles that have them, and the issuers of identities that the account trusts."""

import json
import re
from typing import Any

from sandbox.grammars import policies
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.table import Name, Put, ResourceType
from sandbox.providers.values import Properties

MOST_VERSIONS = 5
"""Of a policy, the default one included (IAM User Guide, "IAM and AWS STS quotas")."""


def _read_policy(api: Api, id: str, state: Properties) -> Properties | None:
    policy = api.client.get_policy(PolicyArn=id)["Policy"]
    version = api.client.get_policy_version(PolicyArn=id, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    return {
        "name": policy["PolicyName"],
        "path": policy["Path"],
        "policy": json.dumps(version["Document"]),
        "description": policy.get("Description", ""),
        "arn": policy["Arn"],
        "policyId": policy["PolicyId"],
        "attachmentCount": policy["AttachmentCount"],
        "tagsAll": tags.from_list(api.client.list_policy_tags(PolicyArn=id)["Tags"]),
    }


def _old_versions(api: Api, id: str) -> list[str]:
    """Oldest first, without the default one."""
    versions = api.client.list_policy_versions(PolicyArn=id)["Versions"]
    return [one["VersionId"] for one in sorted(versions, key=lambda one: one["CreateDate"]) if not one["IsDefaultVersion"]]


def _put_policy(api: Api, id: str, new: Properties, old: Properties) -> None:
    for version in _old_versions(api, id)[: -(MOST_VERSIONS - 2)]:
        api.client.delete_policy_version(PolicyArn=id, VersionId=version)
    api.client.create_policy_version(PolicyArn=id, PolicyDocument=new["policy"], SetAsDefault=True)


def _delete_policy(api: Api, id: str, state: Properties) -> None:
    for version in _old_versions(api, id):
        api.client.delete_policy_version(PolicyArn=id, VersionId=version)
    api.client.delete_policy(PolicyArn=id)


POLICY = ResourceType(
    token="aws:iam/policy:Policy",
    service="iam",
    properties={
        "name": Property("CreatePolicy.PolicyName", replace=True),
        "path": Property("CreatePolicy.Path", default="/", replace=True),
        "policy": Property(
            "CreatePolicy.PolicyDocument", required=True, form=same_document, check=policies.problem_of(policies.MANAGED)
        ),
        "description": Property("CreatePolicy.Description", replace=True),
    },
    outputs=("arn", "policyId", "attachmentCount"),
    create=lambda api, inputs: api.send("CreatePolicy", inputs, Tags=tags.as_list(inputs))["Policy"]["Arn"],
    read=_read_policy,
    delete=_delete_policy,
    puts=(
        Put(("policy",), _put_policy),
        tags.put_tags(
            lambda api, id, inputs: api.client.tag_policy(PolicyArn=id, Tags=tags.as_list(inputs)),
            lambda api, id, names: api.client.untag_policy(PolicyArn=id, TagKeys=names),
        ),
    ),
    name=Name(property="name", longest=128),
    tagged=True,
)


def _read_attachment(api: Api, id: str, state: Properties) -> Properties | None:
    pages = api.client.get_paginator("list_attached_role_policies").paginate(RoleName=state["role"])
    attached = {one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]}
    return {"role": state["role"], "policyArn": state["policyArn"]} if state["policyArn"] in attached else None


def _attach(api: Api, inputs: Properties) -> str:
    api.client.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}/{inputs['policyArn']}"


POLICY_ATTACHMENT = ResourceType(
    token="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    service="iam",
    properties={
        "role": Property("AttachRolePolicy.RoleName", required=True, replace=True),
        "policyArn": Property("AttachRolePolicy.PolicyArn", required=True, replace=True),
    },
    create=_attach,
    read=_read_attachment,
    delete=lambda api, id, state: api.client.detach_role_policy(RoleName=state["role"], PolicyArn=state["policyArn"]),
)

ISSUER = re.compile(r"https://[^/?#]+(/[^?#]*[^/?#])?")
"""IAM API Reference, CreateOpenIDConnectProvider."""


def _issuer(value: Any) -> str | None:
    return None if ISSUER.fullmatch(value) else "is not an https:// address without a query and a trailing slash"


def _bare(url: Any) -> Any:
    """Form of an issuer's address: IAM keeps it without the scheme."""
    return url.removeprefix("https://") if isinstance(url, str) else url


def _unordered(values: Any) -> Any:
    return sorted(values) if isinstance(values, list) else values


def _read_provider(api: Api, id: str, state: Properties) -> Properties | None:
    provider = api.client.get_open_id_connect_provider(OpenIDConnectProviderArn=id)
    return {
        "url": provider["Url"],
        "clientIdLists": provider["ClientIDList"],
        "arn": id,
        "thumbprintLists": provider["ThumbprintList"],
        "tagsAll": tags.from_list(provider["Tags"]),
    }


def _put_client_ids(api: Api, id: str, new: Properties, old: Properties) -> None:
    wanted, present = new["clientIdLists"], old["clientIdLists"]
    for one in sorted(set(wanted) - set(present)):
        api.client.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=id, ClientID=one)
    for one in sorted(set(present) - set(wanted)):
        api.client.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=id, ClientID=one)


def _create_provider(api: Api, inputs: Properties) -> str:
    prints = {"ThumbprintList": inputs["thumbprintLists"]} if inputs.get("thumbprintLists") else {}
    return api.send("CreateOpenIDConnectProvider", inputs, Tags=tags.as_list(inputs), **prints)["OpenIDConnectProviderArn"]


OIDC_PROVIDER = ResourceType(
    token="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    service="iam",
    properties={
        "url": Property("CreateOpenIDConnectProvider.Url", required=True, replace=True, form=_bare, check=_issuer),
        "clientIdLists": Property("CreateOpenIDConnectProvider.ClientIDList", required=True, form=_unordered),
    },
    outputs=("arn", "thumbprintLists"),
    create=_create_provider,
    read=_read_provider,
    delete=lambda api, id, state: api.client.delete_open_id_connect_provider(OpenIDConnectProviderArn=id),
    puts=(
        Put(("clientIdLists",), _put_client_ids),
        Put(
            ("thumbprintLists",),
            lambda api, id, new, old: api.client.update_open_id_connect_provider_thumbprint(
                OpenIDConnectProviderArn=id, ThumbprintList=new.get("thumbprintLists") or []
            ),
        ),
        tags.put_tags(
            lambda api, id, inputs: api.client.tag_open_id_connect_provider(OpenIDConnectProviderArn=id, Tags=tags.as_list(inputs)),
            lambda api, id, names: api.client.untag_open_id_connect_provider(OpenIDConnectProviderArn=id, TagKeys=names),
        ),
    ),
    tagged=True,
)

KINDS = (POLICY, POLICY_ATTACHMENT, OIDC_PROVIDER)
