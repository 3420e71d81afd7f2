"""Amazon VPC: the gateway endpoint for Amazon S3."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document


@dataclass(frozen=True, kw_only=True)
class S3GatewayArgs:
    """Who uses it, and for what."""

    account: Account
    vpc_id: pulumi.Input[str]
    route_table_ids: Sequence[pulumi.Input[str]]
    stage_buckets: Sequence[str] | None
    """Limit S3 to this account's buckets and these, which are Snowflake's; None: any bucket, as through a NAT gateway."""


class S3Gateway(Component):
    """S3 without a detour: most of the bytes are S3's, and through the endpoint they are free and never leave AWS.

    Creates: a gateway endpoint.
    """

    prefix_list_id: pulumi.Output[str]
    """S3's addresses in this region, for security groups."""

    def __init__(self, name: str, args: S3GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        endpoint = aws.ec2.VpcEndpoint(
            name,
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.account.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(args.route_table_ids),
            policy=None if args.stage_buckets is None else document(_statements(args.account, args.stage_buckets)),
            opts=self.child(),
        )
        self.prefix_list_id = endpoint.prefix_list_id
        self.register_outputs({"prefix_list_id": self.prefix_list_id})


def _statements(account: Account, stage_buckets: Sequence[str]) -> list[Statement]:
    def objects(bucket: str) -> str:
        return f"arn:{account.partition}:s3:::{bucket}/*"

    return [
        Statement(
            principals="*",
            actions=["s3:*"],
            # Which buckets, the conditions say: a gateway must not know their names before they exist.
            resources=["*"],
            conditions={"StringEquals": {"aws:PrincipalAccount": account.id, "aws:ResourceAccount": account.id}},
        ),
        # Layers of every image in ECR lie in a bucket of AWS, under links that ECR signs itself: for dbt's image (Amazon ECR,
        # "Create the Amazon S3 gateway endpoint") and for Airflow's (Amazon MWAA, "Security in your VPC").
        Statement(principals="*", actions=["s3:GetObject"], resources=[objects(f"prod-{account.region}-starport-layer-bucket")]),
        # Results of more than some hundred kilobytes come from Snowflake's stage, and seeds of many rows go there (PUT), with
        # credentials that Snowflake gives out (Snowflake, "Allowing host names": STAGE).
        Statement(principals="*", actions=["s3:GetObject", "s3:PutObject"], resources=[objects(name) for name in stage_buckets]),
    ]
