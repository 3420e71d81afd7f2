"""The platform's network where there is no way to the internet, in an account of its own."""

from collections.abc import Callable

import pulumi
from pulumi import automation

from components.account import Account as Here
from components.encryption import EncryptionKey, EncryptionKeyArgs
from components.logs import Logs
from components.network.endpoints import SERVICES
from components.network.network import Network, NetworkArgs
from sandbox.testing.account import Account
from sandbox.testing.programs import unchanged, up, what_is_left
from settings.sections.network import NetworkSettings
from settings.sections.warehouse import WarehouseSettings


def private_network() -> None:
    """The platform's own network without a way to the internet."""
    account = Here.current()
    key = EncryptionKey("platform", EncryptionKeyArgs(account=account, disposable=True))
    settings = {
        "egress": "privateLink",
        "snowflake": {
            "endpointService": "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0",
            "stageBuckets": ["sfc-eu-ds1-customer-stage"],
        },
    }
    names = dict.fromkeys(["account", "user", "role", "database", "warehouse"], "DBT")
    network = Network(
        "platform",
        NetworkArgs(
            account=account,
            settings=NetworkSettings.model_validate(settings),
            production=False,
            warehouse=WarehouseSettings.model_validate({**names, "host": "acme.privatelink.snowflakecomputing.com"}),
            logs=Logs(kms_key_arn=key.arn, retention_days=30),
        ),
    )
    pulumi.export("subnets", network.private_subnet_ids)
    pulumi.export("taskGroup", network.task_security_group_id)


def test_a_network_without_internet_is_deployed_and_taken_away_again(new_stack: Callable[..., automation.Stack], cloud: Account):
    """The committed stacks use NAT: the other way out must not be a page of code that nobody has ever run."""
    stack, ec2 = new_stack("private-network"), cloud.client("ec2")

    made = up(stack, private_network).outputs
    vpc = ec2.describe_subnets(SubnetIds=made["subnets"])["Subnets"][0]["VpcId"]
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    tables = ec2.describe_route_tables(Filters=here)["RouteTables"]
    endpoints = ec2.describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    (group,) = ec2.describe_security_groups(GroupIds=[made["taskGroup"]])["SecurityGroups"]
    unchanged(stack, private_network)

    assert not [route for table in tables for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    assert len(endpoints) == len(SERVICES) + len(["s3", "snowflake"])
    assert not [permission for permission in group["IpPermissionsEgress"] if permission["IpRanges"]]
    assert any(permission["PrefixListIds"] for permission in group["IpPermissionsEgress"])

    stack.destroy()
    assert what_is_left(cloud) == {}
