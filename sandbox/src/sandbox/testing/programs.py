"""Pulumi programs of a test's own, deployed by the real engine into an account of the emulator's."""

import asyncio
import contextlib
import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation

from sandbox.testing.account import REGION, Account


@dataclass
class Result:
    """What an update or a preview did."""

    operations: dict[str, set[str]] = field(default_factory=dict)
    """Engine's word (`update`, `replace`, ...) -> resources, as `Type/name`."""
    outputs: dict[str, Any] = field(default_factory=dict)

    def take(self, event: automation.events.EngineEvent) -> None:
        step = event.resource_pre_event
        if step and not step.metadata.type.startswith("pulumi:"):
            name = f"{step.metadata.type.rpartition(':')[2]}/{step.metadata.urn.rpartition('::')[2]}"
            self.operations.setdefault(step.metadata.op.value, set()).add(name)

    def __getitem__(self, operation: str) -> set[str]:
        return self.operations.get(operation, set())


class Bench:
    """Stacks with inline programs, deployed by the real engine."""

    def __init__(self, cli: automation.PulumiCommand, work: Path) -> None:
        self.cli = cli
        self.work = work

    def stack(self, name: str, **config: Any) -> automation.Stack:
        options = automation.LocalWorkspaceOptions(work_dir=str(self.work), pulumi_command=self.cli)
        stack = automation.create_or_select_stack(name, "tests", lambda: None, opts=options)
        settings = {"region": REGION, "defaultTags": {"tags": {"project": "dbt"}}, **config}
        for key, value in settings.items():
            text = value if isinstance(value, str) else json.dumps(value)
            stack.set_config(f"aws:{key}", automation.ConfigValue(value=text))
        return stack


@contextlib.contextmanager
def _wholly_ended() -> Iterator[None]:
    """Ends at once what the SDK leaves of a program that failed: coroutines that want a loop even for their end.

    Left to the garbage collector, they end in the middle of anything: with a warning, or a SystemError of Python's compiler.
    """

    async def end() -> None:
        gc.collect()

    try:
        yield
    except automation.CommandError:
        asyncio.run(end())
        raise


def up(stack: automation.Stack, program: Callable[[], None], **options: Any) -> Result:
    result = Result()
    with _wholly_ended():
        done = stack.up(program=program, on_event=result.take, **options)
    result.outputs = {name: output.value for name, output in done.outputs.items()}
    return result


def preview(stack: automation.Stack, program: Callable[[], None], **options: Any) -> Result:
    result = Result()
    with _wholly_ended():
        stack.preview(program=program, on_event=result.take, **options)
    return result


def unchanged(stack: automation.Stack, program: Callable[[], None]) -> None:
    """AWS has what the program says, property by property."""
    stack.preview(program=program, refresh=True, expect_no_changes=True)


def what_is_left(emulator: Account) -> dict[str, list[str]]:
    """Names of everything in the account, by kind, but for what every account has and task definitions that are kept."""
    ec2, kms = emulator.client("ec2"), emulator.client("kms")
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    found = {
        "vpc": vpcs,
        "subnet": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"] if subnet["VpcId"] in vpcs],
        "nat": [nat["NatGatewayId"] for nat in ec2.describe_nat_gateways()["NatGateways"] if nat["State"] != "deleted"],
        "address": [address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]],
        "endpoint": [endpoint["VpcEndpointId"] for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]],
        "zone": [zone["Name"] for zone in emulator.client("route53").list_hosted_zones()["HostedZones"]],
        "flow log": [log["FlowLogId"] for log in ec2.describe_flow_logs()["FlowLogs"]],
        "key": [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion" and key["KeyManager"] == "CUSTOMER"],
        "alias": [a["AliasName"] for a in kms.list_aliases()["Aliases"] if not a["AliasName"].startswith("alias/aws/")],
        "bucket": [bucket["Name"] for bucket in emulator.client("s3").list_buckets()["Buckets"]],
        "role": [role["RoleName"] for role in emulator.client("iam").list_roles()["Roles"]],
        "secret": [secret["Name"] for secret in emulator.client("secretsmanager").list_secrets()["SecretList"]],
        "repository": [r["repositoryName"] for r in emulator.client("ecr").describe_repositories()["repositories"]],
        "cluster": emulator.client("ecs").list_clusters()["clusterArns"],
        "log group": [group["logGroupName"] for group in emulator.client("logs").describe_log_groups()["logGroups"]],
        "topic": [topic["TopicArn"] for topic in emulator.client("sns").list_topics()["Topics"]],
        "rule": [rule["Name"] for rule in emulator.client("events").list_rules()["Rules"]],
        "alarm": [alarm["AlarmName"] for alarm in emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "dashboard": [page["DashboardName"] for page in emulator.client("cloudwatch").list_dashboards()["DashboardEntries"]],
        "budget": [b["BudgetName"] for b in emulator.client("budgets").describe_budgets(AccountId=emulator.id).get("Budgets", [])],
        "environment": emulator.client("mwaa").list_environments()["Environments"],
    }
    return {kind: names for kind, names in found.items() if names}
