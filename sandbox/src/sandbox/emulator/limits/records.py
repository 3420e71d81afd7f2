"""Route 53: records."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.emulator.limits.problems import Check, Parameters, Problem

ADDRESSES: dict[str, Callable[[str], Any]] = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
"""Types of records whose values are addresses."""


QUOTED = r'"(\\.|[^"\\]){0,255}"'


VALUES = {
    "CAA": (rf"\d+ [a-z]+ {QUOTED}", 'flags tag "value"'),
    "MX": (r"\d+ \S+", "[priority] [mail server host name]"),
    "SRV": (r"\d+ \d+ \d+ \S+", "[priority] [weight] [port] [server host name]"),
    "TXT": (rf"{QUOTED}( {QUOTED})*", "enclosed in quotation marks, up to 255 characters each"),
}
"""Type -> what its values look like (Route 53 Developer Guide, "Supported DNS record types")."""


def _values(record: Parameters) -> Iterator[Problem]:
    kind = record["Type"]
    for value in (each["Value"] for each in record.get("ResourceRecords") or []):
        reason = ""
        try:
            ADDRESSES.get(kind, str)(value)
        except ValueError:
            reason = f"is not a valid {'IPv4' if kind == 'A' else 'IPv6'} address"
        if kind in VALUES and not re.fullmatch(VALUES[kind][0], value):
            reason = f"should be {VALUES[kind][1]}"
        if reason:
            yield "InvalidChangeBatch", f"Invalid Resource Record: (Value {reason}) encountered with '{value}'"


def _change_records(call: Parameters) -> Iterator[Problem]:
    """Route 53 API Reference, ChangeResourceRecordSets."""
    for change in call["ChangeBatch"]["Changes"]:
        record = change["ResourceRecordSet"]
        yield from _values(record)
        if ("AliasTarget" in record) == bool(record.get("ResourceRecords")):
            yield "InvalidInput", "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]]"
        elif "ResourceRecords" in record and "TTL" not in record:
            yield "InvalidInput", "Invalid request: Missing field 'TTL' in ResourceRecordSet"


LIMITS: dict[tuple[str, str], Check] = {
    ("route53", "ChangeResourceRecordSets"): _change_records,
}
