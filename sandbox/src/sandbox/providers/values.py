"""Property values as the engine sends them, and as Python sees them.

`UNKNOWN` stands for a value that a preview cannot know yet; `Asset` is a file or text that the program hands over;
`Secret` marks an output that the engine must encrypt.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format, struct_pb2

from sandbox.rules import UNKNOWN, Properties

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks a special value on the wire (pulumi/sdk, go/common/resource/sig)."""
ASSET = "c44067f5952c0a294b673a41bacd8c17"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - not a password


class ProviderError(Exception):
    """A failure that the user can understand: nothing was changed, or what was changed is known."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """An output that the engine encrypts in the state and hides in its output."""

    value: Any


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file or a text that the program hands over; equal when the contents are."""

    hash: str
    text: str | None = field(default=None, compare=False)
    path: str | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return "an asset"

    def read(self) -> bytes:
        """The contents. The engine leaves them out where it only compares (Diff, and old values everywhere)."""
        if self.path is not None:
            return Path(self.path).read_bytes()
        return (self.text or "").encode()


def contains_unknown(value: Any) -> bool:
    """Whether a value, or anything inside it, is known only after the update."""
    if isinstance(value, dict):
        return any(map(contains_unknown, value.values()))
    if isinstance(value, list):
        return any(map(contains_unknown, value))
    return value == UNKNOWN


def decode(struct: struct_pb2.Struct) -> Properties:
    """Wire format to Python. Whole numbers become int; secrets are unwrapped; null properties are left out."""
    return {name: _decode(value) for name, value in json_format.MessageToDict(struct).items() if value is not None}


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, dict):
        return value
    match value.get(SIGNATURE):
        case None:
            return {name: _decode(item) for name, item in value.items() if item is not None}
        case signature if signature == SECRET:
            return _decode(value["value"])
        case signature if signature == ASSET and "uri" not in value:
            return Asset(hash=value.get("hash", ""), text=value.get("text"), path=value.get("path"))
    raise ProviderError("archives, remote assets and resource references are not modelled by the sandbox")


def encode(properties: Properties) -> struct_pb2.Struct:
    """Python to wire format. Properties that are None are left out."""
    return json_format.ParseDict(
        {name: _encode(value) for name, value in properties.items() if value is not None}, struct_pb2.Struct()
    )


def _encode(value: Any) -> Any:
    match value:
        case dict():
            return {name: _encode(item) for name, item in value.items() if item is not None}
        case list() | tuple():
            return [_encode(item) for item in value]
        case Secret():
            return {SIGNATURE: SECRET, "value": _encode(value.value)}
        case Asset():
            parts = {"hash": value.hash, "text": value.text, "path": value.path}
            return {SIGNATURE: ASSET, **{name: part for name, part in parts.items() if part is not None}}
    return value
