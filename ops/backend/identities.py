"""The ids of resources whose creation was cut off, so that they can be found again if AWS made them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError


@dataclass(frozen=True)
class Aws:
    """What only AWS can tell."""

    region: str | None
    """None for the environment's."""

    def account(self) -> str:
        """Number of the account that the credentials are of."""
        return boto3.client("sts", region_name=self.region).get_caller_identity()["Account"]

    def secret_arn(self, name: str) -> str | None:
        """ARN of the secret with this name; AWS made its last six characters up."""
        try:
            return boto3.client("secretsmanager", region_name=self.region).describe_secret(SecretId=name)["ARN"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise


Inputs = Mapping[str, Any]


def _input(key: str) -> Callable[[Inputs, Aws], str | None]:
    return lambda inputs, _: inputs.get(key)


IDENTITIES: Mapping[str, Callable[[Inputs, Aws], str | None]] = {
    "aws:budgets/budget:Budget": lambda inputs, aws: f"{aws.account()}:{inputs['name']}",
    "aws:cloudwatch/logGroup:LogGroup": _input("name"),
    "aws:ecr/repository:Repository": _input("name"),
    "aws:iam/role:Role": _input("name"),
    "aws:kms/alias:Alias": _input("name"),
    "aws:mwaa/environment:Environment": _input("name"),
    "aws:s3/bucket:Bucket": _input("bucket"),
    "aws:secretsmanager/secret:Secret": lambda inputs, aws: aws.secret_arn(inputs["name"]),
}
"""Type -> the id that its page in the provider's reference imports it by ("Import"). Only types whose name is ours and must be
unique: the next `up` would be refused for it."""


def identity(kind: str, inputs: Inputs, aws: Aws) -> str | None:
    """The id that AWS gave a resource, if it made one; None when nothing tells."""
    find = IDENTITIES.get(kind)
    return find(inputs, aws) if find else None
