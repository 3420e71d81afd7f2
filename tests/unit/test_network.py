from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.account import Account
from components.addresses import AddressPlan
from components.logs import Logs
from components.network import Network, NetworkArgs
from components.sections.network import NetworkSettings
from tests.unit.recorder import Stack

ROUTE = "aws:ec2/route:Route"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@pytest.fixture
def network_args(account: Account, logs: Logs) -> NetworkArgs:
    settings = NetworkSettings.model_validate({"cidr": "10.20.0.0/16", "availabilityZones": 2})
    return NetworkArgs(account=account, settings=settings, nat_gateway_per_zone=False, warehouse_port=443, logs=logs)


def test_private_subnets_lie_in_different_zones(stack: Stack, network_args: NetworkArgs):
    """MWAA refuses two subnets of one zone, and an outage of a zone would stop everything."""
    network = Network("platform", network_args)

    names = stack.value(network.private_subnet_ids)
    subnets = stack.all("aws:ec2/subnet:Subnet")

    assert [subnets[name.removesuffix("-id")]["availabilityZone"] for name in names] == ["eu-west-1a", "eu-west-1b"]


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
    args = NetworkArgs(**{**vars(network_args), "warehouse_port": warehouse_port})
    group = stack.value(Network("platform", args).task_security_group_id)

    out = [rule for rule in stack.all(EGRESS).values() if rule["securityGroupId"] == group]
    assert sorted((rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in out) == [(p, p, "tcp") for p in ports]
    assert not [rule for rule in stack.all(INGRESS).values() if rule["securityGroupId"] == group]


def test_airflow_takes_connections_from_itself_only(stack: Stack, network_args: NetworkArgs):
    """Without its own traffic MWAA hangs for two hours; with anyone else's, the metadata database is exposed."""
    group = stack.value(Network("platform", network_args).airflow_security_group_id)

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


@given(prefix=st.integers(16, 24), zones=st.integers(2, 3), start=st.integers(0, 255).map(lambda octet: f"10.{octet}.0.0"))
def test_subnets_share_the_range_without_overlap(prefix: int, zones: int, start: str):
    """AWS refuses overlapping subnets halfway through a deployment."""
    cidr = IPv4Network(f"{start}/{prefix}")
    try:
        plan = AddressPlan.of(cidr, zones)
    except ValueError:
        assert (prefix, zones) == (24, 3)
        return

    blocks = [*plan.private, *plan.public]
    assert len(plan.private) == len(plan.public) == zones
    assert all(block.subnet_of(cidr) and block.prefixlen <= 28 for block in blocks)
    assert not any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[i + 1 :])
