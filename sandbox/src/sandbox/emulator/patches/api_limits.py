"""Every call's parameters must be what the service's model says, and what its page limits besides.

botocore checks a part of its models before it sends; another client checks nothing, and AWS all of it. MiniStack looks at what it
needs. Asked behind IAM: who may call comes before what the call says.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack import app
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import cloudwatch, ec2, route53, s3, sns

from sandbox.emulator import calls, held, limits
from sandbox.emulator.pages import Pages
from sandbox.emulator.request import Request
from sandbox.emulator.tokens import Tokens

Answer = tuple[int, dict[str, str], bytes]

XML: dict[str, Any] = dict.fromkeys(limits.FORMS, sns._error) | {
    "ec2": ec2._error,
    "route53": route53._error_response,
    "s3": s3._error,
}
"""Service -> its error, where it is none in JSON."""


TOKENS = Tokens()
PAGES = Pages()

STATUS = {
    "AccessDenied": 403,
    "AccessDeniedException": 403,
    "DryRunOperation": 412,
    "InvalidObjectState": 403,
    "InvalidPartNumber": 416,
    "PreconditionFailed": 412,
}
"""Code -> status of its answer, where it is not 400 (S3 API Reference, "Error responses"; EC2 API Reference, "Error codes")."""


def _guard(name: str, service: str) -> None:
    """Puts the questions before a service's handler: is the call right, does it fit the account, and is it new."""
    stock = app.SERVICE_HANDLERS[name]

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        asked = Request(
            method=method, path=path, headers={key.lower(): text for key, text in headers.items()}, query=query, body=body
        )
        call = calls.read(service, asked)
        if call is None:
            return await stock(method, path, headers, body, query)
        where = get_account_id(), get_region()
        found = limits.problem(service, *call) or PAGES.problem(service, call[1]) or held.problem(service, *call)
        if found := found or TOKENS.mismatch(where, service, *call) or _dry_run(service, call[1]):
            return _refusal(service, headers, *found)
        answer = TOKENS.answer(where, service, *call) or await stock(method, path, headers, body, query)
        if answer[0] < 300:
            TOKENS.keep(where, service, *call, answer)
            PAGES.keep(service, call[0], answer[2])
        return answer

    app.SERVICE_HANDLERS[name] = handler


def _dry_run(service: str, parameters: dict[str, Any]) -> tuple[str, str] | None:
    """EC2 API Reference, "Common query parameters": a call that is only tried."""
    if service == "ec2" and parameters.get("DryRun"):
        return "DryRunOperation", "Request would have succeeded, but DryRun flag is set."
    return None


def _refusal(service: str, headers: dict[str, str], code: str, reason: str) -> Answer:
    if service == "cloudwatch":
        cbor = "cbor" in headers.get("smithy-protocol", "")
        return cloudwatch._error(code, reason, 400, use_json=bool(headers.get("x-amz-target")), use_cbor=cbor)
    status = STATUS.get(code, 400)
    return XML[service](code, reason, status) if service in XML else error_response_json(code, reason, status)


for _name, _service in calls.SERVICES.items():
    _guard(_name, _service)
