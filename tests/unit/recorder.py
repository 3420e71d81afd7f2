"""Pulumi's engine replaced by a recorder: what a program registers, given the outputs that AWS would give."""

import asyncio
import gc
import json
import logging
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import yaml
from pulumi.runtime import config, mocks
from pulumi.runtime.settings import SETTINGS, _get_rpc_manager, _set_project, get_root_resource, set_root_resource
from pulumi.runtime.stack import wait_for_rpcs

from settings.project import REPOSITORY

REGION = "eu-west-1"
ACCOUNT_ID = "123456789012"
REPOSITORY_URL = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/dbt"
IMAGE = f"{REPOSITORY_URL}@sha256:{'0' * 64}"

FUNCTIONS: dict[str, dict[str, Any]] = {
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:index/getDefaultTags:getDefaultTags": {"tags": {"project": "dbt-platform", "environment": "test"}},
    "aws:index/getRegion:getRegion": {"region": REGION},
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT_ID},
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": [f"{REGION}{zone}" for zone in "abc"]},
    "aws:ecr/getRepositories:getRepositories": {"names": []},
    "aws:secretsmanager/getSecret:getSecret": {
        "arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:team/slack-a1b2c3",
        "kmsKeyId": "alias/team",
    },
    "aws:kms/getKey:getKey": {"arn": f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/team"},
}

ARNS = {
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{name}",
    "aws:kms/key:Key": f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{{name}}",
    "aws:iam/role:Role": f"arn:aws:iam::{ACCOUNT_ID}:role{{path}}{{name}}",
    "aws:cloudwatch/logGroup:LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{{name}}",
    "aws:secretsmanager/secret:Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:{{name}}-a1b2c3",
    "aws:ecr/repository:Repository": f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/{{name}}",
    "aws:ecs/cluster:Cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:cluster/{{name}}",
    "aws:ecs/taskDefinition:TaskDefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:task-definition/{{family}}:7",
    "aws:cloudwatch/metricAlarm:MetricAlarm": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{{name}}",
    "aws:sns/topic:Topic": f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{{name}}",
}

OUTPUTS: dict[str, dict[str, Any]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "prefixListId": "pl-s3",
        "dnsEntries": [{"dnsName": "vpce.example.com", "hostedZoneId": "Z1"}],
    },
    "aws:route53/zone:Zone": {"zoneId": "Z2"},
    "aws:s3/bucketObjectv2:BucketObjectv2": {"versionId": "version-1"},
    "aws:kms/key:Key": {"keyId": "key-1"},
    "aws:ecr/repository:Repository": {"repositoryUrl": REPOSITORY_URL, "registryId": ACCOUNT_ID},
    "aws:mwaa/environment:Environment": {"webserverUrl": "airflow.example.com"},
    "docker:index/image:Image": {"repoDigest": IMAGE},
}


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it."""

    type: str
    name: str
    inputs: dict[str, Any]
    """A file that is handed over is its path."""


class RecordingMocks(mocks.Mocks):
    """Keeps every registration and answers like AWS."""

    def __init__(self) -> None:
        self.registrations: list[Registration] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, {}
        inputs = {key: value.path if isinstance(value, pulumi.FileAsset) else value for key, value in args.inputs.items()}
        self.registrations.append(Registration(type=args.typ, name=args.name, inputs=inputs))
        state = {"name": args.name, "path": "/", **args.inputs, **OUTPUTS.get(args.typ, {})}
        if args.typ in ARNS:
            state["arn"] = ARNS[args.typ].format_map(state)
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return FUNCTIONS[args.token], []


class RecordingLog(logging.Logger):
    """Keeps the warnings."""

    def __init__(self) -> None:
        super().__init__("pulumi", logging.WARNING)
        self.warnings: list[str] = []

    def handle(self, record: logging.LogRecord) -> None:
        self.warnings.append(record.getMessage())


class RecordingMonitor(mocks.MockMonitor):
    """Keeps what mocks are not told: options of resources and relations between them."""

    def __init__(self, answers: mocks.Mocks) -> None:
        super().__init__(answers)
        self.exchanges: list[tuple[Any, Any]] = []
        self.read: dict[tuple[str, str], str] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (gRPC's name)
        response = super().RegisterResource(request)
        self.exchanges.append((request, response))
        return response

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 (gRPC's name)
        self.read[request.type, request.name] = request.id
        return super().ReadResource(request)


PROJECT = "dbt-platform"
"""Name in Pulumi.yaml."""


class Stack:
    """What the code under test has registered. A stack of project `dbt-platform`."""

    outputs: dict[str, Any]
    """The stack's outputs; of a whole program only."""

    def __init__(self, name: str = "dev") -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._mocks = RecordingMocks()
        self._monitor = RecordingMonitor(self._mocks)
        # What a program that failed left behind waits for its loop, which is closed.
        _get_rpc_manager().clear()
        SETTINGS.outputs.clear()  # pyright: ignore[reportAttributeAccessIssue] (made at run time)
        # The outputs of a program that ran before hang on its stack.
        set_root_resource(None)  # pyright: ignore[reportArgumentType] (the SDK's own initial value)
        self._log = RecordingLog()
        mocks.set_mocks(self._mocks, project=PROJECT, stack=name, monitor=self._monitor, logger=self._log)

    def close(self) -> None:
        self.registrations()
        gc.enable()  # the program of a stack lets nothing be collected: it ends soon
        asyncio.set_event_loop(None)
        self._loop.close()
        config.set_all_config({})  # whose stack it is would decide the names of the next one

    def registrations(self) -> list[Registration]:
        """All of them, once every output is known."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(wait_for_rpcs())
        return self._mocks.registrations

    @property
    def exchanges(self) -> list[tuple[Any, Any]]:
        """Every RegisterResource as gRPC saw it: request and response."""
        self.registrations()
        return self._monitor.exchanges

    @property
    def read(self) -> dict[tuple[str, str], str]:
        """Id of every resource that is only read, by type and name."""
        self.registrations()
        return self._monitor.read

    @property
    def protected(self) -> set[tuple[str, str]]:
        """Type and name of every resource that Pulumi refuses to delete."""
        return {(request.type, request.name) for request, _ in self.exchanges if request.protect}

    @property
    def retained(self) -> set[tuple[str, str]]:
        """Type and name of every resource that stays when Pulumi deletes it."""
        return {(request.type, request.name) for request, _ in self.exchanges if request.retainOnDelete}

    @property
    def warnings(self) -> list[str]:
        """What a user would be warned of."""
        self.registrations()
        return self._log.warnings

    def all(self, type_: str) -> dict[str, dict[str, Any]]:
        """Inputs of every resource of a type, by name."""
        return {each.name: each.inputs for each in self.registrations() if each.type == type_}

    def only(self, type_: str) -> dict[str, Any]:
        """Inputs of the one resource of a type; fails when there are none or several."""
        found = self.all(type_)
        assert len(found) == 1, f"expected one {type_}, found {sorted(found)}"
        return next(iter(found.values()))

    def value(self, output: pulumi.Input[Any]) -> Any:
        """What an output resolves to."""
        self.registrations()
        return self._loop.run_until_complete(pulumi.Output.from_input(output).future())

    def known(self, output: pulumi.Output[Any]) -> bool:
        """Does a preview know the value?"""
        return self._loop.run_until_complete(output.is_known())

    def statements(self, type_: str, name: str) -> list[dict[str, Any]]:
        """Statements of the policy that a resource carries."""
        return json.loads(self.all(type_)[name]["policy"])["Statement"]

    def role_statements(self, name: str) -> list[dict[str, Any]]:
        """What a role may do."""
        return self.statements("aws:iam/rolePolicy:RolePolicy", name)


def stack_file(name: str) -> dict[str, Any]:
    """The configuration in a committed stack file."""
    return yaml.safe_load((REPOSITORY / f"Pulumi.{name}.yaml").read_text())["config"]


def without_internet(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same stack with egress privateLink."""
    snowflake = {
        "endpointService": "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0",
        "stageBuckets": ["sfc-eu-ds1-12-customer-stage"],
    }
    warehouse = {**values["dbt-platform:warehouse"], "host": "acme.eu-west-1.privatelink.snowflakecomputing.com"}
    network = {**values["dbt-platform:network"], "egress": "privateLink", "snowflake": snowflake}
    return {**values, "dbt-platform:network": network, "dbt-platform:warehouse": warehouse}


def set_configuration(values: Mapping[str, Any]) -> None:
    """Hand values to the program in the form that Pulumi gives them."""
    _set_project(PROJECT)
    config.set_all_config({key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()})


def run_program(values: Mapping[str, Any], name: str = "dev") -> Stack:
    """Run the whole program. Takes about 0.3 s: the fixtures `development` and `production` are there for tests that only look."""
    set_configuration(values)
    stack = Stack(name)
    try:
        runpy.run_path(str(REPOSITORY / "__main__.py"), run_name="__main__")
        root = get_root_resource()
        assert isinstance(root, pulumi.runtime.stack.Stack)
        stack.outputs = stack.value(dict(root.outputs))
        return stack
    finally:
        stack.close()
