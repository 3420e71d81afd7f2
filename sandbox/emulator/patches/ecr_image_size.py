"""`imageSizeInBytes` is the size of the compressed layers, where MiniStack gives the manifest's.

Amazon ECR API Reference, "ImageDetail".
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import ecr

from sandbox.emulator.patches import replaces

_stock_describe_images = ecr._describe_images


@replaces(ecr, "_describe_images")
def describe_images(data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """DescribeImages."""
    status, headers, body = _stock_describe_images(data)
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    for image in answer["imageDetails"]:
        image["imageSizeInBytes"] = _size(image["repositoryName"], image["imageDigest"])
    return json_response(answer)


def _size(repository: str, digest: str) -> int:
    manifest = json.loads(ecr._manifest_blobs[repository][digest])
    parts = [*manifest.get("layers", []), *manifest.get("manifests", [])]
    return manifest.get("config", {}).get("size", 0) + sum(part["size"] for part in parts)
