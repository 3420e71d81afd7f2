"""EC2 asks about every thing that a request makes or names, with its tags; and to make a thing with tags is to tag it too.

Service Authorization Reference, "Amazon EC2": a new thing has the condition keys `aws:RequestTag/...` and the ARN `<kind>/*`, a
thing that is there `aws:ResourceTag/...`. EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation": each kind
with tags needs `ec2:CreateTags`, with `ec2:CreateAction`. KMS Developer Guide, "Controlling access to tags": `kms:TagResource`.
MiniStack asks once, about the first thing that it finds in the request, and knows neither kind of tags.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
import re
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from sandbox.emulator.patches import replaces

_stock_enforce = iam_evaluator.enforce
_stock_context = iam_actions.request_tag_context

_CHECKS = "request:checks"
"""Place in a request's context of all that AWS asks about it; no condition key of AWS."""

_MADE = {
    "AllocateAddress": "elastic-ip",
    "AuthorizeSecurityGroupEgress": "security-group-rule",
    "AuthorizeSecurityGroupIngress": "security-group-rule",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
}
"""What an action makes, for those that the platform needs."""

_KINDS = {
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""By the beginning of an id."""

_NAMED = re.compile(rf"({'|'.join(_KINDS)})-[0-9a-f]{{8,}}")
_TAG_KEY = re.compile(r"((?:TagSpecification\.\d+\.)?Tag\.\d+)\.Key")
_CHANGED = {
    **{f"{verb}Route": ("rtb",) for verb in ("Create", "Delete", "Replace")},
    **{f"{verb}SecurityGroup{way}": ("sg",) for verb in ("Authorize", "Revoke") for way in ("Egress", "Ingress")},
}
"""Of these AWS asks about what is changed only, not where a route leads to or a rule lets through."""

Check = tuple[str, str, dict[str, Any]]
"""Action, ARN and condition keys."""


@replaces(iam_actions, "request_tag_context")
def request_tag_context(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
    """The condition keys of a request, with all that is asked about it."""
    context = _stock_context(service, action, body, params)
    if service == "ec2" and not action.startswith(("ec2:Describe", "ec2:Get")):
        context[_CHECKS] = _of_network(action, {name: _text(value) for name, value in params.items()})
    elif action == "kms:CreateKey" and json.loads(body).get("Tags"):
        context[_CHECKS] = [(action, "*", context.copy()), ("kms:TagResource", _arn("kms", "key/*"), context.copy())]
    return context


@replaces(iam_evaluator, "enforce")
def enforce(access_key: str, action: str, service: str, region: str, *rest: Any, **named: Any) -> Any:
    """None when the request is allowed; `rest` and `named` are the resource's ARN and the condition keys."""
    request = dict(zip(("resource_arn", "service_context"), rest, strict=False)) | named
    checks: list[Check] = (request.get("service_context") or {}).get(_CHECKS) or []
    for asked, arn, context in checks:
        if denied := _stock_enforce(access_key, asked, service, region, arn, context):
            return denied
    return None if checks else _stock_enforce(access_key, action, service, region, *rest, **named)


def _of_network(action: str, params: dict[str, str]) -> list[Check]:
    operation = action.removeprefix("ec2:")
    given = {params[name]: params.get(f"{match[1]}.Value", "") for name in params if (match := _TAG_KEY.fullmatch(name))}
    asked = {f"aws:RequestTag/{name}": value for name, value in given.items()}
    checks: list[Check] = []
    if kind := _MADE.get(operation):
        checks.append((action, _arn("ec2", f"{kind}/*"), asked))
        if given:
            checks.append(("ec2:CreateTags", _arn("ec2", f"{kind}/*"), {**asked, "ec2:CreateAction": operation}))
    tagging = asked if operation in ("CreateTags", "DeleteTags") else {}
    for named in sorted(_things(operation, params)):
        prefix = named.partition("-")[0]
        account = "aws" if prefix == "pl" else get_account_id()
        borne = {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in ec2._tags.get(named) or []}
        checks.append((action, _arn("ec2", f"{_KINDS[prefix]}/{named}", account), {**tagging, **borne}))
    return checks


def _things(operation: str, params: dict[str, str]) -> set[str]:
    """Ids of what a request names, an association by what it associates."""
    only = _CHANGED.get(operation, tuple(_KINDS))
    values = {value for name, value in params.items() if not _TAG_KEY.fullmatch(name)}
    found = {value for value in values if _NAMED.fullmatch(value) and value.partition("-")[0] in only}
    for table in ec2._route_tables.values():
        for one in table.get("Associations", []):
            if one.get("RouteTableAssociationId") in values:
                found |= {table["RouteTableId"], one.get("SubnetId") or table["RouteTableId"]}
    return found


def _text(value: Any) -> str:
    return str(value[0]) if isinstance(value, list) else str(value)


def _arn(service: str, resource: str, account: str | None = None) -> str:
    return f"arn:aws:{service}:{get_region()}:{account or get_account_id()}:{resource}"
