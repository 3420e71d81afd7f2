"""AWS PrivateLink: the AWS services that Airflow and dbt call, inside the VPC."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement, document
from components.network.security_group import SecurityGroup, SecurityGroupArgs
from settings.rules import HTTPS

SERVICES = {
    # Amazon MWAA, "Creating the required VPC service endpoints in an Amazon VPC with private routing".
    "airflow.api": "airflow",
    "airflow.env": "airflow",
    "airflow.ops": "airflow",
    "ecr.api": "ecr",
    "ecr.dkr": "ecr",
    "kms": "kms",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "sqs": "sqs",
    # Airflow starts the tasks and sends the alerts.
    "ecs": "ecs",
    "sns": "sns",
    # Fargate reads the Snowflake key for the container (Amazon ECS, "Amazon ECS interface VPC endpoints"; there too: tasks on
    # Fargate need neither ecs-agent nor ecs-telemetry).
    "secretsmanager": "secretsmanager",
    # Who am I: the SDKs of Airflow, and dbt where Snowflake trusts its role.
    "sts": "sts",
}
"""Name of the endpoint service, after the region, to the prefix of its IAM actions."""

FOR_ANYBODY = {
    "airflow": ["airflow:*"],
    "cloudwatch": ["cloudwatch:PutMetricData"],
    "ecr": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer"],
    "logs": ["logs:CreateLogStream", "logs:PutLogEvents"],
}
"""What MWAA's own containers do through this VPC, as identities of AWS that nobody is told: pull Airflow's image, report to MWAA,
log and measure. AWS asks for endpoints without any limit ("Security in your VPC on Amazon MWAA": VPC endpoint policies). The rest
of what its pages list is done with the environment's execution role, which is ours ("Amazon MWAA execution role": S3, SQS, KMS)."""


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    account: Account
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    """One per availability zone; each endpoint takes an address of each."""
    callers: Sequence[SecurityGroup]


class Endpoints(Component):
    """An interface endpoint per service, for identities of this account and for MWAA's own.

    Creates: a security group that admits the callers to port 443; per entry of SERVICES an interface endpoint with private DNS
    (the services' usual host names lead to it) and a policy.

    The policies stop what roles can't: stolen credentials of another account, with which code inside the VPC could carry data
    out; FOR_ANYBODY says where MWAA needs them open. What our own identities may do is up to their roles, as MWAA recommends
    ("Security in your VPC on Amazon MWAA").
    """

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        group = SecurityGroup(
            name, SecurityGroupArgs(vpc_id=args.vpc_id, description="AWS services: TLS in, nothing out"), self.child()
        )
        for caller in args.callers:
            group.admit(caller, HTTPS)
        for service, prefix in SERVICES.items():
            aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=args.vpc_id,
                service_name=f"com.amazonaws.{args.account.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=list(args.subnet_ids),
                security_group_ids=[group.id],
                policy=document(_statements(args.account, prefix)),
                opts=self.child(),
            )
        self.register_outputs({})


def _statements(account: Account, prefix: str) -> list[Statement]:
    ours = Statement(
        principals="*",
        actions=[f"{prefix}:*"],
        # The callers' own roles name the resources; some, as the queues of MWAA's workers, are in an account of AWS.
        resources=["*"],
        conditions={"StringEquals": {"aws:PrincipalAccount": account.id}},
    )
    others = [Statement(principals="*", actions=FOR_ANYBODY[prefix], resources=["*"])] if prefix in FOR_ANYBODY else []
    return [ours, *others]
