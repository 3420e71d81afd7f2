# ruff: noqa: N802, ARG002, A001, A002 - names and signatures are those of the protocol
"""Pulumi's provider protocol: what the stand-ins for the `aws` and `docker` plugins share.

A provider is a `Provider` with a handler per resource type and per function; `server.serve` runs it. Handlers see
plain Python values (see `values`), and raise `ProviderError` for what the user must read.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)

from sandbox.providers.values import Properties, ProviderError, contains_unknown, decode, encode


class PartialFailure(ProviderError):  # noqa: N818 - Pulumi's term
    """The resource exists, but is not as it was asked for: the engine keeps its id and state and mends it next time."""

    def __init__(self, reason: str, *, id: str, state: Properties, inputs: Properties) -> None:
        super().__init__(reason)
        self.id, self.state, self.inputs = id, state, inputs


class InvalidInputs(ProviderError):  # noqa: N818
    """The inputs of a resource are refused: property path -> reason."""

    def __init__(self, failures: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in failures.items()))
        self.failures = dict(failures)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What the engine says about the resource at hand."""

    urn: str
    name: str
    """The name in the program."""
    preview: bool = False
    seed: bytes = b""
    """Random bytes for automatic names, the same for all tries of one update; empty in some previews."""
    proposed_name: str = ""
    """The automatic name by the project's `pulumi:autonaming`; empty where that says nothing."""
    timeout: float = 0
    """Seconds from the program's `custom_timeouts`; 0 means the default of the resource."""
    status: Callable[[str], None] = field(default=lambda _: None)
    """Shows one line beside the resource while the operation runs."""
    warn: Callable[[str], None] = field(default=lambda _: None)
    """Shows a line that stays."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What an update would change."""

    changed: Sequence[str] = ()
    """Top-level properties."""
    replace: Sequence[str] = ()
    """Those of them that can't be changed in place."""
    delete_first: bool = False
    """The replacement cannot exist beside the old resource, because both would have the same name."""


class Resource(ABC):
    """Handler of one resource type."""

    def check(self, operation: Operation, old: Properties, new: Properties) -> Properties:
        """Return the inputs with defaults and automatic names filled in, or raise InvalidInputs."""
        return new

    def diff(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Difference:
        """Compare the old inputs with the new ones."""
        return Difference(changed=changed(old, new))

    @abstractmethod
    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        """Return id and outputs. In a preview: change nothing, leave out or mark UNKNOWN what is not known yet."""

    @abstractmethod
    def read(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> tuple[Properties, Properties] | None:
        """Return inputs and outputs as they really are, or None when the resource is gone."""

    @abstractmethod
    def update(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Properties:
        """Return the new outputs. In a preview: change nothing, mark UNKNOWN what the update will change."""

    @abstractmethod
    def delete(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> None:
        """Succeeds when the resource is gone already."""


Function = Callable[[Properties], Properties]
"""Handler of one function (`aws.get_region()`): arguments in, result out."""


def changed(old: Properties, new: Properties) -> list[str]:
    """Names of the top-level properties that differ; an unknown value counts as a difference."""
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name) or contains_unknown(new.get(name)))


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin: dispatches the engine's calls to the handlers of `resources` and `functions`.

    `package` is the name in type tokens (`aws`), `version` must be exactly that of the installed SDK.
    Subclasses override `configure` to take the provider's configuration.
    """

    def __init__(self, package: str, resources: Mapping[str, Resource], functions: Mapping[str, Function]) -> None:
        self.package = package
        self.version = sdk_version(package)
        self.resources = resources
        self.functions = functions
        self.engine: engine_pb2_grpc.EngineStub | None = None

    def configure(self, config: Properties) -> None:
        """Take the provider's configuration (values already parsed); raise ProviderError if it is not usable."""

    def reasons(self, token: str, inputs: Properties) -> list[str]:
        """What is wrong with a resource of a type that is not modelled."""
        return []

    # The engine's side. Method names are the protocol's.

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        """Little is claimed: the engine then keeps secrets to itself and marks outputs like their inputs."""
        self._connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        self._connect(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self.package, "version": self.version}))

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        return _difference(Difference(changed=changed(decode(request.old_inputs), decode(request.news))))

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        self.configure({name: _parse(value) for name, value in decode(request.args).items()})
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        operation = self._operation(request, seed=request.randomSeed, proposed_name=request.autonaming.proposed_name)
        news, token = decode(request.news), _type(request.urn)
        if token not in self.resources:
            raise ProviderError("; ".join([*self.reasons(token, news), f"The sandbox does not model the resource type {token}"]))
        try:
            inputs = self._resource(request.urn).check(operation, decode(request.olds), news)
        except InvalidInputs as error:
            failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in error.failures.items()]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
        return provider_pb2.CheckResponse(inputs=encode(inputs))

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        old, state, new = decode(request.old_inputs), decode(request.olds), decode(request.news)
        return _difference(self._resource(request.urn).diff(self._operation(request), request.id, old, state, new))

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        operation = self._operation(request, preview=request.preview, timeout=request.timeout)
        id, state = self._resource(request.urn).create(operation, decode(request.properties))
        return provider_pb2.CreateResponse(id=id, properties=encode(state))

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        found = self._resource(request.urn).read(
            self._operation(request), request.id, decode(request.inputs), decode(request.properties)
        )
        if found is None:
            return provider_pb2.ReadResponse()  # an empty id says that it is gone
        inputs, state = found
        return provider_pb2.ReadResponse(id=request.id, inputs=encode(inputs), properties=encode(state))

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        operation = self._operation(request, preview=request.preview, timeout=request.timeout)
        old, state, new = decode(request.old_inputs), decode(request.olds), decode(request.news)
        outputs = self._resource(request.urn).update(operation, request.id, old, state, new)
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        operation = self._operation(request, timeout=request.timeout)
        self._resource(request.urn).delete(operation, request.id, decode(request.old_inputs), decode(request.properties))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        function = self.functions.get(request.tok)
        if function is None:
            raise ProviderError(f"The sandbox does not model the function {request.tok}")
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(function(decode(request.args))))
        return response

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def _connect(self, address: str) -> None:
        self.engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def _resource(self, urn: str) -> Resource:
        token = _type(urn)
        if token not in self.resources:
            raise ProviderError(f"The sandbox does not model the resource type {token}")
        return self.resources[token]

    def _operation(self, request: Any, **details: Any) -> Operation:
        def log(message: str, **how: Any) -> None:
            if self.engine is not None:
                with suppress(grpc.RpcError):  # a lost line must not fail the operation
                    self.engine.Log(engine_pb2.LogRequest(message=message, urn=request.urn, **how))

        def status(message: str) -> None:
            log(message, severity=engine_pb2.INFO, ephemeral=True)

        def warn(message: str) -> None:
            log(message, severity=engine_pb2.WARNING)

        name = request.urn.rpartition("::")[2]
        return Operation(urn=request.urn, name=name, status=status, warn=warn, **details)


def sdk_version(package: str) -> str:
    """Version of the installed SDK `pulumi-<package>`; the engine looks for a plugin of exactly this version."""
    return metadata.version(f"pulumi-{package}")


def _difference(difference: Difference) -> provider_pb2.DiffResponse:
    some = provider_pb2.DiffResponse.DIFF_SOME if difference.changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        diffs=difference.changed,
        replaces=difference.replace,
        deleteBeforeReplace=difference.delete_first,
    )


def _type(urn: str) -> str:
    """The type token of a resource: the last one of the URN's chain of parents."""
    return urn.split("::")[2].rpartition("$")[2]


def _parse(value: Any) -> Any:
    """A value of the provider's configuration: nested ones arrive as JSON texts."""
    if isinstance(value, str) and (value[:1] in ("{", "[") or value in ("true", "false")):
        with suppress(ValueError):
            return json.loads(value)
    return value
