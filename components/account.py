"""The AWS account and region that the stack is deployed to."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where ARNs point to."""

    partition: str
    """First part of every ARN."""
    region: str
    id: str
    """Twelve digits."""
    permissions_boundary: str | None = None
    """ARN of the policy that caps every role made here, for callers who may make no other."""

    @classmethod
    def current(cls, *, permissions_boundary: str | None = None) -> "Account":
        """Ask AWS who we are; the provider has checked `aws:allowedAccountIds` by then.

        Raises RunError in another partition than AWS's usual one. China's endpoints, service principals and host names are called
        otherwise, and neither there nor in GovCloud has the program ever been checked.
        """
        if (partition := aws.get_partition().partition) != "aws":
            raise pulumi.RunError(
                f"aws:region is in the partition {partition!r}: this platform is for `aws`. Choose another region."
            )
        return cls(
            partition=partition,
            region=aws.get_region().region,
            id=aws.get_caller_identity().account_id,
            permissions_boundary=permissions_boundary,
        )

    def arn(self, service: str, resource: str) -> str:
        """ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.id}:{resource}"

    def role_arn(self, path_and_name: str) -> str:
        """ARN of a role of this account; IAM has no region."""
        return f"arn:{self.partition}:iam::{self.id}:role/{path_and_name}"

    @property
    def root_arn(self) -> str:
        """The account as a principal: IAM policies of the account decide who may."""
        return f"arn:{self.partition}:iam::{self.id}:root"

    def service(self, name: str) -> str:
        """Regional name of an AWS service, as `kms:ViaService` and service principals spell it."""
        return f"{name}.{self.region}.amazonaws.com"
