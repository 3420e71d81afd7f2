"""A secret that is made without a value has no version; a version is made once, whose token is its id.

Secrets Manager API Reference, "CreateSecret" and "PutSecretValue" (ClientRequestToken). MiniStack makes an empty version
AWSCURRENT, so a task would start with a secret that nobody has set; and it makes a version anew when a call comes again whose
answer was lost, so the one before it would be gone.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
import time
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import secretsmanager

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

VALUE = ("SecretString", "SecretBinary")

_stock_create = secretsmanager._create_secret
_stock_put = secretsmanager._put_secret_value


@replaces(secretsmanager, "_create_secret")
def create_secret(data: dict[str, Any]) -> Answer:
    """CreateSecret."""
    held = secretsmanager._secrets.get(data["Name"]) or {}
    if held.get("DeletedDate"):
        reason = "You can't create this secret because a secret with this name is already scheduled for deletion."
        return error_response_json("InvalidRequestException", reason, 400)
    if data.get("ClientRequestToken") in held.get("Versions", {}):
        return _again(held, data)
    status, headers, body = _stock_create(data)
    if status != 200:
        return status, headers, body
    answer, versions = json.loads(body), secretsmanager._secrets[data["Name"]]["Versions"]
    made = versions.pop(answer.pop("VersionId"))
    if any(name in data for name in VALUE):
        answer["VersionId"] = data.get("ClientRequestToken") or secretsmanager.new_uuid()
        versions[answer["VersionId"]] = made
    return json_response(answer)


@replaces(secretsmanager, "_put_secret_value")
def put_secret_value(data: dict[str, Any]) -> Answer:
    """PutSecretValue."""
    held = secretsmanager._resolve(data["SecretId"])[1] or {}
    again = not held.get("DeletedDate") and data.get("ClientRequestToken") in held.get("Versions", {})
    return _again(held, data) if again else _stock_put(data)


_stock_delete = secretsmanager._delete_secret


@replaces(secretsmanager, "_delete_secret")
def delete_secret(data: dict[str, Any]) -> Answer:
    """DeleteSecret: one that is not there may be deleted for ever."""
    if data.get("ForceDeleteWithoutRecovery") and secretsmanager._resolve(data["SecretId"])[1] is None:
        return json_response({"Name": data["SecretId"], "DeletionDate": int(time.time())})
    return _stock_delete(data)


def _again(secret: dict[str, Any], data: dict[str, Any]) -> Answer:
    """A call with the token of a version that there is: ignored if it has that version's value."""
    token = data["ClientRequestToken"]
    version = secret["Versions"][token]
    if any(version.get(name) != data.get(name) for name in VALUE):
        where = f"that value is already in use for a version of secret {secret['ARN']}"
        return error_response_json("ResourceExistsException", f"You can't use ClientRequestToken {token} because {where}.", 400)
    stages = {"VersionStages": list(version["Stages"])} if "SecretId" in data else {}
    return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token, **stages})
