"""A secret that is made without a value has no version, and reading it fails.

Secrets Manager API Reference, "CreateSecret". MiniStack makes an empty version AWSCURRENT, so a task would start with
a secret that nobody has set.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import secretsmanager

from sandbox.emulator.patches import replaces

_stock = secretsmanager._create_secret


@replaces(secretsmanager, "_create_secret")
def create_secret(data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """CreateSecret."""
    status, headers, body = _stock(data)
    if status != 200 or "SecretString" in data or "SecretBinary" in data:
        return status, headers, body
    answer = json.loads(body)
    secretsmanager._secrets[data["Name"]]["Versions"].clear()
    return json_response({"ARN": answer["ARN"], "Name": answer["Name"]})
