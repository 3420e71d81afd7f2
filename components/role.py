"""IAM: a role that an AWS service assumes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document, trust
from components.names import names
from settings.project import NAMESPACE

FORMER_PARENT = f"{NAMESPACE}:role:ServiceRole"
"""Type of that component."""


@dataclass(frozen=True, kw_only=True)
class ServiceRoleArgs:
    """Who may assume the role, and what it may do."""

    account: Account
    services: Sequence[str]
    """Service principals, for instance `ecs-tasks.amazonaws.com`."""
    statements: Sequence[Statement]
    path: str
    """Below the stack's own IAM path, for instance `network/`: the part of the role's ARN that other policies may be scoped by."""
    tags: Mapping[str, str] | None = None


class ServiceRole:
    """A role with one inline policy, both children of the component that needs it.

    Creates: an IAM role, its policy. The account's permissions boundary, where there is one, caps what it may do. No component
    of its own: every workstream has two (docs/decisions/0011-what-growth-costs.md).
    """

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    granted: aws.iam.RolePolicy
    """What depends on the role waits for this: services check permissions the moment they get the role."""

    def __init__(self, name: str, args: ServiceRoleArgs, owner: Component) -> None:
        opts = pulumi.ResourceOptions.merge(owner.child(), pulumi.ResourceOptions(aliases=[*_former(name, owner)]))
        role = aws.iam.Role(
            name,
            path=names().role_path(args.path),
            assume_role_policy=trust(args.account, args.services),
            permissions_boundary=args.account.permissions_boundary,
            tags=args.tags,
            opts=opts,
        )
        self.granted = aws.iam.RolePolicy(name, role=role.name, policy=document(args.statements), opts=opts)
        self.arn = role.arn
        self.name = role.name


def _former(name: str, owner: Component) -> list[pulumi.Alias]:
    """Where role and policy were when a component stood around them: without it the engine makes each anew."""

    def parent(urn: str, owner_type: str) -> str:
        around, _, _ = urn.rpartition("::")
        return f"{around.removesuffix(owner.pulumi_resource_type)}{owner_type}${FORMER_PARENT}::{name}"

    types = [owner.pulumi_resource_type, *filter(None, [owner.former_type])]
    return [pulumi.Alias(parent=owner.urn.apply(lambda urn, each=each: parent(urn, each))) for each in types]
