"""AWS Secrets Manager: the place of the Snowflake credentials, never their value."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component, platform_name
from components.policy import Statement, document
from components.workstream import execution_role_path


@dataclass(frozen=True, kw_only=True)
class CredentialsArgs:
    """What the secret needs to know."""

    account: Account
    kms_key_arn: pulumi.Input[str]
    disposable: bool
    """Destroy deletes the secret at once; otherwise it can be recovered for 30 days."""


class Credentials(Component):
    """An empty secret: `ops credentials put` fills it, so that no value is ever in code, state, preview or log.

    Creates: a secret, its resource policy.
    """

    secret_arn: pulumi.Output[str]

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        secret = aws.secretsmanager.Secret(
            name,
            name=f"{platform_name()}/snowflake",
            description="Snowflake login of the dbt tasks: account, user, private_key, private_key_passphrase",
            kms_key_id=args.kms_key_arn,
            recovery_window_in_days=0 if args.disposable else 30,
            opts=self.child(protect=not args.disposable),
        )
        aws.secretsmanager.SecretPolicy(
            name,
            secret_arn=secret.arn,
            policy=document([_readers_only(args.account)]),
            block_public_policy=True,
            opts=self.child(),
        )
        self.secret_arn = secret.arn
        self.register_outputs({"secret_arn": self.secret_arn})


def _readers_only(account: Account) -> Statement:
    """Refuse the value to everybody but the execution roles of the workstreams."""
    # In a secret's policy "*" means this secret.
    return Statement(
        effect="Deny",
        principals="*",
        actions=["secretsmanager:GetSecretValue"],
        resources=["*"],
        conditions={"ArnNotLike": {"aws:PrincipalArn": account.role_arn(f"{execution_role_path().strip('/')}/*")}},
    )
