"""AWS IAM: every permission names what it is for."""

import re
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from .control import OWN, Finding, resource_control
from .documents import Statement, allowed
from .exceptions import may_be_wide
from .resource import Resource, items

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICIES = (
    ROLE_POLICY,
    "aws:iam/policy:Policy",
    "aws:iam/groupPolicy:GroupPolicy",
    "aws:iam/userPolicy:UserPolicy",
)
ATTACHMENTS = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
)
ADMINISTRATOR = re.compile(r":aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$")
EVERY_ACTION = ("*", "*:*")

UNBOUNDED = re.compile(r"\*|arn:[^:]*:([^:]*:[^:]*:[^:]*:\*|(?!s3:)[^:]*:[^:]*:[^:]*:[\w-]+[/:]\*|[^:]*:[^:]*:\*:.*)")
"""`*`; an ARN that ends in `:*`; one of all resources of a type, as `:role/*` (in S3 that is all objects of a bucket); one of any
account."""

CALLERS_ACCOUNT = frozenset({"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID"})
"""Condition keys against the confused deputy (IAM, "The confused deputy problem")."""


@resource_control(
    "iam-no-administrator", Severity.HIGH, "IAM.1", "CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_274", types=[ROLE, *POLICIES, *ATTACHMENTS]
)
def no_administrator(resource: Resource) -> Iterator[Finding]:
    """Nobody may do everything."""
    fix = "List the actions that are needed"
    for where, statement in _grants(resource):
        if statement.inverted:
            yield Finding(resource, where, "allows everything but what it lists", fix)
        for action in set(statement.actions).intersection(EVERY_ACTION):
            yield Finding(resource, where, f"allows {action}", fix)
    for arn in [resource.get("policyArn"), *items(resource.get("managedPolicyArns"))]:
        if isinstance(arn, str) and ADMINISTRATOR.search(arn):
            yield Finding(resource, "policyArn" if resource.type != ROLE else "managedPolicyArns", f"has {arn}", fix)


@resource_control("iam-no-wildcard-actions", Severity.LOW, "IAM.21", types=[ROLE, *POLICIES])
def no_wildcard_actions(resource: Resource) -> Iterator[Finding]:
    """Every allowed action is written out."""
    for where, statement in _grants(resource):
        for action in statement.actions:
            wide = "*" in action and action not in EVERY_ACTION and not statement.inverted
            if wide and not all(may_be_wide(action, name, statement) for name in statement.resources):
                fix = (
                    "List the actions that are needed; one that AWS asks for goes to policy/controls/exceptions.py with its reason"
                )
                yield Finding(resource, where, f"allows {action}", fix)


@resource_control(
    "iam-no-wildcard-resources",
    Severity.MEDIUM,
    "CKV_AWS_355",
    "CKV_AWS_356",
    "CKV_AWS_111",
    "KMS.1",
    "KMS.2",
    types=[ROLE, *POLICIES],
)
def no_wildcard_resources(resource: Resource) -> Iterator[Finding]:
    """Every allowed action names its resources."""
    for where, statement in _grants(resource):
        for name in filter(UNBOUNDED.fullmatch, statement.resources):
            actions = [action for action in statement.actions if not may_be_wide(action, name, statement)]
            if actions and not statement.inverted:
                fix = "Name the resources; an action that has none goes to policy/controls/exceptions.py with AWS's reason"
                yield Finding(resource, where, f"allows {', '.join(actions)} on {name}", fix)


@resource_control("iam-pass-role-limited", Severity.HIGH, OWN, "CKV_AWS_286", types=[ROLE, *POLICIES])
def pass_role_limited(resource: Resource) -> Iterator[Finding]:
    """A role is passed only to the service that it is for."""
    for where, statement in _grants(resource):
        exactly = {**statement.conditions.get("StringEquals", {}), **statement.conditions.get("StringLike", {})}
        services = exactly.get("iam:PassedToService", ())
        if "iam:PassRole" in statement.actions and (not services or any("*" in service for service in services)):
            fix = 'Add a condition as {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}'
            yield Finding(resource, where, "allows iam:PassRole to any service", fix)


@resource_control("iam-trust-limited", Severity.CRITICAL, "CKV_AWS_60", "CKV_AWS_61", OWN, types=[ROLE])
def trust_limited(role: Resource) -> Iterator[Finding]:
    """A role trusts named callers, for this account only."""
    for statement in allowed(role.get("assumeRolePolicy")):
        where = f"assumeRolePolicy.{statement.label}"
        if statement.for_everybody:
            yield Finding(role, where, "trusts everybody", "Name the service, or the roles")
        if statement.principals.get("Service") and statement.condition_keys.isdisjoint(CALLERS_ACCOUNT):
            fix = 'Add the condition {"StringEquals": {"aws:SourceAccount": "<account id>"}}'
            yield Finding(role, where, "trusts a service on behalf of any account", fix)
        if statement.principals.get("Federated") and not _names_one_identity(statement):
            fix = "Add StringEquals on the provider's `:aud` and on a claim of the project, as `:sub` or `:project_id`"
            yield Finding(role, where, "trusts every identity of the provider", fix)


def _names_one_identity(statement: Statement) -> bool:
    claims = {key.rpartition(":")[2] for key in statement.conditions.get("StringEquals", {})}
    return "aud" in claims and len(claims) > 1


def _grants(resource: Resource) -> Iterator[tuple[str, Statement]]:
    """Where each statement stands that allows an identity something, and the statement."""
    documents: list[tuple[str, Any]] = [("policy", resource.get("policy"))]
    for number, inline in enumerate(items(resource.get("inlinePolicies"))):
        documents.append((f"inlinePolicies[{number}].policy", inline.get("policy")))
    for where, document in documents:
        for statement in allowed(document):
            yield f"{where}.{statement.label}", statement
