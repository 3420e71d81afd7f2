"""IAM: a role that an AWS service assumes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document, trust
from components.names import names


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


class ServiceRole(Component):
    """A role with one inline policy.

    Creates: an IAM role, its policy. The account's permissions boundary, where there is one, caps what it may do.
    `depends_on` this component waits for the policy too: services check permissions the moment they get the role.
    """

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: ServiceRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        role = aws.iam.Role(
            name,
            path=names().role_path(args.path),
            assume_role_policy=trust(args.account, args.services),
            permissions_boundary=args.account.permissions_boundary,
            tags=args.tags,
            opts=self.child(),
        )
        aws.iam.RolePolicy(name, role=role.name, policy=document(args.statements), opts=self.child())
        self.arn = role.arn
        self.name = role.name
        self.register_outputs({"arn": self.arn})
