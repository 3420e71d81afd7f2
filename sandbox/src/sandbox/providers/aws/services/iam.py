# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""AWS IAM: roles and their inline policies."""

import json

from sandbox.grammars import policies
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.table import Name, Put, ResourceType
from sandbox.providers.values import Properties

HOUR = 3600
"""Seconds."""


def _read_role(api: Api, id: str, state: Properties) -> Properties | None:
    role = api.client.get_role(RoleName=id)["Role"]
    return {
        "name": role["RoleName"],
        "path": role["Path"],
        "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
        "description": role.get("Description", ""),
        "maxSessionDuration": role["MaxSessionDuration"],
        "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "arn": role["Arn"],
        "createDate": role["CreateDate"].isoformat(),
        "uniqueId": role["RoleId"],
        "inlinePolicies": _inline_policies(api, id),
        "managedPolicyArns": sorted(
            each["PolicyArn"] for each in api.client.list_attached_role_policies(RoleName=id)["AttachedPolicies"]
        ),
        "tagsAll": tags.from_list(api.client.list_role_tags(RoleName=id)["Tags"]),
    }


def _inline_policies(api: Api, role: str) -> list[Properties]:
    names = api.client.list_role_policies(RoleName=role)["PolicyNames"]
    documents = {name: api.client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in sorted(names)}
    return [{"name": name, "policy": json.dumps(document)} for name, document in documents.items()]


def _create_role(api: Api, inputs: Properties) -> str:
    return api.send("CreateRole", inputs, Tags=tags.as_list(inputs))["Role"]["RoleName"]


def _put_boundary(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new.get("permissionsBoundary"):
        api.client.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=new["permissionsBoundary"])
    else:
        api.client.delete_role_permissions_boundary(RoleName=id)


def _put_inline(api: Api, id: str, new: Properties, old: Properties) -> None:
    wanted, present = (
        {each["name"]: each["policy"] for each in given.get("inlinePolicies") or [] if each.get("name")} for given in (new, old)
    )
    for name in sorted(set(present) - set(wanted)):
        api.client.delete_role_policy(RoleName=id, PolicyName=name)
    for name, policy in wanted.items():
        api.client.put_role_policy(RoleName=id, PolicyName=name, PolicyDocument=policy)


def _put_managed(api: Api, id: str, new: Properties, old: Properties) -> None:
    wanted, present = (set(given.get("managedPolicyArns") or []) for given in (new, old))
    for arn in sorted(present - wanted):
        api.client.detach_role_policy(RoleName=id, PolicyArn=arn)
    for arn in sorted(wanted - present):
        api.client.attach_role_policy(RoleName=id, PolicyArn=arn)


def _delete_role(api: Api, id: str, state: Properties) -> None:
    """Real provider: what the role's own lists say goes with it, where an attachment of its own did not take it away before."""
    force, managed = state.get("forceDetachPolicies"), state.get("managedPolicyArns") or []
    inline = [each["name"] for each in state.get("inlinePolicies") or [] if each.get("name")]
    for policy in api.client.list_attached_role_policies(RoleName=id)["AttachedPolicies"]:
        if force or policy["PolicyArn"] in managed:
            api.client.detach_role_policy(RoleName=id, PolicyArn=policy["PolicyArn"])
    for name in api.client.list_role_policies(RoleName=id)["PolicyNames"]:
        if force or name in inline:
            api.client.delete_role_policy(RoleName=id, PolicyName=name)
    api.client.delete_role(RoleName=id)


ROLE = ResourceType(
    token="aws:iam/role:Role",
    service="iam",
    properties={
        "name": Property("CreateRole.RoleName", replace=True),
        "path": Property("CreateRole.Path", default="/", replace=True),
        "assumeRolePolicy": Property(
            "CreateRole.AssumeRolePolicyDocument", required=True, form=same_document, check=policies.problem_of(policies.TRUST)
        ),
        "description": Property("CreateRole.Description"),
        "maxSessionDuration": Property("CreateRole.MaxSessionDuration", default=HOUR),
        "permissionsBoundary": Property("CreateRole.PermissionsBoundary"),
        "forceDetachPolicies": Property(bool, default=False, local=True),
    },
    outputs=("arn", "createDate", "inlinePolicies", "managedPolicyArns", "uniqueId"),
    create=_create_role,
    read=_read_role,
    delete=_delete_role,
    puts=(
        Put(
            ("assumeRolePolicy",),
            lambda api, id, new, old: api.client.update_assume_role_policy(RoleName=id, PolicyDocument=new["assumeRolePolicy"]),
        ),
        Put(
            ("description", "maxSessionDuration"),
            lambda api, id, new, old: api.client.update_role(
                RoleName=id, Description=new.get("description") or "", MaxSessionDuration=new["maxSessionDuration"]
            ),
        ),
        Put(("permissionsBoundary",), _put_boundary),
        Put(("inlinePolicies",), _put_inline, on_create=True),
        Put(("managedPolicyArns",), _put_managed, on_create=True),
        tags.put_tags(
            lambda api, id, inputs: api.client.tag_role(RoleName=id, Tags=tags.as_list(inputs)),
            lambda api, id, names: api.client.untag_role(RoleName=id, TagKeys=names),
        ),
    ),
    name=Name(property="name", longest=64),
    tagged=True,
)


def _create_policy(api: Api, inputs: Properties) -> str:
    api.send("PutRolePolicy", inputs)
    return f"{inputs['role']}:{inputs['name']}"


def _read_policy(api: Api, id: str, state: Properties) -> Properties | None:
    found = api.client.get_role_policy(RoleName=state["role"], PolicyName=state["name"])
    return {"role": found["RoleName"], "name": found["PolicyName"], "policy": json.dumps(found["PolicyDocument"])}


ROLE_POLICY = ResourceType(
    token="aws:iam/rolePolicy:RolePolicy",
    service="iam",
    properties={
        "name": Property("PutRolePolicy.PolicyName", replace=True),
        "role": Property("PutRolePolicy.RoleName", required=True, replace=True),
        "policy": Property(
            "PutRolePolicy.PolicyDocument", required=True, form=same_document, check=policies.problem_of(policies.IDENTITY)
        ),
    },
    create=_create_policy,
    read=_read_policy,
    delete=lambda api, id, state: api.client.delete_role_policy(RoleName=state["role"], PolicyName=state["name"]),
    puts=(Put(("policy",), lambda api, id, new, old: api.send("PutRolePolicy", new)),),
    name=Name(property="name", longest=128),
)

KINDS = (ROLE, ROLE_POLICY)
