"""Automatic physical names: what the engine proposes, `<name in the program>-<7 hexadecimal digits>`, or a prefix and digits."""

import hashlib
import secrets

from sandbox.providers.aws.table import Name
from sandbox.providers.protocol import InvalidInputs, Operation
from sandbox.providers.values import UNKNOWN

DIGITS = 7

SUFFIX = 26
"""Digits behind a prefix of the program's (terraform-plugin-sdk, id.UniqueIDSuffixLength)."""


def prefix_of(name: Name) -> str:
    """The property with what a name begins with instead."""
    return f"{name.property}Prefix"


def automatic(name: Name, operation: Operation, prefix: str | None = None) -> str:
    """A name for the resource; the same seed gives the same name, so that a retried update finds it again."""
    digits = hashlib.sha256(operation.seed).hexdigest() if operation.seed else secrets.token_hex(SUFFIX)
    if prefix is not None:
        return UNKNOWN if prefix == UNKNOWN else f"{prefix}{digits[:SUFFIX]}"
    made = operation.proposed_name or f"{name.prefix}{operation.name}-{digits[:DIGITS]}"
    if len(made) > name.longest:
        reason = f"the automatic name {made!r} has {len(made)} characters, AWS allows {name.longest}: shorten the name"
        raise InvalidInputs({name.property: reason})
    return made.lower() if name.lower else made
