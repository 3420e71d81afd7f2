"""AWS Secrets Manager: secrets of other people, which a workstream's settings name."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.iam_policy import Statement


@dataclass(frozen=True, kw_only=True)
class ForeignSecret:
    """A secret that the stack did not make."""

    arn: str
    """With its random end, as ECS wants it (Amazon ECS, "Pass Secrets Manager secrets through environment variables")."""
    key_arn: str | None
    """Of its KMS key; None with AWS's own, which everybody in the account may use through Secrets Manager."""

    @classmethod
    def find(cls, name: str, where: str) -> "ForeignSecret":
        """Look a secret up, by its name or ARN; nobody reads its value.

        Args:
            name: Name or ARN.
            where: The setting that names it, for people.

        Raises:
            RunError: there is none such in the stack's account and region.
        """
        try:
            found = aws.secretsmanager.get_secret(arn=name) if name.startswith("arn:") else aws.secretsmanager.get_secret(name=name)
        except Exception as error:
            # The SDK has no class for what a function of a provider answers.
            if "couldn't find" not in str(error) and "ResourceNotFoundException" not in str(error):
                raise
            fix = f"Make it: `aws secretsmanager create-secret --name {name.rpartition(':')[2]}`, or correct {where}."
            raise pulumi.RunError(f"There is no secret {name!r} in the stack's account and region. {fix}") from None
        return cls(arn=found.arn, key_arn=aws.kms.get_key(key_id=found.kms_key_id).arn if found.kms_key_id else None)

    def reading(self, account: Account) -> list[Statement]:
        """What an execution role needs to hand its value to a container."""
        statements = [Statement(actions=["secretsmanager:GetSecretValue"], resources=[self.arn])]
        if self.key_arn:
            via = {"StringEquals": {"kms:ViaService": account.service("secretsmanager")}}
            statements.append(Statement(actions=["kms:Decrypt"], resources=[self.key_arn], conditions=via))
        return statements

    def value_from(self, field: str | None) -> str:
        """What ECS calls the secret's text, or one field of its JSON."""
        return f"{self.arn}:{field}::" if field else self.arn
