"""AWS PrivateLink: a VPC that has no other way out is as closed as its endpoints."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import OWN, Finding, resource_control, stack_control
from .documents import Statement, allowed
from .ec2 import VPC
from .resource import UNKNOWN, Resource, Stack

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"

ELSEWHERE = "com.amazonaws.vpce."
"""Start of the names of endpoint services that are not AWS's own: they take no policy (AWS PrivateLink Guide, "Endpoint
policies")."""

REGISTRIES = {"ecr.api": "EC2.55", "ecr.dkr": "EC2.56"}

FOR_ANYBODY = frozenset(
    {
        "airflow:*",
        "cloudwatch:PutMetricData",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
)
"""What MWAA's containers do as identities of AWS that nobody is told (Amazon MWAA, "Security in your VPC")."""


@stack_control("vpc-endpoint-policy", Severity.MEDIUM, OWN)
def endpoint_policy(stack: Stack) -> Iterator[Finding]:
    """Without an internet gateway, endpoints let only known identities through, or only to named resources."""
    fix = "Give a policy with a condition on aws:PrincipalAccount, or with the ARNs that anybody may use"
    for endpoint in _only_ways_out(stack):
        policy = endpoint.get("policy")
        if policy is None and _of_aws(endpoint):
            yield Finding(endpoint, "policy", "is AWS's own, which lets every identity of the world do everything", fix)
        for statement in allowed(policy):
            if _open(statement):
                yield Finding(endpoint, f"policy.{statement.label}", "is for everybody and every resource", fix)


@resource_control("vpc-endpoint-security-group", Severity.MEDIUM, OWN, types=[ENDPOINT])
def endpoint_security_group(endpoint: Resource) -> Iterator[Finding]:
    """An interface endpoint has a security group that says who may use it."""
    if endpoint.get("vpcEndpointType") == "Interface" and endpoint.get("securityGroupIds") in (None, []):
        yield Finding(endpoint, "securityGroupIds", "is empty: the VPC's default group answers for it", "Name a group for it")


@stack_control("vpc-endpoints-of-ecr", Severity.MEDIUM, *REGISTRIES.values())
def endpoints_of_ecr(stack: Stack) -> Iterator[Finding]:
    """Without an internet gateway, images are pulled through endpoints."""
    for vpc in _closed(stack):
        services = [endpoint.get("serviceName") for endpoint in stack.belonging(ENDPOINT, "vpcId", vpc)]
        for service in REGISTRIES:
            if not any(name is UNKNOWN or str(name).endswith(f".{service}") for name in services):
                yield Finding(vpc, f"the endpoint of {service}", "is missing", "Add an interface endpoint with private DNS")


def _closed(stack: Stack) -> list[Resource]:
    """VPCs without a way to the internet. Beside an open way, a policy at the endpoint stops nobody."""
    return [vpc for vpc in stack.of(VPC) if not stack.belonging(INTERNET_GATEWAY, "vpcId", vpc)]


def _only_ways_out(stack: Stack) -> list[Resource]:
    return [endpoint for vpc in _closed(stack) for endpoint in stack.belonging(ENDPOINT, "vpcId", vpc)]


def _of_aws(endpoint: Resource) -> bool:
    service = endpoint.get("serviceName")
    return service is not UNKNOWN and not str(service).startswith(ELSEWHERE)


def _open(statement: Statement) -> bool:
    anywhere = "*" in statement.resources or statement.inverted
    return statement.for_everybody and anywhere and not set(statement.actions) <= FOR_ANYBODY
