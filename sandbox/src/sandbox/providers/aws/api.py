"""How a resource type's functions call AWS."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.providers.aws.property import Property
from sandbox.providers.aws.session import Session
from sandbox.providers.aws.shapes import resolve, to_shape
from sandbox.providers.protocol import Operation
from sandbox.providers.values import Properties, ProviderError


class Kind(Protocol):
    """What is asked here of a resource type; the table has more (`table.ResourceType`), and knows this module."""

    @property
    def token(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, Property]: ...


class Api:
    """One operation on one resource: the client of its service and what is known around it."""

    def __init__(self, kind: Kind, session: Session, operation: Operation) -> None:
        self.kind = kind
        self.session = session
        self.status = operation.status
        self.timeout = operation.timeout

    @property
    def client(self) -> Any:
        """boto3's client of the type's service."""
        return self.session.client(self.kind.service)

    def send(self, operation: str, inputs: Properties, **more: Any) -> Any:
        """Call an operation with every property whose botocore member it has."""
        return getattr(self.client, xform_name(operation))(**self.arguments(operation, inputs), **more)

    def arguments(self, operation: str, inputs: Properties) -> dict[str, Any]:
        """The members of an operation that the table maps properties to, by the member's name."""
        members = resolve(self.session.model(self.kind.service), operation).members
        found: dict[str, Any] = {}
        for name, value in inputs.items():
            known = self.kind.properties.get(name)
            if value is None or known is None or known.local or not isinstance(known.rule, str):
                continue
            member = known.rule.partition(".")[2]
            if member in members:
                found[member] = self.value(name, inputs)
        return found

    def value(self, name: str, inputs: Properties) -> Any:
        """One property as botocore wants it."""
        known = self.kind.properties[name]
        shape = resolve(self.session.model(self.kind.service), str(known.rule))
        value = json.loads(inputs[name]) if known.json else inputs[name]
        return to_shape(value[0] if known.wrapped else value, shape)

    def arn(self, resource: str, *, service: str = "") -> str:
        """An ARN in this account and region."""
        session = self.session
        return f"arn:{session.partition}:{service or self.kind.service}:{session.region}:{session.account}:{resource}"

    def settled(self, call: Callable[[], Any]) -> Any:
        """The answer of a call, tried again for as long as AWS does not know yet who it names.

        terraform-provider-aws does the same for two minutes (`iamPropagationTimeout`): IAM is eventually consistent.
        """
        deadline = time.monotonic() + PROPAGATION
        while True:
            try:
                return call()
            except ClientError as error:
                if not _is_late(error) or time.monotonic() > deadline:
                    raise
                self.status("waits for IAM")
            time.sleep(1)

    def wait(self, done: Callable[[], bool], what: str, *, every: float = 0.5, default: float = 600) -> None:
        """Poll until `done`; seconds. The program's `custom_timeouts` win over the default."""
        limit = self.timeout or default
        deadline = time.monotonic() + limit
        while not done():
            if time.monotonic() > deadline:
                raise ProviderError(f"{self.kind.token}: waited {limit:.0f} s for {what}")
            time.sleep(every)


PROPAGATION = 120
"""Seconds."""


def _is_late(error: ClientError) -> bool:
    detail = error.response["Error"]
    return "Polic" in detail["Code"] + detail["Message"] and "principal" in detail["Message"].lower()


def is_gone(error: ClientError) -> bool:
    """Whether AWS says that the thing does not exist."""
    code = error.response["Error"]["Code"]
    return code == "404" or "NotFound" in code or code.startswith("NoSuch")


def if_there(call: Callable[..., Any], **arguments: Any) -> Any:
    """The response, or {} if AWS says that the thing does not exist."""
    try:
        return call(**arguments)
    except ClientError as error:
        if is_gone(error):
            return {}
        raise


@contextmanager
def readable_errors(token: str) -> Iterator[None]:
    """AWS's errors as `<type> <operation>: <code>: <message>`."""
    try:
        yield
    except ClientError as error:
        detail = error.response["Error"]
        raise ProviderError(f"{token} {error.operation_name}: {detail['Code']}: {detail['Message']}") from error
    except BotoCoreError as error:
        raise ProviderError(f"{token}: {error}") from error
