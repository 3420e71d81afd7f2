"""What a deploying role may do with things that AWS makes up the names of: a VPC's parts, and keys.

Their tags tell whose they are (`aws:defaultTags` of the stack): what is made must bear the stack's, and only what bears them may
be changed. A tag can't be put on what another bears a tag of the same name on.
IAM User Guide, "Controlling access to AWS resources using tags"; Service Authorization Reference, "Amazon EC2" and "AWS KMS".
"""

from collections.abc import Mapping

from bootstrap import actions
from components.account import Account
from components.iam_policy import Statement

Tags = Mapping[str, str]


def network(account: Account, tags: Tags) -> list[Statement]:
    """A stack's VPC and its parts. AWS asks about each thing that a request makes or names, as a subnet's VPC."""
    everything = account.arn("ec2", "*")
    making = [*actions.MAKE_NETWORK, *actions.OPEN_NETWORK]
    makers = [action.removeprefix("ec2:") for action in making]
    rules = account.arn("ec2", "security-group-rule/*")
    return [
        Statement(actions=actions.MAKE_NETWORK, resources=[everything], conditions={"StringEquals": _asked(tags)}),
        Statement(actions=actions.OPEN_NETWORK, resources=[rules], conditions={"StringEquals": _asked(tags)}),
        Statement(
            actions=["ec2:CreateTags"],
            resources=[everything],
            conditions={"StringEquals": {**_asked(tags), "ec2:CreateAction": makers}},
        ),
        Statement(
            actions=[*making, *actions.CHANGE_NETWORK],
            resources=[everything],
            conditions={"StringEquals": _borne(tags)},
        ),
        # AWS makes a VPC's default security group without tags. The provider gives it the stack's before it closes it.
        Statement(
            actions=["ec2:CreateTags"],
            resources=[account.arn("ec2", "security-group/*")],
            conditions={"StringEquals": _asked(tags), "Null": _untagged(tags)},
        ),
        # MWAA makes endpoints and interfaces in the name of whoever makes it, and not with these tags (Amazon MWAA, "Accessing an
        # Amazon MWAA environment"); AWS's own are a NAT gateway's interface and S3's list of addresses. What else such a request
        # names must be the stack's.
        Statement(
            actions=actions.CHANGE_WITH_OTHERS,
            resources=[
                account.arn("ec2", "network-interface/*"),
                account.arn("ec2", "vpc-endpoint/*"),
                f"arn:{account.partition}:ec2:{account.region}:*:prefix-list/*",
            ],
        ),
    ]


def keys(account: Account, tags: Tags) -> list[Statement]:
    """A stack's key. To make one with a policy needs no right to put one (AWS KMS, "Permissions for creating KMS keys")."""
    here = {"aws:RequestedRegion": account.region}
    every_key = account.arn("kms", "key/*")
    return [
        # Neither is limited to a key: there is none yet.
        Statement(actions=["kms:CreateKey"], resources=["*"], conditions={"StringEquals": {**_asked(tags), **here}}),
        Statement(
            actions=["kms:TagResource"],
            resources=["*"],
            conditions={"StringEquals": {**_asked(tags), **here}, "Null": _untagged(tags)},
        ),
        # "It might take up to five minutes for tag and alias changes to affect KMS key authorization" (AWS KMS, "Use tags to
        # control access to KMS keys"): what a new key needs at once asks for none of them, and harms no key.
        Statement(actions=["kms:EnableKeyRotation"], resources=[every_key]),
        grants(account),
        Statement(
            actions=["kms:RevokeGrant"],
            resources=[every_key],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}, "StringEquals": _borne(tags)},
        ),
        Statement(actions=actions.CHANGE_KEY, resources=[every_key], conditions={"StringEquals": _borne(tags)}),
    ]


def grants(account: Account) -> Statement:
    """ECR and MWAA take them for themselves (Amazon ECR, "Encryption at rest"; Amazon MWAA, "Customer managed keys")."""
    return Statement(
        actions=["kms:CreateGrant", "kms:ListGrants"],
        resources=[account.arn("kms", "key/*")],
        conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
    )


def _asked(tags: Tags) -> dict[str, str]:
    """Condition: the request puts these tags on what it makes."""
    return {f"aws:RequestTag/{name}": value for name, value in tags.items()}


def _borne(tags: Tags) -> dict[str, str]:
    """Condition: the thing bears these tags."""
    return {f"aws:ResourceTag/{name}": value for name, value in tags.items()}


def _untagged(tags: Tags) -> dict[str, str]:
    """Condition: the thing bears no tags of these names."""
    return {f"aws:ResourceTag/{name}": "true" for name in tags}
