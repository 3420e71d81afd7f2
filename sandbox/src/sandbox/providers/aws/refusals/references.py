"""What a resource may refer to: it must be there, or AWS refuses the resource.

Asked of the account when the resource is made or changed, for a name in the program may belong to what the same update makes.
What lies in another account, in another region or out of the caller's sight can't be asked, and passes: to name a thing takes no
right to see it.
"""

import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from sandbox.grammars.policies import principals, statements
from sandbox.providers.aws.refusals.limits import leaves, parsed
from sandbox.providers.aws.session import Session
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.values import Properties

ABSENT = re.compile(r"404|NoSuch|NotFound|Malformed|Validation|Invalid(?!ClientTokenId)(?!Token)")
"""In what the services answer of what is not there, or can't be by its form."""

UNSEEN = ("403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
"""What the services answer who may not look."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A kind of thing that others name."""

    code: str
    """AWS's word for its absence."""
    noun: str
    find: Callable[[Session, str], Any]
    """Something true if it is there, or a text if it is not fit; an error of AWS's that says so means that it is not there."""

    def problem(self, session: Session, value: str) -> str | None:
        """Why AWS would refuse the value."""
        if elsewhere(session, value):
            return None
        try:
            found = self.find(session, value)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in UNSEEN and not ABSENT.search(code):
                raise
            found = code in UNSEEN
        if isinstance(found, str):
            return found
        return None if found else f"{self.code}: The {self.noun} '{value}' does not exist"


def elsewhere(session: Session, arn: str) -> bool:
    """Whether it is the ARN of something in another account or region."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return False
    return (parts[3] or session.region) != session.region or parts[4] not in ("", "aws", session.account)


def _listing(operation: str, argument: str, key: str) -> Callable[[Session, str], Any]:
    """A thing of EC2, by its id."""
    return lambda session, id: getattr(session.client("ec2"), operation)(**{argument: [id]})[key]  # noqa: A006 - AWS's word


def _zone(session: Session, name: str) -> bool:
    zones = session.client("ec2").describe_availability_zones()["AvailabilityZones"]
    return name in [zone["ZoneName"] for zone in zones]


def _zone_id(session: Session, id: str) -> bool:  # noqa: A002 - AWS's word
    return id in [zone["ZoneId"] for zone in session.client("ec2").describe_availability_zones()["AvailabilityZones"]]


def _gateway(session: Session, gateway: str) -> bool:
    ec2 = session.client("ec2")
    if gateway.startswith("vpce-"):
        return bool(ec2.describe_vpc_endpoints(VpcEndpointIds=[gateway])["VpcEndpoints"])
    return gateway == "local" or bool(ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"])


def _group(session: Session, group: str) -> Any:
    """`account/group` names one of another account."""
    return "/" in group or session.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]


def _key(session: Session, key: str) -> bool | str:
    if "alias/aws/" in key:
        return True
    found = session.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    state = found["KeyState"]
    return state in ("Enabled", "Disabled") or f"KMSInvalidStateException: {found['Arn']} is {state}."


def _role(session: Session, role: str) -> bool:
    found = session.client("iam").get_role(RoleName=role.rpartition("/")[2])["Role"]
    return role in (found["Arn"], found["RoleName"])


MANAGED_POLICIES = Path(__file__).with_name("managed_policies.txt")
"""Names of AWS's own, with their paths (`sandbox/testing/managed_policies.py` writes them)."""


@functools.cache
def _managed_policies() -> set[str]:
    return set(MANAGED_POLICIES.read_text().split())


def _policy(session: Session, policy: str) -> Any:
    if ":iam::aws:" in policy:
        return policy.partition(":policy/")[2] in _managed_policies()
    return session.client("iam").get_policy(PolicyArn=policy)


def _cluster(session: Session, cluster: str) -> bool:
    return any(one["status"] == "ACTIVE" for one in session.client("ecs").describe_clusters(clusters=[cluster])["clusters"])


VPC = Reference(code="InvalidVpcID.NotFound", noun="vpc ID", find=_listing("describe_vpcs", "VpcIds", "Vpcs"))
SUBNET = Reference(code="InvalidSubnetID.NotFound", noun="subnet ID", find=_listing("describe_subnets", "SubnetIds", "Subnets"))
GROUP = Reference(code="InvalidGroup.NotFound", noun="security group", find=_group)
ROUTE_TABLE = Reference(
    code="InvalidRouteTableID.NotFound",
    noun="routeTable ID",
    find=_listing("describe_route_tables", "RouteTableIds", "RouteTables"),
)
PREFIX_LIST = Reference(
    code="InvalidPrefixListID.NotFound",
    noun="prefix list ID",
    find=_listing("describe_prefix_lists", "PrefixListIds", "PrefixLists"),
)
GATEWAY = Reference(code="InvalidGatewayID.NotFound", noun="gateway ID", find=_gateway)
NAT_GATEWAY = Reference(
    code="NatGatewayNotFound", noun="NAT gateway", find=_listing("describe_nat_gateways", "NatGatewayIds", "NatGateways")
)
ADDRESS = Reference(
    code="InvalidAllocationID.NotFound", noun="allocation ID", find=_listing("describe_addresses", "AllocationIds", "Addresses")
)
ZONE_ID = Reference(code="InvalidParameterValue", noun="availability zone ID", find=_zone_id)
ZONE = Reference(code="InvalidParameterValue", noun="availability zone", find=_zone)
HOSTED_ZONE = Reference(
    code="NoSuchHostedZone", noun="hosted zone", find=lambda session, zone: session.client("route53").get_hosted_zone(Id=zone)
)
KEY = Reference(code="NotFoundException", noun="key", find=_key)
ROLE = Reference(code="NoSuchEntity", noun="role", find=_role)
POLICY = Reference(code="NoSuchEntity", noun="policy", find=_policy)
BUCKET = Reference(
    code="NoSuchBucket",
    noun="bucket",
    find=lambda session, name: session.client("s3").head_bucket(Bucket=name.removeprefix(f"arn:{session.partition}:s3:::")),
)
SECRET = Reference(
    code="ResourceNotFoundException",
    noun="secret",
    find=lambda session, arn: session.client("secretsmanager").describe_secret(SecretId=arn),
)
REPOSITORY = Reference(
    code="RepositoryNotFoundException",
    noun="repository",
    find=lambda session, name: session.client("ecr").describe_repositories(repositoryNames=[name]),
)
CLUSTER = Reference(code="ClusterNotFoundException", noun="cluster", find=_cluster)
TOPIC = Reference(code="NotFound", noun="topic", find=lambda session, arn: session.client("sns").get_topic_attributes(TopicArn=arn))
RULE = Reference(
    code="ResourceNotFoundException", noun="rule", find=lambda session, name: session.client("events").describe_rule(Name=name)
)
ISSUER = Reference(
    code="NoSuchEntity",
    noun="OpenID Connect provider",
    find=lambda session, arn: session.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn),
)
USER = Reference(
    code="NoSuchEntity",
    noun="user",
    find=lambda session, arn: session.client("iam").get_user(UserName=arn.rpartition("/")[2])["User"]["Arn"] == arn,
)

BUS = Reference(
    code="ResourceNotFoundException",
    noun="event bus",
    find=lambda session, name: session.client("events").describe_event_bus(Name=name),
)
HEALTH_CHECK = Reference(
    code="NoSuchHealthCheck",
    noun="health check",
    find=lambda session, check: session.client("route53").get_health_check(HealthCheckId=check),
)
INTERFACE = Reference(
    code="InvalidNetworkInterfaceID.NotFound",
    noun="networkInterface ID",
    find=_listing("describe_network_interfaces", "NetworkInterfaceIds", "NetworkInterfaces"),
)
INSTANCE = Reference(
    code="InvalidInstanceID.NotFound", noun="instance ID", find=_listing("describe_instances", "InstanceIds", "Reservations")
)
ENDPOINT = Reference(
    code="InvalidVpcEndpointId.NotFound",
    noun="Vpc Endpoint Id",
    find=_listing("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
)
PEERING = Reference(
    code="InvalidVpcPeeringConnectionID.NotFound",
    noun="vpcPeeringConnection ID",
    find=_listing("describe_vpc_peering_connections", "VpcPeeringConnectionIds", "VpcPeeringConnections"),
)
EGRESS_ONLY = Reference(
    code="InvalidGatewayID.NotFound",
    noun="egress-only internet gateway",
    find=_listing("describe_egress_only_internet_gateways", "EgressOnlyInternetGatewayIds", "EgressOnlyInternetGateways"),
)


def _never(code: str, noun: str) -> Reference:
    """A kind of thing that no account of the sandbox has."""
    return Reference(code=code, noun=noun, find=lambda session, name: False)  # noqa: ARG005 - as the others


TRANSIT = _never("InvalidTransitGatewayID.NotFound", "transit gateway")
VIRTUAL_GATEWAY = _never("InvalidVpnGatewayID.NotFound", "vpnGateway ID")
POOL = _never("InvalidIpamPoolId.NotFound", "IPAM pool")
KEY_STORE = _never("CustomKeyStoreNotFoundException", "custom key store")
SAML = _never("NoSuchEntity", "SAML provider")
NAME_SERVERS = _never("NoSuchDelegationSet", "delegation set")

_RULE_PLACES = {"securityGroupId": GROUP, "referencedSecurityGroupId": GROUP, "prefixListId": PREFIX_LIST}

_LIST_PLACES = {
    f"{way}[].{name}[]": reference
    for way in ("ingress", "egress")
    for name, reference in (("securityGroups", GROUP), ("prefixListIds", PREFIX_LIST))
}

_ROUTE_PLACES = {
    "destinationPrefixListId": PREFIX_LIST,
    "egressOnlyGatewayId": EGRESS_ONLY,
    "gatewayId": GATEWAY,
    "localGatewayId": _never("InvalidLocalGatewayID.NotFound", "local gateway"),
    "carrierGatewayId": _never("InvalidCarrierGatewayID.NotFound", "carrier gateway"),
    "natGatewayId": NAT_GATEWAY,
    "networkInterfaceId": INTERFACE,
    "transitGatewayId": TRANSIT,
    "vpcEndpointId": ENDPOINT,
    "vpcPeeringConnectionId": PEERING,
}

PLACES: dict[str, dict[str, Reference]] = {
    "budgets/budget:Budget": {"notifications[].subscriberSnsTopicArns[]": TOPIC},
    "chatbot/slackChannelConfiguration:SlackChannelConfiguration": {"snsTopicArns[]": TOPIC},
    "chatbot/teamsChannelConfiguration:TeamsChannelConfiguration": {"snsTopicArns[]": TOPIC},
    "cloudwatch/eventRule:EventRule": {"eventBusName": BUS, "roleArn": ROLE},
    "cloudwatch/eventTarget:EventTarget": {"eventBusName": BUS, "rule": RULE, "roleArn": ROLE},
    "cloudwatch/logGroup:LogGroup": {"kmsKeyId": KEY},
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": {"vpcId": VPC, **_LIST_PLACES},
    "ec2/eip:Eip": {
        "address": _never("InvalidAddress.NotFound", "address of yours"),
        "instance": INSTANCE,
        "ipamPoolId": POOL,
        "networkInterface": INTERFACE,
        "publicIpv4Pool": _never("InvalidPublicIpv4PoolID.NotFound", "public IPv4 pool"),
    },
    "ec2/flowLog:FlowLog": {
        "eniId": INTERFACE,
        "iamRoleArn": ROLE,
        "regionalNatGatewayId": NAT_GATEWAY,
        "subnetId": SUBNET,
        "transitGatewayAttachmentId": _never("InvalidTransitGatewayAttachmentID.NotFound", "transit gateway attachment"),
        "transitGatewayId": TRANSIT,
        "vpcId": VPC,
    },
    "ec2/internetGateway:InternetGateway": {"vpcId": VPC},
    "ec2/natGateway:NatGateway": {"subnetId": SUBNET, "allocationId": ADDRESS},
    "ec2/route:Route": {"routeTableId": ROUTE_TABLE, **_ROUTE_PLACES},
    "ec2/routeTable:RouteTable": {
        "vpcId": VPC,
        "propagatingVgws[]": VIRTUAL_GATEWAY,
        **{f"routes[].{name}": reference for name, reference in _ROUTE_PLACES.items()},
    },
    "ec2/routeTableAssociation:RouteTableAssociation": {"subnetId": SUBNET, "routeTableId": ROUTE_TABLE, "gatewayId": GATEWAY},
    "ec2/securityGroup:SecurityGroup": {"vpcId": VPC, **_LIST_PLACES},
    "ec2/subnet:Subnet": {
        "vpcId": VPC,
        "availabilityZone": ZONE,
        "availabilityZoneId": ZONE_ID,
        "ipv4IpamPoolId": POOL,
        "ipv6IpamPoolId": POOL,
        "outpostArn": _never("InvalidOutpostArn.NotFound", "Outpost"),
    },
    "ec2/vpc:Vpc": {"ipv4IpamPoolId": POOL, "ipv6IpamPoolId": POOL},
    "ec2/vpcEndpoint:VpcEndpoint": {
        "vpcId": VPC,
        "routeTableIds[]": ROUTE_TABLE,
        "subnetIds[]": SUBNET,
        "securityGroupIds[]": GROUP,
        "subnetConfigurations[].subnetId": SUBNET,
    },
    "ecr/lifecyclePolicy:LifecyclePolicy": {"repository": REPOSITORY},
    "ecr/repository:Repository": {"encryptionConfigurations[].kmsKey": KEY},
    "ecr/repositoryPolicy:RepositoryPolicy": {"repository": REPOSITORY},
    "ecs/clusterCapacityProviders:ClusterCapacityProviders": {"clusterName": CLUSTER},
    "ecs/taskDefinition:TaskDefinition": {"executionRoleArn": ROLE, "taskRoleArn": ROLE},
    "iam/role:Role": {"permissionsBoundary": POLICY, "managedPolicyArns[]": POLICY},
    "iam/rolePolicy:RolePolicy": {"role": ROLE},
    "iam/rolePolicyAttachment:RolePolicyAttachment": {"role": ROLE, "policyArn": POLICY},
    "kms/alias:Alias": {"targetKeyId": KEY},
    "kms/key:Key": {"customKeyStoreId": KEY_STORE},
    "mwaa/environment:Environment": {
        "executionRoleArn": ROLE,
        "sourceBucketArn": BUCKET,
        "kmsKey": KEY,
        "networkConfiguration.subnetIds[]": SUBNET,
        "networkConfiguration.securityGroupIds[]": GROUP,
    },
    "route53/record:Record": {"zoneId": HOSTED_ZONE, "healthCheckId": HEALTH_CHECK},
    "route53/zone:Zone": {"delegationSetId": NAME_SERVERS},
    "s3/bucket:Bucket": {"logging.targetBucket": BUCKET},
    "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {"bucket": BUCKET},
    "s3/bucketLogging:BucketLogging": {"bucket": BUCKET, "targetBucket": BUCKET},
    "s3/bucketObjectv2:BucketObjectv2": {"bucket": BUCKET, "kmsKeyId": KEY},
    "s3/bucketOwnershipControls:BucketOwnershipControls": {"bucket": BUCKET},
    "s3/bucketPolicy:BucketPolicy": {"bucket": BUCKET},
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {"bucket": BUCKET},
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {"bucket": BUCKET},
    "s3/bucketVersioning:BucketVersioning": {"bucket": BUCKET},
    "secretsmanager/secret:Secret": {"kmsKeyId": KEY},
    "secretsmanager/secretPolicy:SecretPolicy": {"secretArn": SECRET},
    "sns/topic:Topic": {"kmsMasterKeyId": KEY},
    "sns/topicPolicy:TopicPolicy": {"arn": TOPIC},
    "sns/topicSubscription:TopicSubscription": {"topic": TOPIC},
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE_PLACES,
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE_PLACES,
}
"""Type -> place in its inputs -> what stands there.

Not here, because AWS does not look: actions of alarms, targets of events, log groups, images, secrets of containers, and the key
of a bucket's default encryption (S3 API Reference, PutBucketEncryption).
"""

POLICIES = {
    "ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "iam/role:Role": "assumeRolePolicy",
    "kms/key:Key": "policy",
    "s3/bucket:Bucket": "policy",
    "s3/bucketPolicy:BucketPolicy": "policy",
    "secretsmanager/secret:Secret": "policy",
    "secretsmanager/secretPolicy:SecretPolicy": "policy",
    "sns/topic:Topic": "policy",
    "sns/topicPolicy:TopicPolicy": "policy",
}
"""Properties with a policy whose principals AWS looks up (IAM User Guide, "AWS JSON policy elements: Principal")."""


def problems(kind: ResourceType, session: Session, inputs: Properties) -> Iterator[Problem]:
    """Everything that the inputs name and that is not there."""
    token = kind.token.removeprefix("aws:")
    for name, value in inputs.items():
        if name == POLICIES.get(token) and value:
            yield from ((name, reason) for reason in _absent_principals(session, value))
        known = kind.properties.get(name)
        for path, place, leaf in leaves(parsed(value) if known and known.json else value, name):
            reference = PLACES.get(token, {}).get(place)
            if reference is RULE and inputs.get("eventBusName"):
                continue  # asked with its bus
            if reference and isinstance(leaf, str) and (reason := reference.problem(session, leaf)):
                yield path, reason


def _absent_principals(session: Session, policy: str) -> Iterator[str]:
    kinds = {":role/": ROLE, ":user/": USER, ":oidc-provider/": ISSUER, ":saml-provider/": SAML}
    for statement in statements(policy):
        for who in [*principals(statement, "AWS"), *principals(statement, "Federated")]:
            found = next((reference for mark, reference in kinds.items() if mark in who), None)
            if found and ":iam::cloudfront:" not in who and found.problem(session, who):
                yield f'MalformedPolicyDocument: Invalid principal in policy: "AWS":{json.dumps(who)}: it does not exist'
