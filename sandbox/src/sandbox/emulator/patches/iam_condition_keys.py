"""Global condition keys have the values that AWS gives them.

IAM User Guide, "AWS global condition context keys":
- `aws:PrincipalArn` of an assumed role is the ARN of the role, with its path; MiniStack gives the session's.
- `aws:SecureTransport` is true: the emulator stands in for HTTPS endpoints on an address that only this machine
  reaches. Without it a bucket policy that refuses plain HTTP would refuse everything.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from sandbox.emulator.patches import replaces

_stock = iam_evaluator._resolve_condition_key


@replaces(iam_evaluator, "_resolve_condition_key")
def resolve_condition_key(key: str, context: Any) -> Any:
    """The value of a condition key."""
    if key.lower() == "aws:securetransport":
        return "true"
    if key.lower() == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
        name = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
        return iam._roles.get_scoped(context.principal_account, None, name)["Arn"]
    return _stock(key, context)
