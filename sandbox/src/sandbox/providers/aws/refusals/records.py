"""Records of Route 53: what a value of each type is, and what may stand beside what."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.providers.aws.table import Problem
from sandbox.providers.values import UNKNOWN, Properties

HOST = r"(\*\.)?([^\s.\"]{1,63}\.)*[^\s.\"]{1,63}\.?"
OCTET = r"(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])"
SHORT = r"([0-5]?\d{1,4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])"

FORMS = {
    "CAA": rf'{OCTET} [A-Za-z0-9]+ ".*"',
    "CNAME": HOST,
    "DS": rf"{SHORT} {OCTET} {OCTET} [0-9A-Fa-f ]+",
    "HTTPS": rf"{SHORT} (\.|{HOST})( .+)?",
    "MX": rf"{SHORT} ({HOST}|\.)",
    "NAPTR": rf'{SHORT} {SHORT} "[^"]*" "[^"]*" "[^"]*" ({HOST}|\.)',
    "NS": HOST,
    "PTR": HOST,
    "SRV": rf"{SHORT} {SHORT} {SHORT} ({HOST}|\.)",
    "SSHFP": rf"{OCTET} {OCTET} [0-9A-Fa-f]+",
    "SVCB": rf"{SHORT} (\.|{HOST})( .+)?",
    "TLSA": rf"{OCTET} {OCTET} {OCTET} [0-9A-Fa-f]+",
}
"""Route 53 Developer Guide, "Supported DNS record types"."""

ADDRESSES: dict[str, Callable[[str], Any]] = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}

LONGEST = 255
"""Characters of one of the strings that a text consists of (the same page, TXT)."""

POLICIES = (
    "cidrRoutingPolicy", "failoverRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy",
    "latencyRoutingPolicies", "multivalueAnswerRoutingPolicy", "weightedRoutingPolicies",
)  # fmt: skip


def problems(inputs: Properties) -> Iterator[Problem]:
    """Route 53 API Reference, ResourceRecordSet."""
    kind, values = inputs["type"], inputs.get("records") or []
    for value in values if isinstance(values, list) and kind != UNKNOWN else []:
        if isinstance(value, str) and value != UNKNOWN and (reason := _refused(kind, value)):
            yield "records", f"InvalidChangeBatch: Invalid Resource Record: {value!r} of the type {kind}: {reason}"
    known = [value for value in values if value != UNKNOWN]
    if twice := next((value for value in known if known.count(value) > 1), None):
        yield "records", f"InvalidChangeBatch: Duplicate Resource Record: {twice!r}"
    given = [name for name in POLICIES if inputs.get(name)]
    for name in given:
        if isinstance(inputs[name], list) and len(inputs[name]) > 1:
            yield name, f"has {len(inputs[name])} items: a record has one"
    if len(given) > 1:
        yield given[1], f"conflicts with {given[0]}"
    if given and not inputs.get("setIdentifier"):
        yield given[0], "needs setIdentifier"
    if inputs.get("setIdentifier") and not given:
        yield "setIdentifier", "needs a routing policy"
    if inputs.get("multivalueAnswerRoutingPolicy") and inputs.get("aliases"):
        yield "multivalueAnswerRoutingPolicy", "InvalidInput: multivalue answers can't be aliases"


def _refused(kind: str, value: str) -> str | None:
    if kind in ADDRESSES:
        try:
            ADDRESSES[kind](value)
        except ValueError as error:
            return str(error)
    if kind in FORMS and not re.fullmatch(FORMS[kind], value):
        return f"does not match {FORMS[kind]}"
    if kind in ("SPF", "TXT") and any(len(part) > LONGEST for part in re.split(r'"\s*"', value)):
        return f"CharacterStringTooLong: at most {LONGEST} characters between quotes"
    return None
