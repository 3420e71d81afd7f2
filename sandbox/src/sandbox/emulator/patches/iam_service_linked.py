"""A service-linked role has the name that its service gives it, and only services that have one get one.

IAM API Reference, "CreateServiceLinkedRole"; the services' user guides, "Using service-linked roles". MiniStack makes up the name
from the service's, for any text.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.services import iam

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

NAMES = {
    "airflow.amazonaws.com": "AmazonMWAA",
    "autoscaling.amazonaws.com": "AutoScaling",
    "cloudwatch-crossaccount.amazonaws.com": "CloudWatchCrossAccount",
    "ecs.amazonaws.com": "ECS",
    "ecs.application-autoscaling.amazonaws.com": "ApplicationAutoScaling_ECSService",
    "elasticloadbalancing.amazonaws.com": "ElasticLoadBalancing",
    "events.amazonaws.com": "CloudWatchEvents",
    "management.chatbot.amazonaws.com": "AWSChatbot",
    "rds.amazonaws.com": "RDS",
    "replication.ecr.amazonaws.com": "ECRReplication",
    "spot.amazonaws.com": "EC2Spot",
}
"""Service -> what stands behind `AWSServiceRoleFor` in its role's name."""

_stock_create = iam._create_service_linked_role


@replaces(iam, "_create_service_linked_role")
def create_service_linked_role(params: dict[str, Any]) -> Answer:
    """CreateServiceLinkedRole."""
    service = iam._p(params, "AWSServiceName")
    if service not in NAMES:
        return iam._error(400, "InvalidInput", f"{service} is not a valid service name for a service-linked role.", ns="iam")
    name = f"AWSServiceRoleFor{NAMES[service]}"
    if name in iam._roles:
        reason = f"Service role name {name} has been taken in this account, please try a different suffix."
        return iam._error(400, "InvalidInput", reason, ns="iam")
    before = set(iam._roles)
    status, headers, body = _stock_create(params)
    for made in set(iam._roles) - before:
        role = iam._roles.pop(made)
        iam._roles[name] = role | {"RoleName": name, "Arn": role["Arn"].removesuffix(made) + name}
        body = body.replace(made.encode(), name.encode())
    return status, headers, body
