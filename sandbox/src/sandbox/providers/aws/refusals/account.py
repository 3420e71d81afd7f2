"""What must fit what the account already has: pairs of resources, quotas, names that are taken.

Asked before a resource is made. AWS finds these itself; the emulator does not.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from sandbox.grammars.policies import elsewhere, locks_out, principals, statements
from sandbox.providers.aws.api import is_gone
from sandbox.providers.aws.refusals import references
from sandbox.providers.aws.session import Session
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.values import Properties

MOST_RULES = 60
"""Of a security group, each way (Amazon VPC User Guide, "Amazon VPC quotas")."""

MOST_GROUPS = 5
"""Of a network interface (the same page)."""

MOST_TARGETS = 5
"""Of a rule (EventBridge User Guide, "Amazon EventBridge quotas")."""

MOST_INLINE = 10240
"""Characters of all of a role's inline policies, without white space (IAM User Guide, "IAM and AWS STS quotas")."""


WATCHED = {
    "eniId": "NetworkInterface",
    "regionalNatGatewayId": "RegionalNatGateway",
    "subnetId": "Subnet",
    "transitGatewayAttachmentId": "TransitGatewayAttachment",
    "transitGatewayId": "TransitGateway",
    "vpcId": "VPC",
}
"""What is watched (EC2 API Reference, CreateFlowLogs: ResourceType); all but the last are carried."""


def watched(inputs: Properties) -> str:
    """The property that says what a flow log watches."""
    return next((name for name in WATCHED if inputs.get(name)), "vpcId")


def _first(session: Session, operation: str, key: str, **arguments: Any) -> dict[str, Any]:
    return getattr(session.client("ec2"), operation)(**arguments)[key][0]


def _subnet(session: Session, subnet: str) -> dict[str, Any]:
    return _first(session, "describe_subnets", "Subnets", SubnetIds=[subnet])


def _route_table(session: Session, table: str) -> dict[str, Any]:
    return _first(session, "describe_route_tables", "RouteTables", RouteTableIds=[table])


def _attached(session: Session, vpc: str) -> list[dict[str, Any]]:
    """The internet gateways of a network."""
    named = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    found = session.client("ec2").describe_internet_gateways(Filters=named)["InternetGateways"]
    return [gateway for gateway in found if any(each["VpcId"] == vpc for each in gateway["Attachments"])]


def _internet_gateway(session: Session, inputs: Properties) -> Iterator[Problem]:
    if inputs.get("vpcId") and _attached(session, inputs["vpcId"]):
        yield "vpcId", f"Resource.AlreadyAssociated: {inputs['vpcId']} already has an internet gateway"


def _nat_gateway(session: Session, inputs: Properties) -> Iterator[Problem]:
    network = ipaddress.IPv4Network(_subnet(session, inputs["subnetId"])["CidrBlock"])
    for address in [inputs.get("privateIp"), *(inputs.get("secondaryPrivateIpAddresses") or [])]:
        if address and ipaddress.IPv4Address(address) not in network:
            yield "privateIp", f"InvalidParameterValue: Address {address} does not fall within the subnet's address range"
    if inputs.get("connectivityType", "public") != "public":
        return
    vpc = _subnet(session, inputs["subnetId"])["VpcId"]
    if not _attached(session, vpc):
        yield "subnetId", f"Gateway.NotAttached: Network {vpc} has no Internet gateway attached"
    address = _first(session, "describe_addresses", "Addresses", AllocationIds=[inputs["allocationId"]])
    if address.get("AssociationId"):
        yield "allocationId", f"Resource.AlreadyAssociated: Elastic IP address {inputs['allocationId']} is already associated"


def _route(session: Session, inputs: Properties) -> Iterator[Problem]:
    if "destinationCidrBlock" not in inputs:
        return
    table, network = _route_table(session, inputs["routeTableId"]), ipaddress.IPv4Network(inputs["destinationCidrBlock"])
    gateway, nat = inputs.get("gatewayId"), inputs.get("natGatewayId")
    if (
        gateway
        and gateway.startswith("igw-")
        and gateway not in [each["InternetGatewayId"] for each in _attached(session, table["VpcId"])]
    ):
        reason = f"route table {table['RouteTableId']} and network gateway {gateway} belong to different networks"
        yield "gatewayId", f"InvalidParameterValue: {reason}"
    if nat and _first(session, "describe_nat_gateways", "NatGateways", NatGatewayIds=[nat])["VpcId"] != table["VpcId"]:
        yield "natGatewayId", f"InvalidParameterValue: route table {table['RouteTableId']} and {nat} belong to different networks"
    vpc = _first(session, "describe_vpcs", "Vpcs", VpcIds=[table["VpcId"]])
    if inputs.get("egressOnlyGatewayId"):
        yield "egressOnlyGatewayId", "InvalidParameterValue: an egress-only internet gateway is for IPv6 only"
    own = [ipaddress.IPv4Network(each["CidrBlock"]) for each in vpc.get("CidrBlockAssociationSet", [vpc])]
    if gateway and any(network.subnet_of(each) for each in own):
        reason = f"The destination CIDR block {network} is equal to or more specific than one of this VPC's CIDR blocks"
        yield "destinationCidrBlock", f"InvalidParameterValue: {reason}"
    if network.subnet_of(ipaddress.IPv4Network("169.254.168.0/22")):
        yield "destinationCidrBlock", f"InvalidParameterValue: {network} is reserved for AWS services"


def _route_table_association(session: Session, inputs: Properties) -> Iterator[Problem]:
    if "subnetId" not in inputs:
        return
    table, subnet = _route_table(session, inputs["routeTableId"]), _subnet(session, inputs["subnetId"])
    if table["VpcId"] != subnet["VpcId"]:
        reason = f"Route table {inputs['routeTableId']} and subnet {inputs['subnetId']} belong to different networks"
        yield "subnetId", f"InvalidParameterValue: {reason}"


def _security_group_rule(session: Session, inputs: Properties, *, egress: bool) -> Iterator[Problem]:
    ec2, group = session.client("ec2"), inputs["securityGroupId"]
    other = inputs.get("referencedSecurityGroupId")
    if other and "/" not in other:
        vpcs = {each["VpcId"] for each in ec2.describe_security_groups(GroupIds=[group, other])["SecurityGroups"]}
        if len(vpcs) > 1:
            yield (
                "referencedSecurityGroupId",
                f"InvalidGroup.NotFound: You have specified two resources that belong to different networks: {group}, {other}",
            )
    named = [{"Name": "group-id", "Values": [group]}]
    rules = ec2.describe_security_group_rules(Filters=named)["SecurityGroupRules"]
    # IPv4 and IPv6 have a quota each, and a rule without an address counts for both.
    kinds = ("CidrIpv4", "CidrIpv6") if "cidrIpv6" not in inputs else ("CidrIpv6", "CidrIpv4")
    same_way = [each for each in rules if each["IsEgress"] == egress and not each.get(kinds[1])]
    if len(same_way) >= MOST_RULES:
        yield "securityGroupId", f"RulesPerSecurityGroupLimitExceeded: {group} has {MOST_RULES} rules already"


def _vpc_endpoint(session: Session, inputs: Properties) -> Iterator[Problem]:
    ec2, vpc, service = session.client("ec2"), inputs["vpcId"], inputs.get("serviceName", "aws.")
    if not service.startswith(("com.amazonaws.vpce.", "aws.", "com.amazonaws.s3-global.")) and f".{session.region}." not in service:
        yield "serviceName", f"InvalidServiceName: The Vpc Endpoint Service '{service}' does not exist in {session.region}"
    tables = [_route_table(session, each) for each in inputs.get("routeTableIds") or []]
    subnets = [_subnet(session, each) for each in inputs.get("subnetIds") or []]
    groups = (
        ec2.describe_security_groups(GroupIds=inputs["securityGroupIds"])["SecurityGroups"]
        if inputs.get("securityGroupIds")
        else []
    )
    for name, found in (("routeTableIds", tables), ("subnetIds", subnets), ("securityGroupIds", groups)):
        if any(each["VpcId"] != vpc for each in found):
            yield name, f"InvalidParameter: one of them does not belong to {vpc}"
    zones = [subnet["AvailabilityZone"] for subnet in subnets]
    for zone in sorted({zone for zone in zones if zones.count(zone) > 1}):
        yield "subnetIds", f"DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of {zone}"
    if len(groups) > MOST_GROUPS:
        yield "securityGroupIds", f"SecurityGroupsPerInterfaceLimitExceeded: {len(groups)} groups, AWS allows {MOST_GROUPS}"
    named = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "service-name", "Values": [service]}]
    others = [
        each for each in ec2.describe_vpc_endpoints(Filters=named)["VpcEndpoints"]
        if each["VpcId"] == vpc
        and each["ServiceName"] == service
        and each["State"].lower() != "deleted"
        and each["VpcEndpointId"] != inputs.get("id")
    ]  # fmt: skip
    for table in inputs.get("routeTableIds") or []:
        if any(table in each.get("RouteTableIds", []) for each in others):
            yield "routeTableIds", f"RouteAlreadyExists: route table {table} already has a route to {service}"
    if inputs.get("privateDnsEnabled"):
        yield from _private_names(session, vpc, service, others)


def _private_names(session: Session, vpc: str, service: str, others: list[dict[str, Any]]) -> Iterator[Problem]:
    ec2 = session.client("ec2")
    for attribute, key in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        if not ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)[key]["Value"]:
            yield (
                "privateDnsEnabled",
                "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes "
                f"set to true for {vpc}",
            )
            return
    if any(each.get("PrivateDnsEnabled") and each["VpcEndpointType"] == "Interface" for each in others):
        reason = f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {service} in {vpc}"
        yield "privateDnsEnabled", f"InvalidParameter: {reason}"


def _vpc_of(session: Session, inputs: Properties) -> dict[str, Any]:
    return _first(session, "describe_vpcs", "Vpcs", VpcIds=[inputs["vpcId"]])


def _ipv6_of_subnet(session: Session, inputs: Properties) -> Iterator[Problem]:
    """EC2 API Reference, CreateSubnet: Ipv6CidrBlock."""
    if not inputs.get("ipv6CidrBlock"):
        return
    own = [ipaddress.IPv6Network(each["Ipv6CidrBlock"]) for each in _vpc_of(session, inputs).get("Ipv6CidrBlockAssociationSet", [])]
    if not any(ipaddress.IPv6Network(inputs["ipv6CidrBlock"]).subnet_of(each) for each in own):
        yield "ipv6CidrBlock", f"InvalidSubnet.Range: The CIDR '{inputs['ipv6CidrBlock']}' is invalid: the VPC has no such network"


def _own_routes(session: Session, inputs: Properties) -> Iterator[Problem]:
    """EC2 API Reference, CreateRoute: of a table's own routes."""
    gateways = [each["InternetGatewayId"] for each in _attached(session, inputs["vpcId"])]
    seen: list[str] = []
    for index, route in enumerate(inputs.get("routes") or []):
        gateway, destination = route.get("gatewayId"), route.get("cidrBlock") or route.get("ipv6CidrBlock")
        if gateway and gateway.startswith("igw-") and gateway not in gateways:
            yield (
                f"routes[{index}].gatewayId",
                f"InvalidParameterValue: {gateway} and {inputs['vpcId']} belong to different networks",
            )
        if destination in seen:
            yield f"routes[{index}]", f"RouteAlreadyExists: the table has a route to {destination}"
        seen.append(destination)


def _own_rules(session: Session, inputs: Properties) -> Iterator[Problem]:
    """Amazon VPC User Guide, "Amazon VPC quotas": rules of a group, each way, of IPv4 and of IPv6."""
    rules = [*(inputs.get("ingress") or []), *(inputs.get("egress") or [])]
    groups = [group for rule in rules for group in rule.get("securityGroups") or [] if "/" not in group]
    if groups and inputs.get("vpcId"):
        found = session.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"]
        if any(each["VpcId"] != inputs["vpcId"] for each in found):
            yield "ingress", "InvalidGroup.NotFound: You have specified two resources that belong to different networks"
    for way in ("ingress", "egress"):
        for peers in ("cidrBlocks", "ipv6CidrBlocks"):
            others = ("prefixListIds", "securityGroups")
            sizes = [
                sum(len(rule.get(name) or []) for name in (peers, *others)) + bool(rule.get("self"))
                for rule in inputs.get(way) or []
            ]
            if sum(sizes) > MOST_RULES:
                yield way, f"RulesPerSecurityGroupLimitExceeded: {sum(sizes)} rules, AWS allows {MOST_RULES}"


def _own_bucket(_session: Session, inputs: Properties) -> Iterator[Problem]:
    """S3 User Guide, "Policy resources for Amazon S3", "Configuring Transfer Acceleration"."""
    if inputs.get("policy") and (arn := elsewhere(inputs["policy"], inputs["bucket"])):
        yield "policy", f"MalformedPolicy: Policy has invalid resource: {arn} is not about {inputs['bucket']}"
    opened = [name for name in ("acl", "grants") if inputs.get(name) not in (None, [], "private", "bucket-owner-full-control")]
    yield from ((name, "AccessControlListNotSupported: The bucket does not allow ACLs") for name in opened)
    if inputs.get("accelerationStatus") and "." in inputs["bucket"]:
        yield (
            "accelerationStatus",
            "InvalidRequest: S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
        )


def _owner(session: Session, inputs: Properties) -> Iterator[Problem]:
    """S3 User Guide, "Verifying bucket ownership with bucket owner condition"."""
    if inputs.get("expectedBucketOwner", session.account) != session.account:
        yield "expectedBucketOwner", f"AccessDenied: the bucket does not belong to {inputs['expectedBucketOwner']}"


def _replicas(session: Session, inputs: Properties) -> Iterator[Problem]:
    """Secrets Manager API Reference, ReplicateSecretToRegions."""
    for index, replica in enumerate(inputs.get("replicas") or []):
        if replica["region"] == session.region:
            yield f"replicas[{index}].region", "InvalidParameterException: the secret is in this region already"


def _flow_log(session: Session, inputs: Properties) -> Iterator[Problem]:
    destination, kind = inputs["logDestination"], inputs.get("logDestinationType", "cloud-watch-logs")
    if kind == "s3" and not references.elsewhere(session, destination):
        bucket = destination.partition(":::")[2].partition("/")[0]
        if reason := references.BUCKET.problem(session, bucket):
            yield "logDestination", f"InvalidParameterValue: LogDestination: {reason}"
    for each in session.client("ec2").describe_flow_logs()["FlowLogs"]:
        same = (each["ResourceId"], (each.get("LogDestination") or "").removesuffix(":*"), each.get("TrafficType"))
        if same == (inputs[watched(inputs)], destination.removesuffix(":*"), inputs.get("trafficType")):
            yield (
                "logDestination",
                "FlowLogAlreadyExists: There is an existing Flow Log with the same configuration and log destination",
            )


def _role_policy(session: Session, inputs: Properties) -> Iterator[Problem]:
    iam, role = session.client("iam"), inputs["role"]
    names = [name for name in iam.list_role_policies(RoleName=role)["PolicyNames"] if name != inputs["name"]]
    documents = [json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names]
    size = sum(len(re.sub(r"\s", "", text)) for text in [*documents, inputs["policy"]])
    if size > MOST_INLINE:
        yield "policy", f"LimitExceeded: Maximum policy size of {MOST_INLINE} bytes exceeded for role {role}: {size}"


def _event_target(session: Session, inputs: Properties) -> Iterator[Problem]:
    bus = {"EventBusName": inputs["eventBusName"]} if inputs.get("eventBusName") else {}
    targets = session.client("events").list_targets_by_rule(Rule=inputs["rule"], **bus)["Targets"]
    if len({*(target["Id"] for target in targets), inputs["targetId"]}) > MOST_TARGETS:
        yield "rule", f"LimitExceededException: The requested resource exceeds the maximum number allowed: {MOST_TARGETS} targets"
    if inputs.get("roleArn") and not references.elsewhere(session, inputs["roleArn"]):
        role = session.client("iam").get_role(RoleName=inputs["roleArn"].rpartition("/")[2])["Role"]
        trusted = [who for each in statements(json.dumps(role["AssumeRolePolicyDocument"])) for who in principals(each, "Service")]
        if "events.amazonaws.com" not in trusted:
            reason = f"Provided role '{inputs['roleArn']}' cannot be assumed by principal 'events.amazonaws.com'"
            yield "roleArn", f"ValidationException: {reason}"


NARROWING = re.compile(
    r"aws:(sourcevpc|sourcevpce|sourcearn|sourceaccount|sourceip|sourceorgid|sourceorgpaths|principalorgid|principalorgpaths"
    r"|principalaccount|principalarn|userid|username|vpcsourceip)|s3:(dataaccesspointarn|dataaccesspointaccount|x-amz-.*)",
    re.IGNORECASE,
)
"""Condition keys with which a policy for everybody is not public (S3 User Guide, "The meaning of 'public'")."""


def _bucket_policy(session: Session, inputs: Properties) -> Iterator[Problem]:
    public = [
        each for each in statements(inputs["policy"])
        if each["Effect"] == "Allow" and "*" in principals(each, "AWS")
        and not any(NARROWING.fullmatch(key) for keys in (each.get("Condition") or {}).values() for key in keys)
    ]  # fmt: skip
    if public and _blocks_public_policies(session, inputs["bucket"]):
        yield (
            "policy",
            "AccessDenied: s3:PutBucketPolicy: public policies are blocked by the BlockPublicPolicy block public access setting",
        )


def _blocks_public_policies(session: Session, bucket: str) -> bool:
    """A new bucket does, until somebody says otherwise (S3 User Guide, "Blocking public access", April 2023)."""
    try:
        return (
            session.client("s3")
            .get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
            .get("BlockPublicPolicy", False)
        )
    except ClientError as error:
        if is_gone(error):
            return True
        raise


def _key_policy(session: Session, inputs: Properties) -> Iterator[Problem]:
    """KMS Developer Guide, "Key policies in AWS KMS": the lockout safety check. Who deploys may be any principal of the account."""
    if not inputs.get("policy") or inputs.get("bypassPolicyLockoutSafetyCheck"):
        return
    if locks_out(inputs["policy"], session.account):
        yield (
            "policy",
            "MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future.",
        )


def _alarm(session: Session, inputs: Properties) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricAlarm: an alarm acts in its own region."""
    for name in ("alarmActions", "okActions", "insufficientDataActions"):
        for action in inputs.get(name) or []:
            region = action.split(":")[3]
            if region not in ("", session.region):
                yield name, f"ValidationError: Invalid region {region} specified. Only {session.region} is supported."


def _record(session: Session, inputs: Properties) -> Iterator[Problem]:
    """Route 53 API Reference, AliasTarget: a name, and the zone in which it lies."""
    for alias in inputs.get("aliases") or []:
        yield from _alias(session, alias, inputs)
    zone = session.client("route53").get_hosted_zone(Id=inputs["zoneId"])["HostedZone"]["Name"].rstrip(".").lower()
    if inputs["type"] == "CNAME" and inputs["name"].rstrip(".").lower() in ("", "@", zone):
        yield "type", f"InvalidChangeBatch: RRSet of type CNAME with DNS name {zone} is not permitted at apex in zone {zone}"


def _target_is_there(session: Session, alias: dict[str, Any], inputs: Properties) -> bool:
    """Of an alias of a record of its own zone."""
    if alias["zoneId"] != inputs["zoneId"]:
        return True
    records = session.client("route53").list_resource_record_sets(HostedZoneId=alias["zoneId"], StartRecordName=alias["name"])
    name, kind = alias["name"].rstrip(".").lower(), inputs["type"]
    return any((each["Name"].rstrip(".").lower(), each["Type"]) == (name, kind) for each in records["ResourceRecordSets"])


def _alias(session: Session, alias: dict[str, Any], inputs: Properties) -> Iterator[Problem]:
    endpoints = session.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    entries = [entry for endpoint in endpoints for entry in endpoint.get("DnsEntries", [])]
    zones = {entry["DnsName"].lower(): entry["HostedZoneId"] for entry in entries}
    name = alias["name"].lower().rstrip(".")
    aws_names = (".amazonaws.com", ".cloudfront.net", ".elasticbeanstalk.com", ".awsglobalaccelerator.com")
    own = alias["zoneId"] == inputs["zoneId"] or not references.HOSTED_ZONE.problem(session, alias["zoneId"])
    if zones.get(name, alias["zoneId"]) != alias["zoneId"] or not (own or name.endswith(aws_names)):
        yield (
            "aliases",
            f"InvalidChangeBatch: Tried to create an alias that targets {name}, type A in zone {alias['zoneId']}, but the alias "
            "target name does not lie within the target zone",
        )
    elif not _target_is_there(session, alias, inputs):
        yield "aliases", f"InvalidChangeBatch: Tried to create an alias that targets {name}, but that target was not found"


def _environment(session: Session, inputs: Properties) -> Iterator[Problem]:
    network = inputs["networkConfiguration"]
    subnets = [_subnet(session, subnet) for subnet in network["subnetIds"]]
    vpcs = {subnet["VpcId"] for subnet in subnets}
    if len({subnet["AvailabilityZone"] for subnet in subnets}) < len(subnets):
        yield "networkConfiguration.subnetIds", "ValidationException: the subnets must be in two different availability zones"
    groups = session.client("ec2").describe_security_groups(GroupIds=network["securityGroupIds"])["SecurityGroups"]
    if len(vpcs | {group["VpcId"] for group in groups}) > 1:
        yield "networkConfiguration", "ValidationException: subnets and security groups must be of one VPC"


def _zone(session: Session, inputs: Properties) -> Iterator[Problem]:
    for index, vpc in enumerate(inputs.get("vpcs") or []):
        here = vpc.get("vpcRegion", session.region) == session.region
        if here and (reason := references.VPC.problem(session, vpc["vpcId"])):
            yield f"vpcs[{index}].vpcId", f"InvalidVPCId: {reason}"


FITS: dict[str, Callable[[Session, Properties], Iterator[Problem]]] = {
    "cloudwatch/eventTarget:EventTarget": _event_target,
    "cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "ec2/flowLog:FlowLog": _flow_log,
    "ec2/internetGateway:InternetGateway": _internet_gateway,
    "ec2/natGateway:NatGateway": _nat_gateway,
    "ec2/route:Route": _route,
    "ec2/routeTableAssociation:RouteTableAssociation": _route_table_association,
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": _own_rules,
    "ec2/routeTable:RouteTable": _own_routes,
    "ec2/securityGroup:SecurityGroup": _own_rules,
    "ec2/subnet:Subnet": _ipv6_of_subnet,
    "ec2/vpcEndpoint:VpcEndpoint": _vpc_endpoint,
    "iam/rolePolicy:RolePolicy": _role_policy,
    "kms/key:Key": _key_policy,
    "mwaa/environment:Environment": _environment,
    "route53/record:Record": _record,
    "route53/zone:Zone": _zone,
    "s3/bucket:Bucket": _own_bucket,
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _owner,
    "s3/bucketLogging:BucketLogging": _owner,
    "s3/bucketPolicy:BucketPolicy": _bucket_policy,
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _owner,
    "s3/bucketVersioning:BucketVersioning": _owner,
    "secretsmanager/secret:Secret": _replicas,
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": lambda session, inputs: _security_group_rule(
        session, inputs, egress=True
    ),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": lambda session, inputs: _security_group_rule(
        session, inputs, egress=False
    ),
}
"""Type -> what must fit."""


def problems(kind: ResourceType, session: Session, inputs: Properties) -> Iterator[Problem]:
    """Everything for which AWS would refuse to make the resource in this account, as it is now."""
    yield from changed_problems(kind, session, inputs, list(inputs))


def changed_problems(kind: ResourceType, session: Session, inputs: Properties, names: list[str]) -> Iterator[Problem]:
    """The same of an update that changes some properties; `inputs` then have the resource's own `id`, which is no other's."""
    changes = {name: inputs[name] for name in names if name in inputs}
    found = list(references.problems(kind, session, changes))
    yield from found
    fits = FITS.get(kind.token.removeprefix("aws:"))
    if fits and changes and not found:
        yield from ((path, reason) for path, reason in fits(session, inputs) if re.split(r"[.\[]", path)[0] in changes)
