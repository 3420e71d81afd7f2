"""hashicorp/aws asked by Terraform's plugin protocol, without Terraform: what would it do to a resource that is there?

The protocol's version 5 as far as it is asked here (hashicorp/terraform, docs/plugin-protocol/tfplugin5.3.proto); the values in
it are objects with every name of a type's schema (docs/plugin-protocol/object-wire-format.md).
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import msgpack
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

MESSAGES = {
    "DynamicValue": "bytes msgpack=1",
    "Diagnostic": "int32 severity=1, string summary=2, string detail=3",
    "Step": "string attribute_name=1, string element_key_string=2, int64 element_key_int=3",
    "AttributePath": "Step* steps=1",
    "ConfigureRequest": "string terraform_version=1, DynamicValue config=2",
    "ConfigureResponse": "Diagnostic* diagnostics=1",
    "PlanRequest": "string type_name=1, DynamicValue prior_state=2, DynamicValue proposed_new_state=3, DynamicValue config=4, "
    "bytes prior_private=5",
    "PlanResponse": "DynamicValue planned_state=1, AttributePath* requires_replace=2, bytes planned_private=3, "
    "Diagnostic* diagnostics=4",
}
"""Name -> fields with their numbers; `*` is repeated. Names are not sent, so messages inside of others stand beside them."""

COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5",
}
"""hashicorp/terraform, internal/plugin/serve.go; no secret, it says "I am Terraform" only."""

ERROR = 1
"""Severity of a diagnostic."""

LARGEST = 1 << 28
"""Bytes of an answer."""

Block = Mapping[str, Any]
"""Of a schema, as `terraform providers schema -json` tells it."""


def _messages() -> dict[str, Any]:
    file = FileDescriptorProto(name="tfplugin5.proto", package="tfplugin5", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split(", "):
            kind, _, rest = field.partition(" ")
            own, _, number = rest.partition("=")
            made = message.field.add(name=own, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
            if kind.endswith("*"):
                made.label = FieldDescriptorProto.LABEL_REPEATED
            if (plain := kind.removesuffix("*")) in MESSAGES:
                made.type, made.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".tfplugin5.{plain}"
            else:
                made.type = FieldDescriptorProto.Type.Value(f"TYPE_{plain.upper()}")
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"tfplugin5.{name}")) for name in MESSAGES}


@dataclass(frozen=True)
class Planned:
    """What would become of a resource."""

    state: Any
    """None: it would be gone; unknown values are `msgpack.ExtType`."""
    replaced_for: list[str]
    """The attributes that need another one."""
    private: bytes


class Plugin:
    """A running provider."""

    def __init__(self, channel: grpc.Channel, schemas: Mapping[str, Any]) -> None:
        self._channel, self._schemas, self._messages = channel, schemas, _messages()

    def configure(self, block: Block, values: Mapping[str, Any]) -> None:
        """Tell it the provider's own settings; their schema is `block`."""
        self._ask("Configure", "Configure", terraform_version="1.11.4", config=self._value(whole(block, values)))

    def planned(self, kind: str, config: Mapping[str, Any], prior: Any = None, private: bytes = b"") -> Planned:
        """What an `apply` of these values would do to the resource that `prior` describes, or to none.

        Raises:
            AssertionError: The provider refuses them.
        """
        block = self._schemas[kind]["block"]
        wanted = whole(block, config)
        answer = self._ask(
            "PlanResourceChange",
            "Plan",
            type_name=kind,
            prior_state=self._value(prior),
            proposed_new_state=self._value(proposed(block, prior, wanted)),
            config=self._value(wanted),
            prior_private=private,
        )
        state = msgpack.unpackb(answer.planned_state.msgpack, strict_map_key=False)
        return Planned(state, [_path(each) for each in answer.requires_replace], answer.planned_private)

    def _ask(self, call: str, messages: str, **fields: Any) -> Any:
        ask = self._channel.unary_unary(
            f"/tfplugin5.Provider/{call}",
            request_serializer=self._messages[f"{messages}Request"].SerializeToString,
            response_deserializer=self._messages[f"{messages}Response"].FromString,
        )
        answer = ask(self._messages[f"{messages}Request"](**fields), timeout=120)
        problems = [f"{each.summary} {each.detail}" for each in answer.diagnostics if each.severity == ERROR]
        assert not problems, f"{call} {fields.get('type_name', '')}: {problems}"
        return answer

    def _value(self, value: Any) -> Any:
        return self._messages["DynamicValue"](msgpack=msgpack.packb(value))


@contextmanager
def running(binary: Path, schemas: Mapping[str, Any]) -> Iterator[Plugin]:
    """The provider as a process; `schemas` are those of its resources."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_", "PLUGIN_"))}
    with subprocess.Popen(
        [binary], env={**inherited, **COOKIE}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            _, _, network, address, *_ = process.stdout.readline().strip().split("|")
            target = f"unix:{address}" if network == "unix" else address
            with grpc.insecure_channel(target, options=[("grpc.max_receive_message_length", LARGEST)]) as channel:
                yield Plugin(channel, schemas)
        finally:
            process.terminate()


def _path(path: Any) -> str:
    return ".".join(step.attribute_name or step.element_key_string or str(step.element_key_int) for step in path.steps)


def whole(block: Block, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with every name of the schema: None, or no block, where nothing is given."""
    result = {name: values.get(name) for name in block.get("attributes", {})}
    for name, inner in block.get("block_types", {}).items():
        given = values.get(name) or []
        items = [whole(inner["block"], item) for item in (given if isinstance(given, list) else [given])]
        result[name] = next(iter(items), None) if inner["nesting_mode"] == "single" else items
    return result


def proposed(block: Block, prior: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """What Terraform itself makes of both: what nobody gives and the provider may compute stays as it is."""
    result: dict[str, Any] = {}
    for name, attribute in block.get("attributes", {}).items():
        left = config[name] is None and attribute.get("computed")
        result[name] = (prior or {}).get(name) if left else config[name]
    for name, inner in block.get("block_types", {}).items():
        before, wanted = (prior or {}).get(name), config[name]
        if isinstance(wanted, list):
            known = [*(before or []), *([None] * len(wanted))]
            result[name] = [proposed(inner["block"], *pair) for pair in zip(known, wanted, strict=False)]
        else:
            result[name] = wanted and proposed(inner["block"], before, wanted)
    return result


def applied(block: Block, planned: Mapping[str, Any]) -> dict[str, Any]:
    """A planned state as it may be once it is applied: what is known only then has a value of its type."""
    result: dict[str, Any] = {}
    for name, attribute in block.get("attributes", {}).items():
        result[name] = example(name, attribute["type"]) if _is_unknown(planned[name]) else planned[name]
    for name, inner in block.get("block_types", {}).items():
        value = [] if _is_unknown(planned[name]) else planned[name]
        if isinstance(value, list):
            result[name] = [applied(inner["block"], item) for item in value]
        else:
            result[name] = value and applied(inner["block"], value)
    return result


def _is_unknown(value: Any) -> bool:
    return isinstance(value, msgpack.ExtType)


def example(name: str, type_: Any) -> Any:
    """A value of a type of Terraform's (`string`, `["set", "string"]`)."""
    if isinstance(type_, list):
        return {} if type_[0] == "map" else []
    text = {"id": "example", "arn": "arn:aws:iam::123456789012:role/example"}.get(name.rpartition("_")[2], "")
    return {"string": text, "number": 0, "bool": False}[type_]
