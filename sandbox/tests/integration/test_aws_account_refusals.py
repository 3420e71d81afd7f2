"""Requests that AWS refuses because of what the account has, or lacks, against the aws stand-in and the emulator.

The stand-in's handlers are called as the engine calls them; nothing is deployed by it, so that a case takes milliseconds.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.emulator.faults import give_order
from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.session import Session
from sandbox.providers.protocol import Operation
from sandbox.providers.values import ProviderError
from sandbox.testing.account import REGION, Account, policy, trust
from sandbox.testing.faults import first_answer_lost


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@dataclass
class Bench:
    """The stand-in before one account, and what was made for the cases."""

    session: Session
    endpoint: str
    facts: dict[str, Any]

    def make(self, token: str, **inputs: Any) -> dict[str, Any]:
        """The new resource's state."""
        kind = CATALOGUE[f"aws:{token}"]
        handler = TableResource(kind, lambda: self.session)
        operation = Operation(urn="urn", name=f"x{secrets.token_hex(3)}", seed=secrets.token_bytes(8))
        checked = handler.check(operation, {}, inputs)
        state = handler.create(operation, checked)[1]
        absent = {name for name in (*kind.outputs, *kind.filled) if name not in state}
        assert not absent, (token, absent)
        return state

    def refreshed(self, token: str, state: dict[str, Any]) -> dict[str, Any]:
        """The state after a refresh."""
        handler = TableResource(CATALOGUE[f"aws:{token}"], lambda: self.session)
        found = handler.read(Operation(urn="urn", name="x", seed=b"seed"), state["id"], {}, state)
        assert found is not None
        return found[1]


@pytest.fixture(scope="module")
def bench(cloud: Account) -> Iterator[Bench]:
    """Two networks, one of them with a gateway, and one of each kind of thing that others name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", cloud.id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", cloud.secret_key)
        session = Session(endpoint=cloud.endpoint, region=REGION, default_tags={})
        found = Bench(session, cloud.endpoint, {"account": cloud.id})
        furnish(found)
        yield found


def furnish(bench: Bench) -> None:
    facts, make = bench.facts, bench.make
    for name, network in (("one", "10.1.0.0/16"), ("two", "10.2.0.0/16")):
        vpc = facts[name] = make("ec2/vpc:Vpc", cidrBlock=network, enableDnsHostnames=name == "two")["id"]
        facts[f"{name} subnet"] = make("ec2/subnet:Subnet", vpcId=vpc, cidrBlock=network.replace("0.0/16", "0.0/24"))["id"]
        facts[f"{name} group"] = make("ec2/securityGroup:SecurityGroup", vpcId=vpc)["id"]
        facts[f"{name} table"] = make("ec2/routeTable:RouteTable", vpcId=vpc)["id"]
    facts["again"] = make(
        "ec2/subnet:Subnet", vpcId=facts["one"], cidrBlock="10.1.1.0/24", availabilityZone=zone_of(bench, facts["one subnet"])
    )["id"]
    facts["gateway"] = make("ec2/internetGateway:InternetGateway", vpcId=facts["one"])["id"]
    facts["address"] = make("ec2/eip:Eip", domain="vpc")["id"]
    facts["used address"] = make("ec2/eip:Eip", domain="vpc")["id"]
    nat = make("ec2/natGateway:NatGateway", subnetId=facts["one subnet"], allocationId=facts["used address"])
    facts["nat"] = nat["id"]
    role = make("iam/role:Role", assumeRolePolicy=trust("ecs-tasks.amazonaws.com"))
    facts["role"], facts["role name"] = role["arn"], role["name"]
    facts["rule"] = make("cloudwatch/eventRule:EventRule", scheduleExpression="rate(1 hour)")["name"]
    facts["topic"] = make("sns/topic:Topic")["arn"]
    facts["bucket"] = make("s3/bucket:Bucket")["id"]
    facts["zone"] = make("route53/zone:Zone", name="example.com", vpcs=[{"vpcId": facts["one"]}])["zoneId"]
    facts["deleted key"] = make("kms/key:Key")["id"]
    bench.session.client("kms").schedule_key_deletion(KeyId=facts["deleted key"], PendingWindowInDays=7)
    for number in range(5):
        make("cloudwatch/eventTarget:EventTarget", rule=facts["rule"], arn=facts["topic"], targetId=f"t{number}")
    make(
        "iam/rolePolicy:RolePolicy",
        role=role["name"],
        policy=policy(("s3:GetObject", [f"arn:aws:s3:::{'b' * 60}{n}" for n in range(80)])),
    )
    secret = make("secretsmanager/secret:Secret", recoveryWindowInDays=7)
    facts["secret"], facts["deleted"] = secret["arn"], secret["name"]
    bench.session.client("secretsmanager").delete_secret(SecretId=secret["arn"])


def furnish_more(bench: Bench) -> None:
    """What the cases in `aws_account_refusals.json` name besides."""
    facts, make = bench.facts, bench.make
    made = make("kms/key:Key")
    facts["key"], facts["key arn"], facts["plain key arn"] = made["id"], made["arn"], made["arn"]
    facts["absent key"] = "00000000-0000-0000-0000-000000000000"
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{facts['account']}:root"}, "Action": "kms:*", "Resource": "*"}
    logs = {
        **root,
        "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:Gen*"],
    }
    facts["logs key arn"] = make("kms/key:Key", policy=json.dumps({"Version": "2012-10-17", "Statement": [root, logs]}))["arn"]
    facts["one group name"] = make("ec2/securityGroup:SecurityGroup", vpcId=facts["one"], name="taken-name")["name"]
    facts |= {f"g{n}": make("ec2/securityGroup:SecurityGroup", vpcId=facts["one"])["id"] for n in range(1, 6)}
    other = "b" if zone_of(bench, facts["one subnet"]).endswith("a") else "a"
    facts["other zone"] = make(
        "ec2/subnet:Subnet", vpcId=facts["one"], cidrBlock="10.1.2.0/24", availabilityZone=f"{REGION}{other}"
    )["id"]
    facts["free rule"] = make("cloudwatch/eventRule:EventRule", scheduleExpression="rate(1 hour)")["name"]
    facts["events role"] = make("iam/role:Role", assumeRolePolicy=trust("events.amazonaws.com"))["arn"]
    facts["mwaa role"] = make("iam/role:Role", assumeRolePolicy=trust("airflow.amazonaws.com", "airflow-env.amazonaws.com"))["arn"]
    facts["repository"] = make("ecr/repository:Repository")["id"]
    facts["cluster"] = make("ecs/cluster:Cluster")["name"]
    facts["versioned"] = make("s3/bucket:Bucket")["id"]
    make("s3/bucketVersioning:BucketVersioning", bucket=facts["versioned"], versioningConfiguration={"status": "Enabled"})
    secret = make("secretsmanager/secret:Secret", recoveryWindowInDays=0)
    facts["live secret"], facts["secret name"] = secret["arn"], secret["name"]


def zone_of(bench: Bench, subnet: str) -> str:
    return bench.session.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailabilityZone"]


def endpoint(reason: str, **inputs: Any) -> tuple[str, dict[str, Any], str]:
    given = {"vpcId": "<one>", "serviceName": "com.amazonaws.eu-west-1.logs", "vpcEndpointType": "Interface"}
    return "ec2/vpcEndpoint:VpcEndpoint", {**given, **inputs}, reason


def key(reason: str, **statement: Any) -> tuple[str, dict[str, Any], str]:
    given = {"Principal": {"AWS": "arn:aws:iam::<account>:root"}, "Action": "kms:*", "Resource": "*"}
    return "kms/key:Key", {"policy": document(**{**given, **statement})}, reason


def bucket(reason: str, **statement: Any) -> tuple[str, dict[str, Any], str]:
    given = {"Principal": {"AWS": "<role>"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::<bucket>/*"}
    return "s3/bucketPolicy:BucketPolicy", {"bucket": "<bucket>", "policy": document(**{**given, **statement})}, reason


ABSENT = "arn:aws:iam::<account>:role/nobody"

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("ec2/subnet:Subnet", {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.9.0.0/24"}, "InvalidVpcID.NotFound"),
    ("ec2/subnet:Subnet", {"vpcId": "<one>", "cidrBlock": "10.1.9.0/24", "availabilityZone": "eu-west-1q"}, "availability zone"),
    ("ec2/internetGateway:InternetGateway", {"vpcId": "<one>"}, "already has an internet gateway"),
    ("ec2/natGateway:NatGateway", {"subnetId": "<two subnet>", "allocationId": "<address>"}, "no Internet gateway"),
    ("ec2/natGateway:NatGateway", {"subnetId": "<one subnet>", "allocationId": "<used address>"}, "already associated"),
    ("ec2/natGateway:NatGateway", {"subnetId": "subnet-0123456789abcdef0", "allocationId": "<address>"}, "InvalidSubnetID"),
    (
        "ec2/route:Route",
        {"routeTableId": "<two table>", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "<gateway>"},
        "different networks",
    ),
    (
        "ec2/route:Route",
        {"routeTableId": "<two table>", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "<nat>"},
        "different networks",
    ),
    (
        "ec2/route:Route",
        {"routeTableId": "<one table>", "destinationCidrBlock": "10.1.4.0/24", "gatewayId": "<gateway>"},
        "more specific",
    ),
    ("ec2/route:Route", {"routeTableId": "<one table>", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "<gateway>"}, ""),
    (
        "ec2/route:Route",
        {"routeTableId": "rtb-0123456789abcdef0", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "<gateway>"},
        "InvalidRouteTable",
    ),
    (
        "ec2/routeTableAssociation:RouteTableAssociation",
        {"subnetId": "<two subnet>", "routeTableId": "<one table>"},
        "different networks",
    ),
    (
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"securityGroupId": "<one group>", "ipProtocol": "-1", "referencedSecurityGroupId": "<two group>"},
        "different networks",
    ),
    (
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"securityGroupId": "<one group>", "ipProtocol": "-1", "prefixListId": "pl-0123456789abcdef0"},
        "InvalidPrefixListID",
    ),
    endpoint("enableDnsHostnames", privateDnsEnabled=True),
    endpoint("one of them does not belong", subnetIds=["<two subnet>"]),
    endpoint("DuplicateSubnetsInSameZone", subnetIds=["<one subnet>", "<again>"]),
    endpoint("InvalidGroup.NotFound", securityGroupIds=["sg-0123456789abcdef0"]),
    endpoint("does not exist in eu-west-1", serviceName="com.amazonaws.eu-central-1.logs"),
    endpoint("", subnetIds=["<one subnet>"], securityGroupIds=["<one group>"]),
    endpoint("", vpcId="<two>", subnetIds=["<two subnet>"], privateDnsEnabled=True),
    endpoint("conflicting DNS domain", vpcId="<two>", privateDnsEnabled=True),
    endpoint("", serviceName="com.amazonaws.eu-west-1.s3", vpcEndpointType="Gateway", routeTableIds=["<one table>"]),
    endpoint(
        "RouteAlreadyExists", serviceName="com.amazonaws.eu-west-1.s3", vpcEndpointType="Gateway", routeTableIds=["<one table>"]
    ),
    endpoint("", serviceName="com.amazonaws.eu-west-1.dynamodb", vpcEndpointType="Gateway", routeTableIds=["<one table>"]),
    (
        "ec2/flowLog:FlowLog",
        {"vpcId": "<one>", "trafficType": "ALL", "logDestination": "arn:aws:s3:::no-such-bucket-here", "logDestinationType": "s3"},
        "NoSuchBucket",
    ),
    (
        "ec2/flowLog:FlowLog",
        {
            "vpcId": "<one>",
            "trafficType": "ALL",
            "logDestination": "arn:aws:logs:eu-west-1:<account>:log-group:f",
            "iamRoleArn": ABSENT,
        },
        "NoSuchEntity",
    ),
    ("iam/role:Role", {"assumeRolePolicy": document(Principal={"AWS": ABSENT}, Action="sts:AssumeRole")}, "Invalid principal"),
    ("iam/role:Role", {"assumeRolePolicy": document(Principal={"AWS": "<role>"}, Action="sts:AssumeRole")}, ""),
    (
        "iam/role:Role",
        {"assumeRolePolicy": document(Principal={"AWS": "arn:aws:iam::222222222222:role/theirs"}, Action="sts:AssumeRole")},
        "",
    ),
    (
        "iam/role:Role",
        {"assumeRolePolicy": trust("ecs-tasks.amazonaws.com"), "permissionsBoundary": "arn:aws:iam::<account>:policy/none"},
        "NoSuchEntity",
    ),
    ("iam/rolePolicy:RolePolicy", {"role": "nobody", "policy": policy()}, "NoSuchEntity"),
    (
        "iam/rolePolicy:RolePolicy",
        {"role": "<role name>", "policy": policy(("s3:GetObject", [f"arn:aws:s3:::{'c' * 60}{n}" for n in range(80)]))},
        "Maximum policy size of 10240 bytes exceeded",
    ),
    ("iam/rolePolicy:RolePolicy", {"role": "<role name>", "policy": policy()}, ""),
    key(""),
    key("will not allow you to update", Principal={"Service": "logs.eu-west-1.amazonaws.com"}),
    key("will not allow you to update", Principal={"AWS": "arn:aws:iam::222222222222:root"}),
    key("will not allow you to update", Action=["kms:Decrypt", "kms:Encrypt"]),
    key("will not allow you to update", Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
    key("Invalid principal", Principal={"AWS": ["arn:aws:iam::<account>:root", ABSENT]}),
    bucket(""),
    bucket("Invalid principal", Principal={"AWS": ABSENT}),
    bucket("BlockPublicPolicy", Principal="*"),
    bucket("", Principal="*", Condition={"StringEquals": {"aws:PrincipalAccount": "<account>"}}),
    ("kms/alias:Alias", {"targetKeyId": "00000000-0000-0000-0000-000000000000"}, "NotFound"),
    ("ecr/lifecyclePolicy:LifecyclePolicy", {"repository": "none", "policy": "<images>"}, "RepositoryNotFound"),
    (
        "ecr/repository:Repository",
        {
            "encryptionConfigurations": [
                {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:eu-west-1:<account>:key/00000000-0000-0000-0000-000000000000"}
            ]
        },
        "NotFound",
    ),
    ("secretsmanager/secret:Secret", {"name": "<deleted>"}, "already scheduled for deletion"),
    ("secretsmanager/secret:Secret", {"kmsKeyId": "alias/none"}, "NotFound"),
    (
        "sns/topicSubscription:TopicSubscription",
        {"topic": "<topic>x", "protocol": "email", "endpoint": "a@example.com"},
        "NotFound",
    ),
    (
        "sns/topicSubscription:TopicSubscription",
        {"topic": "<topic>", "protocol": "https", "endpoint": "https://example.com/in"},
        "",
    ),
    ("cloudwatch/eventTarget:EventTarget", {"rule": "<rule>", "arn": "<topic>"}, "5 targets"),
    ("cloudwatch/eventTarget:EventTarget", {"rule": "none", "arn": "<topic>"}, "ResourceNotFound"),
    (
        "cloudwatch/eventTarget:EventTarget",
        {"rule": "<rule>", "arn": "<topic>", "targetId": "t1", "roleArn": "<role>"},
        "cannot be assumed",
    ),
    (
        "cloudwatch/metricAlarm:MetricAlarm",
        {
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "metricName": "QueuedTasks",
            "namespace": "AmazonMWAA",
            "period": 60,
            "statistic": "Maximum",
            "threshold": 1,
            "alarmActions": ["arn:aws:sns:us-east-1:<account>:alerts"],
        },
        "Invalid region us-east-1",
    ),
    (
        "route53/record:Record",
        {
            "zoneId": "<zone>",
            "name": "page.example.org",
            "type": "A",
            "aliases": [{"name": "page.example.com", "zoneId": "<zone>", "evaluateTargetHealth": False}],
        },
        "that target was not found",
    ),
    ("kms/alias:Alias", {"name": "alias/gone", "targetKeyId": "<deleted key>"}, "KMSInvalidStateException"),
    ("route53/zone:Zone", {"name": "example.com", "vpcs": [{"vpcId": "vpc-0123456789abcdef0"}]}, "InvalidVPCId"),
    (
        "s3/bucketLogging:BucketLogging",
        {"bucket": "<bucket>", "targetBucket": "no-such-bucket-here", "targetPrefix": "a/"},
        "NoSuchBucket",
    ),
    (
        "s3/bucketVersioning:BucketVersioning",
        {"bucket": "no-such-bucket-here", "versioningConfiguration": {"status": "Enabled"}},
        "NoSuchBucket",
    ),
]

IMAGES = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}
IMAGE_POLICY = json.dumps({"rules": [{"rulePriority": 1, "selection": IMAGES, "action": {"type": "expire"}}]})


def filled(value: Any, facts: dict[str, Any]) -> Any:
    """The inputs with `<name>` replaced by what that is in this account."""
    text = json.dumps(value)
    for name, fact in {**facts, "images": json.dumps(IMAGE_POLICY)[1:-1]}.items():
        text = text.replace(f"<{name}>", fact)
    return json.loads(text)


def test_what_does_not_fit_the_account_is_refused(bench):
    """Found here by the emulator's silence, it would be found in AWS in the middle of a deployment."""
    wrong = []
    for token, inputs, reason in CASES:
        try:
            bench.make(token, **filled(inputs, bench.facts))
            said = ""
        except ProviderError as error:
            said = str(error)
        if bool(said) != bool(reason) or reason not in said:
            wrong.append((token, inputs, reason, said))

    assert wrong == []


def life(bench: Bench, token: str, inputs: dict[str, Any]) -> str:
    """Makes a resource, looks at it again and ends it; what is said against it, or what a refresh finds changed."""
    kind = CATALOGUE[f"aws:{token}"]
    handler = TableResource(kind, lambda: bench.session)
    operation = Operation(urn="urn", name=f"x{secrets.token_hex(3)}", seed=secrets.token_bytes(8))
    try:
        checked = handler.check(operation, {}, inputs)
        made, state = handler.create(operation, checked)
    except ProviderError as error:
        return str(error)
    found = handler.read(operation, made, checked, state)
    changed = ["gone"] if found is None else handler.diff(operation, made, *found, checked).changed
    handler.delete(operation, made, checked, state)
    return f"changed: {', '.join(changed)}" if changed else ""


def test_programs_of_all_types_are_judged_as_aws_judges_them(bench):
    """One resource each; what AWS takes has to be as it was said right after it was made."""
    furnish_more(bench)
    cases = json.loads((Path(__file__).parent / "aws_account_refusals.json").read_text())
    judged = [(token, inputs, reason, life(bench, token, filled(inputs, bench.facts))) for token, inputs, reason in cases]

    assert [case for case in judged if bool(case[2]) != bool(case[3]) or case[2] not in case[3]] == []


def test_an_update_is_asked_too(bench):
    """An alarm or an endpoint that was right may be changed to what AWS refuses."""
    made = bench.make("ec2/vpcEndpoint:VpcEndpoint", vpcId=bench.facts["two"], serviceName="com.amazonaws.eu-west-1.s3")
    inputs = {name: made[name] for name in ("vpcId", "serviceName", "tagsAll") if name in made}
    handler = TableResource(CATALOGUE["aws:ec2/vpcEndpoint:VpcEndpoint"], lambda: bench.session)
    operation = Operation(urn="urn", name="x", seed=b"seed")
    own = {**inputs, "routeTableIds": [bench.facts["two table"]]}
    others = {**inputs, "routeTableIds": [bench.facts["one table"]]}

    changed = handler.update(operation, made["id"], inputs, made, own)
    handler.update(operation, made["id"], own, changed, {**own, "policy": policy_for_all()})

    with pytest.raises(ProviderError, match="does not belong to"):
        handler.update(operation, made["id"], own, changed, others)


def policy_for_all() -> str:
    return document(Principal="*", Action="s3:*", Resource="*")


def test_a_refresh_shows_what_aws_filled_in_since(bench):
    """The real provider shows rules, routes and policies also of what they belong to, wherever they are resources of their own."""
    facts, make, refreshed = bench.facts, bench.make, bench.refreshed
    group = make("ec2/securityGroup:SecurityGroup", vpcId=facts["one"])
    rule = {"securityGroupId": group["id"], "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "description": "out"}
    make("vpc/securityGroupEgressRule:SecurityGroupEgressRule", **rule, cidrIpv4="10.0.0.0/8")
    make("vpc/securityGroupEgressRule:SecurityGroupEgressRule", **rule, referencedSecurityGroupId=group["id"])
    table = make("ec2/routeTable:RouteTable", vpcId=facts["one"])
    make("ec2/route:Route", routeTableId=table["id"], destinationCidrBlock="0.0.0.0/0", natGatewayId=facts["nat"])
    role = make("iam/role:Role", assumeRolePolicy=trust("ecs-tasks.amazonaws.com"))
    make("iam/rolePolicy:RolePolicy", role=role["name"], policy=policy())
    bucket = make("s3/bucket:Bucket")
    text = filled(document(Principal={"AWS": "<role>"}, Action="s3:*", Resource=f"arn:aws:s3:::{bucket['id']}/*"), facts)
    make("s3/bucketPolicy:BucketPolicy", bucket=bucket["id"], policy=text)

    assert (group["egress"], table["routes"], role["inlinePolicies"], bucket["policy"]) == ([], [], [], "")
    (egress,) = refreshed("ec2/securityGroup:SecurityGroup", group)["egress"]
    assert (egress["cidrBlocks"], egress["self"], egress["description"]) == (["10.0.0.0/8"], True, "out")
    (route,) = refreshed("ec2/routeTable:RouteTable", table)["routes"]
    assert (route["cidrBlock"], route["natGatewayId"], route["transitGatewayId"]) == ("0.0.0.0/0", facts["nat"], "")
    assert [each["policy"] for each in refreshed("iam/role:Role", role)["inlinePolicies"]] == [policy()]
    assert json.loads(refreshed("s3/bucket:Bucket", bucket)["policy"]) == json.loads(text)
    assert "ec2-" in make("ec2/eip:Eip", domain="vpc")["publicDns"]


@pytest.mark.parametrize(("fault", "share"), [("throttle", 0.2), ("error", 0.2), ("down", 0.2), ("drop", 0.2), ("late", 1.0)])
def test_a_resource_is_made_once_on_a_bad_day(bench, fault, share):
    """What failed is tried again, as the real provider does: nothing is lost, nothing doubled."""
    iam, made = bench.session.client("iam"), []
    give_order(bench.endpoint, {"fault": fault, "share": share, "services": [], "seed": 3})
    try:
        role = bench.make("iam/role:Role", assumeRolePolicy=trust("ecs-tasks.amazonaws.com"))
        policy = document(
            Principal={"AWS": [f"arn:aws:iam::{bench.facts['account']}:root", role["arn"]]}, Action="kms:*", Resource="*"
        )
        made = [bench.make("kms/key:Key", policy=policy)["id"], bench.make("sns/topic:Topic")["arn"]]
    finally:
        give_order(bench.endpoint, {})

    assert iam.get_role(RoleName=role["name"])["Role"]["Arn"] == role["arn"]
    assert bench.session.client("kms").describe_key(KeyId=made[0])["KeyMetadata"]["Enabled"]
    assert bench.session.client("sns").get_topic_attributes(TopicArn=made[1])["Attributes"]["TopicArn"] == made[1]


@pytest.fixture
def lost(bench) -> Iterator[Callable[[str], None]]:
    """Loses the answer to the next call of a service, and no other of the ten after it."""
    yield lambda service: give_order(bench.endpoint, first_answer_lost(service))
    give_order(bench.endpoint, {})


def test_a_version_of_a_secret_whose_answer_is_lost_is_made_once(bench, lost):
    """The client repeats the call with its token; a second version would push out the one before, which runs still use."""
    client = bench.session.client("secretsmanager")
    arn = bench.make("secretsmanager/secret:Secret")["arn"]
    first = client.put_secret_value(SecretId=arn, SecretString="first")["VersionId"]
    lost("secretsmanager")
    second = client.put_secret_value(SecretId=arn, SecretString="second")["VersionId"]

    stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert stages == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}
    with pytest.raises(ClientError, match="already in use for a version"):
        client.put_secret_value(SecretId=arn, SecretString="third", ClientRequestToken=second)


def test_a_gateway_whose_answer_is_lost_is_made_once(bench, lost):
    """Each costs money by the hour, and nobody would know of the other."""
    client = bench.session.client("ec2")
    subnet = bench.make("ec2/subnet:Subnet", vpcId=bench.facts["one"], cidrBlock="10.1.200.0/24")["id"]
    lost("ec2")
    made = client.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]

    found = client.describe_nat_gateways(Filters=[{"Name": "subnet-id", "Values": [subnet]}])["NatGateways"]
    assert [each["NatGatewayId"] for each in found] == [made]


def test_an_object_whose_answer_is_lost_is_whole(bench, lost):
    client = bench.session.client("s3")
    lost("s3")
    client.put_object(Bucket=bench.facts["bucket"], Key="rows.json", Body=b"{}")

    assert client.get_object(Bucket=bench.facts["bucket"], Key="rows.json")["Body"].read() == b"{}"


def test_a_resource_whose_answer_is_lost_says_that_it_is_there(bench, lost):
    """IAM has no tokens: the repeated call is a second one. A deployment ends there, as it does in AWS, and the next goes on:
    under another automatic name at once, under a name of one's own as soon as what is in the way is taken over or deleted.
    """
    iam, trusted = bench.session.client("iam"), trust("ecs-tasks.amazonaws.com")
    lost("iam")
    with pytest.raises(ProviderError, match=r"CreateRole: EntityAlreadyExists: .*dbt-lost"):
        bench.make("iam/role:Role", name="dbt-lost", assumeRolePolicy=trusted)
    with pytest.raises(ProviderError, match="EntityAlreadyExists"):
        bench.make("iam/role:Role", name="dbt-lost", assumeRolePolicy=trusted)

    bench.make("iam/role:Role", assumeRolePolicy=trusted)
    iam.delete_role(RoleName="dbt-lost")
    bench.make("iam/role:Role", name="dbt-lost", assumeRolePolicy=trusted)


def test_credentials_that_ran_out_are_said_to_be(bench):
    give_order(bench.endpoint, {"fault": "expired", "share": 1, "services": [], "seed": 0})
    try:
        with pytest.raises(ProviderError, match="expired"):
            bench.make("sns/topic:Topic")
    finally:
        give_order(bench.endpoint, {})


def test_what_is_in_use_is_not_deleted(bench):
    """A program that forgets a dependency deletes in the wrong order, and stops half-way in AWS."""
    ec2, facts = bench.session.client("ec2"), bench.facts
    pair = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": facts["two group"]}]}
    using = ec2.create_security_group(GroupName="using", Description="using", VpcId=facts["two"])["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=using, IpPermissions=[pair])
    ec2.associate_route_table(RouteTableId=facts["two table"], SubnetId=facts["two subnet"])
    iam, kms = bench.session.client("iam"), bench.session.client("kms")
    disabled = bench.make("kms/key:Key", isEnabled=False)["id"]
    managed = [bench.make("iam/policy:Policy", policy=policy())["arn"] for _ in range(11)]
    for each in managed[:10]:
        iam.attach_role_policy(RoleName=facts["role name"], PolicyArn=each)

    refused = [
        (ec2.authorize_security_group_ingress, {"GroupId": using, "IpPermissions": [pair]}, "InvalidPermission.Duplicate"),
        (ec2.delete_security_group, {"GroupId": facts["two group"]}, "DependencyViolation"),
        (ec2.delete_subnet, {"SubnetId": facts["one subnet"]}, "DependencyViolation"),
        (ec2.delete_route_table, {"RouteTableId": facts["two table"]}, "DependencyViolation"),
        (ec2.delete_internet_gateway, {"InternetGatewayId": facts["gateway"]}, "DependencyViolation"),
        (ec2.detach_internet_gateway, {"InternetGatewayId": facts["gateway"], "VpcId": facts["one"]}, "mapped public address"),
        (ec2.release_address, {"AllocationId": facts["used address"]}, "InUse"),
        (bench.session.client("events").delete_rule, {"Name": facts["rule"]}, "since it has targets"),
        (ec2.delete_route, {"RouteTableId": facts["two table"], "DestinationCidrBlock": "10.2.0.0/16"}, "local route"),
        (ec2.delete_route, {"RouteTableId": facts["two table"], "DestinationCidrBlock": "172.16.0.0/16"}, "InvalidRoute.NotFound"),
        (kms.schedule_key_deletion, {"KeyId": facts["deleted key"]}, "KMSInvalidStateException"),
        (kms.enable_key_rotation, {"KeyId": disabled}, "DisabledException"),
        (iam.attach_role_policy, {"RoleName": facts["role name"], "PolicyArn": managed[10]}, "PoliciesPerRole: 10"),
    ]
    for call, arguments, reason in refused:
        with pytest.raises(ClientError, match=reason):
            pytest.fail(f"taken, though {reason}: {call(**arguments)}")
