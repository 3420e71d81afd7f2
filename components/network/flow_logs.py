"""Amazon VPC: a record of what talked to what."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.iam_policy import Statement
from components.logs import Logs
from components.names import names
from components.role import ServiceRole, ServiceRoleArgs


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """Of which VPC, and how it is kept."""

    account: Account
    vpc_id: pulumi.Input[str]
    logs: Logs


class FlowLogs(Component):
    """All traffic of a VPC, accepted and refused (FSBP EC2.6).

    Creates: a log group, the role that writes to it, a flow log.
    """

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        logs = args.logs.group(f"{name}-flow-logs", names().flow_logs, self.child())
        # Amazon VPC, "IAM role for publishing flow logs to CloudWatch Logs".
        write = Statement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            resources=[logs.arn, pulumi.Output.concat(logs.arn, ":*")],
        )
        role = ServiceRole(
            f"{name}-flow-logs",
            ServiceRoleArgs(account=args.account, services=["vpc-flow-logs.amazonaws.com"], statements=[write], path="network/"),
            self,
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination=logs.arn,
            iam_role_arn=role.arn,
            opts=self.child(depends_on=[role.granted]),
        )
        self.register_outputs({})
