"""The policy pack as the engine sees it: a process of its own that speaks gRPC."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.controls import POLICIES
from settings.project import REPOSITORY

TASK = "aws:ecs/taskDefinition:TaskDefinition"


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Started as a language host starts it, from a folder that has nothing to do with it."""
    command = [sys.executable, "-m", "pulumi.policy", "127.0.0.1:1", str(REPOSITORY / "policy")]
    process = subprocess.Popen(command, cwd=Path("/"), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.wait()


def analyze(pack: analyzer_pb2_grpc.AnalyzerStub, **properties: object) -> dict[str, analyzer_pb2.AnalyzeDiagnostic]:
    inputs = json_format.ParseDict({"tags": {"workstream": "sales"}, **properties}, struct_pb2.Struct())
    urn = f"urn:pulumi:dev::dbt-platform::{TASK}::sales"
    response = pack.Analyze(analyzer_pb2.AnalyzeRequest(type=TASK, name="sales", urn=urn, properties=inputs))
    return {diagnostic.policyName: diagnostic for diagnostic in response.diagnostics}


def test_every_control_is_mandatory(pack):
    """An advisory violation is a line that nobody reads."""
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())

    assert {policy.name for policy in info.policies} == {policy.name for policy in POLICIES}
    assert {policy.enforcementLevel for policy in info.policies} == {analyzer_pb2.MANDATORY}
    assert all(policy.severity and policy.tags for policy in info.policies)


def test_a_violation_names_control_resource_and_fix(pack):
    """The one line in the pipeline's log has to be enough to repair it."""
    diagnostic = analyze(pack, networkMode="host")["ecs-own-network"]

    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY
    assert diagnostic.message.startswith("Tasks have a network interface of their own [ECS.17]\n")
    assert "sales (aws:ecs/taskDefinition:TaskDefinition): networkMode is host. Set it to awsvpc" in diagnostic.message


def test_a_preview_that_knows_little_says_nothing_about_it(pack):
    """The SDK's own warning per policy and unknown value would bury the plan under hundreds of lines."""
    properties = ("networkMode", "containerDefinitions", "pidMode", "executionRoleArn")

    found = analyze(pack, **dict.fromkeys(properties, UNKNOWN_STRING_VALUE))

    assert found.keys() == {"tags-present"}
