"""Automatic physical names: what the engine proposes, or `<name in the program>-<7 random hexadecimal digits>`."""

import hashlib
import secrets

from sandbox.providers.aws.table import Name
from sandbox.providers.protocol import InvalidInputs, Operation

DIGITS = 7


def automatic(name: Name, operation: Operation) -> str:
    """A name for the resource; the same seed gives the same name, so that a retried update finds it again."""
    digits = hashlib.sha256(operation.seed).hexdigest() if operation.seed else secrets.token_hex(DIGITS)
    made = operation.proposed_name or f"{name.prefix}{operation.name}-{digits[:DIGITS]}"
    if len(made) > name.longest:
        reason = f"the automatic name {made!r} has {len(made)} characters, AWS allows {name.longest}: shorten the name"
        raise InvalidInputs({name.property: reason})
    return made.lower() if name.lower else made
