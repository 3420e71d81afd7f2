"""AWS on a bad day: the emulator fails as AWS does, for a share of its calls, in an order that a seed decides.

Put around the emulator; the orders come by POST to `CONTROL`, from this machine only. Calls that are not signed (the health check,
the registry) are left alone.
"""

import asyncio
import json
import random
import re
import time
import urllib.request
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL = "/_sandbox/faults"


class Fault(StrEnum):
    """How AWS fails."""

    THROTTLE = "throttle"
    """Too many calls."""
    ERROR = "error"
    """A failure inside of AWS; the call did nothing."""
    SLOW = "slow"
    """An answer after 1 to 10 seconds."""
    EXPIRED = "expired"
    """Credentials that have run out."""
    DOWN = "down"
    """A service of the region that answers 503."""
    DROP = "drop"
    """A connection that ends in the middle of an answer; the call did nothing."""
    LOST = "lost"
    """A connection that ends in the middle of an answer, after the call has had its effect: clients try again."""
    LATE = "late"
    """Eventual consistency: for 1 to 15 seconds nobody but IAM knows a role that was just made."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What fails, and how often."""

    fault: Fault
    share: float = 1.0
    """Of the calls: 0 to 1."""
    services: tuple[str, ...] = ()
    """As they sign their calls (`iam`, `airflow`, ...); none: all."""
    seed: int = 0

    @classmethod
    def read(cls, body: bytes) -> "Order | None":
        """An order as it is sent; None ends the faults."""
        given = json.loads(body)
        if not given:
            return None
        return cls(fault=Fault(given["fault"]), share=given["share"], services=tuple(given["services"]), seed=given.get("seed", 0))


def give_order(emulator: str, order: dict[str, Any]) -> None:
    """Tell an emulator what shall fail; an empty order ends it."""
    request = urllib.request.Request(f"{emulator}{CONTROL}", json.dumps(order).encode(), method="POST")  # noqa: S310 - loopback
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
        pass


STATUS = {Fault.THROTTLE: 400, Fault.ERROR: 500, Fault.EXPIRED: 403, Fault.DOWN: 503}

WORDS = {Fault.THROTTLE: "Rate exceeded", Fault.ERROR: "We encountered an internal error. Please try again."} | {
    Fault.EXPIRED: "The security token included in the request is expired",
    Fault.DOWN: "Service is unable to handle request.",
}

CODES = {
    Fault.THROTTLE: {"s3": "SlowDown", "ec2": "RequestLimitExceeded", "form": "Throttling", "json": "ThrottlingException"},
    Fault.ERROR: {"s3": "InternalError", "ec2": "InternalError", "form": "InternalFailure", "json": "InternalServerError"},
    Fault.EXPIRED: {"s3": "ExpiredToken", "ec2": "RequestExpired", "form": "ExpiredToken", "json": "ExpiredTokenException"},
    Fault.DOWN: {"s3": "ServiceUnavailable", "ec2": "Unavailable", "form": "ServiceUnavailable", "json": "ServiceUnavailable"},
}
"""AWS General Reference, "Common errors"; EC2 API Reference, "Error codes"; S3 API Reference, "Error responses"."""

FORMS = ("iam", "sns", "sts", "route53")
UNKNOWN_PRINCIPAL = {
    "s3": (400, "MalformedPolicy", "Invalid principal in policy"),
    "kms": (400, "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."),
    "secretsmanager": (400, "MalformedPolicyDocumentException", "This resource policy contains an unsupported principal."),
    "ecr": (400, "InvalidParameterException", "Invalid repository policy provided: Principal not found"),
    "sns": (400, "InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"),
    "iam": (400, "MalformedPolicyDocument", "Invalid principal in policy"),
}
"""What a service says of a role that it does not know yet."""


@dataclass
class Faults:
    """An ASGI application around another."""

    app: App
    order: Order | None = None
    fresh: dict[str, float] = field(default_factory=dict)
    """Role -> when the others learn of it; seconds of the monotonic clock."""
    _dice: random.Random = field(default_factory=random.Random)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        service = _service(scope)
        if scope["type"] == "http" and scope["path"] == CONTROL:
            await self._control(scope, receive, send)
        elif self.order is None or not service or (self.order.services and service not in self.order.services):
            await self.app(scope, receive, send)
        elif self.order.fault is Fault.LATE:
            await self._late(service, scope, receive, send)
        elif self._dice.random() >= self.order.share:
            await self.app(scope, receive, send)
        elif self.order.fault is Fault.SLOW:
            await asyncio.sleep(self._dice.uniform(1, 10))
            await self.app(scope, receive, send)
        elif self.order.fault is Fault.LOST:
            await self.app(scope, receive, _unheard)
            await _fail(Fault.DROP, service, scope, send)
        else:
            await _body(receive)
            await _fail(self.order.fault, service, scope, send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        here = (scope.get("client") or ("",))[0].startswith("127.")
        if here:
            self.order = Order.read(body)
            self._dice.seed(self.order.seed if self.order else 0)
            self.fresh.clear()
        await answer(send, 204 if here else 403, "text/plain", b"")

    async def _late(self, service: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        text, now = unquote_plus(body.decode(errors="replace")), time.monotonic()
        action = re.match(r"Action=(\w+)&(?:.*&)?RoleName=([^&]+)", text) if service == "iam" else None
        names_principals = service in UNKNOWN_PRINCIPAL and (action is None or action[1] == "CreateRole")
        if names_principals and any(until > now and _names(text, role) for role, until in self.fresh.items()):
            await _refuse(UNKNOWN_PRINCIPAL[service], service, scope, send)
            return
        if action and action[1] == "CreateRole":
            self.fresh[action[2]] = now + self._dice.uniform(1, 15)
        await self.app(scope, _replayed(body, receive), send)


def _names(text: str, role: str) -> bool:
    return re.search(rf":role/[^\"]*{re.escape(role)}[\"/\\]", text) is not None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read already."""
    left = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": False} if left else await receive()

    return again


async def _unheard(message: Message) -> None:
    """Takes an answer that nobody gets."""


async def _fail(fault: Fault, service: str, scope: Scope, send: Send) -> None:
    if fault is Fault.DROP:
        # A length that is never reached, and then the end.
        await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{"})
        raise ConnectionAbortedError(f"{CONTROL}: dropped")
    family = service if service in ("s3", "ec2") else "form" if service in FORMS else "json"
    status = 503 if fault is Fault.THROTTLE and family in ("s3", "ec2") else STATUS[fault]
    await _refuse((status, CODES[fault][family], WORDS[fault]), service, scope, send)


async def _refuse(error: tuple[int, str, str], service: str, scope: Scope, send: Send) -> None:
    (status, code, reason), headers = error, dict(scope["headers"])
    if b"cbor" in headers.get(b"smithy-protocol", b""):
        body = b"\xa2" + b"".join(map(_cbor, ("__type", code, "message", reason)))
        await answer(send, status, "application/cbor", body, (b"smithy-protocol", b"rpc-v2-cbor"))
        return
    detail = f"<Code>{code}</Code><Message>{reason}</Message>"
    if service == "s3":
        body = f"<Error>{detail}</Error>"
    elif service == "ec2":
        body = f"<Response><Errors><Error>{detail}</Error></Errors></Response>"
    elif service in FORMS:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{detail}</Error></ErrorResponse>"
    else:
        body = json.dumps({"__type": code, "message": reason})
    kind = "application/x-amz-json-1.1" if body.startswith("{") else "text/xml"
    await answer(send, status, kind, body.encode(), (b"x-amzn-errortype", code.encode()))


async def answer(send: Send, status: int, kind: str, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """A whole answer to a call."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind.encode()), length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _service(scope: Scope) -> str:
    """The service that a call is signed for."""
    signed = dict(scope.get("headers") or []).get(b"authorization", b"").decode(errors="replace")
    found = re.search(r"Credential=[^/]+/\d{8}/[^/]+/([a-z0-9-]+)/aws4_request", signed)
    return found[1] if found else ""


def _cbor(text: str) -> bytes:
    """A text of up to 255 bytes (RFC 8949, 3.1)."""
    data = text.encode()
    return (bytes([0x60 + len(data)]) if len(data) < 24 else bytes([0x78, len(data)])) + data
