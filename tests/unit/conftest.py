"""Pulumi's engine replaced by a recorder: what a program registers, with the outputs that AWS would give."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi.runtime.stack import wait_for_rpcs

REGION = "eu-west-1"
ACCOUNT_ID = "123456789012"
REPOSITORY_URL = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/dbt"

FUNCTIONS: dict[str, dict[str, Any]] = {
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:index/getRegion:getRegion": {"region": REGION},
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT_ID},
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": [f"{REGION}{zone}" for zone in "abc"]},
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": {"userName": "AWS", "password": "token"},
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
    "aws:sns/topic:Topic": f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{{name}}",
}


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it."""

    type: str
    name: str
    inputs: dict[str, Any]


class RecordingMocks(mocks.Mocks):
    """Keeps every registration and answers like AWS."""

    def __init__(self) -> None:
        self.registrations: list[Registration] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = args.inputs
        if args.custom:
            self.registrations.append(Registration(type=args.typ, name=args.name, inputs=inputs))
        state = {"name": args.name, "path": "/", **inputs}
        if args.typ in ARNS:
            state["arn"] = ARNS[args.typ].format_map(state)
        state |= {"repositoryUrl": REPOSITORY_URL, "registryId": ACCOUNT_ID, "versionId": "version-1", "keyId": f"{args.name}-key"}
        if args.typ == "docker:index/image:Image":
            state["repoDigest"] = f"{REPOSITORY_URL}@sha256:{'0' * 64}"
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return FUNCTIONS[args.token], []


class Stack:
    """What the program under test has registered."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._mocks = RecordingMocks()
        mocks.set_mocks(self._mocks, project="dbt-platform", stack="dev")

    def registrations(self) -> list[Registration]:
        """All of them, once every output is known."""
        self._loop.run_until_complete(wait_for_rpcs())
        return self._mocks.registrations

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
        self._loop.run_until_complete(wait_for_rpcs())
        return self._loop.run_until_complete(pulumi.Output.from_input(output).future())

    def statements(self, type_: str, name: str) -> list[dict[str, Any]]:
        """Statements of the policy that a resource carries."""
        return json.loads(self.all(type_)[name]["policy"])["Statement"]


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Stack `dev` of project `dbt-platform`, still empty."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield Stack(loop)
    asyncio.set_event_loop(None)
    loop.close()
