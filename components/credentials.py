"""AWS Secrets Manager: the place of the Snowflake credentials, never their value."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document
from components.names import EXECUTION_ROLES, names
from settings.project import NAMESPACE
from settings.rules import DEFAULT_CONNECTION
from settings.sections.warehouse import SECRET_FIELDS, Authentication

LEGACY_WARNING = (
    "{where}.authentication = 'password': Snowflake is phasing out passwords of service users. "
    "Use workloadIdentity, which needs no secret at all, or keyPair."
)
"""Snowflake documentation, "Planning for the deprecation of single-factor password sign-ins"."""


@dataclass(frozen=True, kw_only=True)
class CredentialsArgs:
    account: Account
    connection: str
    """Its name."""
    authentication: Authentication
    kms_key_arn: pulumi.Input[str]
    disposable: bool
    """Destroy deletes the secret at once; otherwise it can be recovered for 30 days."""


class Credentials(Component):
    """An empty secret: `ops credentials put` fills it, so that no value is ever in code, state, preview or log.

    Creates: a secret, its resource policy; nothing when dbt logs in with its workload identity.
    """

    secret_arn: pulumi.Output[str] | None = None
    """None when there is no secret."""

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts, protect=not args.disposable)
        if args.authentication == "password":
            section = "" if args.connection == DEFAULT_CONNECTION else "connections."
            pulumi.log.warn(LEGACY_WARNING.format(where=f"{NAMESPACE}:{section}{args.connection}"), self)
        if args.authentication != "workloadIdentity":
            self.secret_arn = self._secret(name, args)
        self.register_outputs({"secret_arn": self.secret_arn})

    def _secret(self, name: str, args: CredentialsArgs) -> pulumi.Output[str]:
        fields = ", ".join(["account", "user", *SECRET_FIELDS[args.authentication].values()])
        secret = aws.secretsmanager.Secret(
            name,
            name=names().credentials(args.connection),
            description=f"Snowflake login of the dbt tasks: {fields}",
            kms_key_id=args.kms_key_arn,
            recovery_window_in_days=0 if args.disposable else 30,
            opts=self.child(),
        )
        aws.secretsmanager.SecretPolicy(
            name,
            secret_arn=secret.arn,
            policy=document([_readers_only(args.account)]),
            block_public_policy=True,
            opts=self.child(),
        )
        return secret.arn


def _readers_only(account: Account) -> Statement:
    """Refuse the value to everybody but the execution roles of the workstreams, of which each is allowed its own connection's."""
    # In a secret's policy "*" means this secret.
    return Statement(
        effect="Deny",
        principals="*",
        actions=["secretsmanager:GetSecretValue"],
        resources=["*"],
        conditions={"ArnNotLike": {"aws:PrincipalArn": account.role_arn(names().roles(EXECUTION_ROLES))}},
    )
