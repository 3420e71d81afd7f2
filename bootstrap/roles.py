"""IAM: GitLab as an issuer of identities, and the pipeline's roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap import permissions, unnamed
from bootstrap.configuration import GitLabSettings, RefSettings, platform_and_team
from bootstrap.state import State
from bootstrap.team import Team
from bootstrap.trust import AUDIENCE, conditions
from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document


@dataclass(frozen=True, kw_only=True)
class PipelineRolesArgs:
    """Who may do what."""

    account: Account
    gitlab: GitLabSettings
    environments: dict[str, RefSettings]
    """Stacks, each with the ref that deploys it."""
    state: State


class PipelineRoles(Component):
    """The roles that GitLab's jobs assume with their token.

    Creates: an OIDC provider, a boundary of its own roles, the role `preview` (any ref, reads), and for each stack a role
    `deploy-<stack>` (its own protected ref only) and a boundary of the roles that it may make. What the roles may do stands in
    several policies: all that are within a role have 10,240 characters together (IAM, "IAM and AWS STS quotas").
    """

    preview_arn: pulumi.Output[str]
    deploy_arns: dict[str, pulumi.Output[str]]
    """By stack."""
    workload_boundary_arns: dict[str, pulumi.Output[str]]
    """By stack: for every role that the platform's program makes for it."""

    def __init__(self, name: str, args: PipelineRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._gitlab = args.gitlab
        bucket, key = args.state.bucket.arn, args.state.key_arn
        # AWS trusts the public authorities that sign GitLab's certificate: no thumbprint.
        self._issuer = aws.iam.OpenIdConnectProvider(name, url=args.gitlab.url, client_id_lists=[AUDIENCE], opts=self.child())
        ceiling = permissions.ceiling(args.account, bucket, key, args.gitlab.issuer)
        self._boundary = self._policy(permissions.CI_BOUNDARY, ceiling)
        reading = self._policy("reading", permissions.reading(args.account, bucket, key))
        self.preview_arn = self._role("preview", None, {"reading": reading}).arn
        self.deploy_arns, self.workload_boundary_arns = {}, {}
        for stack, ref in args.environments.items():
            if platform_and_team(stack)[1]:
                team = Team(account=args.account, stack=stack, workstreams=ref.workstreams)
                ceiling, deploying = team.workload_ceiling(), team.deploying(bucket, key)
                policies = {"reading": reading}
            else:
                ceiling = permissions.workload_ceiling(args.account, stack)
                deploying = permissions.deploying(args.account, stack, bucket, key)
                parts = [*unnamed.network(args.account, ref.tags), *unnamed.keys(args.account, ref.tags)]
                policies = {"reading": reading, "unnamed": self._policy(f"unnamed-{stack}", parts)}
            self.workload_boundary_arns[stack] = self._policy(permissions.workload_boundary(stack), ceiling).arn
            role = self._role(f"deploy-{stack}", ref, policies)
            aws.iam.RolePolicy(f"deploy-{stack}", role=role.name, policy=document(deploying), opts=self.child())
            self.deploy_arns[stack] = role.arn
        self.register_outputs({"preview_arn": self.preview_arn, "deploy_arns": self.deploy_arns})

    def _policy(self, name: str, statements: Sequence[Statement]) -> aws.iam.Policy:
        return aws.iam.Policy(name, name=name, path=permissions.ROLE_PATH, policy=document(statements), opts=self.child())

    def _role(self, name: str, ref: RefSettings | None, policies: Mapping[str, aws.iam.Policy]) -> aws.iam.Role:
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": self._issuer.arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": conditions(self._gitlab, ref),
        }
        role = aws.iam.Role(
            name,
            name=name,
            path=permissions.ROLE_PATH,
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}),
            permissions_boundary=self._boundary.arn,
            opts=self.child(),
        )
        for purpose, policy in policies.items():
            aws.iam.RolePolicyAttachment(f"{name}-{purpose}", role=role.name, policy_arn=policy.arn, opts=self.child())
        return role
