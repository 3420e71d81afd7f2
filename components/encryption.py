"""AWS KMS: the one key that encrypts everything the platform stores."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document
from components.names import names


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of the account, whoever made it."""

    account: Account
    arn: pulumi.Input[str]

    def usage(self, service: str, actions: list[str]) -> Statement:
        """Permission to use the key for data of one AWS service (`s3`, `secretsmanager`), and for nothing else."""
        return Statement(
            actions=actions,
            resources=[self.arn],
            conditions={"StringEquals": {"kms:ViaService": self.account.service(service)}},
        )


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyArgs:
    account: Account
    disposable: bool
    """Destroy schedules the deletion after 7 days, not 30."""


class EncryptionKey(Component):
    """A rotated symmetric key, its alias, and the policy that says which services may use it.

    Creates: a KMS key, an alias.
    S3, ECR, ECS, Secrets Manager, SNS and MWAA use the key with the permissions of the role that calls them, so their
    callers' IAM policies decide; only services that come by themselves stand in the key policy: CloudWatch Logs, and those
    that publish alarms and budgets.
    """

    arn: pulumi.Output[str]
    key: Key

    def __init__(self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts, protect=not args.disposable)
        key = aws.kms.Key(
            name,
            description=f"Data of {names().platform}",
            enable_key_rotation=True,
            deletion_window_in_days=7 if args.disposable else 30,
            policy=document(_key_policy(args.account)),
            opts=self.child(),
        )
        aws.kms.Alias(name, name=names().key_alias, target_key_id=key.key_id, opts=self.child())
        self.arn = key.arn
        self.key = Key(account=args.account, arn=key.arn)
        self.register_outputs({"arn": self.arn})

    def usage(self, service: str, actions: list[str]) -> Statement:
        return self.key.usage(service, actions)


def _key_policy(account: Account) -> list[Statement]:
    # In a key policy "*" means this key. AWS KMS, "Default key policy": without the account itself in the policy, IAM
    # policies have no effect on the key and nobody can ever change or delete it.
    administrators = Statement(principals={"AWS": account.root_arn}, actions=["kms:*"], resources=["*"])
    # CloudWatch Logs, "Encrypt log data in CloudWatch Logs using AWS KMS".
    log_groups = [account.arn("logs", f"log-group:{group}") for group in names().log_groups]
    logs = Statement(
        principals={"Service": account.service("logs")},
        actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        resources=["*"],
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
    )
    # Amazon SNS, "Enable compatibility between event sources from AWS services and encrypted topics".
    publishers = Statement(
        principals={"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
        conditions={"StringEquals": {"aws:SourceAccount": account.id}},
    )
    return [administrators, logs, publishers]
