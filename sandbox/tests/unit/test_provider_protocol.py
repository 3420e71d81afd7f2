"""What the provider stand-ins share: values on the wire, dispatch, errors."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.paths import REPOSITORY
from sandbox.providers.protocol import changed
from sandbox.providers.values import ASSET, SECRET, SIGNATURE, UNKNOWN, Asset, ProviderError, Secret, decode, encode

PROVIDER = """
from sandbox.providers.protocol import InvalidInputs, PartialFailure, Provider, Resource
from sandbox.providers.server import serve
from sandbox.providers.values import ProviderError

class Thing(Resource):
    def check(self, operation, old, new):
        if "odd" in new:
            raise InvalidInputs({"odd": "is odd"})
        return {"size": 1, **new}

    def create(self, operation, inputs):
        match inputs.get("how"):
            case "understood":
                raise ProviderError("the name is taken")
            case "partial":
                raise PartialFailure("no tags", id="thing-1", state={"made": True}, inputs=inputs)
            case "defect":
                return 1 / 0
        return operation.name, inputs

    def read(self, operation, id, inputs, state):
        return None if id == "gone" else (inputs, state)

    def update(self, operation, id, old, state, new):
        return new

    def delete(self, operation, id, inputs, state):
        pass

serve(Provider("docker", {"docker:index:Thing": Thing()}, {"docker:index:double": lambda a: {"value": 2 * a["value"]}}))
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """A provider in a process of its own, as the engine runs it."""
    with subprocess.Popen([sys.executable, "-c", PROVIDER], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
        process.terminate()


def urn(kind: str = "docker:index:Thing") -> str:
    return f"urn:pulumi:dev::project::my:module:Parent${kind}::name"


def failed_create(provider: provider_pb2_grpc.ResourceProviderStub, how: str) -> Any:
    with pytest.raises(grpc.RpcError) as error:
        provider.Create(provider_pb2.CreateRequest(urn=urn(), properties=encode({"how": how})))
    return error.value


def test_a_child_of_a_component_finds_its_handler(provider):
    """Its URN names the types of all its parents too."""
    made = provider.Create(provider_pb2.CreateRequest(urn=urn(), properties=encode({"a": 1})))

    assert made.id == "name"
    assert decode(made.properties) == {"a": 1}


def test_an_unknown_type_is_refused_by_name(provider):
    """A resource that is silently skipped would look deployed."""
    with pytest.raises(grpc.RpcError) as error:
        provider.Check(provider_pb2.CheckRequest(urn=urn("docker:index/other:Other")))

    assert "docker:index/other:Other" in str(error.value.details())


def test_an_unknown_function_is_refused_by_name(provider):
    with pytest.raises(grpc.RpcError) as error:
        provider.Invoke(provider_pb2.InvokeRequest(tok="docker:index/other:other"))

    assert "docker:index/other:other" in str(error.value.details())


def test_a_function_gets_arguments_and_gives_a_result(provider):
    done = provider.Invoke(provider_pb2.InvokeRequest(tok="docker:index:double", args=encode({"value": 21})))

    assert decode(getattr(done, "return")) == {"value": 42}


def test_an_understood_failure_leaves_no_pending_operation(provider):
    """After INTERNAL or UNKNOWN the engine asks the user to look whether the resource exists."""
    error = failed_create(provider, "understood")

    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "the name is taken")


def test_a_defect_shows_its_place(provider):
    error = failed_create(provider, "defect")

    assert error.code() == grpc.StatusCode.INTERNAL
    assert "ZeroDivisionError" in str(error.details())


def test_a_partial_failure_keeps_the_id(provider):
    """The engine would forget a resource that exists; the next deployment would collide with it."""
    metadata = dict(failed_create(provider, "partial").trailing_metadata())
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(metadata["grpc-status-details-bin"]).details[0].Unpack(detail)

    assert (detail.id, decode(detail.properties), list(detail.reasons)) == ("thing-1", {"made": True}, ["no tags"])


def test_refused_inputs_name_the_property(provider):
    answer = provider.Check(provider_pb2.CheckRequest(urn=urn(), news=encode({"odd": 3})))

    assert [(failure.property, failure.reason) for failure in answer.failures] == [("odd", "is odd")]


def test_check_fills_in_defaults(provider):
    assert decode(provider.Check(provider_pb2.CheckRequest(urn=urn())).inputs) == {"size": 1}


def test_a_resource_that_is_gone_has_no_id(provider):
    """The engine takes an empty id for: create it again."""
    assert provider.Read(provider_pb2.ReadRequest(urn=urn(), id="gone")).id == ""
    assert provider.Read(provider_pb2.ReadRequest(urn=urn(), id="there")).id == "there"


def test_equal_inputs_make_no_difference_and_others_name_the_property(provider):
    same = provider.Diff(provider_pb2.DiffRequest(urn=urn(), old_inputs=encode({"a": [1]}), news=encode({"a": [1]})))
    other = provider.Diff(provider_pb2.DiffRequest(urn=urn(), old_inputs=encode({"a": 1}), news=encode({"b": 1})))

    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert (other.changes, list(other.diffs)) == (provider_pb2.DiffResponse.DIFF_SOME, ["a", "b"])


def test_what_the_provider_does_not_implement_is_said_so(provider):
    """The engine falls back by itself, but only when it is told."""
    with pytest.raises(grpc.RpcError) as error:
        provider.Parameterize(provider_pb2.ParameterizeRequest())

    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


plain = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), plain))
def test_values_survive_the_wire(properties):
    """A value that comes back changed would be a difference for ever."""
    back = decode(struct_pb2.Struct.FromString(encode(properties).SerializeToString()))

    assert back == properties


def test_whole_numbers_are_integers():
    """botocore refuses 443.0 as a port."""
    back = decode(encode({"port": 443, "share": 0.5}))

    assert (repr(back["port"]), repr(back["share"])) == ("443", "0.5")


def test_missing_values_are_left_out_at_every_depth():
    """None and absent are the same to Pulumi; a difference between them would never end."""
    assert decode(encode({"a": None, "b": {"c": None, "d": [{"e": None}]}})) == {"b": {"d": [{}]}}


def test_secrets_are_marked_for_the_engine_and_plain_for_handlers():
    sent = encode({"password": Secret(value="x")})

    assert sent.fields["password"].struct_value.fields[SIGNATURE].string_value == SECRET
    assert decode(sent) == {"password": "x"}


def test_assets_are_equal_when_their_contents_are(tmp_path):
    """A DAG file would be uploaded again from every other folder."""
    (tmp_path / "dag.py").write_text("from file")
    file = {SIGNATURE: ASSET, "hash": "1", "path": str(tmp_path / "dag.py")}
    elided = {SIGNATURE: ASSET, "hash": "1"}

    values = decode(encode({"file": file, "elided": elided, "text": {SIGNATURE: ASSET, "hash": "2", "text": "from text"}}))

    assert values["file"] == values["elided"] != values["text"]
    assert (values["file"].read(), values["text"].read()) == (b"from file", b"from text")
    assert encode({"file": values["file"]})["file"] == encode({"file": file})["file"]


def test_an_archive_is_refused():
    with pytest.raises(ProviderError, match="archives"):
        decode(encode({"code": {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "."}}))


def test_an_unknown_value_is_a_difference():
    """A preview would call a resource unchanged whose input is about to change."""
    assert changed({"a": {"b": [UNKNOWN]}, "c": 1}, {"a": {"b": [UNKNOWN]}, "c": 1}) == ["a"]
    assert changed({"asset": Asset(hash="1")}, {"asset": Asset(hash="1", text="same")}) == []
