import json
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.mocks import MockCallArgs

from components.account import Account
from components.logs import Logs
from components.network.network import Network, NetworkArgs
from settings.addresses import AddressPlan
from settings.sections.network import NetworkSettings
from settings.sections.warehouse import WarehouseSettings
from tests.unit.recorder import ACCOUNT_ID, FUNCTIONS, RecordingMocks, Stack

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
PRIVATE_HOST = "acme.eu-west-1.privatelink.snowflakecomputing.com"
ROUTE = "aws:ec2/route:Route"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@pytest.fixture
def network_args(account: Account, logs: Logs) -> NetworkArgs:
    settings = NetworkSettings.model_validate({"cidr": "10.20.0.0/16", "availabilityZones": 2})
    return NetworkArgs(account=account, settings=settings, production=False, warehouse=warehouse(), logs=logs)


def warehouse(**values: object) -> WarehouseSettings:
    names = dict.fromkeys(["user", "role", "database", "warehouse"], "DBT")
    return WarehouseSettings.model_validate({"account": "ACME-ANALYTICS", **names, **values})


def test_private_subnets_lie_in_different_zones(stack: Stack, network_args: NetworkArgs):
    """MWAA refuses two subnets of one zone, and an outage of a zone would stop everything."""
    network = Network("platform", network_args)

    names = stack.value(network.private_subnet_ids)
    subnets = stack.all("aws:ec2/subnet:Subnet")

    assert [subnets[name.removesuffix("-id")]["availabilityZone"] for name in names] == ["eu-west-1a", "eu-west-1b"]


def test_a_local_zone_is_no_availability_zone(stack: Stack, network_args: NetworkArgs, monkeypatch: pytest.MonkeyPatch):
    """An account that has opted in to one gets it first in the list, and MWAA refuses its subnet after an hour."""
    statuses = {"eu-west-1-lhr-1a": "opted-in", "eu-west-1a": "opt-in-not-required", "eu-west-1b": "opt-in-not-required"}

    def zones(mocks: RecordingMocks, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        wanted = {each["name"]: each["values"] for each in args.args.get("filters", [])}.get("opt-in-status", statuses.values())
        return {"names": [name for name, status in statuses.items() if status in wanted]}, []

    monkeypatch.setattr(RecordingMocks, "call", zones)
    Network("platform", network_args)

    subnets = stack.all("aws:ec2/subnet:Subnet").values()
    assert {subnet["availabilityZone"] for subnet in subnets} == {"eu-west-1a", "eu-west-1b"}


def test_chosen_zones_stay_when_aws_adds_another(stack: Stack, network_args: NetworkArgs):
    """A subnet in another zone is a new one, and MWAA's database does not move with it."""
    settings = NetworkSettings.model_validate({"zones": ["eu-west-1c", "eu-west-1b"]})

    Network("platform", NetworkArgs(**{**vars(network_args), "settings": settings}))

    subnets = stack.all("aws:ec2/subnet:Subnet")
    assert {subnet["availabilityZone"] for subnet in subnets.values()} == {"eu-west-1b", "eu-west-1c"}


def test_a_zone_of_another_region_is_refused(stack: Stack, network_args: NetworkArgs):
    """AWS would say so after the network was half made."""
    settings = NetworkSettings.model_validate({"zones": ["eu-west-1a", "us-east-1b"]})

    with pytest.raises(
        pulumi.RunError, match=r"network\.zones = .*\n  Not in this region, or without Fargate: us-east-1b\. Choose of eu-west-1a, "
    ):
        Network("platform", NetworkArgs(**{**vars(network_args), "settings": settings}))


def test_an_impaired_zone_keeps_its_subnets(stack: Stack, network_args: NetworkArgs, monkeypatch: pytest.MonkeyPatch):
    """A deployment during an outage would otherwise replace them, and Airflow."""
    asked: list[dict[str, Any]] = []
    answer = RecordingMocks.call
    monkeypatch.setattr(RecordingMocks, "call", lambda mocks, args: asked.append(args.args) or answer(mocks, args))

    Network("platform", network_args)

    assert [each for each in asked if "filters" in each and "state" in each] == []


def test_no_subnet_lies_in_a_zone_without_fargate(stack: Stack, network_args: NetworkArgs, monkeypatch: pytest.MonkeyPatch):
    """Every task there would end with "The specified subnet has no Fargate", and Airflow is not made at all."""
    asked: list[dict[str, Any]] = []
    answer = RecordingMocks.call
    monkeypatch.setattr(RecordingMocks, "call", lambda mocks, args: asked.append(args.args) or answer(mocks, args))

    Network("platform", network_args)

    [zones] = [each for each in asked if "filters" in each]
    assert set(zones["excludeZoneIds"]) == {"apne1-az3", "usw1-az2"}


@pytest.mark.parametrize(
    ("zones", "fix"),
    [(["eu-west-1a", "eu-west-1b"], "eu-west-1a, eu-west-1b. Set 2."), (["eu-west-1a"], "Choose another aws:region")],
)
def test_a_region_with_too_few_zones_says_so(
    stack: Stack, network_args: NetworkArgs, monkeypatch: pytest.MonkeyPatch, zones: list[str], fix: str
):
    """A traceback about the lengths of lists helps nobody."""
    monkeypatch.setitem(FUNCTIONS, "aws:index/getAvailabilityZones:getAvailabilityZones", {"names": zones})
    settings = NetworkSettings.model_validate({"availabilityZones": 3})

    with pytest.raises(pulumi.RunError, match=r"dbt-platform:network.availabilityZones = 3\n") as caught:
        Network("platform", NetworkArgs(**{**vars(network_args), "settings": settings}))

    assert fix in str(caught.value)


def test_workloads_reach_the_internet_only_through_nat(stack: Stack, network_args: NetworkArgs):
    """Nothing on the internet can open a connection to a dbt task or to Airflow."""
    Network("platform", network_args)

    private = {name: route for name, route in stack.all(ROUTE).items() if "private" in name}
    assert len(private) == 2
    for route in private.values():
        assert "natGatewayId" in route
        assert "gatewayId" not in route
    assert not any(subnet["mapPublicIpOnLaunch"] for subnet in stack.all("aws:ec2/subnet:Subnet").values())


def test_development_pays_for_one_nat_gateway(stack: Stack, network_args: NetworkArgs):
    """A gateway per zone costs about 35 dollars a month more for each, and development can wait out an outage."""
    Network("platform", network_args)

    assert len(stack.all("aws:ec2/natGateway:NatGateway")) == 1


def test_production_survives_the_loss_of_a_zone(development: Stack, production: Stack):
    """With one gateway, an outage of its zone would cut off the other zone as well."""
    routes = {name: route["natGatewayId"] for name, route in production.all(ROUTE).items() if "private" in name}

    assert len(production.all("aws:ec2/natGateway:NatGateway")) == len(set(routes.values())) == 2
    for name, gateway in routes.items():
        assert name.removeprefix("platform-private-") in gateway


def test_rules_that_nobody_wrote_do_not_exist(stack: Stack, network_args: NetworkArgs):
    """AWS gives every VPC a group that lets its members talk to each other; something started by hand would get it."""
    Network("platform", network_args)

    group = stack.only("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (group["ingress"], group["egress"]) == ([], [])


@pytest.mark.parametrize(("warehouse_port", "ports"), [(443, [443]), (8443, [443, 8443])])
def test_a_dbt_task_takes_no_connection_and_opens_only_tls(
    stack: Stack, network_args: NetworkArgs, warehouse_port: int, ports: list[int]
):
    """Stolen code in a dbt project can't listen, and has one port to call out on."""
    args = NetworkArgs(**{**vars(network_args), "warehouse": warehouse(port=warehouse_port)})
    group = stack.value(Network("platform", args).task_security_group_id)

    out = [rule for rule in stack.all(EGRESS).values() if rule["securityGroupId"] == group]
    assert sorted((rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in out) == [(p, p, "tcp") for p in ports]
    assert not [rule for rule in stack.all(INGRESS).values() if rule["securityGroupId"] == group]


def test_airflow_takes_connections_from_itself_only(stack: Stack, network_args: NetworkArgs):
    """Without its own traffic MWAA hangs for two hours; with anyone else's, the metadata database is exposed."""
    group = stack.value(Network("platform", network_args).airflow.id)

    rule = stack.only(INGRESS)
    assert rule["securityGroupId"] == rule["referencedSecurityGroupId"] == group
    out = [rule for rule in stack.all(EGRESS).values() if rule["securityGroupId"] == group]
    assert {rule.get("referencedSecurityGroupId", rule.get("cidrIpv4")) for rule in out} == {group, "0.0.0.0/0"}


def test_s3_traffic_never_pays_for_nat(stack: Stack, network_args: NetworkArgs):
    """Image layers and artifacts are most of the bytes; NAT charges for each of them."""
    Network("platform", network_args)

    endpoint = stack.only("aws:ec2/vpcEndpoint:VpcEndpoint")
    assert endpoint["serviceName"] == "com.amazonaws.eu-west-1.s3"
    assert len(endpoint["routeTableIds"]) == 2


def test_all_traffic_is_on_record(stack: Stack, network_args: NetworkArgs):
    """After an incident somebody has to say what talked to what (FSBP EC2.6)."""
    Network("platform", network_args)

    assert stack.only("aws:ec2/flowLog:FlowLog")["trafficType"] == "ALL"


@pytest.fixture
def private_args(network_args: NetworkArgs) -> NetworkArgs:
    """With egress privateLink."""
    snowflake = {"endpointService": "com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b", "stageBuckets": ["sfc-eu-ds1-customer-stage"]}
    settings = {"cidr": "10.20.0.0/16", "availabilityZones": 2, "egress": "privateLink", "snowflake": snowflake}
    values = {"settings": NetworkSettings.model_validate(settings), "warehouse": warehouse(host=PRIVATE_HOST)}
    return NetworkArgs(**{**vars(network_args), **values})


def test_private_link_leaves_no_way_to_the_internet(stack: Stack, private_args: NetworkArgs):
    """Code inside a dbt task can't carry data out, whatever it got hold of."""
    Network("platform", private_args)

    for kind in ("internetGateway:InternetGateway", "natGateway:NatGateway", "eip:Eip", "route:Route"):
        assert stack.all(f"aws:ec2/{kind}") == {}
    assert all("private" in name for name in stack.all("aws:ec2/subnet:Subnet"))
    assert [rule for rule in stack.all(EGRESS).values() if "cidrIpv4" in rule or "cidrIpv6" in rule] == []


def test_every_service_has_a_private_way_in_both_zones(stack: Stack, private_args: NetworkArgs):
    """One that is missing shows as a task that hangs in PENDING, or as an environment that fails after two hours."""
    network = Network("platform", private_args)
    subnets = stack.value(network.private_subnet_ids)

    endpoints = interfaces(stack)
    assert set(endpoints) == {
        *("airflow.api", "airflow.env", "airflow.ops", "ecr.api", "ecr.dkr", "ecs", "kms", "logs", "monitoring"),
        *("secretsmanager", "sns", "sqs", "sts"),
    }
    for endpoint in endpoints.values():
        assert endpoint["privateDnsEnabled"] is True
        assert endpoint["subnetIds"] == subnets


def interfaces(stack: Stack) -> dict[str, dict[str, Any]]:
    """Interface endpoints of AWS's services, by service."""
    prefix = "com.amazonaws.eu-west-1."
    found = stack.all(ENDPOINT).values()
    return {each["serviceName"].removeprefix(prefix): each for each in found if each.get("privateDnsEnabled")}


OPEN = {"airflow": {"airflow:*"}, "monitoring": {"cloudwatch:PutMetricData"}, "logs": {"logs:CreateLogStream", "logs:PutLogEvents"}}
"""What MWAA's own containers need, besides pulling, as identities of AWS."""


def test_endpoints_serve_this_accounts_identities_and_what_mwaas_containers_need(stack: Stack, private_args: NetworkArgs):
    """With another account's key, code in a task could send data to that account through AWS's own services. Closed for AWS's
    own identities, the environment is not made: two hours until MWAA says so.
    """
    Network("platform", private_args)

    for service, endpoint in interfaces(stack).items():
        ours, *others = json.loads(endpoint["policy"])["Statement"]
        assert ours["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID}}
        assert ours["Action"] == [f"{'cloudwatch' if service == 'monitoring' else service.partition('.')[0]}:*"]
        anybody = {action for other in others for action in other["Action"]}
        pulls = {action for action in anybody if action.startswith(("ecr:Get", "ecr:Batch"))}
        assert anybody - pulls == OPEN.get(service.partition(".")[0], set())
        assert bool(pulls) == service.startswith("ecr")


def test_s3_is_this_accounts_and_what_images_and_snowflake_need(stack: Stack, private_args: NetworkArgs):
    """S3 is where stolen data would go first; without layers no container starts, without the stage large results hang."""
    Network("platform", private_args)

    endpoint = next(each for each in stack.all(ENDPOINT).values() if each["vpcEndpointType"] == "Gateway")
    ours, layers, stage = json.loads(endpoint["policy"])["Statement"]
    assert ours["Condition"]["StringEquals"] == {"aws:PrincipalAccount": ACCOUNT_ID, "aws:ResourceAccount": ACCOUNT_ID}
    assert (layers["Action"], layers["Resource"]) == (
        ["s3:GetObject"],
        ["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"],
    )
    assert stage["Resource"] == ["arn:aws:s3:::sfc-eu-ds1-customer-stage/*"]


def test_private_groups_talk_to_endpoints_and_to_nothing_else(stack: Stack, private_args: NetworkArgs):
    """Only dbt has a way to Snowflake, and nobody has one to a neighbour."""
    network = Network("platform", private_args)
    task, airflow = stack.value(network.task_security_group_id), stack.value(network.airflow.id)

    def peers(group: str, kind: str) -> set[tuple[str, int | None]]:
        rules = [rule for rule in stack.all(kind).values() if rule["securityGroupId"] == group]
        ends = ("referencedSecurityGroupId", "prefixListId")
        return {(next(rule[end] for end in ends if end in rule), rule.get("fromPort")) for rule in rules}

    endpoints, snowflake, s3 = "platform-endpoints-id", "platform-snowflake-id", "pl-s3"
    assert peers(task, EGRESS) == {(endpoints, 443), (s3, 443), (snowflake, 443)}
    assert peers(airflow, EGRESS) == {(airflow, None), (endpoints, 443), (s3, 443)}
    assert (peers(task, INGRESS), peers(airflow, INGRESS)) == (set(), {(airflow, None)})
    assert peers(endpoints, INGRESS) == {(task, 443), (airflow, 443)}
    assert peers(snowflake, INGRESS) == {(task, 443)}
    assert peers(endpoints, EGRESS) == peers(snowflake, EGRESS) == set()


def test_snowflakes_name_leads_to_its_endpoint_inside_the_vpc_only(stack: Stack, private_args: NetworkArgs):
    """Under the public name dbt would look for a way to the internet and hang."""
    Network("platform", private_args)

    zone = stack.only("aws:route53/zone:Zone")
    assert (zone["name"], zone["vpcs"]) == (PRIVATE_HOST, [{"vpcId": "platform-id"}])
    record = stack.only("aws:route53/record:Record")
    assert record["name"] == PRIVATE_HOST
    assert record["aliases"][0]["name"] == "vpce.example.com"


@given(
    prefix=st.integers(16, 24),
    zones=st.integers(2, 3),
    endpoints=st.booleans(),
    start=st.integers(0, 255).map(lambda octet: f"10.{octet}.0.0"),
)
def test_subnets_share_the_range_without_overlap(prefix: int, zones: int, endpoints: bool, start: str):
    """AWS refuses overlapping subnets halfway through a deployment."""
    cidr = IPv4Network(f"{start}/{prefix}")
    try:
        plan = AddressPlan.of(cidr, zones, endpoints=endpoints)
    except ValueError:
        assert (prefix, zones, endpoints) in {(24, 3, False), (24, 3, True), (24, 2, True), (23, 3, True)}
        return

    blocks = [*plan.private, *plan.public]
    assert len(plan.private) == len(plan.public) == zones
    assert all(block.subnet_of(cidr) and block.prefixlen <= 28 for block in blocks)
    assert not any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[i + 1 :])
