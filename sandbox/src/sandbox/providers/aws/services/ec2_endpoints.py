# ruff: noqa: A001, A002, ARG001, S106 - one signature for all tables; `token` is a type's
"""Amazon VPC: endpoints of AWS services, and flow logs."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.grammars import endpoint_services, policies
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.refusals import account
from sandbox.providers.aws.services import ec2_tags
from sandbox.providers.aws.shapes import unordered
from sandbox.providers.aws.table import Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties, ProviderError

MEMBERSHIPS = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}
"""Lists that ModifyVpcEndpoint takes as Add... and Remove...."""


def _endpoint(api: Api, id: str) -> dict[str, Any] | None:
    found = if_there(api.client.describe_vpc_endpoints, VpcEndpointIds=[id]).get("VpcEndpoints", [])
    return found[0] if found and found[0]["State"].lower() != "deleted" else None


def _create_endpoint(api: Api, inputs: Properties) -> str:
    specification = ec2_tags.specification("vpc-endpoint", inputs)
    id = api.send("CreateVpcEndpoint", inputs, TagSpecifications=specification)["VpcEndpoint"]["VpcEndpointId"]

    def available() -> bool:
        state = (_endpoint(api, id) or {}).get("State", "").lower()
        if state in ("failed", "rejected"):
            raise ProviderError(f"{api.kind.token} {id}: AWS says {state}")
        return state == "available"

    api.wait(available, f"the endpoint {id} to be available")
    return id


def _read_endpoint(api: Api, id: str, state: Properties) -> Properties | None:
    endpoint = _endpoint(api, id)
    if endpoint is None:
        return None
    prefixes = _prefix_list(api, endpoint)
    return {
        "vpcId": endpoint["VpcId"],
        "serviceName": endpoint["ServiceName"],
        "vpcEndpointType": endpoint["VpcEndpointType"],
        "policy": endpoint.get("PolicyDocument"),
        "privateDnsEnabled": endpoint.get("PrivateDnsEnabled"),
        "routeTableIds": endpoint.get("RouteTableIds", []),
        "subnetIds": endpoint.get("SubnetIds", []),
        "securityGroupIds": [group["GroupId"] for group in endpoint.get("Groups", [])],
        "arn": api.arn(f"vpc-endpoint/{id}"),
        "ownerId": endpoint.get("OwnerId"),
        "state": endpoint["State"],
        "networkInterfaceIds": endpoint.get("NetworkInterfaceIds", []),
        "dnsEntries": [
            {"dnsName": entry.get("DnsName"), "hostedZoneId": entry.get("HostedZoneId")} for entry in endpoint.get("DnsEntries", [])
        ],
        "prefixListId": prefixes.get("PrefixListId"),
        "cidrBlocks": prefixes.get("Cidrs", []),
        "ipAddressType": endpoint.get("IpAddressType", "ipv4"),
        "requesterManaged": endpoint.get("RequesterManaged", False),
        "serviceRegion": endpoint.get("ServiceRegion", api.session.region),
        "tagsAll": tags.from_list(endpoint.get("Tags")),
    }


def _prefix_list(api: Api, endpoint: dict[str, Any]) -> dict[str, Any]:
    """A gateway's addresses, under the name of its service (EC2 API Reference, DescribePrefixLists)."""
    if endpoint["VpcEndpointType"] != "Gateway":
        return {}
    named = [{"Name": "prefix-list-name", "Values": [endpoint["ServiceName"]]}]
    found = api.client.describe_prefix_lists(Filters=named)["PrefixLists"]
    if not found:
        raise ProviderError(f"{api.kind.token}: the sandbox knows no prefix list of {endpoint['ServiceName']}")
    return found[0]


def _modify_endpoint(api: Api, id: str, new: Properties, old: Properties) -> None:
    changes: dict[str, Any] = {}
    for name, member in MEMBERSHIPS.items():
        wanted, present = set(new.get(name) or []), set(old.get(name) or [])
        changes |= {f"Add{member}": sorted(wanted - present)} if wanted - present else {}
        changes |= {f"Remove{member}": sorted(present - wanted)} if present - wanted else {}
    if new.get("policy") not in (None, old.get("policy")):
        changes["PolicyDocument"] = new["policy"]
    if new["privateDnsEnabled"] != old["privateDnsEnabled"]:
        changes["PrivateDnsEnabled"] = new["privateDnsEnabled"]
    api.client.modify_vpc_endpoint(VpcEndpointId=id, **changes)


def _delete_endpoint(api: Api, id: str, state: Properties) -> None:
    failed = api.client.delete_vpc_endpoints(VpcEndpointIds=[id]).get("Unsuccessful", [])
    if failed:
        error = failed[0]["Error"]
        raise ProviderError(f"{api.kind.token} DeleteVpcEndpoints: {error['Code']}: {error['Message']}")
    api.wait(lambda: _endpoint(api, id) is None, f"the endpoint {id} to be deleted")


def _fits_its_kind(inputs: Properties) -> Iterator[Problem]:
    """AWS PrivateLink Guide: gateways have route tables; interfaces have subnets, security groups and DNS names."""
    gateway = inputs.get("vpcEndpointType", "Gateway") == "Gateway"
    wrong = ("subnetIds", "securityGroupIds", "privateDnsEnabled") if gateway else ("routeTableIds",)
    for name in wrong:
        if inputs.get(name):
            yield name, f"is not for an endpoint of the type {'Gateway' if gateway else inputs['vpcEndpointType']}"


def _service_exists(inputs: Properties) -> Iterator[Problem]:
    """AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink" and "Gateway endpoints"."""
    given = [name for name in ("serviceName", "resourceConfigurationArn", "serviceNetworkArn") if name in inputs]
    if len(given) != 1:
        yield "serviceName", "give exactly one of serviceName, resourceConfigurationArn, serviceNetworkArn"
    service, kind = inputs.get("serviceName", UNKNOWN), inputs.get("vpcEndpointType", "Gateway")
    if UNKNOWN in (service, kind):
        return
    name = re.fullmatch(
        r"(com\.amazonaws|aws\.(?:api|sagemaker))\.([a-z0-9-]+)\.(.+)|com\.amazonaws\.(s3-global\.accesspoint)", service
    )
    if name is None or (name[1] == "com.amazonaws" and name[2] != "vpce" and not endpoint_services.known(name[3])):
        yield "serviceName", f"InvalidServiceName: The Vpc Endpoint Service '{service}' does not exist"
    elif kind == "Gateway" and name[3] not in GATEWAYS:
        yield "vpcEndpointType", f"InvalidParameter: Vpc Endpoint Service {service} does not support Gateway endpoints"
    elif kind == "GatewayLoadBalancer" and name[2] != "vpce":
        yield "vpcEndpointType", f"InvalidParameter: Vpc Endpoint Service {service} does not support GatewayLoadBalancer endpoints"


GATEWAYS = ("s3", "dynamodb", "s3express")
"""Services with gateway endpoints (AWS PrivateLink Guide, "Gateway endpoints")."""

VPC_ENDPOINT = ResourceType(
    token="aws:ec2/vpcEndpoint:VpcEndpoint",
    service="ec2",
    properties={
        "vpcId": Property("CreateVpcEndpoint.VpcId", required=True, replace=True),
        "serviceName": Property("CreateVpcEndpoint.ServiceName", replace=True),
        "vpcEndpointType": Property("CreateVpcEndpoint.VpcEndpointType", default="Gateway", replace=True),
        "policy": Property(
            "CreateVpcEndpoint.PolicyDocument", kept=True, form=same_document, check=policies.problem_of(policies.ENDPOINT)
        ),
        "privateDnsEnabled": Property("CreateVpcEndpoint.PrivateDnsEnabled", default=False, kept=True),
        "routeTableIds": Property("CreateVpcEndpoint.RouteTableIds", kept=True, form=unordered),
        "subnetIds": Property("CreateVpcEndpoint.SubnetIds", kept=True, form=unordered),
        "securityGroupIds": Property("CreateVpcEndpoint.SecurityGroupIds", kept=True, form=unordered),
    },
    outputs=(
        "arn",
        "cidrBlocks",
        "dnsEntries",
        "ipAddressType",
        "networkInterfaceIds",
        "ownerId",
        "prefixListId",
        "requesterManaged",
        "serviceRegion",
        "state",
    ),
    create=_create_endpoint,
    read=_read_endpoint,
    delete=_delete_endpoint,
    puts=(Put((*MEMBERSHIPS, "policy", "privateDnsEnabled"), _modify_endpoint), ec2_tags.PUT),
    tagged=True,
    checks=(_fits_its_kind, _service_exists),
)


def _create_flow_log(api: Api, inputs: Properties) -> str:
    what, role = account.watched(inputs), inputs.get("deliverCrossAccountRole")
    answer = api.send(
        "CreateFlowLogs",
        inputs,
        ResourceIds=[inputs[what]],
        ResourceType=account.WATCHED[what],
        **({"DeliverCrossAccountRole": role} if role else {}),
        TagSpecifications=ec2_tags.specification("vpc-flow-log", inputs),
    )
    if answer.get("Unsuccessful"):
        error = answer["Unsuccessful"][0]["Error"]
        raise ProviderError(f"{api.kind.token} CreateFlowLogs: {error['Code']}: {error['Message']}")
    return answer["FlowLogIds"][0]


def _read_flow_log(api: Api, id: str, state: Properties) -> Properties | None:
    found = if_there(api.client.describe_flow_logs, FlowLogIds=[id]).get("FlowLogs", [])
    if not found:
        return None
    log = found[0]
    return {
        "vpcId": log["ResourceId"] if log["ResourceId"].startswith("vpc-") else None,
        "trafficType": log["TrafficType"],
        "iamRoleArn": log.get("DeliverLogsPermissionArn"),
        "logDestination": log.get("LogDestination"),
        "logDestinationType": log["LogDestinationType"],
        "logFormat": log.get("LogFormat"),
        "maxAggregationInterval": log.get("MaxAggregationInterval"),
        "arn": api.arn(f"vpc-flow-log/{id}"),
        "tagsAll": tags.from_list(log.get("Tags")),
    }


def _delete_flow_log(api: Api, id: str, state: Properties) -> None:
    failed = api.client.delete_flow_logs(FlowLogIds=[id]).get("Unsuccessful", [])
    if failed:
        error = failed[0]["Error"]
        raise ProviderError(f"{api.kind.token} DeleteFlowLogs: {error['Code']}: {error['Message']}")


def _interval(value: Any) -> str | None:
    """EC2 API Reference, CreateFlowLogs."""
    return None if value in (60, 600) else "is not 60 or 600 seconds"


DESTINATIONS = {"cloud-watch-logs": "logs", "s3": "s3", "kinesis-data-firehose": "firehose"}
"""Destination -> service in its ARN."""

FIELDS = {
    "account-id", "action", "az-id", "bytes", "dstaddr", "dstport", "ecs-cluster-arn", "ecs-cluster-name",
    "ecs-container-id", "ecs-container-instance-arn", "ecs-container-instance-id", "ecs-second-container-id", "ecs-service-name",
    "ecs-task-arn", "ecs-task-definition-arn", "ecs-task-id", "encryption-status", "end", "flow-direction", "instance-id",
    "interface-id", "log-status", "packets", "pkt-dst-aws-service", "pkt-dstaddr", "pkt-src-aws-service", "pkt-srcaddr",
    "protocol", "region", "reject-reason", "resource-id", "srcaddr", "srcport", "start", "sublocation-id", "sublocation-type",
    "subnet-id", "tcp-flags", "traffic-path", "type", "version", "vpc-id",
}  # fmt: skip
"""Amazon VPC User Guide, "Flow log records"."""


def _format(value: Any) -> str | None:
    fields = value.split()
    unknown = [field for field in fields if not (field[:2] == "${" and field[-1:] == "}" and field[2:-1] in FIELDS)]
    if not fields:
        return "InvalidParameter: LogFormat has no field"
    return f"InvalidParameter: has the unknown field {unknown[0]}" if unknown else None


def _what_is_watched(inputs: Properties) -> Iterator[Problem]:
    """EC2 API Reference, CreateFlowLogs: ResourceId, TrafficType, LogDestination."""
    if not any(inputs.get(name) for name in account.WATCHED):
        yield "vpcId", f"give exactly one of {', '.join(account.WATCHED)}"
    transit = bool(inputs.get("transitGatewayId") or inputs.get("transitGatewayAttachmentId"))
    if transit == ("trafficType" in inputs):
        yield "trafficType", "InvalidParameter: is required, and not for transit gateways"
    if "logDestination" not in inputs:
        yield "logDestination", "InvalidParameter: LogDestination can't be empty"
    if inputs.get("destinationOptions") and inputs.get("logDestinationType", "cloud-watch-logs") != "s3":
        yield "destinationOptions", "InvalidParameter: DestinationOptions is for the destination s3 only"


def _role_for_logs(inputs: Properties) -> Iterator[Problem]:
    """EC2 API Reference, CreateFlowLogs: LogDestination, DeliverLogsPermissionArn."""
    kind, destination = inputs.get("logDestinationType", "cloud-watch-logs"), inputs.get("logDestination", UNKNOWN)
    if kind == "cloud-watch-logs" and "iamRoleArn" not in inputs:
        yield "iamRoleArn", "is required when the destination is CloudWatch Logs"
    if kind == "s3" and "iamRoleArn" in inputs:
        yield "iamRoleArn", "InvalidParameter: DeliverLogsPermissionArn is not applicable for s3 delivery"
    if UNKNOWN in (kind, destination):
        return
    if destination.split(":")[2] != DESTINATIONS[kind]:
        yield "logDestination", f"InvalidParameter: {destination} is no destination of the type {kind}"
    if kind == "s3" and "AWSLogs" in destination.partition(":::")[2].split("/")[1:]:
        yield "logDestination", "InvalidParameter: AWSLogs is a reserved term, and no folder"


FLOW_LOG = ResourceType(
    token="aws:ec2/flowLog:FlowLog",
    service="ec2",
    properties={
        "vpcId": Property(str, replace=True),
        "trafficType": Property("CreateFlowLogs.TrafficType", replace=True),
        "iamRoleArn": Property("CreateFlowLogs.DeliverLogsPermissionArn", replace=True),
        "logDestination": Property("CreateFlowLogs.LogDestination", replace=True, kept=True),
        "logDestinationType": Property("CreateFlowLogs.LogDestinationType", default="cloud-watch-logs", replace=True),
        "logFormat": Property("CreateFlowLogs.LogFormat", replace=True, kept=True, check=_format),
        "maxAggregationInterval": Property("CreateFlowLogs.MaxAggregationInterval", default=600, replace=True, check=_interval),
    },
    outputs=("arn",),
    create=_create_flow_log,
    read=_read_flow_log,
    delete=_delete_flow_log,
    puts=(ec2_tags.PUT,),
    tagged=True,
    checks=(_what_is_watched, _role_for_logs),
)

KINDS = (VPC_ENDPOINT, FLOW_LOG)
