"""Layers that are uploaded by ECR's own API, as `docker push` uploads them by the registry's.

ECR API Reference, "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload". MiniStack answers and keeps nothing.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import base64
import hashlib
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import ecr

from sandbox.emulator.patches import replaces

Answer = tuple[int, dict[str, str], bytes]

_stock_initiate = ecr._initiate_layer_upload


@replaces(ecr, "_initiate_layer_upload")
def initiate_layer_upload(data: dict[str, Any]) -> Answer:
    """InitiateLayerUpload."""
    upload = ecr.new_uuid()
    if (name := data["repositoryName"]) not in ecr._repositories:
        return _stock_initiate(data)
    ecr._uploads.setdefault(name, {})[upload] = bytearray()
    return json_response({"uploadId": upload, "partSize": 20 * 1024 * 1024})


@replaces(ecr, "_upload_layer_part")
def upload_layer_part(data: dict[str, Any]) -> Answer:
    """UploadLayerPart: each part begins where the one before ended."""
    held = _upload(data)
    if held is None:
        return _no_upload(data)
    part, first, last = base64.b64decode(data["layerPartBlob"]), data["partFirstByte"], data["partLastByte"]
    if first != len(held) or last - first + 1 != len(part):
        reason = f"The layer part with bytes {first} to {last} is not valid: the last valid byte received is {len(held) - 1}"
        return error_response_json("InvalidLayerPartException", reason, 400)
    held.extend(part)
    return json_response({**_named(data), "lastByteReceived": last})


@replaces(ecr, "_complete_layer_upload")
def complete_layer_upload(data: dict[str, Any]) -> Answer:
    """CompleteLayerUpload."""
    name, held, [wanted, *_] = data["repositoryName"], _upload(data), data["layerDigests"]
    if held is None:
        return _no_upload(data)
    layers = ecr._layer_blobs.setdefault(name, {})
    digest = f"sha256:{hashlib.sha256(held).hexdigest()}"
    if not held:
        return error_response_json("EmptyUploadException", f"The upload '{data['uploadId']}' has no layer parts", 400)
    if digest != wanted:
        return error_response_json("InvalidLayerException", f"The layer's digest is {digest}, not {wanted}", 400)
    if digest in layers:
        return error_response_json("LayerAlreadyExistsException", f"Layer with digest '{digest}' already exists", 400)
    layers[digest] = bytes(held)
    del ecr._uploads[name][data["uploadId"]]
    return json_response({**_named(data), "layerDigest": digest})


def _upload(data: dict[str, Any]) -> bytearray | None:
    return ecr._uploads.get(data["repositoryName"], {}).get(data["uploadId"])


def _no_upload(data: dict[str, Any]) -> Answer:
    return error_response_json("UploadNotFoundException", f"The upload '{data['uploadId']}' does not exist", 400)


def _named(data: dict[str, Any]) -> dict[str, str]:
    return {"registryId": get_account_id(), "repositoryName": data["repositoryName"], "uploadId": data["uploadId"]}
