"""What a call must be by what the account holds already, where MiniStack does not look.

The words are those of AWS's API references, or of public reports.
"""

import itertools

from sandbox.emulator.held import keys, networks, objects, principals, services
from sandbox.emulator.limits.problems import Parameters, Problem

HELD = networks.HELD | keys.HELD | objects.HELD | principals.HELD | services.HELD

OF_ALL = {"ec2": networks.ids, "s3": objects.owner, "sns": services.region}
"""Service -> what is asked of all its operations."""


def problem(service: str, operation: str, call: Parameters) -> Problem | None:
    """Why AWS would refuse the call, if it would."""
    checks = [check for check in (OF_ALL.get(service), HELD.get((service, operation))) if check]
    if service == "secretsmanager":
        checks.insert(0, services.deleted_secret(operation))
    found = itertools.chain(principals.named(service, operation, call), *(check(call) for check in checks))
    return next(found, None)
